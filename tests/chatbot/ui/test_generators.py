"""Gradio iterates generator functions only: what returns a generator that another function made is never run."""

import ast
from pathlib import Path

import pytest

from tests.chatbot.sources import FILES, ROOT, nodes

UI = ROOT / "chatbot" / "ui"


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.is_relative_to(UI)], ids=lambda path: path.relative_to(UI).as_posix()
)
def test_public_methods_that_promise_an_iterator_are_generators(path: Path) -> None:
    for owner in nodes(path):
        methods = owner.body if isinstance(owner, ast.ClassDef) else ()
        for method in methods:
            if not isinstance(method, ast.FunctionDef) or method.name.startswith("_") or method.returns is None:
                continue
            if ast.unparse(method.returns).startswith("Iterator"):
                yields = [node for node in ast.walk(method) if isinstance(node, ast.Yield | ast.YieldFrom)]
                assert yields, f"{path.name}: {method.name} returns an iterator that Gradio will not iterate"

"""Gradio iterates generator functions only: what returns a generator that another function made is never run."""

import ast
from pathlib import Path

import pytest

UI = Path(__file__).parents[3] / "chatbot" / "ui"


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.relative_to(UI).as_posix())
def test_public_methods_that_promise_an_iterator_are_generators(path: Path) -> None:
    for owner in ast.walk(ast.parse(path.read_text("utf-8"))):
        methods = owner.body if isinstance(owner, ast.ClassDef) else ()
        for method in methods:
            if not isinstance(method, ast.FunctionDef) or method.name.startswith("_") or method.returns is None:
                continue
            if ast.unparse(method.returns).startswith("Iterator"):
                yields = [node for node in ast.walk(method) if isinstance(node, ast.Yield | ast.YieldFrom)]
                assert yields, f"{path.name}: {method.name} returns an iterator that Gradio will not iterate"

"""The tree of errors is the one that is drawn, and there is one way to say that work was stopped."""

import ast
import re

from chatbot.common import errors
from chatbot.common.errors import BanyanError
from tests.chatbot.sources import FILES, ROOT, nodes


def drawn() -> list[tuple[str, str]]:
    """(class, its parent) in the order of the drawing."""
    found: list[tuple[str, str]] = []
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if node := re.match(r"    ([│ ]*(?:[├└]── )?)([A-Z]\w+)(?: {2,}| \w|$)", line):
            depth = len(node[1]) // 4
            above[depth:] = [node[2]]
            found.append((node[2], above[depth - 1] if depth else "Exception"))
    return found


def test_every_error_is_drawn_under_its_parent() -> None:
    defined = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BanyanError)]
    assert sorted(drawn()) == sorted((kind.__name__, kind.__bases__[0].__name__) for kind in defined)


def test_no_two_errors_have_one_code() -> None:
    codes = [
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, BanyanError) and "code" in vars(kind)
    ]
    assert len(codes) == len(set(codes))


def test_work_that_was_stopped_is_said_in_one_way() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and re.search("Stopp|Cancell", node.name)
    ]
    assert found == ["chatbot/common/errors.py: Stopped"]

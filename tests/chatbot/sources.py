"""The source of the product, read once by each process of the tests that asks for it."""

import ast
import gc
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = (
    ROOT / "app.py",
    *(path for top in ("chatbot", "retrieval", "finetune") for path in sorted((ROOT / top).rglob("*.py"))),
)


def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file, its module first, in the order of `ast.walk`."""
    return _read()[path]


@cache
def _read() -> dict[Path, tuple[ast.AST, ...]]:
    """A million objects, which stay: they are kept from whoever collects garbage, as those of `tests.conftest` are."""
    gc.collect()
    gc.disable()
    found = {path: tuple(ast.walk(ast.parse(path.read_text("utf-8")))) for path in FILES}
    gc.freeze()
    gc.enable()
    return found

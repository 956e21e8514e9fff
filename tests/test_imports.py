"""Who may import whom, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [p for folder in ("chatbot", "retrieval", "finetune") for p in sorted((ROOT / folder).rglob("*.py"))]
ROOMS = {  # heavy library -> where it may be imported
    "gradio": ("chatbot/ui/", "app.py"),
    "torch": ("chatbot/engine/local", "retrieval/embed.py", "finetune/train"),
    "faiss": ("retrieval/vectors.py",),
    **dict.fromkeys(("pypdfium2", "pypdf", "pptx", "openpyxl", "selectolax"), ("retrieval/reading/",)),
    "docx": ("retrieval/reading/", "chatbot/tasks/translation/"),
    "markdown_it": ("chatbot/tasks/translation/",),
    "xllamacpp": ("chatbot/engine/llamacpp",),
}
LAYERS = [  # a file of one line may import the files of its own and of later lines
    ("app.py",),
    ("chatbot/ui/",),
    ("chatbot/api.py", "chatbot/answering.py", "chatbot/protocol.py", "chatbot/export.py"),
    (
        "chatbot/tasks/",
        "chatbot/store",
        "chatbot/access.py",
        "chatbot/headers.py",
        "chatbot/users.py",
        "chatbot/settings.py",
    ),
    ("chatbot/training",),
    ("retrieval/", "finetune/"),
    ("chatbot/engine/",),
    ("chatbot/types.py",),
    ("chatbot/errors.py",),
]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(path: str) -> int:
    return next(i for i, starts in enumerate(LAYERS) if path.startswith(starts) or path == "chatbot/__init__.py")


def as_path(module: str) -> str | None:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        candidate = "/".join(parts[:length])
        if (ROOT / f"{candidate}.py").is_file():
            return f"{candidate}.py"
    return None


@pytest.mark.parametrize("path", [ROOT / "app.py", *SOURCES], ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_room_and_layers_point_down(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    for module in imported(path):
        top = module.split(".")[0]
        if top in ROOMS:
            assert name.startswith(ROOMS[top]), f"{name} imports {top}"
        target = as_path(module)
        if target and name.startswith("retrieval/") and target.startswith("chatbot/"):
            assert target == "chatbot/errors.py", f"{name} imports {target}"
        if target and name.startswith(("app.py", "chatbot/")) and not name.endswith("__init__.py"):
            assert layer(target) >= layer(name), f"{name} imports {target}"


def test_an_import_does_nothing() -> None:
    """No module reads the environment, parses arguments or loads a model while it is imported."""
    for path in SOURCES:
        for node in ast.parse(path.read_text("utf-8")).body:
            called = [n for n in ast.walk(node) if isinstance(n, ast.Call)] if isinstance(node, ast.Expr) else []
            assert not called, f"{path.relative_to(ROOT)} line {node.lineno} calls something at import"

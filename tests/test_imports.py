"""Who may import whom, read from the source: rooms, layers, and no circle among files."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.chatbot.sources import FILES, ROOT, nodes

ROOMS = {  # heavy library -> where it may be imported
    "gradio": ("chatbot/ui/", "app.py"),
    "torch": ("chatbot/engine/local/", "retrieval/search/encoders/sentence.py", "finetune/train/"),
    **dict.fromkeys(("onnx", "onnxruntime"), ("retrieval/search/encoders/",)),
    "faiss": ("retrieval/search/vectors.py",),
    "pg8000": ("chatbot/common/database/",),
    **dict.fromkeys(("s3fs", "botocore", "aiohttp"), ("chatbot/common/bucket/",)),
    "xllamacpp": ("chatbot/engine/llamacpp/",),
    **dict.fromkeys(("pypdfium2", "pypdf", "pptx", "selectolax", "rapidocr"), ("retrieval/reading/",)),
    "openpyxl": ("retrieval/reading/", "finetune/data/rows/", "chatbot/tasks/extract/table.py"),
    "docx": ("retrieval/reading/", "chatbot/tasks/translate/files/"),
    "langdetect": ("chatbot/common/languages.py",),
    **dict.fromkeys(("authlib", "joserfc"), ("chatbot/access/oidc/",)),
    **dict.fromkeys(("markdown_it", "polib"), ("chatbot/tasks/translate/files/",)),
}
GROUND = ("chatbot/common/",)
VALUES = (*GROUND, "chatbot/types.py")
DOOR = (*VALUES, "chatbot/engine/base.py")
REGISTRY = "chatbot/engine/registry.py"
ENGINES = {  # what an engine consists of -> where it says what it is
    "chatbot/engine/scripted.py": "chatbot/engine/scripted.py",
    **{
        f"chatbot/engine/{p.parent.name}/": f"chatbot/engine/{p.parent.name}/offer.py"
        for p in ROOT.glob("chatbot/engine/*/offer.py")
    },
}
FOR_ENGINES = (
    *DOOR,
    "chatbot/engine/offer.py",
    "chatbot/engine/slot_queue.py",
    "chatbot/engine/models/",
    "chatbot/engine/adapters/",
    "chatbot/engine/text/",
    "chatbot/engine/gguf/",
)
LAYERS = {  # room -> what its files may import of the house besides each other; the longest name that fits counts
    "chatbot/common/": (),
    "chatbot/types.py": GROUND,
    "chatbot/space.py": GROUND,
    "chatbot/options.py": GROUND,
    "chatbot/settings.py": (*VALUES, "chatbot/options.py", "chatbot/space.py", REGISTRY),
    "chatbot/access/": GROUND,
    "chatbot/users.py": ("chatbot/access/",),
    "chatbot/keys.py": (*GROUND, "chatbot/api/"),
    "chatbot/store/": VALUES,
    "chatbot/export.py": (*VALUES, "chatbot/store/"),
    "chatbot/engine/": FOR_ENGINES,
    **dict.fromkeys(ENGINES, FOR_ENGINES),
    REGISTRY: (*DOOR, "chatbot/engine/offer.py", *ENGINES.values()),
    "chatbot/engine/adapters/": VALUES,
    "chatbot/engine/text/": VALUES,
    "chatbot/engine/gguf/": (*VALUES, "chatbot/engine/adapters/"),
    "retrieval/": GROUND,
    "finetune/": (*VALUES, "retrieval/text/"),
    "finetune/evaluate/": (*DOOR, "finetune/", "retrieval/text/"),
    "finetune/recipes/": (*VALUES, "finetune/", "retrieval/"),
    "chatbot/tasks/": (*DOOR, "chatbot/engine/adapters/", "chatbot/store/", "retrieval/"),
    "chatbot/training/": (*DOOR, "chatbot/engine/", "finetune/"),
    "chatbot/api/": (*DOOR, "chatbot/access/", "chatbot/engine/adapters/", "chatbot/tasks/loops.py"),
    "chatbot/ui/": ("chatbot/", "retrieval/", "finetune/"),
    "chatbot/__init__.py": (),
    "app.py": ("chatbot/", "retrieval/", "finetune/"),
}
MOST_MODULES = 15  # in one folder: what a newcomer takes in at a glance
MOST_LINES = 300


def imported(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it, and names of those it takes from."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def as_path(module: str) -> str | None:
    """The file of ours that a dotted name stands for, or stands in."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        candidate = "/".join(parts[:length])
        for file in (f"{candidate}.py", f"{candidate}/__init__.py"):
            if (ROOT / file).is_file():
                return file
    return None


def room(name: str) -> str:
    return max((start for start in LAYERS if name.startswith(start)), key=len)


def implementation(name: str) -> str | None:
    """The engine that a file belongs to."""
    return next((engine for engine in ENGINES if name.startswith(engine)), None)


def strangers(name: str, modules: set[str]) -> list[str]:
    """What of `modules` the file `name` may not import. Of engines that is all but the door, except to the registry."""
    found = [module for module in modules if (top := module.split(".")[0]) in ROOMS and not name.startswith(ROOMS[top])]
    own = room(name)
    for module in modules:
        target = as_path(module)
        if target is None:
            continue
        foreign = implementation(target) not in (None, implementation(name)) and name != REGISTRY
        if foreign or not target.startswith((own, *LAYERS[own])):
            found.append(module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_room_and_layers_point_down(path: Path) -> None:
    assert strangers(path.relative_to(ROOT).as_posix(), imported(path)) == []


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("finetune/jobs/folder.py", "chatbot.ui.strings.words.text"),
        ("finetune/jobs/folder.py", "chatbot.engine.base.Engine"),
        ("retrieval/library.py", "chatbot.types.Message"),
        ("retrieval/library.py", "finetune.spec.spec"),
        ("retrieval/library.py", "faiss"),
        ("chatbot/common/errors.py", "chatbot.types"),
        ("chatbot/engine/remote/wire.py", "chatbot.engine.local.engine"),
        ("chatbot/engine/base.py", "chatbot.tasks.chat"),
        ("chatbot/engine/registry.py", "chatbot.engine.local.engine"),
        ("chatbot/engine/loading.py", "chatbot.engine.scripted.ScriptedEngine"),
        ("chatbot/engine/remote/offer.py", "chatbot.engine.registry.ENGINES"),
        ("chatbot/training/base.py", "chatbot.engine.local.weights.convert"),
        ("app.py", "chatbot.engine.llamacpp.offer"),
        ("chatbot/tasks/chat.py", "chatbot.engine.llamacpp.engine"),
        ("chatbot/tasks/chat.py", "torch"),
        ("chatbot/tasks/chat.py", "chatbot.ui.page"),
        ("chatbot/store/store.py", "gradio"),
    ],
)
def test_the_guard_sees_what_is_not_allowed(name: str, module: str) -> None:
    assert strangers(name, {module}) == [module]


def test_no_circle_among_files() -> None:
    """Imports inside functions count: a circle that is only put off is one."""
    graph = {
        path.relative_to(ROOT).as_posix(): {target for module in imported(path) if (target := as_path(module))}
        for path in FILES
    }
    for name, targets in graph.items():
        targets.discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


@pytest.mark.parametrize("top", ["chatbot", "retrieval", "finetune", "tests"])
def test_folders_and_files_stay_small(top: str) -> None:
    for folder in [ROOT / top, *(p for p in (ROOT / top).rglob("*") if p.is_dir())]:
        modules = list(folder.glob("*.py"))
        assert len(modules) <= MOST_MODULES, f"{folder.relative_to(ROOT)} holds {len(modules)} modules"
        for path in modules if top != "tests" else []:
            lines = len(path.read_text("utf-8").splitlines())
            assert lines <= MOST_LINES, f"{path.relative_to(ROOT)} has {lines} lines"


@pytest.mark.parametrize(
    "path", [p for p in FILES if "chatbot/ui/" not in p.as_posix()], ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_longer_name_is_given_only_where_the_plain_one_is_taken(path: Path) -> None:
    """`from room import verdict as train_verdict` is for files that call something else `verdict`."""
    taken = {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    taken |= {node.arg for node in nodes(path) if isinstance(node, ast.arg)}
    taken |= {node.name for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    aliases = [alias for node in nodes(path) if isinstance(node, ast.ImportFrom) for alias in node.names]
    names = [alias.name for alias in aliases]
    longer = [a for a in aliases if a.asname and a.asname.endswith(f"_{a.name}")]
    assert [a.asname for a in longer if a.name not in taken and names.count(a.name) == 1] == []


def test_an_import_does_nothing() -> None:
    """No module reads the environment, parses arguments or loads a model while it is imported."""
    for path in FILES:
        module = nodes(path)[0]
        assert isinstance(module, ast.Module)
        for node in module.body:
            called = [n for n in ast.walk(node) if isinstance(n, ast.Call)] if isinstance(node, ast.Expr) else []
            assert not called, f"{path.relative_to(ROOT)} line {node.lineno} calls something at import"

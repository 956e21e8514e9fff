"""The map and the contributor's page are true: what they name is there, and what there is they name."""

import re
from pathlib import Path

import pytest

from chatbot.engine.registry import ENGINES
from chatbot.ui.strings.words import languages

ROOT = Path(__file__).parent.parent
MAP = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PACKAGES = [
    folder.relative_to(ROOT).as_posix()
    for top in ("chatbot", "retrieval", "finetune")
    for folder in sorted((ROOT / top).iterdir())
    if (folder / "__init__.py").is_file()
]


def named(page: str) -> list[str]:
    """Whatever a page writes in code marks that looks like a path of ours."""
    return re.findall(r"`((?:app\.py|(?:chatbot|retrieval|finetune|tests)/[\w./]*))`", page)


@pytest.mark.parametrize("path", sorted({*named(MAP), *named(CONTRIBUTING)}))
def test_every_path_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_is_on_the_map(package: str) -> None:
    """By its path, or within the line of the room it is in, by its own name."""
    parent, _, name = package.rpartition("/")
    line = next((line for line in MAP.splitlines() if line.startswith(f"| `{parent}/`")), "")
    assert f"`{package}/`" in MAP or f"`{name}/`" in line


@pytest.mark.parametrize(
    ("registry", "file"),
    [
        ("GROUPS", "chatbot/ui/tabs.py"),
        ("ENGINES", "chatbot/engine/registry.py"),
        ("READERS", "retrieval/reading/kinds.py"),
        ("KINDS", "chatbot/tasks/translate/files/kinds.py"),
        ("LAYOUTS", "finetune/data/layouts/layouts.py"),
        ("CONTAINERS", "finetune/data/rows/rows.py"),
    ],
)
def test_every_registry_that_is_named_is_where_the_map_says(registry: str, file: str) -> None:
    assert re.search(rf"`{registry}` in\s+`{file}`", MAP)
    assert re.search(rf"^{registry}\b.*=", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_every_engine_and_every_language_has_its_place_on_the_map() -> None:
    line = next(line for line in MAP.splitlines() if line.startswith("| `chatbot/engine/`"))
    assert all(f"`{offer.name}" in line for offer in ENGINES)
    assert all((ROOT / "chatbot" / "ui" / "strings" / f"{language}.toml").is_file() for language in languages())


def test_every_how_to_of_the_map_is_one_of_the_kinds_that_may_be_added() -> None:
    section = MAP.split("## How to add one more")[1].split("\n## ")[0]
    found = re.findall(r"^\*\*(.+)\*\*$", section, re.MULTILINE)
    assert found == [
        "A tab", "A reader of documents", "An engine", "A language of the interface", "A format of training data",
    ]  # fmt: skip
    assert all(block.count("\n1. ") == 1 for block in re.split(r"^\*\*.+\*\*$", section, flags=re.MULTILINE)[1:])


def test_the_commands_of_the_contributors_page_run_what_is_there() -> None:
    for module in re.findall(r"python -m ([\w.]+)", CONTRIBUTING + MAP):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file() or (ROOT / module.replace(".", "/")).is_dir()
    for script in re.findall(r"bash (\S+?)`", CONTRIBUTING):
        assert (ROOT / script).is_file()

"""The README's front matter is what a Hugging Face Space needs, and its commands are the ones that work."""

import importlib
import re
import tomllib
from pathlib import Path

from huggingface_hub import RepoCard

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_front_matter_suits_a_gradio_space() -> None:
    card = RepoCard(README).data.to_dict()  # type: ignore[no-untyped-call]
    pinned = re.search(r"^gradio==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert pinned
    assert card["sdk"] == "gradio"
    assert card["sdk_version"] == pinned[1]
    assert (ROOT / card["app_file"]).is_file()
    assert card["python_version"] == "3.12"
    assert card["license"] == "apache-2.0"
    assert len(card["short_description"]) <= 60
    assert card["colorFrom"] in COLOURS
    assert card["colorTo"] in COLOURS
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", model) for model in card["models"])


COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")


def test_the_pictures_and_links_of_the_readme_are_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_requirement_says_why_and_has_a_bound() -> None:
    for name in ("requirements.txt", "tests/requirements.txt", "tests/requirements-clients.txt"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert "#" in line, line
                assert re.search(r"[<>=]=?\d", line), line


def test_python_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    assert project["project"]["requires-python"] == ">=3.11"


def test_what_is_installed_starts_the_app_and_brings_all_that_it_reads() -> None:
    """Packages are found by their folders; a folder of code without `__init__.py` would be left out unseen."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    module, _, name = project["project"]["scripts"]["banyan"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    tops = [pattern.rstrip("*") for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    code = {path.parent for top in tops for path in (ROOT / top).rglob("*.py")}
    assert [folder for folder in code if not (folder / "__init__.py").is_file()] == []
    assert {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()} - {"tests"} <= set(tops)


def test_a_light_install_and_its_extras_are_all_of_requirements_txt() -> None:
    """A Space is given requirements.txt alone, so it cannot point to the project. What reads a bucket is installed by who has one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [lines for name, lines in project["optional-dependencies"].items() if name != "bucket"]
    extras = [line for lines in wanted for line in lines if "[gpu]" not in line]
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()]
    assert sorted([*project["dependencies"], *extras]) == sorted(filter(None, lines))
    assert not {"torch", "transformers", "peft", "trl", "datasets"} & {
        re.split(r"[<>=]", line)[0] for line in project["dependencies"]
    }

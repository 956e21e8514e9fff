"""No release with a known hole is let in by requirements.txt, and the list of holes is held against what is installed."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
HOLES = tomllib.loads((ROOT / "tests" / "advisories.toml").read_text("utf-8"))
LINES = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines())
REQUIRED = {found.name.lower(): found for line in LINES if line for found in [Requirement(line)]}


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in HOLES.items() for row in rows], ids=str)
def test_no_release_before_the_fix_is_let_in(name: str, row: list[str]) -> None:
    fixed, id, _ = row
    bounds = [Version(one.version) for one in REQUIRED[name].specifier if one.operator == ">="]
    assert bounds and max(bounds) >= Version(fixed), f"{name} admits {id}"
    assert Version(version(name).split("+")[0]) >= Version(fixed)


def test_whatever_has_had_holes_is_bounded_above_as_well() -> None:
    """A release of another kind is let in by who has tried it."""
    for name in HOLES:
        assert [one for one in REQUIRED[name].specifier if one.operator == "<"], name

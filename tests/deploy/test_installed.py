"""What `pip install .` puts onto a machine: all files that the code reads, and an app that starts from any folder."""

import json
import shutil
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.running import ROOT, running

pytestmark = pytest.mark.slow

TOPS = tuple(
    pattern.rstrip("*")
    for pattern in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"][
        "find"
    ]["include"]
)
START = "import app, sys; print(app.__file__, flush=True); sys.exit(app.command())"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools leaves things behind where it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("app.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for top in TOPS:
        shutil.copytree(ROOT / top, folder / top, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder / "made"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (made,) = (folder / "made").iterdir()
    return made


def test_every_file_is_in_it(wheel: Path) -> None:
    """Words, styles, fitted parameters and adapters lie beside the code."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (
        path for top in TOPS for path in (ROOT / top).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    assert packed == {path.relative_to(ROOT).as_posix() for path in files} | {"app.py"}


def test_it_starts_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    # -P: not from the folder where it is started
    start, place = ("-P", "-c", START), {"PYTHONPATH": str(tmp_path / "installed")}
    with running("--engine", "scripted", data=tmp_path, environment=place, start=start) as app:
        assert app.log.read_text().startswith(str(tmp_path / "installed" / "app.py"))
        assert b"by-composer" in urllib.request.urlopen(app.address, timeout=20).read()


@pytest.mark.long
def test_a_light_install_has_all_that_it_needs(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, from the package index: 1.1 GB."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    program = tmp_path / "venv" / "bin"
    subprocess.run([program / "pip", "install", "-q", wheel], check=True)
    told = json.loads(
        subprocess.run([program / "pip", "list", "--format=json"], capture_output=True, check=True).stdout
    )
    assert not {"torch", "transformers", "peft", "trl", "datasets"} & {each["name"] for each in told}
    environment = {"PATH": str(program)}
    start = (
        "-P",
        "-c",
        f"import os, sys; os.chdir({str(tmp_path)!r}); os.execv({str(program / 'banyan')!r}, sys.argv)",
    )
    with running("--engine", "scripted", data=tmp_path, environment=environment, start=start) as app:
        assert b"by-composer" in urllib.request.urlopen(app.address, timeout=20).read()

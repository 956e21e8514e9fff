"""What `deploy/` holds is what the programs that read it take, as far as they are here; the commands of the image run without one."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.deploy.test_deploy import DEPLOY, ROOT

DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
HERE = Path(sys.executable).parent


def program(name: str) -> str:
    """Beside this Python, else on the system."""
    found = shutil.which(name, path=f"{HERE}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def taken(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (0, "", "")


def test_the_image() -> None:
    taken(program("hadolint"), DEPLOY / "Dockerfile")


def test_the_compose_file() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    taken(program("check-jsonschema"), "--quiet", *schema, DEPLOY / "compose.yaml")


def test_the_units(tmp_path: Path) -> None:
    """With this Python in place of the one that they name, which is not here."""
    for unit in DEPLOY.glob("systemd/*.service"):
        text = unit.read_text("utf-8").replace("/opt/banyan/venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    assert len(units) >= 2
    taken(program("systemd-analyze"), "verify", *units)


def test_the_balancer_and_the_script_of_slurm() -> None:
    taken(program("bash"), "-n", DEPLOY / "slurm" / "worker.sbatch")
    taken(program("haproxy"), "-c", "-q", "-f", DEPLOY / "haproxy.cfg")


def test_a_light_image_is_given_what_a_light_install_has() -> None:
    found = re.search(r'python -c "(import tomllib; .+)" > light', DOCKERFILE)
    assert found
    code = found[1]
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert told.splitlines() == tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]

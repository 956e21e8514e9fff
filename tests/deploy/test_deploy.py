"""What `deploy/` starts is there, under the names and options that it has."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot.options import PREFIX
from chatbot.settings import load
from finetune import worker

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def commands() -> list[list[str]]:
    """Every `python ...` that something in the folder starts, as its arguments."""
    found = [one["command"] for one in services().values() if "python" in one.get("command", [])]
    found += [container["args"] for document in documents() for container in containers(document)]
    units = "\n".join(path.read_text("utf-8") for path in DEPLOY.glob("systemd/*.service"))
    found += [
        ["python", *shlex.split(line)] for line in re.findall(r"^ExecStart=\S*/python (.+)$", units, re.MULTILINE)
    ]
    script = (DEPLOY / "slurm" / "worker.sbatch").read_text("utf-8")
    return found + [shlex.split(line) for line in re.findall(r"^exec srun (python .+)$", script, re.MULTILINE)]


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    return found


def documents() -> list[Any]:
    return [document for path in KUBERNETES for document in yaml.safe_load_all(path.read_text("utf-8"))]


def containers(document: Any) -> list[Any]:
    pod = document["spec"].get("template", {}).get("spec", {})
    found: list[Any] = pod.get("containers", [])
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_one_that_there_is(command: list[str], tmp_path: Path) -> None:
    match command:
        case ["python", "app.py", *options]:
            users = tmp_path / "users.json"
            users.touch()
            load([str(users) if option.endswith("users.json") else option for option in options], {})
        case ["python", "-m", "finetune.worker", data, *options]:
            options = [re.sub(r"\$\{?(\w+).*", "8", option) for option in options]
            parsed = worker._parser().parse_args([data, *options])
            assert worker.DEVICES.fullmatch(parsed.devices)
        case _:
            pytest.fail(f"what is {command}?")


def test_every_variable_is_a_setting() -> None:
    text = "\n".join(path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file())
    named = {name for name in re.findall(rf"\b{PREFIX}[A-Z_]+", text) if name != f"{PREFIX}AT"}
    assert len(named) >= 5
    values = {
        f"{PREFIX}DATABASE": "postgresql://a@b/c",
        f"{PREFIX}BASE_URL": "http://a/v1",
        f"{PREFIX}TRAINING": "on",
        f"{PREFIX}FILES": "s3://banyan/office",
    }
    load([], {name: values.get(name, "127.0.0.1") for name in named})


def test_the_image_is_made_of_files_that_are_let_in() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()}
    let_in = set(re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE))
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_every_part_and_file_is_explained() -> None:
    page = (DEPLOY / "README.md").read_text("utf-8")
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name not in ("README.md", "Dockerfile.dockerignore"):
            assert path.relative_to(DEPLOY).as_posix() in page, path
    profiles = {profile for one in services().values() for profile in one.get("profiles", [])}
    assert all(profile in page for profile in profiles)

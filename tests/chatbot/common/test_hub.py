"""Repositories of the hub: whole folders, or words that say what to do."""

from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from chatbot.common import hub
from chatbot.common.errors import HubUnavailable, ModelNotFound, Stopped
from chatbot.common.step import Step
from tests.hub_server import hub as server

FILES = ["*.safetensors", "*.json"]


def quiet(step: Step, fraction: float | None) -> None:
    pass


class Hub:
    """Answers `snapshot_download`: writes what it holds, then raises `trouble` if there is any. Without the `network` it
    takes an unfinished folder for the repository, as the library does that knows no revision."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.trouble: Exception | None = None
        self.network = True

    def repo_info(self, id: str, *, timeout: float) -> SimpleNamespace:
        assert 0 < timeout <= 30
        if not self.network:
            raise OSError("name not known")
        return SimpleNamespace(sha="1a2b")

    def __call__(self, id: str, **options: Any) -> None:
        self.asked.append({"id": id, **options})
        options["local_dir"].mkdir(exist_ok=True)
        (options["local_dir"] / f"{len(self.asked)}.json").write_text("{}")
        if self.trouble:
            raise self.trouble


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    monkeypatch.setattr(huggingface_hub, "snapshot_download", made)
    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", lambda _, id, timeout: made.repo_info(id, timeout=timeout))
    return made


def test_a_repository_is_fetched_once_without_what_is_not_wanted(reached: Hub, tmp_path: Path) -> None:
    for _ in range(2):
        assert hub.fetch("owner/name", tmp_path, FILES, quiet, but=["onnx/*"]) == tmp_path / "owner--name"
    (asked,) = reached.asked
    assert (asked["id"], asked["allow_patterns"], asked["ignore_patterns"]) == ("owner/name", FILES, ["onnx/*"])
    assert [path.name for path in tmp_path.iterdir()] == ["owner--name"]


def test_a_broken_download_goes_on_from_where_it_was(reached: Hub, tmp_path: Path) -> None:
    reached.trouble = OSError("connection reset\nand more")
    with pytest.raises(
        HubUnavailable, match=r"embedder owner/name could not be fetched: connection reset Check the net"
    ):
        hub.fetch("owner/name", tmp_path, FILES, quiet, kind="embedder")
    assert not (tmp_path / "owner--name").exists()
    reached.trouble = None
    folder = hub.fetch("owner/name", tmp_path, FILES, quiet, kind="embedder")
    assert sorted(path.name for path in folder.iterdir()) == ["1.json", "2.json"]


def test_without_the_network_half_a_repository_is_not_taken_for_a_whole(reached: Hub, tmp_path: Path) -> None:
    reached.trouble = OSError("connection reset")
    for reached.network in (True, False):
        with pytest.raises(HubUnavailable):
            hub.fetch("owner/name", tmp_path, FILES, quiet)
        reached.trouble = None
    assert not (tmp_path / "owner--name").exists()
    reached.network = True
    hub.fetch("owner/name", tmp_path, FILES, quiet)
    assert [asked["revision"] for asked in reached.asked] == ["1a2b", "1a2b"]


def test_what_the_check_refuses_gets_no_name(reached: Hub, tmp_path: Path) -> None:
    def check(folder: Path) -> None:
        raise ModelNotFound(f"{folder.name} has no weights")

    with pytest.raises(ModelNotFound, match="no weights"):
        hub.fetch("owner/name", tmp_path, FILES, quiet, check=check)
    assert not (tmp_path / "owner--name").exists()


def test_what_the_hub_does_not_show_is_not_found(reached: Hub, tmp_path: Path) -> None:
    reached.trouble = errors.HFValidationError("x")
    with pytest.raises(ModelNotFound, match="has no model owner/name that you may read"):
        hub.fetch("owner/name", tmp_path, FILES, quiet)


@pytest.mark.parametrize(("reference", "is_one"), [("owner/name", True), ("a.b/c-d_e", True), ("../x", False), ("a/b/c", False), ("name", False), ("owner/na me", False), ("", False)])  # fmt: skip
def test_ids(reference: str, is_one: bool) -> None:
    assert hub.is_id(reference) == is_one


def test_a_repository_tells_how_far_it_is_and_can_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server({"oak/tree": {"config.json": b"{}", "model.safetensors": b"x" * 1_000_000}}) as there:
        monkeypatch.setenv("HF_ENDPOINT", there.address)
        seen, stop = list[float | None](), Event()
        stop.set()
        with pytest.raises(Stopped):
            hub.fetch("oak/tree", tmp_path, FILES, quiet, stop=stop)
        assert not (tmp_path / "oak--tree").exists()
        hub.fetch("oak/tree", tmp_path, FILES, lambda step, fraction: seen.append(fraction))
        assert (tmp_path / "oak--tree" / "model.safetensors").stat().st_size == 1_000_000
        assert seen[-1] == 1.0

"""The adapters that come with Banyan: found for their model alone, before all others, set aside when they are damaged."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatbot.engine.adapters import shipped
from chatbot.engine.adapters.folders import find
from chatbot.engine.gguf.adapter import convert_adapter
from chatbot.engine.gguf.files import read_header
from tests.lora import write_adapter


def test_they_are_for_the_bundled_model_and_nobody_takes_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, added = tmp_path / "own", tmp_path / "added"
    monkeypatch.setattr(shipped, "FOLDER", own)
    write_adapter(own / "sentiment", rank=2, card={"task": "sentiment"})
    write_adapter(added / "sentiment", rank=3, card={"task": "chat"})
    write_adapter(added / "oak", rank=3)
    found = shipped.find("bundled", added)
    assert [(adapter.name, adapter.rank) for adapter in found] == [("oak", 3), ("sentiment", 2)]
    assert [adapter.rank for adapter in shipped.find("/models/other", added)] == [3, 3]


def test_a_damaged_one_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    write_adapter(tmp_path / "answer", rank=2)
    damaged = write_adapter(tmp_path / "sentiment", rank=2)
    weights = damaged / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    served = find([tmp_path])
    assert [adapter.name for adapter in served] == ["answer"]
    ((name, reason),) = shipped.set_aside(served, tmp_path)
    assert name == "sentiment"
    assert reason.kind == "adapter_damaged"
    foreign, _ = shipped.set_aside([], tmp_path)
    assert (foreign[0], foreign[1].kind) == ("answer", "adapter_foreign")


def test_many_first_requests_at_once_convert_an_adapter_without_harm(bundled_gguf: Path, tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "oak", rank=1)
    header = read_header(bundled_gguf)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: convert_adapter(folder, header, tmp_path / "cache"), range(8)))
    assert len(set(made)) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [made[0].path.name]


def test_each_that_ships_can_be_used_and_is_small() -> None:
    names = [path.name for path in sorted(shipped.FOLDER.iterdir())]
    assert [adapter.name for adapter in find([shipped.FOLDER])] == names
    for adapter in find([shipped.FOLDER]):
        assert adapter.owner == ""
        assert adapter.verdict
        assert adapter.task == adapter.name
        assert sum(file.stat().st_size for file in Path(str(adapter.path)).iterdir()) < 12_000_000

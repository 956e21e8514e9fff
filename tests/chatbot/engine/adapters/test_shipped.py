"""The adapters that come with Banyan: found for their model alone, before all others, set aside when they are damaged."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatbot.engine.adapters import shipped
from chatbot.engine.adapters.fit import check_base, of_base
from chatbot.engine.adapters.folders import find
from chatbot.engine.gguf.adapter import convert_adapter
from chatbot.engine.gguf.files import read_header
from chatbot.engine.models.catalogue import CATALOGUE
from chatbot.types import Adapter
from tests.lora import write_adapter


def test_they_are_for_their_model_and_nobody_takes_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, added = tmp_path / "own" / "small", tmp_path / "added"
    monkeypatch.setattr(shipped, "FOLDER", own.parent)
    write_adapter(own / "sentiment", rank=2, card={"task": "sentiment"})
    write_adapter(added / "sentiment", rank=3, card={"task": "chat"})
    write_adapter(added / "oak", rank=3)
    found = shipped.find("small", added)
    assert [(adapter.name, adapter.rank) for adapter in found] == [("oak", 3), ("sentiment", 2)]
    for other in ("large", ""):
        assert [adapter.rank for adapter in shipped.find(other, added)] == [3, 3]


def refuse_others(adapter: Adapter) -> None:
    check_base(adapter, lambda: "b" * 64)


def test_a_damaged_one_is_set_aside_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    write_adapter(tmp_path / "small" / "answer", rank=2)
    damaged = write_adapter(tmp_path / "small" / "sentiment", rank=2)
    weights = damaged / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    served = find([tmp_path / "small"])
    assert [adapter.name for adapter in served] == ["answer"]
    ((name, reason),) = shipped.set_aside(served, tmp_path / "small", "ada", refuse_others)
    assert (name, reason.kind) == ("sentiment", "adapter_damaged")


def test_those_of_another_model_wait_and_say_for_which(tmp_path: Path) -> None:
    """Only to those who may use them; what a stranger left damaged is nobody's business."""
    write_adapter(tmp_path / "shared", rank=2, card={"base_fingerprint": "a" * 64})
    mine = write_adapter(tmp_path / "mine", rank=2, card={"base_fingerprint": "a" * 64})
    (mine / "owner.json").write_text('{"owner": "ada"}')
    write_adapter(tmp_path / "fits", rank=2, card={"base_fingerprint": "b" * 64})
    (write_adapter(tmp_path / "torn", rank=2) / "adapter_model.safetensors").write_bytes(b"")
    served = of_base(find([tmp_path]), lambda: "b" * 64)
    assert [adapter.name for adapter in served] == ["fits"]
    for owner, names in (("ada", ["mine", "shared"]), ("bob", ["shared"])):
        waiting = dict(shipped.set_aside(served, tmp_path, owner, refuse_others))
        assert list(waiting) == names
        assert "SmolLM2-135M-Instruct" in str(waiting["shared"])


def test_many_first_requests_at_once_convert_an_adapter_without_harm(bundled_gguf: Path, tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "oak", rank=1)
    header = read_header(bundled_gguf)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: convert_adapter(folder, header, tmp_path / "cache"), range(8)))
    assert len(set(made)) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [made[0].name]


@pytest.mark.parametrize("model", [path.name for path in shipped.FOLDER.iterdir()])
def test_each_that_ships_can_be_used_and_is_small(model: str) -> None:
    folder = shipped.FOLDER / model
    found = find([folder])
    assert [adapter.name for adapter in found] == [path.name for path in sorted(folder.iterdir())]
    for adapter in found:
        assert adapter.owner == ""
        assert adapter.verdict
        assert adapter.task == adapter.name
        assert adapter.base_fingerprint == CATALOGUE[model].fingerprint
        assert sum(file.stat().st_size for file in Path(str(adapter.path)).iterdir()) < 18_000_000

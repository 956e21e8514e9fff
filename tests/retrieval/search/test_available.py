"""Which embedder an app gets where sources are out of reach, and what becomes of the vectors of the one before."""

import logging
from pathlib import Path
from typing import Any

import pytest

import app
from chatbot.common.errors import HubUnavailable, ModelDamaged
from chatbot.common.step import Step
from chatbot.common.wheels import MINILM
from chatbot.settings import load as settings
from retrieval.library import Library
from retrieval.search import available as door
from retrieval.search import embed
from retrieval.search.available import available
from retrieval.search.e5 import source
from tests.retrieval.cheap import WordHashes


def quiet(step: Step, fraction: float | None) -> None:
    pass


class Sources:
    """`load` with some embedders out of reach."""

    def __init__(self, trouble: dict[str, Exception]) -> None:
        self.trouble = trouble

    def __call__(self, reference: str, models: Path, progress: Any) -> WordHashes:
        if reference in self.trouble:
            raise self.trouble[reference]
        return WordHashes(version=reference)


def unreached(reference: str) -> HubUnavailable:
    return HubUnavailable(f"{reference} could not be fetched", kind="hub_unfetched", name=reference, cause="")


def got(monkeypatch: pytest.MonkeyPatch, reference: str, *trouble: Exception | str) -> str | None:
    told = dict(zip(("bundled", MINILM.title, "owner/name"), trouble, strict=False))
    monkeypatch.setattr(
        door, "load", Sources({name: error for name, error in told.items() if isinstance(error, Exception)})
    )
    embedder = available(reference, Path(), quiet)
    return embedder.fingerprint.rsplit(" ", 1)[-1] if embedder else None


def test_the_one_before_stands_in_for_the_default_and_words_for_both(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert got(monkeypatch, "bundled") == "bundled"
    assert not caplog.records
    assert got(monkeypatch, "bundled", unreached("e5")) == MINILM.title
    assert got(monkeypatch, "bundled", ModelDamaged("altered", kind="wheel_altered", title="e5")) == MINILM.title
    assert caplog.text.count("knows English only") == 2
    with caplog.at_level(logging.WARNING):
        assert got(monkeypatch, "bundled", unreached("e5"), unreached("minilm")) is None
    assert "by their words alone" in caplog.text


def test_nothing_stands_in_for_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert got(monkeypatch, "owner/name", "", "", unreached("it")) is None
    with pytest.raises(ModelDamaged):
        got(monkeypatch, "owner/name", "", "", ModelDamaged("altered", kind="wheel_altered", title="it"))


@pytest.mark.slow
def test_a_library_of_the_version_before_is_embedded_anew_at_the_first_start_and_only_then(
    tmp_path: Path, models_folder: Path
) -> None:
    (tmp_path / "models").symlink_to(models_folder)
    file = tmp_path / "lease.txt"
    file.write_text(
        "The lease of the orchard ends in May 2031.\n\nThe rent is 400 euros a month, due on the first.\n" * 9
    )
    before = Library(tmp_path, embed.load(MINILM.title, models_folder, quiet))
    passages = before.add("ada", file, "lease.txt").passages
    before.close()

    seen: list[tuple[str, float | None]] = []
    for _ in range(2):
        opened = app.build_retrieval(
            settings(["--data", str(tmp_path)]), lambda step, share: seen.append((step.code, share))
        )
        (hit,) = opened.library.search("ada", "果园的租约什么时候结束？", limit=1)
        assert opened.embedder is not None
        assert opened.embedder.name == source.NAME
        assert "May 2031" in hit.passage.text
        assert hit.dense is not None
        opened.library.close()
    assert [share for kind, share in seen if kind == "embedding"] == [1.0], "once, and told"
    assert passages > 0

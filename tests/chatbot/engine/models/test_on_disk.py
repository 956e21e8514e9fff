"""What lies in the folder of models, and what may go."""

from pathlib import Path

import pytest

from chatbot.common.errors import ModelError, ModelNotFound
from chatbot.engine.models import on_disk
from chatbot.engine.models.catalogue import SMALL, STANDARD


def put(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """`standard` with its weights for training, a file and a folder of the hub, and an embedder, a database, a half fetch."""
    models = tmp_path / "models"
    put(models / STANDARD.served, 100)
    put(models / STANDARD.folder / "model.safetensors", 50)
    put(models / "oak--tree-GGUF--tree.Q4_K_M.gguf", 10)
    put(models / "oak--tree-GGUF--tree.Q4_K_M-0123456789ab" / "model.safetensors", 7)
    put(models / "elm--tree" / "config.json", 3)
    put(models / "ash--embedder" / "config.json", 3)
    put(models / "ash--embedder" / "modules.json", 3)
    put(models / "oak--tree-GGUF--tree.Q8_0.gguf.partial", 5)
    put(models / "oak--tree-GGUF--tree.Q8_0.gguf.etag", 1)
    put(models / "speeds.json", 2)
    return models


def names(models: Path) -> set[str]:
    return {path.name for path in models.iterdir()}


def test_what_is_there_is_listed_with_all_its_bytes(models: Path) -> None:
    assert {(one.reference, one.bytes, one.whole) for one in on_disk.installed(models)} == {
        ("standard", 150, True),
        ("oak/tree-GGUF:tree.Q4_K_M.gguf", 17, True),
        ("oak/tree-GGUF:tree.Q8_0.gguf", 6, False),
        ("elm/tree", 3, True),
    }
    assert on_disk.installed(models / "nowhere") == []


@pytest.mark.parametrize(
    ("reference", "gone"),
    [
        ("standard", {STANDARD.served, STANDARD.folder}),
        (
            "oak/tree-GGUF:tree.Q4_K_M.gguf",
            {"oak--tree-GGUF--tree.Q4_K_M.gguf", "oak--tree-GGUF--tree.Q4_K_M-0123456789ab"},
        ),
        (
            "oak/tree-GGUF:tree.Q8_0.gguf",
            {"oak--tree-GGUF--tree.Q8_0.gguf.partial", "oak--tree-GGUF--tree.Q8_0.gguf.etag"},
        ),
        ("elm/tree", {"elm--tree"}),
    ],
)
def test_a_model_goes_with_all_that_is_its_own_and_nothing_else(models: Path, reference: str, gone: set[str]) -> None:
    before = names(models)
    on_disk.remove(reference, models, ["small"])
    assert before - names(models) == gone
    with pytest.raises(ModelNotFound):
        on_disk.remove(reference, models, [])


@pytest.mark.parametrize(
    ("reference", "in_use"),
    [
        ("standard", "standard"),
        ("standard", STANDARD.served),  # the very file, named by its path
        ("standard", STANDARD.folder),  # a training reads it
        ("oak/tree-GGUF:tree.Q4_K_M.gguf", "oak/tree-GGUF"),
        ("elm/tree", "elm/tree"),
    ],
)
def test_what_is_used_stays(models: Path, reference: str, in_use: str) -> None:
    before = names(models)
    used = str(models / in_use) if (models / in_use).exists() else in_use
    with pytest.raises(ModelError, match="in use"):
        on_disk.remove(reference, models, [used])
    assert names(models) == before


@pytest.mark.parametrize("reference", ["ash/embedder", "../models", "speeds.json", "..", "", "oak/tree:../../x.gguf"])
def test_only_models_can_be_removed(models: Path, reference: str) -> None:
    before = names(models)
    with pytest.raises(ModelNotFound):
        on_disk.remove(reference, models, [])
    assert names(models) == before


@pytest.mark.parametrize(
    ("typed", "reference"),
    [
        ("small", "small"),
        (" oak/tree-GGUF ", "oak/tree-GGUF"),
        ("oak/tree:tree.Q8_0.gguf", "oak/tree:tree.Q8_0.gguf"),
        ("https://huggingface.co/oak/tree/", "oak/tree"),
    ],
)
def test_a_name_is_one_of_the_catalogue_or_of_the_hub(typed: str, reference: str) -> None:
    assert on_disk.asked(typed) == reference


def test_a_path_is_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "data" / "models" / "config.json", 3)
    monkeypatch.chdir(tmp_path)
    for typed in ("data/models", "/etc/passwd", "../up", "~/x", "file.gguf", "auto", "", "oak/tree:a\0b.gguf", "a b/c"):
        with pytest.raises(ModelNotFound, match="no model of the hub"):
            on_disk.asked(typed)


def test_the_file_that_small_is_made_of_goes_too(tmp_path: Path) -> None:
    put(tmp_path / SMALL.served, 5)
    put(tmp_path / "SmolLM2-135M-Instruct.Q4_1.gguf", 4)
    assert on_disk.installed(tmp_path) == [on_disk.Installed("small", 9, True)]
    on_disk.remove("small", tmp_path, [])
    assert names(tmp_path) == set()

"""A model reference becomes files on disk, or a message that says what to do."""

import shutil
import socket
from pathlib import Path

import pytest

from chatbot.common.errors import HubUnavailable, ModelDamaged, ModelNotFound
from chatbot.common.step import Step
from chatbot.engine.gguf.files import read_header
from chatbot.engine.models.catalogue import SMALL
from chatbot.engine.models.resolve import ModelFiles, fetch_known, resolve

pytestmark = pytest.mark.slow


def quiet(step: Step, fraction: float | None) -> None:
    pass


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("subprocess.Popen", refuse)


def test_bundled_is_there_without_network_after_the_first_time(
    bundled_gguf: Path, models_folder: Path, no_network: None
) -> None:
    found = resolve("small", models_folder, quiet)
    assert (found.name, found.gguf, found.folder) == (SMALL.title, bundled_gguf, None)


def test_requantised_weights_keep_tokenizer_template_and_shapes(bundled_gguf: Path, models_folder: Path) -> None:
    shipped, served = read_header(models_folder / f"{SMALL.folder}.Q4_1.gguf"), read_header(bundled_gguf)
    assert served.tensors == shipped.tensors
    same = {key: value for key, value in shipped.fields.items() if key != "general.file_type"}
    assert {key: value for key, value in served.fields.items() if key != "general.file_type"} == same
    assert "<|im_start|>" in served.fields["tokenizer.chat_template"]


def test_a_cut_bundled_model_is_made_again_from_the_shipped_file(
    bundled_gguf: Path, models_folder: Path, tmp_path: Path, no_network: None
) -> None:
    shutil.copy(models_folder / f"{SMALL.folder}.Q4_1.gguf", tmp_path)
    (tmp_path / bundled_gguf.name).write_bytes(bundled_gguf.read_bytes()[:5_000_000])
    steps: list[float | None] = []
    made = fetch_known(SMALL, tmp_path, lambda _, fraction: steps.append(fraction))
    assert made.read_bytes() == bundled_gguf.read_bytes()
    assert steps[-1] == 1.0
    assert sorted(file.name for file in tmp_path.iterdir() if file.suffix != ".lock") == sorted(
        [bundled_gguf.name, f"{SMALL.folder}.Q4_1.gguf"]
    )


def test_a_truncated_gguf_is_damaged(bundled_gguf: Path, tmp_path: Path) -> None:
    whole = bundled_gguf.read_bytes()
    for size in (3, 40, 200_000, len(whole) - 1):
        cut = tmp_path / f"cut{size}.gguf"
        cut.write_bytes(whole[:size])
        with pytest.raises(ModelDamaged, match="damaged or not a GGUF"):
            resolve(str(cut), tmp_path, quiet)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"x" * 100, b"GGUF" + b"\xff" * 100])
def test_what_is_not_gguf_is_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "some.gguf").write_bytes(content)
    with pytest.raises(ModelDamaged):
        resolve(str(tmp_path / "some.gguf"), tmp_path, quiet)


@pytest.mark.parametrize(
    "reference", ["/no/such/model", "missing.gguf", "only-a-name", "a/b/c", "../x", "owner/na me", ""]
)
def test_nothing_there(reference: str, tmp_path: Path, no_network: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFound):
        resolve(reference, tmp_path, quiet)


def test_a_folder_needs_config_and_safe_weights(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        resolve(str(tmp_path), tmp_path, quiet)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelNotFound, match="safetensors"):
        resolve(str(tmp_path), tmp_path, quiet)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert resolve(str(tmp_path), tmp_path, quiet).folder == tmp_path


def test_the_hub_without_network_says_what_to_do(tmp_path: Path, no_network: None) -> None:
    with pytest.raises(HubUnavailable, match=r"owner/name could not be fetched.*folder on this machine"):
        resolve("owner/name", tmp_path, quiet)


def test_a_fetched_hub_model_needs_no_network(tmp_path: Path, no_network: None) -> None:
    folder = tmp_path / "owner--name"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    assert resolve("owner/name", tmp_path, quiet) == ModelFiles("name", None, folder)

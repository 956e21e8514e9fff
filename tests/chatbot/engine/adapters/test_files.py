"""Adapters that come in through the page: honest ones serve, hostile ones leave nothing behind."""

import errno
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from chatbot.common import disk
from chatbot.common.errors import AdapterError, StoreFull
from chatbot.engine.adapters.files import install, name_of, remove
from chatbot.engine.adapters.folders import find, visible
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from tests.lora import write_adapter

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@pytest.fixture(scope="module")
def engine(bundled_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> LlamaCppEngine:
    cache = tmp_path_factory.mktemp("cache")
    return LlamaCppEngine(bundled_gguf, name="m", adapters=list, cache=cache, context=256, slots=1)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tmp_path_factory.mktemp("upload") / "oak", rank=2, card={"task": "chat", "verdict": "better"})


def zipped(target: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("packed", [False, True])
def test_an_honest_adapter_is_checked_and_listed(
    honest: Path, engine: LlamaCppEngine, tmp_path: Path, packed: bool
) -> None:
    files = list(honest.iterdir())
    if packed:
        files = [zipped(tmp_path / "oak.zip", {f"some/where/{n}": data for n, data in contents(honest).items()})]
    assert name_of(files) == "oak"
    added = install(files, "elm", tmp_path / "adapters", fit=engine.fit)
    assert (added.name, added.task, added.verdict, added.rank) == ("elm", "chat", "better", 2)
    assert [a.name for a in find([tmp_path / "adapters"])] == ["elm"]
    with pytest.raises(AdapterError, match="already"):
        install(files, "elm", tmp_path / "adapters", fit=engine.fit)
    remove(added)
    assert find([tmp_path / "adapters"]) == []
    assert list((tmp_path / "adapters").iterdir()) == []


def test_on_a_full_disk_no_adapter_appears_and_the_reason_is_told(
    honest: Path, engine: LlamaCppEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "sync", full)
    with pytest.raises(StoreFull, match="Free some space"):
        install(list(honest.iterdir()), "elm", tmp_path / "adapters", fit=engine.fit)
    assert list((tmp_path / "adapters").iterdir()) == []


def test_an_adapter_is_its_owners_unless_it_is_shared(honest: Path, engine: LlamaCppEngine, tmp_path: Path) -> None:
    files = list(honest.iterdir())
    install(files, "mine", tmp_path, owner="ann", fit=engine.fit)
    install(files, "ours", tmp_path, fit=engine.fit)
    known = find([tmp_path])
    assert [a.name for a in visible(known, "ann")] == ["mine", "ours"]
    assert [a.name for a in visible(known, "bob")] == ["ours"]
    assert [a.name for a in visible(known, "")] == ["ours"]


def changed(**values: object) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[CONFIG] = json.dumps(json.loads(files[CONFIG]) | values).encode()

    return change


def reweighted(change: Callable[[dict[str, np.ndarray]], None], tmp: Path) -> Callable[[dict[str, bytes]], None]:
    def rewrite(files: dict[str, bytes]) -> None:
        (tmp / "w").write_bytes(files[WEIGHTS])
        tensors = load_file(tmp / "w")
        change(tensors)
        save_file(tensors, tmp / "w")
        files[WEIGHTS] = (tmp / "w").read_bytes()

    return rewrite


def nan(tensors: dict[str, np.ndarray]) -> None:
    next(iter(tensors.values()))[0, 0] = np.nan


def odd_shape(tensors: dict[str, np.ndarray]) -> None:
    key = next(k for k in tensors if "lora_B" in k)
    tensors[key] = np.zeros((7, 2), np.float32)


def half(tensors: dict[str, np.ndarray]) -> None:
    del tensors[next(k for k in tensors if "lora_B" in k)]


def huge_rank(tensors: dict[str, np.ndarray]) -> None:
    a = next(k for k in tensors if "lora_A" in k)
    tensors[a] = np.zeros((100_000, 2), np.float32)
    tensors[a.replace("lora_A", "lora_B")] = np.zeros((2, 100_000), np.float32)


def unknown_module(tensors: dict[str, np.ndarray]) -> None:
    for name in ("A", "B"):
        tensors[f"base_model.model.model.layers.0.mlp.secret.lora_{name}.weight"] = np.zeros((2, 2), np.float32)


def layer_too_many(tensors: dict[str, np.ndarray]) -> None:
    tensors["base_model.model.model.layers.99.self_attn.q_proj.lora_A.weight"] = np.zeros((2, 576), np.float32)
    tensors["base_model.model.model.layers.99.self_attn.q_proj.lora_B.weight"] = np.zeros((576, 2), np.float32)


def stranger_tensor(tensors: dict[str, np.ndarray]) -> None:
    tensors["base_model.model.lm_head.weight"] = np.zeros((2, 2), np.float32)


def with_pickle(files: dict[str, bytes]) -> None:
    files["adapter_model.bin"] = pickle.dumps({"a": 1})


def test_hostile_adapters_are_refused_with_the_reason(honest: Path, engine: LlamaCppEngine, tmp_path: Path) -> None:
    cases: list[tuple[str, Callable[[dict[str, bytes]], object], str]] = [
        ("a pickle", with_pickle, "pickle"),
        ("only a pickle", lambda f: f.update({"adapter_model.bin": f.pop(WEIGHTS)}), "pickle"),
        ("no weights", lambda f: f.pop(WEIGHTS), "missing"),
        ("no config", lambda f: f.pop(CONFIG), CONFIG),
        ("half a config", lambda f: f.update({CONFIG: f[CONFIG][:20]}), "cannot be read"),
        ("a config of lists", lambda f: f.update({CONFIG: b"[" * 100_000}), "cannot be read"),
        ("not LoRA", changed(peft_type="PREFIX_TUNING"), "PREFIX_TUNING"),
        ("DoRA", changed(use_dora=True), "use_dora"),
        ("modules to save", changed(modules_to_save=["lm_head"]), "modules_to_save"),
        ("rank 100,000 in the config", changed(r=100_000), "100000"),
        ("a rank that is text", changed(r="8; rm -rf ~"), "whole number"),
        ("alpha without an end", changed(lora_alpha=float("inf")), "finite"),
        ("truncated weights", lambda f: f.update({WEIGHTS: f[WEIGHTS][:5000]}), "damaged"),
        ("weights that are text", lambda f: f.update({WEIGHTS: b"hello"}), "damaged"),
        ("NaN", reweighted(nan, tmp_path), "NaN"),
        ("another model's shapes", reweighted(odd_shape, tmp_path), "fit"),
        ("half a pair", reweighted(half, tmp_path), "lacks"),
        ("rank 100,000 in the weights", reweighted(huge_rank, tmp_path), "100000"),
        ("a module that is not there", reweighted(unknown_module, tmp_path), "secret"),
        ("a layer that is not there", reweighted(layer_too_many, tmp_path), "fit"),
        ("a tensor that is no LoRA", reweighted(stranger_tensor, tmp_path), "not a LoRA matrix"),
    ]
    for number, (what, spoil, reason) in enumerate(cases):
        files = contents(honest)
        spoil(files)
        archive = zipped(tmp_path / f"{number}.zip", files)
        with pytest.raises(AdapterError) as refused:
            install([archive], "bad", tmp_path / "adapters", fit=engine.fit)
        assert reason in str(refused.value), what
        assert list((tmp_path / "adapters").iterdir()) == [], what


def test_hostile_zips_are_refused_before_anything_is_written(
    honest: Path, engine: LlamaCppEngine, tmp_path: Path
) -> None:
    good = contents(honest)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CONFIG, good[CONFIG])
        with archive.open(WEIGHTS, "w") as zeros:
            for _ in range(64):
                zeros.write(bytes(2**20))
    locked = bytearray(zipped(tmp_path / "locked", good).read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # the flag that says "encrypted"
    cases = {
        "bomb": (bomb.getvalue(), "would grow"),
        "up": (zipped(tmp_path / "a", good | {"../../evil": b"x"}).read_bytes(), "leave its folder"),
        "absolute": (zipped(tmp_path / "b", good | {"/etc/evil": b"x"}).read_bytes(), "leave its folder"),
        "drive": (zipped(tmp_path / "c", good | {"C:\\evil": b"x"}).read_bytes(), "leave its folder"),
        "two": (zipped(tmp_path / "d", good | {f"x/{CONFIG}": b"{}"}).read_bytes(), "holds 2"),
        "many": (zipped(tmp_path / "e", good | {f"{i}": b"" for i in range(1001)}).read_bytes(), "files"),
        "locked": (bytes(locked), "encrypted"),
        "text": (b"this is no zip", "cannot be read"),
        "cut": (zipped(tmp_path / "f", good).read_bytes()[:2000], "cannot be read"),
        "config": (zipped(tmp_path / "g", good | {CONFIG: b" " * (2**20 + 1)}).read_bytes(), "would grow"),
    }
    for name, (data, reason) in cases.items():
        (tmp_path / f"{name}.zip").write_bytes(data)
        with pytest.raises(AdapterError) as refused:
            install([tmp_path / f"{name}.zip"], name, tmp_path / "adapters", fit=engine.fit)
        assert reason in str(refused.value), name
        assert list((tmp_path / "adapters").iterdir()) == [], name


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65, "a\0b", "rm -rf ~"])
def test_names_are_never_paths(honest: Path, engine: LlamaCppEngine, tmp_path: Path, name: str) -> None:
    with pytest.raises(AdapterError, match="name"):
        install(list(honest.iterdir()), name, tmp_path / "adapters", fit=engine.fit)
    assert not (tmp_path / "adapters").exists()

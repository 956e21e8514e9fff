"""The engines: which one `auto` takes and why, and that one record is all it takes to add one."""

import logging
import sys
from pathlib import Path

import pytest

from chatbot.common.errors import ModelNotFound, SettingsError
from chatbot.engine import registry
from chatbot.engine.local import offer as local
from chatbot.engine.offer import Offer
from chatbot.engine.scripted import ScriptedEngine
from chatbot.settings import load


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize(
    ("arguments", "engine", "why"),
    [
        (["--model", "x.gguf"], "llamacpp", "the model is a .gguf file"),
        (["--model", "x.gguf", "--device", "cpu"], "llamacpp", "the model is a .gguf file"),
        (["--model", "some/folder"], "local", "the model is in the transformers format"),
        (["--base-url", "http://127.0.0.1:1/v1"], "remote", "--base-url names a server"),
        (["--base-url", "http://127.0.0.1:1/v1", "--model", "x.gguf"], "remote", "--base-url names a server"),
        (["--quantize", "nf4"], "local", "--quantize or --device is set"),
        (["--device", "cpu"], "local", "--quantize or --device is set"),
        (["--engine", "scripted"], "scripted", "it was asked for"),
    ],
)
def test_auto_picks_by_the_settings(
    arguments: list[str], engine: str, why: str, gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "has_gpu", lambda: gpu)
    offer, reason = registry.choose(load(arguments, {}))
    assert (offer.name, reason) == (engine, why)


@pytest.mark.parametrize("arguments", [["--model", "some/folder"], ["--engine", "local"]])
def test_what_a_light_install_cannot_run_is_said_with_what_to_install(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelNotFound, match=r'needs the engine local, and that torch, .* pip install "\.\[train\]"'):
        registry.choose(load(arguments, {}))
    assert registry.choose(load([], {}))[0].name == "llamacpp"


@pytest.mark.parametrize(
    ("gpu", "engine", "why"),
    [(True, "local", "there is a GPU"), (False, "llamacpp", "there is no GPU, and llama.cpp is the fastest on a CPU")],
)
def test_auto_picks_by_the_machine(gpu: bool, engine: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "has_gpu", lambda: gpu)
    offer, reason = registry.choose(load([], {}))
    assert (offer.name, reason) == (engine, why)


def test_one_record_makes_an_engine(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It stands in --help, is chosen by name or by `auto`, and a setting that it claims is refused for the others."""
    echo = Offer(
        "echo",
        build=lambda wanted, progress: ScriptedEngine(model=wanted.model),
        picked=lambda wanted: "the model is a parrot" if wanted.model == "parrot" else "",
        flags=("threads",),
        fault=lambda wanted: "a parrot has no --context" if wanted.context else "",
    )
    monkeypatch.setattr(registry, "ENGINES", (echo, *registry.ENGINES))
    with pytest.raises(SystemExit):
        load(["--help"], {})
    assert "--engine {auto,echo,llamacpp,local,remote,scripted}" in capsys.readouterr().out

    asked = load(["--engine", "echo", "--threads", "2", "--data", str(tmp_path)], {})
    assert registry.build_engine(asked, lambda step, fraction: None).model == "auto"
    assert caplog.messages == []
    with caplog.at_level(logging.INFO, "banyan"):
        found = registry.build_engine(load(["--model", "parrot"], {}), lambda step, fraction: None)
    assert found.model == "parrot"
    assert caplog.messages == ["Engine: echo, because the model is a parrot. --engine chooses another."]

    with pytest.raises(SettingsError, match=r"--threads .*--engine echo, .*--engine .*BANYAN_ENGINE.* is scripted"):
        load(["--engine", "scripted", "--threads", "2"], {})
    with pytest.raises(SettingsError, match="a parrot has no --context"):
        load(["--engine", "echo", "--context", "512"], {})


def test_no_two_engines_share_a_name() -> None:
    assert len({offer.name for offer in registry.ENGINES}) == len(registry.ENGINES)

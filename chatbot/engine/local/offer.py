"""torch and transformers, for GPUs and for models in the transformers format."""

from functools import cache

from chatbot.common.step import Progress
from chatbot.engine.base import Engine
from chatbot.engine.devices import has_gpu
from chatbot.engine.offer import Offer, Wanted


def _picked(wanted: Wanted) -> str:
    if wanted.model.endswith(".gguf"):
        return ""
    if wanted.quantize != "none" or wanted.device != "auto":
        return "--quantize or --device is set"
    if wanted.model != "bundled":
        return "the model is in the transformers format"
    return "there is a GPU" if has_gpu() else ""


def _fault(wanted: Wanted) -> str:
    if wanted.engine == "local" and wanted.model.endswith(".gguf"):
        return "--engine local cannot run a .gguf --model; use --engine llamacpp, or a model folder."
    return ""


def _build(wanted: Wanted, progress: Progress) -> Engine:
    from chatbot.common.fingerprint import fingerprint_model
    from chatbot.engine import models
    from chatbot.engine.adapters import shipped
    from chatbot.engine.local.engine import LocalEngine, dequantise

    files = models.resolve(wanted.model, wanted.data / "models", progress)
    folder = files.folder
    if folder is None:
        assert files.gguf  # resolve gives one or the other
        folder = dequantise(files.gguf, models.dequantised(files.gguf, wanted.data / "models"), progress)
    return LocalEngine(
        folder,
        name=files.name,
        adapters=lambda: shipped.find(wanted.model, wanted.data / "adapters"),
        fingerprint=cache(lambda: fingerprint_model(folder)),
        cache_mib=wanted.cache_mib,
        device=wanted.device,
        quantize=wanted.quantize,
        context=wanted.context,
        slots=wanted.slots,
        threads=wanted.threads,
        progress=progress,
    )


OFFER = Offer("local", build=_build, picked=_picked, flags=("quantize", "cache_mib", "device"), fault=_fault)

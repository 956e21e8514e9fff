"""torch and transformers, for GPUs and for models in the transformers format."""

from functools import cache

from chatbot.common.step import Progress
from chatbot.engine.base import Engine
from chatbot.engine.devices import has_gpu
from chatbot.engine.offer import Offer, Wanted


def _picked(wanted: Wanted) -> str:
    from chatbot.engine.models.catalogue import CATALOGUE, settle
    from chatbot.engine.models.resolve import is_gguf

    known = settle(wanted.model) in CATALOGUE
    if is_gguf(wanted.model) and not known:
        return ""
    if wanted.quantize != "none" or wanted.device != "auto":
        return "--quantize or --device is set"
    if not known:
        return "the model is in the transformers format"
    return "there is a GPU" if has_gpu() else ""


def _build(wanted: Wanted, progress: Progress) -> Engine:
    from chatbot.common.fingerprint import fingerprint_model
    from chatbot.engine.adapters import shipped
    from chatbot.engine.local.engine import LocalEngine, dequantise
    from chatbot.engine.models.resolve import dequantised, resolve

    files = resolve(wanted.model, wanted.data / "models", progress)
    folder = files.folder
    if folder is None:
        assert files.gguf  # resolve gives one or the other
        folder = dequantise(files.gguf, dequantised(files.gguf, wanted.data / "models"), progress)
    return LocalEngine(
        folder,
        name=files.name,
        traits=files.traits,
        adapters=lambda: shipped.find(files.traits.known, wanted.data / "adapters"),
        fingerprint=cache(lambda: fingerprint_model(folder)),
        cache_mib=wanted.cache_mib,
        device=wanted.device,
        quantize=wanted.quantize,
        context=wanted.context,
        slots=wanted.slots,
        threads=wanted.threads,
        progress=progress,
    )


OFFER = Offer("local", build=_build, picked=_picked, flags=("quantize", "cache_mib", "device"))

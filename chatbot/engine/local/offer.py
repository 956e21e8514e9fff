"""torch and transformers, for GPUs and for models in the transformers format."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.common.step import Progress
from chatbot.common.system.devices import has_gpu
from chatbot.common.system.extras import lacking
from chatbot.engine.base import Engine
from chatbot.engine.offer import Offer, Wanted

if TYPE_CHECKING:
    from chatbot.engine.models.resolve import ModelFiles


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
    if wanted.zero_gpu:
        return "this Space lends GPUs (ZeroGPU)"
    return "there is a GPU" if has_gpu() else ""


def _prepare(wanted: Wanted) -> None:
    if wanted.zero_gpu:
        from chatbot.engine.local.zerogpu.lent import lent

        lent()


def _build(wanted: Wanted, progress: Progress) -> Engine:
    from chatbot.common.fingerprint import fingerprint_model
    from chatbot.engine.adapters import shipped
    from chatbot.engine.models.resolve import dequantised, resolve

    files = resolve(wanted.model, wanted.data / "models", progress)
    folder = files.folder
    if folder is None:
        from chatbot.engine.local.weights.convert import dequantise

        assert files.gguf  # resolve gives one or the other
        folder = dequantise(files.gguf, dequantised(files.gguf, wanted.data / "models"), progress)
    if wanted.zero_gpu:
        return _zero(wanted, files, folder)
    from chatbot.engine.local.engine import LocalEngine

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


def _zero(wanted: Wanted, files: "ModelFiles", folder: Path) -> Engine:
    from chatbot.common.fingerprint import fingerprint_model
    from chatbot.engine.adapters import shipped
    from chatbot.engine.local.zerogpu.engine import ZeroEngine
    from chatbot.engine.local.zerogpu.lent import lent
    from chatbot.engine.local.zerogpu.work import Served

    known, adapters = files.traits.known, wanted.data / "adapters"
    device = "cuda" if wanted.device == "auto" else wanted.device
    return ZeroEngine(
        Served(folder, files.name, known, adapters, wanted.context, device),
        lent(),
        traits=files.traits,
        adapters=lambda: shipped.find(known, adapters),
        fingerprint=cache(lambda: fingerprint_model(folder)),
        slots=wanted.slots,
    )


OFFER = Offer(
    "local",
    build=_build,
    picked=_picked,
    flags=("quantize", "cache_mib", "device"),
    prepare=_prepare,
    lacks=lambda: lacking("gpu"),
)

"""llama.cpp, for GGUF files and wherever there is no GPU."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.common.step import Progress
from chatbot.engine.base import Engine
from chatbot.engine.offer import NoTraining, Offer, Slow, Wanted

if TYPE_CHECKING:
    from chatbot.engine.models.resolve import ModelFiles


def _picked(wanted: Wanted) -> str:
    from chatbot.engine.models.catalogue import CATALOGUE, settle
    from chatbot.engine.models.resolve import is_gguf

    if is_gguf(wanted.model) and settle(wanted.model) not in CATALOGUE:
        return "the model is a .gguf file"
    return "there is no GPU, and llama.cpp is the fastest on a CPU"  # an engine for GPUs is asked before


def _no_training(wanted: Wanted) -> NoTraining | None:
    """Asks the header alone. A file that cannot be read is the loading's to tell."""
    from chatbot.common.errors import ModelError
    from chatbot.engine.gguf import architectures
    from chatbot.engine.gguf.files import read_header

    path = Path(wanted.model).expanduser()
    if path.suffix != ".gguf":
        return None
    try:
        reason = architectures.refusal(read_header(path))
    except ModelError:
        return None
    if not reason:
        return None
    return NoTraining(
        "gguf",
        f"Training is not possible with this GGUF file: {reason}. Start Banyan with the same model in the "
        "transformers format (--model FOLDER or a hub id).",
    )


def _fingerprint(wanted: Wanted, files: "ModelFiles") -> str | None:
    """Of the weights as they are trained on; None until they were made once. By it adapters of other models are left out."""
    from chatbot.engine.models.resolve import dequantised

    if files.known:
        return files.known.fingerprint
    assert files.gguf
    folder = dequantised(files.gguf, wanted.data / "models")
    return _of_folder(folder) if (folder / "config.json").is_file() else None


@cache
def _of_folder(folder: Path) -> str:
    from chatbot.common.fingerprint import fingerprint_model

    return fingerprint_model(folder)


def _build(wanted: Wanted, progress: Progress) -> Engine:
    from chatbot.engine.llamacpp import waiting

    waiting.settle()
    from chatbot.common.errors import ModelNotFound
    from chatbot.engine.adapters import shipped
    from chatbot.engine.llamacpp.engine import LlamaCppEngine
    from chatbot.engine.models.resolve import resolve

    files = resolve(wanted.model, wanted.data / "models", progress)
    file = files.gguf
    if file is None:
        raise ModelNotFound(
            f"{wanted.model} is not a GGUF file. Use --engine local for it.", kind="not_gguf", name=wanted.model
        )
    return LlamaCppEngine(
        file,
        name=files.name,
        traits=files.traits,
        adapters=lambda: shipped.find(files.traits.known, wanted.data / "adapters"),
        fingerprint=lambda: _fingerprint(wanted, files),
        cache=wanted.data / "models" / "adapters",
        context=wanted.context,
        slots=wanted.slots or 4,
        threads=wanted.threads,
        exact=wanted.exact == "on",
        progress=progress,
    )


@cache
def _slow() -> Slow | None:
    from chatbot.engine.llamacpp import built

    return Slow(found, built.command()) if (found := built.unused()) else None


OFFER = Offer(
    "llamacpp",
    build=_build,
    picked=_picked,
    flags=("exact",),
    no_training=_no_training,
    slow=_slow,
)

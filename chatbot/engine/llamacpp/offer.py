"""llama.cpp, for GGUF files and wherever there is no GPU."""

from chatbot.common.step import Progress
from chatbot.engine.base import Engine
from chatbot.engine.offer import NoTraining, Offer, Wanted

ROUNDED = NoTraining(
    "gguf",
    "Training is not possible with this model: a GGUF file holds rounded weights. Start Banyan with the same "
    "model in the transformers format (--model FOLDER or a hub id).",
)


def _picked(wanted: Wanted) -> str:
    if wanted.model.endswith(".gguf"):
        return "the model is a .gguf file"
    return "there is no GPU, and llama.cpp is the fastest on a CPU"  # an engine for GPUs is asked before


def _build(wanted: Wanted, progress: Progress) -> Engine:
    from chatbot.engine.llamacpp import waiting

    waiting.settle()
    from chatbot.common.errors import ModelNotFound
    from chatbot.engine import models
    from chatbot.engine.adapters import shipped
    from chatbot.engine.llamacpp.engine import LlamaCppEngine

    files = models.resolve(wanted.model, wanted.data / "models", progress)
    if files.gguf is None:
        raise ModelNotFound(
            f"{wanted.model} is not a GGUF file. Use --engine local for it.", kind="not_gguf", name=wanted.model
        )
    return LlamaCppEngine(
        files.gguf,
        name=files.name,
        adapters=lambda: shipped.find(wanted.model, wanted.data / "adapters"),
        fingerprint=lambda: models.FINGERPRINT if wanted.model == "bundled" else None,
        cache=wanted.data / "models" / "adapters",
        context=wanted.context,
        slots=wanted.slots or 4,
        threads=wanted.threads,
        progress=progress,
    )


OFFER = Offer(
    "llamacpp",
    build=_build,
    picked=_picked,
    no_training=lambda wanted: ROUNDED if wanted.model.endswith(".gguf") else None,
)

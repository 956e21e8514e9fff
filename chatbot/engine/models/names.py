"""Names that no adapter may take: those of base models, and of the adapters that come with Banyan."""

from pathlib import PurePath

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters import shipped
from chatbot.engine.models.catalogue import CATALOGUE
from chatbot.types import alike


def require_free(name: str, *served: str) -> None:
    """Raises `AdapterError` for a name of Banyan's own, or like one of the models that are `served`: it would answer for them."""
    if alike(name) in {alike(one) for one in (*_models(), *shipped.names(), *served)}:
        raise AdapterError(
            f"{name} is the name of a model, or of an adapter that comes with Banyan. Choose another name.",
            kind="adapter_taken",
            name=name,
        )


def _models() -> set[str]:
    known = CATALOGUE.values()
    return {name for one in known for name in (one.name, one.title, one.served, PurePath(one.served).stem, one.folder)}

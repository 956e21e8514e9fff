"""Names that no adapter may take: those of base models, and of the adapters that come with Banyan."""

from collections.abc import Iterable
from pathlib import PurePath

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters import shipped
from chatbot.engine.models.catalogue import CATALOGUE
from chatbot.types import alike


def require_free(name: str, *served: str) -> None:
    """Raises `AdapterError` for a name of Banyan's own adapters, or as `require_no_model`."""
    require_no_model(name, *served)
    _refuse(name, shipped.names())


def require_no_model(name: str, *served: str) -> None:
    """Raises `AdapterError` for a name like that of a model, known or `served`: asked by it, the adapter would answer."""
    _refuse(name, {*_models(), *served})


def _refuse(name: str, taken: Iterable[str]) -> None:
    if alike(name) in map(alike, taken):
        raise AdapterError(
            f"{name} is the name of a model, or of an adapter that comes with Banyan. Choose another name.",
            kind="adapter_taken",
            name=name,
        )


def _models() -> set[str]:
    known = CATALOGUE.values()
    return {name for one in known for name in (one.name, one.title, one.served, PurePath(one.served).stem, one.folder)}

"""The adapters that come with Banyan: for a model of the catalogue, one a task, in `finetune/adapters/MODEL`."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters import folders
from chatbot.engine.adapters.folders import check
from chatbot.engine.adapters.format import CONFIG
from chatbot.types import Adapter

WAITING = ("adapter_other_base", "remote_adapter")  # kinds of reasons that another model or server does away with
FOLDER = Path(__file__).resolve().parents[3] / "finetune" / "adapters"


def folder(known: str) -> Path | None:
    """Where those for a model lie, by its name in the catalogue; None where there are none."""
    return FOLDER / known if known and (FOLDER / known).is_dir() else None


def names() -> set[str]:
    """Of all adapters that come with Banyan, for whichever model."""
    return {path.name for path in FOLDER.glob("*/*") if path.is_dir()}


def find(known: str, added: Path) -> list[Adapter]:
    """The adapters of a model (its name in the catalogue, or empty), with those in `added`. Those that come with Banyan count
    first: their names are taken, and nobody else's adapter answers for them."""
    own = folder(known)
    return folders.find([own, added] if own else [added])


def set_aside(
    served: Iterable[Adapter], folder: Path, owner: str, fit: Callable[[Adapter], None]
) -> Iterator[tuple[str, AdapterError]]:
    """(name, reason) of each adapter in `folder` that is not `served` though `owner` may use it: it is damaged, or waits for
    the model that it was made for. `fit` raises why it does not fit the one that answers now."""
    paths = {adapter.path for adapter in served}
    for config in sorted(folder.glob(f"*/{CONFIG}")):
        if str(config.parent) not in paths and (reason := _reason(config.parent, owner, fit)):
            yield config.parent.name, reason


def _reason(folder: Path, owner: str, fit: Callable[[Adapter], None]) -> AdapterError | None:
    try:
        adapter = check(folder)
        if adapter.owner in ("", owner):
            fit(adapter)
    except AdapterError as error:
        return error if folder.parent.parent == FOLDER or error.kind in WAITING else None
    return None

"""The adapters that come with Banyan: for the bundled model, one a task, in `finetune/adapters`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters import folders
from chatbot.engine.adapters.folders import check
from chatbot.engine.adapters.format import CONFIG
from chatbot.types import Adapter

FOLDER = Path(__file__).resolve().parents[3] / "finetune" / "adapters"


def find(model: str, added: Path) -> list[Adapter]:
    """The adapters of a model (as `--model` names it), with those in `added`. Those that come with Banyan count first:
    their names are taken, and nobody else's adapter answers for them."""
    return folders.find([FOLDER, added] if model == "bundled" else [added])


def set_aside(served: Iterable[Adapter], folder: Path = FOLDER) -> Iterator[tuple[str, AdapterError]]:
    """(name, reason) of each adapter in `folder` that is not `served`: the engine refused it."""
    names = {adapter.name for adapter in served if adapter.path and Path(adapter.path).parent == folder}
    for path in sorted(folder.glob(f"*/{CONFIG}")):
        if path.parent.name not in names:
            yield path.parent.name, _reason(path.parent)


def _reason(folder: Path) -> AdapterError:
    try:
        check(folder)
    except AdapterError as error:
        return error
    return AdapterError("It was trained on other weights than this model's.", kind="adapter_foreign")

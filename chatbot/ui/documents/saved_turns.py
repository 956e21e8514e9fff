"""Questions that were put to documents, with their answers: kept under their owner, there again after a reload or restart."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from chatbot.store.store import Store
from chatbot.ui.documents.render_answers import Turn
from chatbot.ui.parts.task_handlers import keep
from chatbot.ui.strings.words import Language

TASK = "documents"
KEPT = 30  # turns that are shown again

_TURN: TypeAdapter[Turn] = TypeAdapter(Turn)


class SavedTurns:
    """The turns of all owners. Those drawn on a document go with it: see `Services.remove_document`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, owner: str, turn: Turn, language: Language) -> str:
        """The notice to show where it cannot be kept, as `keep`'s."""
        return keep(self._store, owner, TASK, turn.question[:120], _TURN.dump_python(turn, mode="json"), language)

    def load(self, owner: str) -> list[Turn]:
        """The owner's last turns, the oldest first."""
        read = (_read(saved.result) for saved in reversed(self._store.results(owner, TASK, KEPT)))
        return [turn for turn in read if turn]

    def clear(self, owner: str) -> None:
        self._store.remove_results(owner, TASK)


def _read(saved: dict[str, Any]) -> Turn | None:
    try:
        return _TURN.validate_python(saved)
    except ValidationError:  # written by a version that knew other fields
        return None

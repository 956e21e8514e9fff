"""Results of the tasks, kept for their visitor."""

from collections.abc import Mapping
from typing import Any

from chatbot.store.store import Store
from chatbot.ui.chat.handlers import told
from chatbot.ui.strings.words import Language


def keep(store: Store, owner: str, task: str, title: str, result: Mapping[str, Any], language: Language) -> str:
    """Save what came of a task. What cannot be kept (it is too large, the disk is full) is shown all the same: then the
    notice that says why is returned, else nothing."""
    with told(language) as notices:
        store.add_result(owner, task, title, result)
    return "".join(notices)

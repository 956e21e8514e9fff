"""Which adapters are for a task that has a tab of its own, and which are for the chat.

A task takes the adapter that has its name, unless somebody chose another one, or none.
"""

from collections.abc import Iterable

from chatbot.types import Adapter

TASKS = ("answer", "translate", "summarize", "sentiment")


def for_chat(adapters: Iterable[Adapter]) -> list[Adapter]:
    """Without those that a task has: trained to answer from passages, one tells a person who just asks that nothing is there."""
    return [adapter for adapter in adapters if adapter.task not in TASKS]


def for_task(adapters: Iterable[Adapter], task: str) -> list[Adapter]:
    """Those of the task, and those that do not say what they are for."""
    return [adapter for adapter in adapters if adapter.task in (task, "")]

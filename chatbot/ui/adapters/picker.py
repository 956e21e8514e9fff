"""Who answers a task: the model with the adapter that was trained for it, with another one of the visitor's, or alone."""

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.engine.adapters.folders import visible
from chatbot.engine.adapters.purpose import for_task
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import Frame
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, text

BARE = "=bare"  # the picker's word for the model alone: no adapter's name begins like this, and empty is the task's own


def task_adapter(words: Localised, prefix: str) -> gr.Dropdown:
    """The picker; until a model is there it says nothing. `prefix` is that of the tab's ids."""
    picker = gr.Dropdown([("…", "")], value="", label=text("task_adapter", "en"), elem_id=f"by-{prefix}-adapter")
    return words(picker, label="task_adapter")


def connect_task_adapter(picker: gr.Dropdown, task: str, tab: gr.Tab, frame: Frame, services: Services) -> None:
    """Say anew who there is whenever it may be another one."""

    def look(value: str, language: Language, request: gr.Request) -> object:
        try:
            listed = choices(services, services.owner_of(request), task, language)
        except BanyanError:  # there is no model yet; the page says so above
            return gr.skip()
        return gr.update(choices=listed, value=value if value in [name for _, name in listed] else "")

    def take(wanted: tuple[str, float] | None, language: Language, request: gr.Request) -> object:
        """One was chosen on the tab of adapters: where it is this task's, it is the one that is used here."""
        owner, name = services.owner_of(request), wanted[0] if wanted else ""
        try:
            if services.adapter(owner, name).task != task:
                return gr.skip()
            listed = choices(services, owner, task, language)
        except BanyanError:  # it is gone already
            return gr.skip()
        return gr.update(choices=listed, value="" if name == task else name)

    frame.wanted.change(take, [frame.wanted, frame.language], picker, **PRIVATE)
    for event in (tab.select, picker.focus, frame.answers.change, frame.language.change):
        event(look, [picker, frame.language], picker, **PRIVATE)


def choices(services: Services, owner: str, task: str, language: Language) -> list[tuple[str, str]]:
    """What would answer by itself comes first. Raises what `engine.adapters` raises while there is no model."""
    mine = visible(services.engine.adapters(), owner)
    alone = text("task_adapter_none", language)
    others = [(adapter.name, adapter.name) for adapter in for_task(mine, task) if adapter.name != task]
    own = any(adapter.name == task for adapter in mine)
    return [(task, ""), (alone, BARE), *others] if own else [(alone, ""), *others]


def chosen(value: str | None) -> str | None:
    """What the tasks call it: None for their own adapter, "" for none, else a name."""
    return "" if value == BARE else value or None

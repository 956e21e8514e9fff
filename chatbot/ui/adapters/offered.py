"""The adapters that the pickers of the page offer to somebody, as (what is shown, value)."""

from collections.abc import Sequence

from chatbot.engine.adapters.folders import visible
from chatbot.engine.adapters.purpose import for_chat
from chatbot.types import Adapter
from chatbot.ui.adapters.render import outcome, task
from chatbot.ui.chat.compare import BASE
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


def choices(services: Services, owner: str, language: Language) -> list[tuple[str, str]]:
    """What the chat's picker offers: the base first, then what `owner` may chat with. The adapters of tasks are in their tabs."""
    known = for_chat(visible(services.engine.adapters(), owner))
    return [(text("no_adapter", language), ""), *_named(known, language)]


def compare_choices(services: Services, owner: str, language: Language) -> list[tuple[str, str]]:
    """Off, the base, and every adapter. The base has a word of its own here, since the empty choice is off."""
    off, base = text("compare_off", language), text("compare_base", language)
    return [(off, ""), (base, BASE), *choices(services, owner, language)[1:]]


def origins(services: Services, owner: str, language: Language) -> list[tuple[str, str]]:
    """What a fine-tune may go on from: nothing, or any adapter that `owner` may use."""
    return [(text("ft_origin_new", language), ""), *_named(visible(services.engine.adapters(), owner), language)]


def _named(adapters: Sequence[Adapter], language: Language) -> list[tuple[str, str]]:
    """Each with its task and verdict."""
    listed = []
    for adapter in adapters:
        said = (adapter.name, task(adapter.task, language) if adapter.task else "", outcome(adapter.verdict, language))
        listed.append((" · ".join(filter(None, said)), adapter.name))
    return listed

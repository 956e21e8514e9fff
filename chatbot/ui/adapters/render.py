"""Pure: adapters -> their cards, under what they are for."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.purpose import TASKS
from chatbot.types import Adapter
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, text
from finetune.spec.spec import TASKS as KNOWN


def cards(adapters: Sequence[Adapter], language: Language) -> str:
    if not adapters:
        return f'<p class="by-empty">{escape(text("adapter_none", language))}</p>'
    groups = groupby(sorted(adapters, key=_place), _for)
    return "".join(_group(name, list(them), language) for name, them in groups)


def aside(name: str, reason: AdapterError, language: Language) -> str:
    """An adapter that is damaged, or waits for the model that it was made for."""
    words = text("adapter_set_aside", language, name=name, reason=render.message(reason, language))
    return f'<p class="by-warnings" role="status">{escape(words)}</p>'


def task(name: str, language: Language) -> str:
    """The task of an adapter, as its tab is called; other names stay."""
    if name not in KNOWN:
        return name or text("adapter_no_task", language)
    return text("documents" if name == "answer" else name, language)


def outcome(verdict: str, language: Language) -> str:
    """The first word of a verdict, which is written in English on the adapter's card; empty where it was not judged."""
    for name in ("better", "no_change", "worse", "too_few_to_tell"):
        if verdict.lower().startswith(name.replace("_", " ")):
            return text(f"ft_outcome_{name}", language).rstrip(".。")
    return ""


def _for(adapter: Adapter) -> str:
    """The task that has it, or the chat."""
    return adapter.task if adapter.task in TASKS else "chat"


def _place(adapter: Adapter) -> tuple[int, str]:
    return (*TASKS, "chat").index(_for(adapter)), adapter.name


def _group(name: str, adapters: Sequence[Adapter], language: Language) -> str:
    """Those for one tab, under its name."""
    tab = text("adapter_group", language, tab=task(name, language))
    listed = "".join(_card(adapter, language) for adapter in adapters)
    return f'<h3 class="by-list-head">{escape(tab)}</h3><ul class="by-cards">{listed}</ul>'


def _card(adapter: Adapter, language: Language) -> str:
    private = f' <span class="by-tag">{escape(text("adapter_private", language))}</span>' if adapter.owner else ""
    made = text("adapter_made", language, base=adapter.base or "–", rank=adapter.rank or "–")
    return f"""<li><p><b>{escape(adapter.name)}</b>{private}</p>
<p>{_verdict(adapter.verdict, language)}</p><small>{escape(made)}</small></li>"""


def _verdict(verdict: str, language: Language) -> str:
    said, word = escape(verdict or text("adapter_no_verdict", language)), outcome(verdict, language)
    return said if language == "en" or not word else f"<b>{escape(word)}</b> {said}"

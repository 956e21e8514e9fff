"""Pure: adapters -> their cards, under what they are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import quote

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.purpose import TASKS
from chatbot.types import Adapter
from chatbot.ui.adapters.measured import Measured, Taught
from chatbot.ui.parts import render
from chatbot.ui.strings.words import ENGLISH, Language, text
from finetune.spec.spec import TASKS as KNOWN

WITH = "share with "  # before the name of a group: what its button does


@dataclass(frozen=True, slots=True)
class Card:
    """An adapter with what its own card says of it, and what the person who looks may do with it."""

    adapter: Adapter
    taught: Taught = Taught()
    mine: bool = False  # and so may be shared, or not
    groups: tuple[str, ...] = ()  # those with which it may be shared
    removable: bool = False


def cards(listed: Sequence[Card], language: Language, armed: str = "") -> str:
    """`armed` is the adapter whose Remove was pressed once."""
    if not listed:
        return f'<p class="by-empty">{escape(text("adapter_none", language))}</p>'
    groups = groupby(sorted(listed, key=_place), lambda card: _for(card.adapter))
    shown = "".join(_group(name, list(them), language, armed) for name, them in groups)
    return f'<div class="by-adapter-groups">{shown}</div>'


def aside(name: str, reason: AdapterError, language: Language) -> str:
    """An adapter that is damaged, or waits for the model that it was made for."""
    words = text("adapter_set_aside", language, name=name, reason=render.message(reason, language))
    return f'<p class="by-warnings" role="status">{escape(words)}</p>'


def task(name: str, language: Language) -> str:
    """The task of an adapter, as its tab is called; other names stay."""
    if name not in KNOWN:
        return name or text("adapter_no_task", language)
    return text(tab_of(name), language)


def tab_of(task: str) -> str:
    """The tab of a task, by its name."""
    return "documents" if task == "answer" else task


def outcome(verdict: str, language: Language) -> str:
    """The first word of a verdict, which is written in English on the adapter's card; empty where it was not judged."""
    name = _outcome(verdict)
    return text(f"ft_outcome_{name}", language).rstrip(".。") if name else ""


def download(name: str, size: int, path: str, number: int, language: Language) -> str:
    """A link that page.js follows when its number is a new one, and that stays for who wants the file again."""
    words = text("adapter_download_ready", language, name=name, size=f"{size / 1e6:.1f}")
    return (
        f'<p class="by-success"><a data-number="{number}" href="gradio_api/file={quote(path)}" '
        f'download="{escape(name)}">{escape(words)}</a></p>'
    )


def _outcome(verdict: str) -> str:
    names = ("better", "no_change", "worse", "too_few_to_tell")
    return next((name for name in names if verdict.lower().startswith(name.replace("_", " "))), "")


def _for(adapter: Adapter) -> str:
    """The task that has it, or the chat."""
    return adapter.task if adapter.task in TASKS else "chat"


def _place(card: Card) -> tuple[int, str]:
    return (*TASKS, "chat").index(_for(card.adapter)), card.adapter.name


def _group(name: str, listed: Sequence[Card], language: Language, armed: str) -> str:
    """Those for one tab, under its name."""
    tab = text("adapter_group", language, tab=task(name, language))
    shown = "".join(_card(card, language, armed == card.adapter.name) for card in listed)
    return f'<section><h3 class="by-list-head">{escape(tab)}</h3><ul class="by-adapters">{shown}</ul></section>'


def _card(card: Card, language: Language, armed: bool) -> str:
    adapter = card.adapter
    only = [*sorted(adapter.groups)] or ([text("adapter_private", language)] if adapter.owner else [])
    private = "".join(f' <span class="by-tag">{escape(one)}</span>' for one in only)
    made = text("adapter_made", language, base=adapter.base or "–", rank=adapter.rank or "–")
    return (
        f"<li><h4><b>{escape(adapter.name)}</b>{private}</h4><p>{escape(_does(card, language))}</p>"
        f"{_judged(adapter.verdict, card.taught.figure, language)}{_figure(card.taught.figure, language)}"
        f"<div><small>{escape(made)}</small> {render.what('lora', language)}</div>"
        f'<div class="by-adapter-do">{_buttons(card, language, armed)}</div></li>'
    )


def _with(adapter: Adapter, group: str, language: Language) -> str:
    said = text("adapter_share_with", language, group=group)
    return render.button(f"{WITH}{group}", said, adapter.name, adapter.name)


def _does(card: Card, language: Language) -> str:
    """What it is good for, in one sentence."""
    if (name := _for(card.adapter)) != "chat":
        return text(f"adapter_does_{name}", language)
    rows = card.taught.rows
    return text("adapter_learnt", language, count=f"{rows:,}") if rows else text("adapter_unknown", language)


def _judged(verdict: str, figure: Measured | None, language: Language) -> str:
    """The verdict's word in the language of the page, and behind it how it was come to."""
    name = _outcome(verdict)
    if not name:
        return f'<p class="by-sub">{escape(verdict or text("adapter_no_verdict", language))}</p>'
    word, how = outcome(verdict, language), escape(text("adapter_judged", language))
    return (
        f'<details><summary><b class="by-adapter-{name}">{escape(word)}</b> <span>{how}</span></summary>'
        f"{_come_to(verdict, figure, language)}</details>"
    )


def _come_to(verdict: str, figure: Measured | None, language: Language) -> str:
    """The card's own sentence is English; others read of the figure that the card shows."""
    if language == ENGLISH or figure is None:
        return f'<p lang="en">{escape(verdict)}</p>'
    low, high = figure.interval or (0.0, 0.0)
    interval = text("ft_interval", language, low=f"{low:+.3f}", high=f"{high:+.3f}") if figure.interval else ""
    said = text(
        "ft_verdict",
        language,
        name=text(f"ft_score_{figure.name}", language),
        before=f"{figure.before:.3f}",
        after=f"{figure.after:.3f}",
        interval=interval,
        rows=figure.rows,
    )
    return f"<p>{escape(said)}</p>"


def _figure(figure: Measured | None, language: Language) -> str:
    """A bar before and one after; of what is no share of one, the longer bar is full."""
    if figure is None:
        return ""
    whole = 1.0 if figure.is_share else max(figure.before, figure.after, 1e-9)
    less = "" if figure.is_share else f", {text('ft_less_is_better', language)}"
    name = text("adapter_figure", language, name=text(f"ft_score_{figure.name}", language) + less, rows=figure.rows)
    sides = (("adapter_before", figure.before), ("adapter_after", figure.after))
    bars = "".join(_bar(text(key, language), value, whole, figure.is_share) for key, value in sides)
    return f'<dl class="by-adapter-bars"><dt class="by-sub">{escape(name)} {render.what(figure.name, language)}</dt>{bars}</dl>'


def _bar(side: str, value: float, whole: float, is_share: bool) -> str:
    said = f"{value:.0%}".replace("%", " %") if is_share else f"{value:.2f}"
    width = min(100, round(100 * value / whole))
    return (
        f'<dd><span>{escape(side)}</span><span class="by-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
        f"<b>{said}</b></dd>"
    )


def _buttons(card: Card, language: Language, armed: bool) -> str:
    adapter = card.adapter

    def made(act: str, key: str, kind: str = "") -> str:
        return render.button(act, text(key, language), adapter.name, adapter.name, kind)

    shown = made("use", "adapter_use", "by-primary")
    if _for(adapter) == "chat":
        shown += made("compare", "adapter_compare")
    if adapter.path:
        shown += made("download", "adapter_download")
    if card.mine:
        if adapter.owner:
            shown += made("share", "adapter_share")
            shown += "".join(_with(adapter, group, language) for group in card.groups if group not in adapter.groups)
        if not adapter.owner or adapter.groups:
            shown += made("unshare", "adapter_unshare")
    if card.removable:
        shown += made("remove", "mo_remove_sure", "by-sure") if armed else made("remove", "adapter_remove")
    return shown

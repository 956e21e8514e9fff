"""Pure: what the tasks' tabs show alike -> HTML."""

from collections.abc import Callable, Sequence
from html import escape

from chatbot.store.store import SavedResult
from chatbot.ui.strings.words import Language, text


def welcome(task: str, language: Language) -> str:
    """What the tab is for, before there is a result. `task` begins the names of its strings, here and below."""
    title, more = text(f"{task}_welcome", language), text(f"{task}_welcome_more", language)
    return f'<div class="by-welcome"><h2>{escape(title)}</h2><p>{escape(more)}</p></div>'


def progress(words: str, share: float | None = None) -> str:
    """What is being done, with a bar: `share` of it is done (None: unknown)."""
    kind = " by-unknown" if share is None else ""
    bar = f'<span class="by-bar{kind}" aria-hidden="true"><i style="width:{100 * (share or 0):.0f}%"></i></span>'
    return f'<div class="by-progress" role="status"><span>{escape(words)}</span>{bar}</div>'


def caution(words: str) -> str:
    """Something that the reader should know before believing the result."""
    return f'<p class="by-caution" role="note">{escape(words)}</p>'


def empty(words: str) -> str:
    return f'<p class="by-empty">{escape(words)}</p>'


def foot(left: str, right: str = "") -> str:
    """The line under a result: who made it, and what can be done with it. Both are HTML."""
    return f'<div class="by-result-foot"><span>{left}</span>{right and f"<span>{right}</span>"}</div>'


def past(task: str, saved: Sequence[SavedResult], more: Callable[[SavedResult], str], language: Language) -> str:
    """The last results of this visitor, each to open or to remove; `more` says a little about one."""
    if not saved:
        return ""
    rows = "".join(_saved(task, one, more(one), language) for one in saved)
    return f'<h3 class="by-list-head">{escape(text(f"{task}_past", language))}</h3><ul class="by-docs">{rows}</ul>'


def _saved(task: str, one: SavedResult, more: str, language: Language) -> str:
    small = f"<small>{escape(more)}</small>" if more else ""
    label, remove = (escape(text(f"{task}_past_{act}", language, title=one.title)) for act in ("open", "remove"))
    return (
        f'<li><button type="button" class="by-doc" data-act="open" data-id="{escape(one.id)}" aria-label="{label}">'
        f"<span>{escape(one.title)}</span>{small}</button>"
        f'<button type="button" class="by-remove" data-act="remove" data-id="{escape(one.id)}" aria-label="{remove}">✕</button>'
        "</li>"
    )

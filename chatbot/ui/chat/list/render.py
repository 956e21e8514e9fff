"""Pure: conversations -> the sidebar's list, in groups by day. One menu serves all rows: page.js says which it was opened for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from html import escape
from itertools import groupby

from chatbot.store.values import Heading
from chatbot.ui.icons import icon
from chatbot.ui.strings.words import Language, text

ACTS = {
    "rename": "rename",
    "move": "folder_move",
    "pin": "pin",
    "unpin": "unpin",
    "md": "export_md",
    "json": "export_json",
    "delete": "delete",
}
"""What the menu does -> the string that says it."""


NO_FOLDERS: Mapping[str, int] = {}


def listing(
    headings: Sequence[Heading],
    open_id: str | None,
    language: Language,
    today: date,
    deleted: Heading | None = None,
    folders: Mapping[str, int] = NO_FOLDERS,
    chosen: str = "",
) -> str:
    """The conversations, the pinned first, under the `folders` to choose from, each with how many it has. `deleted` can be
    brought back with one press."""
    pinned = [heading for heading in headings if heading.pinned]
    groups = [(text("pinned", language), pinned)] if pinned else []
    others = (heading for heading in headings if not heading.pinned)
    groups += [(name, [*of]) for name, of in groupby(others, lambda h: _day(h, today, language))]
    body = "".join(_group(name, of, open_id) for name, of in groups)
    empty = "" if headings or deleted else f'<p class="by-empty">{escape(text("no_conversations", language))}</p>'
    return _box(_undo(deleted, language) + _folders(folders, chosen, language) + body + empty, open_id, language)


def found(headings: Sequence[Heading], open_id: str | None, words: str, language: Language) -> str:
    """Those that have the words, with where they have them; empty where nothing is searched for."""
    if not words.strip():
        return ""
    key = "found_talks" if headings else "found_no_talks"
    return _box(_group(text(key, language, count=len(headings)), headings, open_id), open_id, language)


def _box(body: str, open_id: str | None, language: Language) -> str:
    more = escape(text("talk_menu", language))
    return f'<nav class="by-talks" data-open="{escape(open_id or "")}" data-more="{more}">{body}{_menu(language)}</nav>'


def _group(name: str, headings: Iterable[Heading], open_id: str | None) -> str:
    rows = "".join(_row(heading, heading.id == open_id) for heading in headings)
    return f"<h3>{escape(name)}</h3><ul>{rows}</ul>"


def _row(heading: Heading, is_open: bool) -> str:
    id, title = escape(heading.id), escape(heading.title)
    here = ' aria-current="page"' if is_open else ""
    said = f"<small>{escape(heading.said)}</small>" if heading.said else ""
    pinned = " data-pinned" if heading.pinned else ""
    return (
        f'<li><button type="button" class="by-talk" data-act="open" data-id="{id}" title="{title}"{here}>'
        f'<span>{title}</span>{said}</button><button type="button" class="by-dots" data-menu="{id}"{pinned} '
        f'aria-haspopup="menu" data-folder="{escape(heading.folder)}" aria-label="… {title}">⋯</button></li>'
    )


def _folders(folders: Mapping[str, int], chosen: str, language: Language) -> str:
    """All, and each folder; and their names for whoever types one."""
    if not folders:
        return ""
    shown = [("", escape(text("folder_all", language)))]
    shown += [(name, f"{escape(name)} <small>{count}</small>") for name, count in folders.items()]
    buttons = "".join(
        f'<button type="button" data-act="folder" data-id="{escape(name)}" aria-pressed="{str(name == chosen).lower()}">'
        f"{said}</button>"
        for name, said in shown
    )
    names = "".join(f'<option value="{escape(name)}">' for name in folders)
    label = escape(text("folders", language))
    return (
        f'<div class="by-folders" role="group" aria-label="{label}">{buttons}</div>'
        f'<datalist id="by-folder-names">{names}</datalist>'
    )


def _menu(language: Language) -> str:
    hint = f' data-hint="{escape(text("folder_hint", language))}"'
    items = "".join(
        f'<button type="button" role="menuitem" data-act="{act}"{hint if act == "move" else ""}>'
        f"{icon(act)}{escape(text(key, language))}</button>"
        for act, key in ACTS.items()
    )
    return f'<div class="by-menu" popover role="menu" aria-label="{escape(text("talk_menu", language))}">{items}</div>'


def _undo(deleted: Heading | None, language: Language) -> str:
    if not deleted:
        return ""
    said, undo = escape(text("deleted", language, title=deleted.title)), escape(text("undo", language))
    button = f'<button type="button" class="by-link" data-act="restore" data-id="{escape(deleted.id)}">{undo}</button>'
    return f'<p class="by-undo" role="status"><span>{said}</span>{button}</p>'


def _day(heading: Heading, today: date, language: Language) -> str:
    day = date.fromtimestamp(heading.updated)
    if day >= today:
        return text("today", language)
    if day == today - timedelta(1):
        return text("yesterday", language)
    if day > today - timedelta(7):
        return text("last_week", language)
    if day > today - timedelta(30):
        return text("last_month", language)
    return text("month", language, year=day.year, month=text(f"month_{day.month}", language))

"""Pure: what there is to teach from, as cards. page.js takes a press to the tab that its card names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from chatbot.ui.strings.words import Language, text

LATEST = 3  # rows of each that are shown
SHOWN = 160  # characters of a text


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that come of working: keys of their title and of what they are, the button of the Fine-tune tab that takes them, and the
    tab where they come from."""

    title: str
    how: str
    taken: str
    tab: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of a source: how many, in words, whether they are enough to learn from, and the latest."""

    count: str = ""
    enough: bool = False
    latest: Sequence[tuple[str, str]] = ()  # what was asked, and what is right


SOURCES = {
    "corrections": Source("data_corrections", "data_corrections_how", "#by-ft-corrections", "chat"),
    "preferences": Source("data_preferences", "data_preferences_how", "#by-ft-preferences", "chat"),
    "thumbs": Source("data_thumbs", "data_thumbs_how", "#by-ft-thumbs", "chat"),
    "labels": Source("data_labels", "data_labels_how", "#by-ft-labels", "sentiment"),
}


def cards(kept: Mapping[str, Kept], language: Language, *, documents: bool) -> str:
    """`documents`: there is a tab of them, from which questions can be made."""
    shown = [_source(source, kept.get(name, Kept()), language) for name, source in SOURCES.items()]
    if documents:
        shown.append(_other("ftq_title", "data_documents_how", "#by-ftq > button:not(.open)", language))
    shown.append(_other("data_file", "data_file_how", "", language))
    return f'<p>{escape(text("data_intro", language))}</p><ul class="by-data">{"".join(shown)}</ul>'


def _source(source: Source, kept: Kept, language: Language) -> str:
    count = f'<p class="by-data-count">{escape(kept.count)}</p>' if kept.count else ""
    if kept.enough:
        go = _button(source.title, "data_teach", "finetune", source.taken, language, "by-primary")
    else:
        where = text("data_where", language, tab=text(source.tab, language))
        go = _go(source.title, where, source.tab, "", language)
    return _card(source.title, source.how, f"{count}{_latest(kept.latest, language)}", go, language)


def _other(title: str, how: str, pressed: str, language: Language) -> str:
    return _card(title, how, "", _button(title, "data_begin", "finetune", pressed, language), language)


def _card(title: str, how: str, inside: str, go: str, language: Language) -> str:
    return (
        f"<li><h3><b>{escape(text(title, language))}</b></h3><p>{escape(text(how, language))}</p>{inside}"
        f'<div class="by-adapter-do">{go}</div></li>'
    )


def _latest(rows: Sequence[tuple[str, str]], language: Language) -> str:
    if not rows:
        return ""
    listed = "".join(f"<dt>{escape(_short(asked))}</dt><dd>{escape(_short(right))}</dd>" for asked, right in rows)
    return f'<dl aria-label="{escape(text("data_latest", language))}">{listed}</dl>'


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN].rstrip()}…"


def _button(title: str, key: str, tab: str, pressed: str, language: Language, kind: str = "") -> str:
    return _go(title, text(key, language), tab, pressed, language, kind)


def _go(title: str, label: str, tab: str, pressed: str, language: Language, kind: str = "") -> str:
    return (
        f'<button type="button" class="by-small {kind}" data-go="{tab}" data-press="{escape(pressed)}" '
        f'aria-label="{escape(f"{label}: {text(title, language)}")}">{escape(label)}</button>'
    )

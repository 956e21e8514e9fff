"""Pure: documents and sources -> HTML. Buttons carry `data-act`; `clickable` hands them on."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from chatbot.ui.strings.words import Language, text, worded
from retrieval.reading.kinds import unit
from retrieval.reading.pdf.pictures import DRAWN
from retrieval.types import Citation, Document, Flag, Page, Passage

UNFOLDED = 3  # warnings that leave the page below them in sight


def place(document: Document, page: int, language: Language) -> str:
    """ "page 3", "slide 3", "part 3"."""
    return text(f"one_{unit(document.kind)}", language, number=page)


def counts(document: Document, language: Language) -> str:
    name = unit(document.kind)
    pages = text(f"unit_{name}", language, count=f"{document.pages:,}")
    pages = text(f"single_{name}", language) if document.pages == 1 else pages
    passages = text("doc_passages", language, count=f"{document.passages:,}")
    return f"{pages} · {text('doc_passage', language) if document.passages == 1 else passages}"


def reason(document: Document, language: Language) -> str:
    """Why a document was rejected."""
    return worded((f"error.{document.code}",), language, document.reason, {"name": document.name})


def warning(flag: Flag, language: Language) -> str:
    return worded((f"error.flag.{flag.code}",), language, flag.text, flag.details)


def attached(documents: Sequence[tuple[str, str]], language: Language) -> str:
    """What a chat is asked about, by id and name, each with a button that takes it off."""
    chips = "".join(
        f'<button type="button" class="by-chip" data-act="detach" data-id="{escape(id)}" '
        f'aria-label="{escape(text("detach", language, name=name))}">{escape(name)} <span aria-hidden="true">✕</span></button>'
        for id, name in documents
    )
    return (
        f'<div class="by-cited"><span class="by-sub">{escape(text("attached", language))}</span>{chips}</div>'
        if chips
        else ""
    )


def source_none(language: Language) -> str:
    return f'<p class="by-empty">{escape(text("source_none", language))}</p>'


def source(
    document: Document,
    citation: Citation,
    passages: Sequence[Passage],
    language: Language,
    picture: bytes | None = None,
    note: str = "",
) -> str:
    """Where a sentence stands: the page as a picture if there is one, else the passages with the words marked."""
    where = place(document, citation.page, language)
    number = f"<b>[{citation.n}]</b> " if citation.n else ""
    head = _head(f"{number}{escape(document.name)} — {escape(where)}", language)
    if picture is not None:
        words = text("source_picture", language, place=where, name=document.name, quote=citation.quote)
        body = image(picture, words) + f'<blockquote class="by-quote">{escape(citation.quote)}</blockquote>'
    else:
        body = "".join(_passage(passage, citation.start, citation.end, language) for passage in passages)
    turn = "draw" if document.kind in DRAWN else "page"
    return f"{head}{_pager(document, citation.page, language, turn=turn, other='page')}{note}{body}"


def image(picture: bytes, words: str) -> str:
    data = b64encode(picture).decode("ascii")
    return f'<div class="by-sheet" tabindex="0"><img class="by-page" alt="{escape(words)}" src="data:image/png;base64,{data}"></div>'


def note(words: str) -> str:
    return f'<p class="by-note" role="status">{escape(words)}</p>'


def _passage(passage: Passage, start: int, end: int, language: Language) -> str:
    heading = f"<small>{escape(passage.heading)}</small>" if passage.heading else ""
    return f'<div class="by-passage">{heading}<p>{marked(passage, start, end)}</p></div>'


def marked(passage: Passage, start: int, end: int) -> str:
    """The passage's text with characters `start` to `end` of its page marked."""
    a, b = max(0, start - passage.start), min(len(passage.text), end - passage.start)
    if a >= b:
        return escape(passage.text)
    before, words, after = passage.text[:a], passage.text[a:b], passage.text[b:]
    return f"{escape(before)}<mark>{escape(words)}</mark>{escape(after)}"


def document_page(
    document: Document,
    page: Page | None,
    passages: Sequence[Passage],
    flags: Sequence[str],
    language: Language,
    drawn: str = "",
) -> str:
    """A document as it was read: its state and warnings, and one page as passages, or as the HTML that shows it `drawn`."""
    state = f'<b class="by-doc-state by-{document.status}">{escape(text(document.status, language))}</b>'
    if document.status == "rejected":
        return f"{_title(document, language)}<p>{state}</p>{note(reason(document, language))}"
    head = (
        f"{_title(document, language)}<p>{state} · {escape(counts(document, language))}</p>{_warnings(flags, language)}"
    )
    if page is None:
        return head
    body = "".join(
        f'<div class="by-passage"><small>{escape(_numbered(passage, language))}</small><p>{escape(passage.text)}</p></div>'
        for passage in passages
    )
    body = drawn or body or f'<p class="by-empty">{escape(text("page_empty", language))}</p>'
    label = f'<p class="by-sub">{escape(page.label)}</p>' if page.label else ""
    turn, other = ("draw", "page") if drawn else ("page", "draw" if document.kind in DRAWN else "")
    return f"{head}{_pager(document, page.number, language, turn=turn, other=other)}{label}{body}"


def _title(document: Document, language: Language) -> str:
    return _head(escape(document.name), language)


def _head(title: str, language: Language) -> str:
    """What is shown, with buttons that make it smaller and larger, which the page does by itself, and one that closes it."""
    buttons = "".join(
        f'<button type="button" class="by-close" {data} aria-label="{(words := escape(text(key, language)))}" '
        f'title="{words}">{sign}</button>'
        for data, key, sign in (
            ('data-zoom="-1"', "source_smaller", "−"),
            ('data-zoom="1"', "source_larger", "+"),
            ('data-act="close"', "source_close", "✕"),
        )
    )
    return f'<div class="by-source-top"><h3 class="by-source-head" tabindex="-1">{title}</h3><div class="by-tools">{buttons}</div></div>'


def _numbered(passage: Passage, language: Language) -> str:
    words = text("passage_n", language, n=passage.position + 1)
    return f"{words} · {passage.heading}" if passage.heading else words


def _warnings(flags: Sequence[str], language: Language) -> str:
    if not flags:
        return ""
    items = "".join(f"<li>{escape(flag)}</li>" for flag in flags)
    shown = " open" if len(flags) <= UNFOLDED else ""
    title = f"{escape(text('doc_warnings', language))} ({len(flags)})"
    return f'<details class="by-warnings"{shown}><summary>{title}</summary><ul>{items}</ul></details>'


def _pager(document: Document, number: int, language: Language, *, turn: str, other: str) -> str:
    """Turns pages as they are shown ("page": as text; "draw"), and shows this one in the `other` way, where there is one."""

    def button(act: str, key: str, page: int, off: bool) -> str:
        disabled = " disabled" if off else ""
        return (
            f'<button type="button" class="by-small" data-act="{act}" data-id="{escape(document.id)}" '
            f'data-page="{page}"{disabled}>{escape(text(key, language))}</button>'
        )

    where = text("page_of", language, place=place(document, number, language), count=document.pages)
    also = button(other, "page_draw" if other == "draw" else "page_text", number, False) if other else ""
    return (
        f'<div class="by-pager">{button(turn, "page_previous", number - 1, number <= 1)}<span>{escape(where)}</span>'
        f"{button(turn, 'page_next', number + 1, number >= document.pages)}{also}</div>"
    )

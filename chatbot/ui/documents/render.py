"""Pure: documents, files on their way and sources -> HTML. Buttons carry `data-act`; `clickable` hands them on."""

from base64 import b64encode
from collections.abc import Collection, Sequence
from html import escape

from chatbot.ui.documents.intake import Job
from chatbot.ui.icons import icon
from chatbot.ui.parts import render
from chatbot.ui.parts.kinds import readable
from chatbot.ui.strings.words import Language, text, worded
from retrieval.reading.kinds import unit
from retrieval.types import Citation, Document, Flag, Page, Passage


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


def document_list(
    documents: Sequence[Document], unused: Collection[str], opened: str | None, language: Language
) -> str:
    """The library: what may be used for questions, its state, and a button that opens it."""
    title = escape(text("doc_list", language))
    if not documents:
        none = text("doc_none", language, kinds=readable(language))
        return f'<h3 class="by-list-head">{title}</h3><p class="by-empty">{escape(none)}</p>'
    usable = [d.id for d in documents if d.passages]
    act = "use_none" if any(id not in unused for id in usable) else "use_all"
    every = f'<button type="button" class="by-link" data-act="{act}">{escape(text(f"doc_{act}", language))}</button>'
    rows = "".join(_row(document, document.id not in unused, document.id == opened, language) for document in documents)
    head = f'<h3 class="by-list-head">{title}{every if len(usable) > 1 else ""}</h3>'
    return f'<nav aria-label="{title}">{head}<ul class="by-docs">{rows}</ul>{_menu(language)}</nav>'


def _menu(language: Language) -> str:
    """One for all rows: page.js says which it was opened for, and asks twice before it removes."""
    sure = f' data-sure="{escape(text("doc_remove_sure", language))}"'
    items = "".join(
        f'<button type="button" role="menuitem" data-act="{act}"{again}>'
        f"{icon(drawn)}<span>{escape(text(f'doc_{act}', language))}</span></button>"
        for act, drawn, again in (("only", "documents", ""), ("rename", "rename", ""), ("remove", "delete", sure))
    )
    return f'<div class="by-menu" popover role="menu" aria-label="{escape(text("doc_menu", language))}">{items}</div>'


def _row(document: Document, used: bool, opened: bool, language: Language) -> str:
    name, id = escape(document.name), escape(document.id)
    label = escape(text("doc_use", language, name=document.name))
    checked = "true" if used else "false"
    box = (
        f'<button type="button" class="by-check" role="checkbox" aria-checked="{checked}" aria-label="{label}" '
        f'title="{label}" data-act="use" data-id="{id}"></button>'
        if document.passages
        else '<span class="by-check-none" aria-hidden="true"></span>'
    )
    state = escape(text(document.status, language))
    detail = escape(counts(document, language)) if document.passages else escape(reason(document, language))
    mark = "" if document.status == "indexed" else f'<b class="by-doc-state by-{document.status}">{state}</b> '
    current = ' aria-current="true"' if opened else ""
    return (
        f'<li>{box}<button type="button" class="by-doc" data-act="open" data-id="{id}"{current}>'
        f'<span>{name}</span><small>{mark}{detail}</small></button><button type="button" class="by-dots" '
        f'data-menu="{id}" aria-haspopup="menu" aria-label="… {name}">⋯</button></li>'
    )


def job_list(jobs: Sequence[Job], language: Language) -> str:
    """Files on their way, each with its bar, then how each ended."""
    if not jobs:
        return ""
    rows = "".join(_job(job, language) for job in jobs)
    busy = any(not job.over for job in jobs)
    stop = f'<button type="button" class="by-link" data-act="stop_jobs">{escape(text("jobs_stop", language))}</button>'
    label = escape(text("jobs_label", language))
    listed = f'<div role="status" aria-label="{label}"><ul class="by-jobs">{rows}</ul></div>'
    if busy or any(job.older or not _went_well(job) for job in jobs):
        return f"{listed}{stop if busy else ''}"
    over = escape(text("jobs_over", language, count=len(jobs)))
    return f'<details class="by-found"><summary>{over}</summary>{listed}</details>'


def _went_well(job: Job) -> bool:
    return job.document is not None and job.document.status == "indexed"


def _job(job: Job, language: Language) -> str:
    known = job.fraction is not None and not job.over
    width = round(100 * job.fraction) if job.fraction is not None else 100
    words = escape(_job_words(job, language) + (f" {width} %" if known else ""))
    kind = "" if known else " by-unknown"
    bar = "" if job.over else f'<span class="by-bar{kind}" aria-hidden="true"><i style="width:{width}%"></i></span>'
    bad = job.state == "failed" or (job.document is not None and job.document.status == "rejected")
    asked = _namesake(job, language) if job.older else ""
    state = "by-doc-bad" if bad else ""
    return f'<li class="{state}"><span>{escape(job.name)}</span>{bar}<small>{words}</small>{asked}</li>'


def _namesake(job: Job, language: Language) -> str:
    """Whether it replaces the document of its name that is there already."""
    buttons = "".join(
        f'<button type="button" class="by-link" data-act="{act}" data-id="{job.id}">{escape(text(f"job_{act}", language))}</button> '
        for act in ("replace", "keep_both")
    )
    return f"<small>{escape(text('job_namesake', language))} {buttons}</small>"


def _job_words(job: Job, language: Language) -> str:
    if job.state == "stopped":
        return text("job_stopped", language)
    if job.error is not None:
        return text("job_failed", language, reason=render.message(job.error, language))
    if job.document is None:
        return text(f"step_{job.step or 'waiting'}", language)
    return _job_ended(job, job.document, language)


def _job_ended(job: Job, document: Document, language: Language) -> str:
    if document.status == "rejected":
        return text("job_rejected", language, reason=reason(document, language))
    if job.known:
        return text("job_known", language, name=document.name)
    return text("job_warned" if document.status == "indexed_with_warnings" else "job_done", language)


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
    words = escape(text("source_document", language))
    more = (
        f'<button type="button" class="by-link" data-act="page" data-id="{escape(document.id)}" '
        f'data-page="{citation.page}">{words}</button>'
    )
    return f"{head}{note}{body}{more}"


def image(picture: bytes, words: str) -> str:
    data = b64encode(picture).decode("ascii")
    return f'<img class="by-page" alt="{escape(words)}" src="data:image/png;base64,{data}">'


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
    document: Document, page: Page | None, passages: Sequence[Passage], flags: Sequence[str], language: Language
) -> str:
    """A document as it was read: its state and warnings, and one page as passages."""
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
    body = body or f'<p class="by-empty">{escape(text("page_empty", language))}</p>'
    label = f'<p class="by-sub">{escape(page.label)}</p>' if page.label else ""
    return f"{head}{_pager(document, page.number, language)}{label}{body}"


def _title(document: Document, language: Language) -> str:
    return _head(escape(document.name), language)


def _head(title: str, language: Language) -> str:
    """What is shown, with a button that closes it."""
    close = escape(text("source_close", language))
    button = f'<button type="button" class="by-close" data-act="close" aria-label="{close}" title="{close}">✕</button>'
    return f'<div class="by-source-top"><h3 class="by-source-head" tabindex="-1">{title}</h3>{button}</div>'


def _numbered(passage: Passage, language: Language) -> str:
    words = text("passage_n", language, n=passage.position + 1)
    return f"{words} · {passage.heading}" if passage.heading else words


def _warnings(flags: Sequence[str], language: Language) -> str:
    if not flags:
        return ""
    items = "".join(f"<li>{escape(flag)}</li>" for flag in flags)
    return f'<div class="by-warnings"><b>{escape(text("doc_warnings", language))}</b><ul>{items}</ul></div>'


def _pager(document: Document, number: int, language: Language) -> str:
    def button(act: str, key: str, page: int, off: bool) -> str:
        disabled = " disabled" if off else ""
        return (
            f'<button type="button" class="by-small" data-act="{act}" data-id="{escape(document.id)}" '
            f'data-page="{page}"{disabled}>{escape(text(key, language))}</button>'
        )

    where = text("page_of", language, place=place(document, number, language), count=document.pages)
    draw = button("draw", "page_draw", number, False) if document.kind == "pdf" else ""
    return (
        f'<div class="by-pager">{button("page", "page_previous", number - 1, number <= 1)}<span>{escape(where)}</span>'
        f"{button('page', 'page_next', number + 1, number >= document.pages)}{draw}</div>"
    )

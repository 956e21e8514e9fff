"""Pure: answers with their verdicts -> HTML with chips. Everything a model or a document said is escaped, nothing is loaded.

Of Markdown only bold, emphasis and code are shown; links and images become their words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from chatbot.tasks.answer.check import Answer, Found, Sentence, Source
from chatbot.tasks.answer.trust import Likely
from chatbot.ui.documents.render import place
from chatbot.ui.strings.words import Language, language_name, text
from retrieval.types import Citation

_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\(\s*[^)\s]{0,2000}[^)\n]{0,300}\)")
_CODE = re.compile(r"`([^`\n]+)`")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_NOTES = {"cancelled": "ask_stopped", "length": "ask_cut", "loop": "ask_looped"}
_MARKS = {"unsupported": "not_supported", "contradicted": "contradicted", "related": "related"}
SOURCES = "\n\n[1] "  # begins the list of sources under a plain answer
_SNIPPET = 220  # characters of a passage in the list of what was found


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer."""

    question: str
    answer: Answer


def conversation(turns: Sequence[Turn], language: Language) -> str:
    if not turns:
        return ""
    return "".join(turn(each.question, answer(each.answer, language)) for each in turns)


def welcome(language: Language) -> str:
    title, more = text("ask_welcome", language), text("ask_welcome_more", language)
    return f'<div class="by-welcome"><h2>{escape(title)}</h2><p>{escape(more)}</p></div>'


def turn(question: str, body: str) -> str:
    return f'<div class="by-asked">{escape(question)}</div><div class="by-said">{body}</div>'


def writing(found: Found | None, so_far: str, waiting: int, language: Language) -> str:
    """The answer while it is being written."""
    if waiting:
        return _status(text("ask_waiting", language, place=waiting))
    if so_far.strip():
        return f"<p>{prose(so_far)}</p>"
    if found and found.route != "passages" and not found.sources:
        return _status(text("route_looking", language))
    count = len(found.sources) if found else 0
    return _status(text("ask_reading", language, count=count) if found else text("ask_searching", language))


def answer(given: Answer, language: Language) -> str:
    if given.status == "not_found":
        nearest = "".join(_nearest(source, language) for source in given.sources)
        more = f"<p>{escape(text('not_found_more', language))}</p><ul>{nearest}</ul>" if nearest else ""
        words = escape(text("not_found", language))
        uncounted = _noted(text("note_uncounted", language)) if given.note == "uncounted" else ""
        return f'<div class="by-not-found">{uncounted}<p><b>{words}</b></p>{more}</div>{_found(given.found, language)}'
    head = "".join(map(_noted, heading(given, language)))
    tail = _NOTES.get(given.finish, "" if given.text else "ask_empty")
    note = f'<p class="by-note">{escape(text(tail, language))}</p>' if tail else ""
    said = _sentences(given.text, given.sentences, given, language)
    if given.likely:
        said += _trust(given.likely, language)
    instead = "\n".join(sentence.text for sentence in given.quotes)
    if instead:
        words, quotes = escape(text("quoted_instead", language)), _sentences(instead, given.quotes, given, language)
        alone = (
            "" if any(one.verdict == "supported" for one in given.sentences) else " open"
        )  # then they are the answer
        said += f'<details class="by-found"{alone}><summary>{words}</summary>{quotes}</details>'
    return f"{head}{said}{_across(given, language)}{note}{listed(given, language)}{_found(given.found, language)}"


def heading(given: Answer, language: Language) -> list[str]:
    """By which way the answer came about, and what a person must know of it, in a few words each."""
    route = given.found.route
    said = [text(f"route_{route}", language)] if route != "passages" else []
    said += [text(f"note_{given.note}", language)] if given.note else []
    quoted = given.quoted and given.quoted != "asked"
    return said + ([text(f"quoted_{given.quoted}", language)] if quoted else [])


def _noted(words: str) -> str:
    return f'<p class="by-note">{escape(words)}</p>'


def _across(given: Answer, language: Language) -> str:
    """What was checked, where the answer is a translation of it."""
    if not given.across:
        return ""
    checked = " ".join(sentence.original or sentence.text for sentence in given.sentences)
    words = text("ask_across", language, name=language_name(given.across, language))
    return f'<details class="by-found"><summary>{escape(words)}</summary><p>{prose(checked)}</p></details>'


def _trust(likely: Likely, language: Language) -> str:
    """A doubt is said; how sure otherwise is a small badge."""
    info, words = escape(text("likely_info", language)), escape(_likely(likely, language))
    if likely.doubted:
        return f'<p class="by-note by-doubted" title="{info}">{words}</p>'
    return f'<p class="by-trust" title="{info}">{words}</p>'


def _likely(found: Likely, language: Language) -> str:
    """To the nearest five of a hundred, and never none or all: it was fitted on some hundreds of questions."""
    percent = min(95, max(5, 5 * round(20 * found.probability)))
    return text("doubted" if found.doubted else "likely", language, percent=percent)


def plain(given: Answer, language: Language) -> str:
    """The answer as Markdown for the chat: numbers after its sentences, what they stand for below. No links."""
    if given.status == "not_found":
        nearest = "".join(
            f"\n- {source.document.name} · {place(source.document, source.hit.passage.page, language)}: "
            f"{_quote(source.hit.passage.text)}"
            for source in given.sources
        )
        more = f"\n\n{text('not_found_more', language)}\n{nearest}" if nearest else ""
        uncounted = f"*{text('note_uncounted', language)}*\n\n" if given.note == "uncounted" else ""
        return f"{uncounted}{text('not_found', language)}{more}"
    said = _numbered(given.text, given.sentences, language) or text("ask_empty", language)
    head = "".join(f"*{words}*\n\n" for words in heading(given, language))
    quotes = " ".join(sentence.text for sentence in given.quotes)
    instead = _numbered(quotes, given.quotes, language, joined=True)
    more = f"\n\n*{_likely(given.likely, language)}*" if given.likely else ""
    if given.across:
        more += f"\n\n*{text('ask_across', language, name=language_name(given.across, language))}*"
    more += f"\n\n*{text('quoted_instead', language)}* {instead}" if instead else ""
    where = {source.document.id: source.document for source in given.sources}
    sources = "\n\n".join(
        f"[{c.n}] {c.name} · {place(where[c.document], c.page, language)}: {_quote(c.quote)}" for c in given.citations
    )
    return f"{head}{said}{more}" + (f"\n\n{sources}" if sources else "")


def _numbered(words: str, sentences: Sequence[Sentence], language: Language, *, joined: bool = False) -> str:
    parts: list[str] = []
    at = 0
    for sentence in sentences:
        key = _MARKS.get(sentence.verdict, "")
        doubt = f" *({text(key, language)})*" if key else ""
        numbers = "".join(f" [{n}]" for n in sentence.citations)
        gap = (" " if parts else "") if joined else words[at : sentence.start]
        parts.append(gap + _LINK.sub(r"\1", sentence.text) + doubt + numbers)
        at = sentence.start + len(sentence.text)
    return "".join(parts)


def _quote(words: str) -> str:
    """Words of a document that Markdown shows as they are."""
    return "“" + re.sub(r"([\\`*_\[\]<>#$!|~])", r"\\\1", _snippet(words)) + "”"


def prose(words: str) -> str:
    """A stretch of a model's text as HTML."""
    html = escape(_LINK.sub(r"\1", words))
    html = _CODE.sub(r"<code>\1</code>", html)
    return _BOLD.sub(r"<strong>\1</strong>", html)


def _sentences(words: str, sentences: Sequence[Sentence], given: Answer, language: Language) -> str:
    by_number = {citation.n: citation for citation in given.citations}
    documents = {source.document.id: source for source in given.sources}
    parts, at = [], 0
    quoted = given.quoted not in ("", "cell") or sentences is given.quotes
    for sentence in sentences:
        parts.append(escape(words[at : sentence.start]))
        parts.append(_sentence(sentence, by_number, documents, quoted, language))
        at = sentence.start + len(sentence.text)
    return f'<p class="by-answer">{"".join(parts)}</p>'


def _sentence(
    sentence: Sentence,
    citations: dict[int, Citation],
    sources: dict[str, Source],
    quoted: bool,
    language: Language,
) -> str:
    words = f"<q>{escape(sentence.text)}</q>" if quoted else prose(sentence.text)
    key = _MARKS.get(sentence.verdict, "")
    mark = (
        f'<span class="by-verdict" title="{escape(text(f"{key}_info", language))}">{escape(text(key, language))}</span>'
        if key
        else ""
    )
    chips = "".join(
        _chip(citations[n], f"[{n}]", "chip", sources[citations[n].document], language) for n in sentence.citations
    )
    return f'<span class="by-sentence by-{sentence.verdict}">{words}{mark}</span>{chips}'


def _chip(citation: Citation, words: str, key: str, source: Source, language: Language) -> str:
    where = place(source.document, citation.page, language)
    label = escape(text(key, language, n=citation.n, name=citation.name, place=where))
    return (
        f'<button type="button" class="by-chip" aria-label="{label}" title="{label}" data-act="cite" '
        f'data-id="{escape(citation.document)}" data-n="{citation.n}" data-page="{citation.page}" '
        f'data-start="{citation.start}" data-end="{citation.end}">{escape(words)}</button>'
    )


def listed(given: Answer, language: Language) -> str:
    """The chips again under the answer, with names."""
    documents = {source.document.id: source for source in given.sources}
    chips = ""
    for citation in given.citations:
        source = documents[citation.document]
        words = f"[{citation.n}] {citation.name} · {place(source.document, citation.page, language)}"
        chips += _chip(citation, words, "chip", source, language)
    return f'<div class="by-cited">{chips}</div>' if chips else ""


def _nearest(source: Source, language: Language) -> str:
    passage = source.hit.passage
    return f"<li>{_opener(source, language)} <span>{escape(_snippet(passage.text))}</span></li>"


def _opener(source: Source, language: Language) -> str:
    """A chip that opens a whole passage."""
    passage, document = source.hit.passage, source.document
    whole = Citation(0, document.id, document.name, passage.page, passage.text, passage.start, passage.end)
    words = f"{document.name} · {place(document, passage.page, language)}"
    return _chip(whole, words, "nearest_chip", source, language)


def _found(found: Found, language: Language) -> str:
    """What was retrieved and why, closed until somebody wants to know."""
    if not found.sources:
        return ""
    documents = len({source.document.id for source in found.sources})
    summary = text("found_summary", language, count=len(found.sources), documents=documents)
    judged = found.judgement
    sure = ""
    if judged:
        percent, threshold = round(100 * judged.probability), round(100 * judged.threshold)
        sure = text("found_sure", language, percent=percent, threshold=threshold)
    query = text("found_query", language, query=found.query)
    columns = ("found_passage", "found_words", "found_meaning", "found_score")
    head = "".join(f'<th scope="col">{escape(text(column, language))}</th>' for column in columns)
    rows = "".join(_found_row(source, language) for source in found.sources)
    return (
        f'<details class="by-found"><summary>{escape(summary)}</summary><p>{escape(query)}<br>{escape(sure)}</p>'
        f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def _found_row(source: Source, language: Language) -> str:
    hit = source.hit
    none = text("found_none", language)
    figures = [none if score is None else f"{score:.2f}" for score in (hit.lexical, hit.dense, hit.score)]
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    return (
        f"<tr><td>{_opener(source, language)}<br><small>{escape(_snippet(hit.passage.text))}</small></td>{cells}</tr>"
    )


def _snippet(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SNIPPET else line[:_SNIPPET].rstrip() + "…"


def _status(words: str) -> str:
    return f'<p class="by-note" role="status">{escape(words)}</p>'

"""Pure: summaries, their progress and their sources -> HTML. Everything a model or a text said is escaped."""

from base64 import b64encode
from html import escape
from typing import get_args

from chatbot.tasks.summarize.check import Line, SectionLine, Summary
from chatbot.tasks.summarize.forms import Form
from chatbot.tasks.summarize.rank import TOLERANCE
from chatbot.tasks.summarize.work import Working
from chatbot.ui.documents.render import marked
from chatbot.ui.documents.render_answers import prose
from chatbot.ui.parts.render_task import caution, empty, foot, progress, welcome
from chatbot.ui.strings.words import Language, language_name, text
from chatbot.ui.summarize import render_forms
from chatbot.ui.translate.render import choices
from retrieval.types import Citation, Passage

LENGTHS = ("short", "medium", "long")
FORMS = get_args(Form)
_MARKS = {"unsupported": "not_supported", "contradicted": "contradicted"}


def lengths(language: Language) -> list[tuple[str, str]]:
    return [(text(f"sum_{name}", language), name) for name in LENGTHS]


def forms(language: Language) -> list[tuple[str, str]]:
    return [(text(f"sum_form_{name}", language), name) for name in FORMS]


def languages(language: Language) -> list[tuple[str, str]]:
    """What a summary may be in: the text's own language first."""
    return [(text("sum_into_same", language), ""), *choices(language, detect=False)]


def shown(given: Summary | None, language: Language) -> str:
    return summary(given, language) if given else welcome("sum", language)


def working(step: Working, language: Language) -> str:
    """How far it is, and the sections that are done."""
    key = ("sum_ranking", "sum_working", "sum_merging", "sum_translating", "sum_asking")[min(step.level, 2)]
    words = text(key, language, done=step.done, total=step.total, level=step.level)
    if step.place:
        words = text("sum_waiting", language, place=step.place)
    rows = "".join(
        f"<li>{_title(one, n, None, language)}<p>{prose(one.line.text)}</p></li>"
        for n, one in enumerate(step.sections, 1)
    )
    so_far = f'<ol class="by-sum-sections">{rows}</ol>' if rows else ""
    return progress(words, step.done / max(1, step.total) if step.done else None) + so_far


def summary(given: Summary, language: Language) -> str:
    """The summary with its chips, what is to be said about it, and a line for each section."""
    body = (
        f'<div class="by-sum-text">{render_forms.body(given, language, lambda line: _line(line, given, language))}</div>'
        if given.sentences
        else ""
    )
    return f"{_notes(given, language)}{body}{_foot(given, language)}{_sections(given, language)}{_refused(given, language)}"


def source(given: Summary | None, n: int, language: Language) -> str:
    """The passage in which citation `n` stands, the words marked."""
    if given is None or not 1 <= n <= len(given.citations):
        return empty(text("sum_source_none", language))
    citation, passage = given.citations[n - 1], given.cited[n - 1]
    where = f" — {escape(text('sum_page', language, first=citation.page))}" if given.paged else ""
    name = escape(citation.name or text("sum_typed", language))
    head = f'<h3 class="by-source-head" tabindex="-1"><b>[{n}]</b> {name}{where}</h3>'
    return f"{head}{_passage(passage, citation)}"


def as_markdown(given: Summary, language: Language) -> str:
    """The summary as a file: sentences with numbers, sections, and what the numbers stand for."""
    title = given.name or text("sum_typed", language)
    lines = [f"# {text('summarize', language)}: {title}", "", *render_forms.plain(given, language, _plain), ""]
    if len(given.sections) > 1:
        lines += [f"## {text('sum_sections', language)}", ""]
        for n, one in enumerate(given.sections, 1):
            lines.append(f"- **{one.title or text('sum_part', language, n=n)}**: {_plain(one.line)}")
        lines.append("")
    pages = {c.n: f", {text('sum_page', language, first=c.page)}" if given.paged else "" for c in given.citations}
    lines += [f"[{c.n}] {c.name or title}{pages[c.n]}: “{' '.join(c.quote.split())}”  " for c in given.citations]
    return "\n".join(lines).rstrip() + "\n"


def _plain(line: Line) -> str:
    words = " ".join(line.text.split())
    return (f"“{words}”" if line.quoted else words) + "".join(f" [{n}]" for n in line.citations)


def _line(line: Line, given: Summary, language: Language) -> str:
    """One sentence, marked by what it is, with the numbers of where it stands."""
    own = line.quoted and not given.quoted and not line.original
    body = f"<q>{escape(line.text)}</q>" if own else prose(line.text)
    mark = ""
    if key := _MARKS.get(line.verdict):
        info = escape(text("sum_not_supported_info" if key == "not_supported" else f"{key}_info", language))
        mark = f'<span class="by-verdict" title="{info}">{escape(text(key, language))}</span>'
    chips = "".join(_chip(given.citations[n - 1], given, language) for n in line.citations)
    return f'<span class="by-sentence by-{line.verdict}">{body}{mark}</span>{chips} '


def _chip(citation: Citation, given: Summary, language: Language) -> str:
    key = "sum_chip_page" if given.paged else "sum_chip"
    label = escape(text(key, language, n=citation.n, page=citation.page))
    return (
        f'<button type="button" class="by-chip" aria-label="{label}" title="{label}" data-act="source" '
        f'data-n="{citation.n}">[{citation.n}]</button>'
    )


def _notes(given: Summary, language: Language) -> str:
    said = []
    if given.finish == "cancelled":
        said.append(text("sum_cancelled", language, reached=given.reached, of=given.of))
    if given.quoted:
        tongue = language_name(given.language, language)
        said.append(text(f"sum_quoted_{given.quoted}", language, model=given.model, language=tongue))
    if given.quoted != "short" and given.finish == "stop" and abs(given.size - given.wanted) > TOLERANCE * given.wanted:
        said.append(text("sum_whole", language, size=f"{given.size:,}", wanted=f"{given.wanted:,}"))
    if given.apart:
        said.append(text("sum_focus_none", language, focus=given.focus))
    if given.condensed and not given.quoted:
        said.append(text("sum_condensed", language))
    return "".join(map(caution, said))


def _foot(given: Summary, language: Language) -> str:
    sizes = {"size": f"{given.size:,}", "words": f"{given.words:,}", "wanted": f"{given.wanted:,}"}
    figures = text("sum_figures_short" if given.quoted == "short" else "sum_figures", language, **sizes)
    key = "sum_by_text" if given.quoted else "sum_by_adapter" if given.adapter else "sum_by_model"
    by = text(key, language, model=given.model, adapter=given.adapter)
    file = b64encode(as_markdown(given, language).encode("utf-8", "replace")).decode("ascii")
    if not given.sentences:
        return ""
    if not given.quoted and any(line.quoted for line in given.sentences):
        by = f"{by} · {text('sum_quote', language)}"
    copy, copied = escape(text("sum_copy", language)), escape(text("sum_copied", language))
    return foot(
        f"{escape(figures)} · {escape(by)}",
        f'<button type="button" class="by-link" data-copy="{escape(_copied(given, language))}" data-copied="{copied}">{copy}</button>'
        f'<a class="by-link" download="summary.md" href="data:text/markdown;base64,{file}">'
        f"{escape(text('sum_save', language))}</a>",
    )


def _copied(given: Summary, language: Language) -> str:
    if given.form == "paragraph":
        return given.text
    return "\n".join(render_forms.plain(given, language, lambda line: line.text)).strip()


def _sections(given: Summary, language: Language) -> str:
    if len(given.sections) < 2:
        return ""
    rows = "".join(
        f"<li>{_title(one, n, given, language)}<p>{_line(one.line, given, language)}</p></li>"
        for n, one in enumerate(given.sections, 1)
    )
    head = escape(text("sum_sections", language))
    return f'<h3 class="by-sum-head">{head}</h3><ol class="by-sum-sections">{rows}</ol>'


def _title(one: SectionLine, n: int, given: Summary | None, language: Language) -> str:
    title = one.title or text("sum_part", language, n=n)
    pages = ""
    if given is not None and given.paged:
        pages = text("sum_page" if one.first == one.last else "sum_pages", language, first=one.first, last=one.last)
    return f"<h4>{escape(title)}<small>{escape(pages)}</small></h4>"


def _refused(given: Summary, language: Language) -> str:
    if not given.refused:
        return ""
    key = "sum_refused_one" if len(given.refused) == 1 else "sum_refused"
    rows = "".join(f"<li>{escape(words)}</li>" for words in given.refused[:50])
    summary = escape(text(key, language, count=len(given.refused)))
    return f'<details class="by-found"><summary>{summary}</summary><ul>{rows}</ul></details>'


def _passage(passage: Passage, citation: Citation) -> str:
    heading = f"<small>{escape(passage.heading)}</small>" if passage.heading else ""
    return f'<div class="by-passage">{heading}<p>{marked(passage, citation.start, citation.end)}</p></div>'

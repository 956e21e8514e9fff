"""Pure: the sentences of a summary in the form that was asked for, as HTML and as Markdown; a function says one sentence."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from chatbot.tasks.summarize.check import Line, Mark, Summary
from chatbot.tasks.summarize.forms import due, who
from chatbot.ui.strings.words import Language, text

Say = Callable[[Line], str]
MARKS: tuple[Mark, ...] = ("decision", "task", "open", "")
"""The parts of minutes in their order; what has no mark comes last."""
POINT = "point"


def body(given: Summary, language: Language, say: Say) -> str:
    match given.form:
        case "bullets":
            return _list([say(line) for line in given.sentences])
        case "points":
            return _list([f"{_place(line, given, language)}{say(line)}" for line in given.sentences])
        case "questions":
            return "".join(_answer(line, say) for line in given.sentences)
        case "minutes":
            parts = _parts(given.sentences)
            return "".join(
                f"<h4>{escape(_head(mark, language))}</h4>{_list([_noted(one, say, language) for one in lines])}"
                for mark, lines in parts
            )
    return f"<p>{''.join(map(say, given.sentences))}</p>"


def plain(given: Summary, language: Language, say: Say) -> list[str]:
    """Lines of Markdown."""
    match given.form:
        case "bullets" | "points":
            return [f"- {say(line)}" for line in given.sentences]
        case "questions":
            return [
                part for line in given.sentences for part in (f"**{line.lead}**  ", say(line), "") if part != "****  "
            ]
        case "minutes":
            lines = []
            for mark, some in _parts(given.sentences):
                lines += [
                    "",
                    f"### {_head(mark, language)}",
                    "",
                    *(f"- {say(one)}" for one in some),
                ]
            return lines
    return [" ".join(map(say, given.sentences))]


def _parts(lines: Sequence[Line]) -> Iterator[tuple[Mark, list[Line]]]:
    for mark in MARKS:
        if some := [line for line in lines if line.mark == mark]:
            yield mark, some


def _head(mark: Mark, language: Language) -> str:
    return text(f"sum_mark_{mark or POINT}", language)


def _list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _answer(line: Line, say: Say) -> str:
    asked = f"<strong>{escape(line.lead)}</strong><br>" if line.lead else ""
    return f"<p>{asked}{say(line)}</p>"


def _noted(line: Line, say: Say, language: Language) -> str:
    """A task with who does it until when, as far as the text says it."""
    if line.mark != "task":
        return say(line)
    words = line.original or line.text
    until = due(words)
    told = [who(words), text("sum_until", language, when=until) if until else ""]
    small = " · ".join(filter(None, told))
    return f"{say(line)}<small>{escape(small)}</small>" if small else say(line)


def _place(line: Line, given: Summary, language: Language) -> str:
    """The page, or the heading, under which the point stands first."""
    if not line.citations:
        return ""
    n = line.citations[0] - 1
    heading = given.cited[n].heading.rpartition(" > ")[2]
    told = text("sum_page", language, first=given.citations[n].page) if given.paged else heading
    return f"<b>{escape(told)}</b> " if told else ""

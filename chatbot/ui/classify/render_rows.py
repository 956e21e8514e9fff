"""Pure: the rows of a judged table -> a table that sorting.js sorts; and what a label is called and in which colour it is seen."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from chatbot.tasks.classify.labels import NONE, SENTIMENT, Labels
from chatbot.tasks.classify.tables.kept import Outcome
from chatbot.tasks.classify.tables.seen import SeenRow
from chatbot.ui.parts.render_task import caution
from chatbot.ui.strings.words import Language, language_name, text

OURS = frozenset(label.name for label in SENTIMENT)
HUES = 6  # colours of people's own labels that can be told apart


def named(label: str, language: Language) -> str:
    """The label as the page's language calls it, where it is one of ours; people's own are theirs. Files keep what it is."""
    if label == NONE:
        return text("sen_label_none", language)
    return text(f"sen_label_{label}", language) if label in OURS else label


def hue(label: str, labels: Labels) -> str:
    """The class of a label's colour: blue praises and orange blames, of other labels each has its own. None for one that is not
    known."""
    if label in OURS:
        return f"by-hue by-sen-is-{label}"
    names = [one.name for one in labels]
    return f"by-hue by-other-{1 + names.index(label) % HUES}" if label in names else ""


def rows(given: Outcome, language: Language) -> str:
    """Nothing where none were kept."""
    if not given.rows:
        return ""
    more = text("sen_rows_first", language, shown=f"{len(given.rows):,}", total=f"{given.done:,}")
    note = f'<p class="by-sub">{escape(more)}</p>' if len(given.rows) < given.done else ""
    keys = ("sen_row_number", "sen_text", "sen_teach_label", "sen_row_sure")
    scored = any(row.sure is not None for row in given.rows)
    heads = "".join(_head(key, language) for key in keys if scored or key != "sen_row_sure")
    body = "".join(_row(row, given, scored, language) for row in given.rows)
    return (
        f'<h3 class="by-sen-head">{escape(text("sen_each_row", language))}</h3>{note}<div class="by-table by-sen-rows">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _head(key: str, language: Language) -> str:
    by = ' aria-sort="ascending"' if key == "sen_row_number" else ""
    return f'<th scope="col"{by}><button type="button" data-sort>{escape(text(key, language))}</button></th>'


def _row(row: SeenRow, given: Outcome, scored: bool, language: Language) -> str:
    strange = f'<small class="by-sen-strange">{escape(_strange(row, given, language))}</small>' if row.foreign else ""
    labels = " ".join(
        f'<span class="by-sen-chip {hue(name, given.labels)}">{escape(named(name, language))}</span>'
        for name in row.labels
    )
    sure = "" if row.sure is None else f"{100 * row.sure:.0f} %"
    last = f'<td data-value="{row.sure or 0:.4f}">{sure}</td>' if scored else ""
    return (
        f'<tr><td data-value="{row.place}">{row.place + 1}</td><td dir="auto">{escape(row.text)}{strange}</td>'
        f"<td>{labels}</td>{last}</tr>"
    )


def _strange(row: SeenRow, given: Outcome, language: Language) -> str:
    return text("sen_row_foreign", language, language=language_name(row.foreign, language), model=given.model)


def foreign(given: Outcome, language: Language) -> str:
    """Of how many rows the model does not know the language; where no single row tells, what all of them together seem to be."""
    counts = Counter(row.foreign for row in given.rows if row.foreign)
    if counts:
        names = _listed([language_name(code, language) for code, _ in counts.most_common()], language)
        count = f"{counts.total():,}"
        return caution(text("sen_rows_foreign", language, count=count, languages=names, model=given.model))
    if not given.foreign:
        return ""
    told = language_name(given.foreign, language)
    return caution(text("sen_foreign", language, language=told, model=given.model))


def _listed(names: Sequence[str], language: Language) -> str:
    return text("sen_and", language).join(names)

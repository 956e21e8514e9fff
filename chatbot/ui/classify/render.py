"""Pure: judged texts and tables -> HTML. Everything a text, a label or a file said is escaped."""

from collections.abc import Sequence
from html import escape

from chatbot.store.store import SavedResult
from chatbot.tasks.classify.evidence import Part, Weighing
from chatbot.tasks.classify.labels import Labels
from chatbot.tasks.classify.result import Result
from chatbot.tasks.classify.tables.kept import Outcome
from chatbot.tasks.classify.tables.rows import Judged
from chatbot.tasks.classify.tables.table import Table
from chatbot.ui.classify import render_rows
from chatbot.ui.classify.render_rows import hue, named
from chatbot.ui.parts import render_task
from chatbot.ui.parts.render_task import caution, empty, foot, progress, welcome
from chatbot.ui.strings.words import Language, language_name, text

SOURCES = ("text", "table")
ALLOWED = ("several", "none")
STEPS = 4  # shades of the evidence
FAINT = 0.05  # nats of log-odds: less is not coloured
WEAK = ("SmolLM2",)
"""Families of models that tell labels of one's own hardly apart: 19 of 33 texts of three sets, where guessing gets 13."""


def sources(language: Language) -> list[tuple[str, str]]:
    """The choices of the source, as the page's language says them."""
    return [(text(f"sen_from_{name}", language), name) for name in SOURCES]


def allowed(language: Language) -> list[tuple[str, str]]:
    """What a text may get besides exactly one label."""
    return [(text(f"sen_allow_{name}", language), name) for name in ALLOWED]


def shown(given: Result | Outcome | None, language: Language) -> str:
    if given is None:
        return welcome("sen", language)
    return rows_done(given, language) if isinstance(given, Outcome) else result(given, language)


def result(given: Result, language: Language, weighing: Weighing | None = None) -> str:
    """The label, every label's probability, and why; `weighing` while the evidence is on its way."""
    warning = _foreign(given.foreign, given.model, language)
    head = " · ".join(named(name, language) for name in given.fitting or (given.label,))
    colour = hue(given.label, given.labels)
    said = f'<h2 class="by-sen-label {colour}">{escape(head)}</h2>{warning}{_scores(given, language)}{_trust(given, language)}{_clauses(given, language)}'
    if weighing is not None:
        words = text("sen_weighing", language, done=weighing.done, total=weighing.total)
        return said + progress(words, weighing.done / max(1, weighing.total))
    missing = "" if given.chosen else empty(text("sen_no_evidence", language))
    why = _evidence(given, language) if given.parts else missing
    return said + why + _foot(given, given.pieces, language)


def past(saved: Sequence[SavedResult], language: Language) -> str:
    """What this visitor had judged, the latest first."""
    return render_task.past("sen", saved, lambda one: _more(one, language), language)


def _more(one: SavedResult, language: Language) -> str:
    """The label of a text, or how many rows of a table are done."""
    if table := one.result.get("outcome"):
        return text("sen_progress", language, done=f"{table['done']:,}", total=f"{table['total']:,}")
    return named(str(one.result.get("label", "")), language)


def table_head(table: Table, language: Language) -> str:
    """What is in the file, and its first rows."""
    words = text("sen_rows", language, name=table.name, rows=f"{len(table.rows):,}", columns=len(table.columns))
    left = f"<p>{escape(text('sen_sheets', language, names=', '.join(table.sheets)))}</p>" if table.sheets else ""
    heads = "".join(f'<th scope="col">{escape(_short(name))}</th>' for name in table.columns[:8])
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_short(value))}</td>" for value in row.fields[:8]) + "</tr>"
        for row in [row for row in table.rows[:20] if row.fields][:3]
    )
    sample = f'<div class="by-table"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f'<div class="by-sen-file"><p>{escape(words)}</p>{left}{sample}</div>'


def rows_progress(judged: Judged, total: int, seconds: float, language: Language, labels: Labels = ()) -> str:
    done = len(judged.rows) + len(judged.left_out)
    words = text("sen_progress", language, done=f"{done:,}", total=f"{total:,}")
    if done and seconds > 3 and done < total:
        left = seconds / done * (total - done)
        words += " · " + text("sen_left", language, time=_time(left, language))
    return progress(words, done / max(1, total)) + _counts(judged.counts().most_common(), labels, language)


def rows_done(given: Outcome, language: Language) -> str:
    """What came of a table; the file itself is offered beside it."""
    key = "sen_done" if given.done >= given.total else "sen_partly"
    words = text(key, language, total=f"{given.total:,}", done=f"{given.done:,}")
    return (
        f'<h2 class="by-sen-name">{escape(given.name)}</h2><p class="by-success" role="status">{escape(words)}</p>'
        f"{render_rows.foreign(given, language)}{_counts(given.counts, given.labels, language)}{_left_out(given, language)}"
        f"{_trust(given, language)}{render_rows.rows(given, language)}{_foot(given, 1, language)}"
    )


def _scores(given: Result, language: Language) -> str:
    if given.chosen:
        return ""
    best = given.fitting or (given.label,)
    rows = "".join(
        f'<li class="{hue(name, given.labels)}{" by-sen-best" if name in best else ""}"><span>{escape(named(name, language))}</span>'
        f'<b>{100 * probability:.0f} %</b><span class="by-bar" aria-hidden="true">'
        f'<i style="width:{100 * probability:.1f}%"></i></span></li>'
        for name, probability in sorted(given.scores, key=lambda pair: -pair[1])
    )
    return f'<ul class="by-sen-scores" aria-label="{escape(text("sen_scores", language))}">{rows}</ul>'


def _trust(given: Result | Outcome, language: Language) -> str:
    """How far the percentages can be believed, or why there are none."""
    if given.chosen:
        return caution(text("sen_chosen", language))
    if given.fitted:
        key = "sen_calibrated_both" if given.embedder else "sen_calibrated"
        return empty(text(key, language, rows=given.fitted, right=round(100 * given.right)))
    if isinstance(given, Result) and given.unlike:
        return empty(text("sen_unlike", language))
    if not given.adapter and not given.embedder and given.model.rpartition("/")[2].startswith(WEAK):
        return caution(text("sen_weak", language, model=given.model))
    return empty(text("sen_uncalibrated", language))


def _foreign(code: str, model: str, language: Language) -> str:
    if not code:
        return ""
    return caution(text("sen_foreign", language, language=language_name(code, language), model=model))


def _clauses(given: Result, language: Language) -> str:
    rows = "".join(
        f'<li><b class="by-sen-{one.label}">{escape(named(one.label, language))}</b> <span dir="auto">'
        f"{escape(given.text[one.start : one.end].strip())}</span></li>"
        for one in given.clauses
    )
    head = escape(text("sen_clauses", language))
    return f'<h3 class="by-sen-head">{head}</h3><ul class="by-sen-clauses">{rows}</ul>' if rows else ""


def _evidence(given: Result, language: Language) -> str:
    title = escape(text("sen_why", language, label=named(given.label, language)))
    heaviest = max(abs(part.pull) for part in given.parts)
    if heaviest < FAINT:
        return f'<h3 class="by-sen-head">{title}</h3>{empty(text("sen_flat", language))}{_table(given, language)}'
    return (
        f'<h3 class="by-sen-head">{title}</h3><p class="by-sen-text" dir="auto">{_coloured(given, heaviest)}</p>'
        f"{_legend(named(given.label, language), language)}{_table(given, language)}"
    )


def _coloured(given: Result, heaviest: float) -> str:
    """The text with its parts underlined and shaded: solid blue speaks for the label, dashed orange against it."""
    shown, at = [], 0
    for part in given.parts:
        shown.append(escape(given.text[at : part.start]))
        words = escape(given.text[part.start : part.end])
        step = min(STEPS, 1 + int(STEPS * abs(part.pull) / heaviest))
        kind = "for" if part.pull > 0 else "against"
        plain = abs(part.pull) < FAINT or abs(part.pull) < heaviest / (2 * STEPS)
        shown.append(words if plain else f'<mark class="by-sen-{kind} by-sen-{step}">{words}</mark>')
        at = part.end
    return "".join([*shown, escape(given.text[at:])])


def _legend(label: str, language: Language) -> str:
    speaks, against = text("sen_for", language, label=label), text("sen_against", language)
    return (
        f'<p class="by-sen-legend"><mark class="by-sen-for by-sen-3">{escape(speaks)}</mark>'
        f'<mark class="by-sen-against by-sen-3">{escape(against)}</mark><span>{escape(text("sen_scale", language))}</span></p>'
    )


def _table(given: Result, language: Language) -> str:
    rows = "".join(_table_row(part, given, language) for part in sorted(given.parts, key=lambda part: -abs(part.pull)))
    head = (
        f'<th scope="col">{escape(text("sen_part", language))}</th>'
        f'<th scope="col">{escape(text("sen_weight", language, label=named(given.label, language)))}</th>'
    )
    return (
        f'<details class="by-found"><summary>{escape(text("sen_table", language))}</summary>'
        f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def _table_row(part: Part, given: Result, language: Language) -> str:
    points = f"{-100 * part.weight:+.{1 if abs(part.weight) >= 0.01 else 3}f}".replace("-", "−")
    words = _short(given.text[part.start : part.end], 120)
    return f"<tr><td>{escape(words)}</td><td>{escape(text('sen_points', language, points=points))}</td></tr>"


def _foot(given: Result | Outcome, pieces: int, language: Language) -> str:
    key = "sen_by_adapter" if given.adapter else "sen_by_embedder" if given.embedder else "sen_by"
    by = text(key, language, model=given.model, adapter=given.adapter or "", embedder=given.embedder)
    read = escape(text("sen_pieces", language, count=pieces)) if pieces > 1 else ""
    return foot(escape(by), read)


def _counts(counts: Sequence[tuple[str, int]], labels: Labels, language: Language) -> str:
    whole = max(1, sum(count for _, count in counts))
    rows = "".join(
        f'<li class="{hue(name, labels)}"><span>{escape(named(name, language))}</span><b>{count:,}</b><span class="by-bar" aria-hidden="true">'
        f'<i style="width:{100 * count / whole:.1f}%"></i></span></li>'
        for name, count in counts
    )
    return f'<ul class="by-sen-scores" aria-label="{escape(text("sen_counts", language))}">{rows}</ul>' if rows else ""


def _left_out(given: Outcome, language: Language) -> str:
    items = ""
    for one in given.left_out:
        lines = ", ".join(text("sen_row", language, number=place + 1) for place in one.first)
        lines += " …" if one.count > len(one.first) else ""
        told = text("sen_out_rows", language, count=f"{one.count:,}", lines=lines)
        items += f"<li>{escape(text(f'sen_out_{one.fault}', language))}: {escape(told)}</li>"
    head = escape(text("sen_left_out", language))
    return f'<h3 class="by-sen-head">{head}</h3><ul class="by-notes">{items}</ul>' if items else ""


def _time(seconds: float, language: Language) -> str:
    if seconds < 90:
        return text("sen_seconds", language, count=round(seconds))
    if seconds < 5400:
        return text("sen_minutes", language, count=round(seconds / 60))
    return text("sen_hours", language, count=f"{seconds / 3600:.1f}")


def _short(value: str, most: int = 60) -> str:
    value = " ".join(value.split())
    return value if len(value) <= most else value[: most - 1] + "…"

"""Pure: the verdict of a run -> its sentence, its table of scores and the answers side by side."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from chatbot.ui.parts.render import what
from chatbot.ui.strings.words import Language, has, text
from finetune.verdict.scores import LOW_IS_GOOD


def outcome(found: Mapping[str, Any], language: Language) -> str:
    """One sentence; empty where nothing was judged yet."""
    if not found:
        return ""
    kind = str(found["outcome"]).replace(" ", "_")
    said = f"<b>{escape(text(f'ft_outcome_{kind}', language))}</b> {escape(sentence(found, language))}"
    doubts = "".join(
        f"<li>{escape(text(f'ft_notice_{code}', language, count=count))}</li>"
        for code, count in found.get("warnings", ())
    )
    return f'<p class="by-outcome by-{kind}">{said}</p>' + (f'<ul class="by-notes">{doubts}</ul>' if doubts else "")


def scores(found: Mapping[str, Any], language: Language, start: str = "") -> str:
    """The table and the answers side by side; empty where nothing was judged yet. Before the training there was the adapter
    `start`, or the base model."""
    if not found:
        return ""
    sides = (start or text("ft_before", language), text("ft_after", language))
    table, pairs = _scores(found["scores"], sides, language), _pairs(found["examples"], sides, language)
    return f'<section class="by-judged">{table}{_classes(found.get("labels"), sides, language)}{pairs}</section>'


def sentence(found: Mapping[str, Any], language: Language) -> str:
    """The verdict's sentence in the language of the page."""
    said = str(found["sentence"])
    score = next((score for score in found["scores"] if score["name"] == found["decided_by"]), None)
    if score is None:
        return text("ft_one_kind" if found["outcome"] == "too few to tell" else "ft_none_held_out", language)
    if language == "en":
        return _capital(said.partition(": ")[2]) if ": " in said else said
    low, high = score["low"], score["high"]
    interval = "" if low is None else text("ft_interval", language, low=f"{low:+.3f}", high=f"{high:+.3f}")
    words = text(
        "ft_verdict",
        language,
        name=_name(score["name"], language),
        before=f"{score['before']:.3f}",
        after=f"{score['after']:.3f}",
        interval=interval,
        rows=score["rows"],
    )
    right = next((score for score in found["scores"] if score["name"] == "preference_accuracy"), None)
    if right:
        words += text("ft_preferred", language, before=f"{right['before']:.0%}", after=f"{right['after']:.0%}")
    stuck, labels = found.get("stuck"), found.get("labels")
    more = [text("ft_stuck", language, count=stuck)] if stuck else []
    more += [text("ft_forgot", language)] if found["forgot"] else []
    more += [text("ft_majority", language, label=labels["label"], share=f"{labels['majority']:.1%}")] if labels else []
    return words + "".join(more)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _scores(scores: Sequence[Mapping[str, Any]], sides: tuple[str, str], language: Language) -> str:
    if not scores:
        return ""
    columns = (text("ft_score", language), *sides, text("ft_difference", language), text("ft_rows", language))
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    rows = "".join(_score(score, language) for score in scores)
    return f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _score(score: Mapping[str, Any], language: Language) -> str:
    low, high = score["low"], score["high"]
    difference = f"{score['after'] - score['before']:+.3f}"
    interval = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
    arrow = text("ft_less_is_better" if score["name"] in LOW_IS_GOOD else "ft_more_is_better", language)
    cells = (
        f'{escape(_name(score["name"], language))} {what(score["name"], language)}<small class="by-sub">{escape(arrow)}</small>',
        f"{score['before']:.3f}",
        f"{score['after']:.3f}",
        f"{difference}{interval}",
        str(score["rows"]),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _classes(labels: Mapping[str, Any] | None, sides: tuple[str, str], language: Language) -> str:
    """How many rows of each class each side names rightly."""
    if not labels:
        return ""
    columns = (text("ft_class", language), *sides, text("ft_rows", language))
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    rows = "".join(
        f"<tr><td>{escape(one['label'])}</td><td>{one['before']}</td><td>{one['after']}</td><td>{one['rows']}</td></tr>"
        for one in labels["classes"]
    )
    return f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _name(score: str, language: Language) -> str:
    key = f"ft_score_{score}"
    return text(key, language) if has(key, language) else score


def _pairs(pairs: Sequence[Mapping[str, Any]], sides: tuple[str, str], language: Language) -> str:
    if not pairs:
        return ""
    shown = "".join(_pair(pair, sides, language) for pair in pairs)
    return f"<details open><summary>{escape(text('ft_side_by_side', language, count=len(pairs)))}</summary>{shown}</details>"


def _pair(pair: Mapping[str, Any], sides: tuple[str, str], language: Language) -> str:
    def box(whose: str, value: str) -> str:
        said = escape(value) if value.strip() else f"<i>{escape(text('ft_nothing', language))}</i>"
        return f"<div><h5>{escape(whose)}</h5><p>{said}</p></div>"

    prompt = escape(str(pair["prompt"])[:600])
    shown = zip((text("ft_reference", language), *sides), ("reference", "before", "after"), strict=True)
    answers = "".join(box(whose, pair[side]) for whose, side in shown)
    return f'<article class="by-pair"><h4>{prompt}</h4><div class="by-three">{answers}</div></article>'

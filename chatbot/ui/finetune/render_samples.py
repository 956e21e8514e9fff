"""Pure: what the model answered to some held-out prompts while it learnt."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from chatbot.ui.strings.words import Language, text


def samples(lines: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Each prompt with the answer before the first step, the latest one, and those between behind a fold; empty before the first."""
    points = [(line["step"], line["samples"]) for line in lines if line.get("samples")]
    if not points:
        return ""
    shown = "".join(
        _prompt(asked, [(step, _answer(found, asked["row"])) for step, found in points], language)
        for asked in points[-1][1]
    )
    title = escape(text("ft_samples_title", language, count=len(points[-1][1])))
    return f'<details class="by-judged"><summary>{title}</summary>{shown}</details>'


def _answer(found: Sequence[Mapping[str, Any]], row: int) -> str:
    return next((str(one["answer"]) for one in found if one["row"] == row), "")


def _prompt(asked: Mapping[str, Any], answers: Sequence[tuple[int, str]], language: Language) -> str:
    ends = [answers[0], answers[-1]] if len(answers) > 1 else answers
    boxes = [_box(text("ft_reference", language), str(asked["reference"]), language)]
    boxes += [_box(text("ft_at", language, step=step), answer, language) for step, answer in ends]
    between = "".join(_box(text("ft_at", language, step=step), answer, language) for step, answer in answers[1:-1])
    more = (
        f'<details><summary>{escape(text("ft_between", language))}</summary><div class="by-three">{between}</div></details>'
        if between
        else ""
    )
    return f'<article class="by-pair"><h4>{escape(str(asked["prompt"]))}</h4><div class="by-three">{"".join(boxes)}</div>{more}</article>'


def _box(whose: str, said: str, language: Language) -> str:
    words = escape(said) if said.strip() else f"<i>{escape(text('ft_nothing', language))}</i>"
    return f"<div><h5>{escape(whose)}</h5><p>{words}</p></div>"

"""Pure: the losses of a run -> a plot in SVG, which needs no script and follows the theme through CSS.

The drawing is as wide as its place; what is written at its axes stands beside it in HTML, so that it is as large on a phone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from chatbot.ui.strings.words import Language, text

WIDTH, HEIGHT = 680, 254
POINTS = 300  # of the training curve that are drawn
OTHERS = 6  # runs beside the chosen one: as many colours can be told apart

Point = tuple[float, float]
Lines = Sequence[Mapping[str, Any]]


def curve(lines: Lines, language: Language, others: Sequence[tuple[str, Lines]] = ()) -> str:
    """Training loss as a line, held-out loss as a dashed line with a dot a point; of `others` (name, lines) the held-out loss alone,
    or the training's where there is none. Empty before the first point."""
    train, held = _train(lines), _held(lines)
    beside = [(name, found) for name, theirs in others[:OTHERS] if (found := _held(theirs) or _train(theirs))]
    everything = [point for points in (train, held, *(found for _, found in beside)) for point in points]
    if not everything:
        return (
            f'<div class="by-curve by-curve-empty"><p class="by-sub">{escape(text("ft_no_curve", language))}</p></div>'
        )
    of = max([line.get("of", 0) for line in lines] + [step for step, _ in everything])
    low, high, spacing = _range([loss for _, loss in everything])
    place = _Place(max(1, of), low, high)
    told = escape(_told(train, held, language))
    losses, steps = [*_losses(place, spacing)], [*_steps(place)]
    parts = [f'<line class="by-grid" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>' for _, y in losses]
    parts.append(f'<polyline class="by-train" points="{place.line(train)}"/>')
    parts.append(f'<polyline class="by-held" points="{place.line(held)}"/>')
    parts += [
        f'<polyline class="by-other-{n}" points="{place.line(found)}"/>' for n, (_, found) in enumerate(beside, 1)
    ]
    parts += [
        f'<path class="by-dot" d="M{place.x(step):.1f},{place.y(loss):.1f}h.01"><title>{step:g}: {loss:.4f}</title></path>'
        for step, loss in held
    ]
    drawn = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{"".join(parts)}</svg>'
    legend = _legend([name for name, _ in beside], language)
    return (
        f'<figure class="by-curve" data-train="{len(train)}" data-held="{len(held)}" data-others="{len(beside)}">'
        f'<div class="by-plot" role="img" aria-label="{told}">{drawn}{_axes(losses, steps, language)}</div>{legend}</figure>'
    )


def _train(lines: Lines) -> list[Point]:
    return _thinned([(line["step"], line["loss"]) for line in lines if line.get("loss") is not None])


def _held(lines: Lines) -> list[Point]:
    return [(line["step"], line["eval_loss"]) for line in lines if line.get("eval_loss") is not None]


def _legend(others: Sequence[str], language: Language) -> str:
    keys = [("by-train", text("ft_train_loss", language)), ("by-held", text("ft_held_loss", language))]
    keys += [(f"by-other-{n}", name) for n, name in enumerate(others, 1)]
    shown = "".join(f'<span class="by-key {kind}"></span><span>{escape(words)}</span>' for kind, words in keys)
    return f'<p class="by-legend">{shown}</p>'


class _Place:
    """Steps and losses -> places in the picture."""

    def __init__(self, steps: float, low: float, high: float) -> None:
        self.steps, self.low, self.high = steps, low, high

    def x(self, step: float) -> float:
        return WIDTH * step / self.steps

    def y(self, loss: float) -> float:
        return HEIGHT * (self.high - loss) / (self.high - self.low)

    def line(self, points: Sequence[Point]) -> str:
        return " ".join(f"{self.x(step):.1f},{self.y(loss):.1f}" for step, loss in points)


def _losses(place: _Place, spacing: float) -> Iterator[tuple[str, float]]:
    """Round losses, and where their lines are."""
    for at in range(round((place.high - place.low) / spacing) + 1):
        loss = place.low + at * spacing
        yield f"{loss:g}", place.y(loss)


def _steps(place: _Place) -> Iterator[tuple[str, float]]:
    stride = _nice(place.steps / 8, whole=True)
    for at in range(int(place.steps // stride) + 1):
        yield f"{at * stride:g}", place.x(at * stride)


def _axes(losses: Sequence[tuple[str, float]], steps: Sequence[tuple[str, float]], language: Language) -> str:
    shown = [f'<span class="by-loss" style="top:{100 * y / HEIGHT:.2f}%">{said}</span>' for said, y in losses]
    shown += [f'<span class="by-step" style="left:{100 * x / WIDTH:.2f}%">{said}</span>' for said, x in steps]
    return "".join(shown) + f'<span class="by-unit">{escape(text("ft_step", language))}</span>'


def _range(losses: Sequence[float]) -> tuple[float, float, float]:
    """(lowest, highest, spacing) of round numbers around the losses."""
    low, high = min(losses), max(losses)
    spacing = _nice(max(high - low, 0.02 * max(abs(high), 0.1)) / 5)
    bottom = math.floor(low / spacing) * spacing
    return round(bottom, 10), round(max(math.ceil(high / spacing) * spacing, bottom + spacing), 10), spacing


def _nice(wanted: float, *, whole: bool = False) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(max(wanted, 1e-9)))
    found = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted - 1e-12)
    return max(1.0, math.ceil(found)) if whole else found


def _thinned(points: list[Point]) -> list[Point]:
    """Evenly chosen points, the last one among them."""
    if len(points) <= POINTS:
        return points
    return [points[round(at * (len(points) - 1) / (POINTS - 1))] for at in range(POINTS)]


def _told(train: Sequence[Point], held: Sequence[Point], language: Language) -> str:
    """The picture in words."""
    parts = []
    for key, points in (("ft_train_loss", train), ("ft_held_loss", held)):
        if points:
            first, last = points[0][1], points[-1][1]
            parts.append(text("ft_curve", language, name=text(key, language), first=f"{first:.3f}", last=f"{last:.3f}"))
    return " ".join(parts)

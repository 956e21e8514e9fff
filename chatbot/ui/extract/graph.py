"""Pure: a table of who is connected with what -> a small picture of it. All it says stands in the table as well."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from unicodedata import east_asian_width

from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.record import Extraction, Record
from chatbot.ui.strings.words import Language, languages, text

_WHO = {"relations": (0, 1, 2), "people": (0, 2, 1)}  # template -> fields from, by and to what its edges lead
MOST = 14  # things in the picture: those of the first rows
WIDTH, TALL, HEIGHT = 600, 34, 26  # of the picture, of it for each thing, of a thing; in pixels
LONGEST = 22  # characters of a label; the rest is in its title

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    start: str
    end: str
    label: str


def graph(found: Extraction, language: Language) -> str:
    """Nothing for fields that connect nothing, or no two things."""
    columns = _columns(tuple(field.name.casefold() for field in found.fields))
    edges = _small(_edges(found.records, columns)) if columns else []
    if not edges:
        return ""
    names = list(dict.fromkeys(name for edge in edges for name in (edge.start, edge.end)))
    height = max(180, TALL * len(names))
    places = _placed(names, height)
    drawn = "".join([*(_drawn(edge, places) for edge in edges), *(_thing(name, places[name]) for name in names)])
    told = escape(text("ext_graph_told", language, things=len(names), count=len(edges)))
    arrow = (
        '<marker id="by-ext-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker>'
    )
    return (
        f'<figure class="by-ext-graph"><figcaption>{escape(text("ext_graph", language))}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{told}"><defs>{arrow}</defs>{drawn}</svg></figure>'
    )


@cache
def _columns(names: tuple[str, ...]) -> tuple[int, int, int] | None:
    """Which fields are from, by and to what, where they are those of a template in any language of the page."""
    for template, columns in _WHO.items():
        for language in languages():
            if names == tuple(field.name.casefold() for field in parse(text(f"ext_fields_{template}", language))):
                return columns
    return None


def _edges(records: Sequence[Record], columns: tuple[int, int, int]) -> list[Edge]:
    """Rows that say the same are one; what two things have in common is one edge with all that is said of it."""
    labels: dict[tuple[str, str], list[str]] = {}
    for record in records:
        start, label, end = ("; ".join(value.text for value in record.cells[n]) for n in columns)
        if start and end and start != end:
            said = labels.setdefault((start, end), [])
            said += [label] if label and label not in said else []
    return [Edge(start, end, " · ".join(said)) for (start, end), said in labels.items()]


def _small(edges: Sequence[Edge]) -> list[Edge]:
    kept: list[Edge] = []
    names: set[str] = set()
    for edge in edges:
        if len(names | {edge.start, edge.end}) <= MOST:
            kept.append(edge)
            names |= {edge.start, edge.end}
    return kept


def _placed(names: Sequence[str], height: float) -> dict[str, Place]:
    """On an ellipse, from the left; those that follow one another in the text stand side by side."""
    step = 2 * math.pi / len(names)
    across, down = WIDTH / 2 - 95, height / 2 - HEIGHT
    return {
        name: (WIDTH / 2 - across * math.cos(n * step), height / 2 - down * math.sin(n * step))
        for n, name in enumerate(names)
    }


def _drawn(edge: Edge, places: Mapping[str, Place]) -> str:
    (x1, y1), (x2, y2) = places[edge.start], places[edge.end]
    end_x, end_y = _border((x1, y1), (x2, y2), _wide(edge.end) / 2 + 3, HEIGHT / 2 + 3)
    middle = (x1 + x2) / 2, (y1 + y2) / 2 - 4
    label = f'<text x="{middle[0]:.0f}" y="{middle[1]:.0f}">{escape(_cut(edge.label))}</text>' if edge.label else ""
    title = escape(" – ".join(filter(None, (edge.start, edge.label, edge.end))))
    line = f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{end_x:.0f}" y2="{end_y:.0f}" marker-end="url(#by-ext-arrow)"/>'
    return f"<g><title>{title}</title>{line}{label}</g>"


def _border(start: Place, end: Place, across: float, down: float) -> Place:
    """Where a line to the middle of a thing meets its edge."""
    x, y = start[0] - end[0], start[1] - end[1]
    share = min(across / abs(x) if x else math.inf, down / abs(y) if y else math.inf, 1.0)
    return end[0] + x * share, end[1] + y * share


def _thing(name: str, place: Place) -> str:
    x, y, wide = *place, _wide(name)
    return (
        f'<g class="by-ext-thing"><title>{escape(name)}</title><rect x="{x - wide / 2:.0f}" y="{y - HEIGHT / 2:.0f}" '
        f'width="{wide:.0f}" height="{HEIGHT}" rx="6"/><text x="{x:.0f}" y="{y + 4:.0f}">{escape(_cut(name))}</text></g>'
    )


def _wide(name: str) -> float:
    return 16 + sum(_signs(_cut(name)))


def _signs(shown: str) -> Iterator[float]:
    """About how wide each is drawn, in pixels."""
    return (13.0 if east_asian_width(sign) in "WF" else 7.0 for sign in shown)


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"

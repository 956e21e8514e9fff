"""Draw the risk-coverage curves that `tests.bench.documents.refusal --json` measured.

    python -m tests.bench.documents.risk_coverage REFUSAL.json tests/bench/pictures/risk-coverage.svg

Half of the questions have their paragraph in the collection, half do not. Coverage is the share of all that is answered, risk
the share of those answered that should have been refused; a dot stands where the gate's own threshold is.
"""

import argparse
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 64, 24, 24, 56
COLOURS = ("#2563eb", "#c2410c", "#15803d", "#7c3aed")
NAMES = {"en": "English", "zh": "Chinese"}
MOST = 0.5  # risk when everything is answered
STYLE = (
    "text{font:13px sans-serif;fill:#4b5563}.line{fill:none;stroke-width:2}.grid{stroke:#9ca3af;stroke-opacity:.35}"
    "@media(prefers-color-scheme:dark){text{fill:#cbd5e1}}"
)


def place(coverage: float, risk: float) -> tuple[float, float]:
    """Pixels."""
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    return LEFT + coverage * across, TOP + (1 - risk / MOST) * down


def axes() -> list[str]:
    parts = []
    for step in range(6):
        share, risk = step / 5, MOST * step / 5
        x, bottom = place(share, 0)
        left, y = place(0, risk)
        right, top = place(1, MOST)
        parts.append(f'<path class="grid" d="M{x:.1f} {bottom:.1f}V{top:.1f}M{left:.1f} {y:.1f}H{right:.1f}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20:.1f}" text-anchor="middle">{share:.0%}</text>')
        parts.append(f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{risk:.0%}</text>')
    middle, bottom = place(0.5, 0)
    parts.append(f'<text x="{middle:.1f}" y="{bottom + 44:.1f}" text-anchor="middle">questions answered</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 8}">answered without an answer in the documents</text>')
    return parts


def curve(measured: dict[str, Any], colour: str) -> list[str]:
    points = sorted((coverage, risk) for _, coverage, risk in measured["risk_coverage"])
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(*point) for point in points))
    x, y = place(*measured["at_threshold"])
    return [
        f'<path class="line" stroke="{colour}" d="M{path}"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
    ]


def legend(number: int, language: str, measured: dict[str, Any], colour: str) -> str:
    refused = (
        f"refused {measured['rightly_refused']:.1%} of what is not there, {measured['wrongly_refused']:.1%} of what is"
    )
    name = escape(NAMES.get(language, language))
    x, y = LEFT + 16, TOP + 24 + 22 * number
    return (
        f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/><text x="{x + 12}" y="{y}">{name}: {escape(refused)}'
        f" ({measured['questions']} questions)</text>"
    )


def drawn(report: dict[str, Any]) -> str:
    parts = axes()
    for number, (language, measured) in enumerate(report.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += [*curve(measured, colour), legend(number, language, measured, colour)]
    label = "Risk-coverage curves of the gate that decides whether documents answer a question"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">\n'
        f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("picture", type=Path)
    chosen = parser.parse_args(arguments)
    chosen.picture.parent.mkdir(parents=True, exist_ok=True)
    chosen.picture.write_text(drawn(json.loads(chosen.report.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()

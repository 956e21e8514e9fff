"""A translation with its source beside it, segment by segment: a page for a browser, a word processor or a printer."""

from collections.abc import Iterable
from html import escape

from chatbot.tasks.translate.text import Pair

RIGHT_TO_LEFT = ("ar", "fa", "he", "ur", "yi", "ps", "sd")
_STYLE = (
    "body{font:16px/1.5 sans-serif;margin:2em auto;max-width:1100px;padding:0 1em}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #bbb;padding:.5em .7em;vertical-align:top;width:50%;text-align:start;white-space:pre-line}"
)


def as_html(name: str, source: str, target: str, heads: tuple[str, str], pairs: Iterable[Pair]) -> bytes:
    """`source` and `target` are codes of languages, `heads` what the reader calls them."""
    rows = "".join(f"<tr>{_cell(pair.source, source)}{_cell(pair.target, target)}</tr>" for pair in pairs)
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    return (
        f'<!DOCTYPE html><html lang="{escape(target)}"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(name)}</h1><table><thead><tr>{top}</tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>\n"
    ).encode("utf-8", "replace")


def _cell(text: str, code: str) -> str:
    direction = ' dir="rtl"' if code.partition("-")[0] in RIGHT_TO_LEFT else ""
    return f'<td lang="{escape(code)}"{direction}>{escape(text)}</td>'

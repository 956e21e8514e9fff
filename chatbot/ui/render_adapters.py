"""Pure: adapters -> the table that lists them."""

from collections.abc import Sequence
from html import escape

from chatbot.types import Adapter
from chatbot.ui.strings import Language, text

COLUMNS = ("column_name", "column_task", "column_base", "column_rank", "column_verdict")


def adapter_table(adapters: Sequence[Adapter], language: Language) -> str:
    if not adapters:
        return f'<p class="by-empty">{escape(text("adapter_none", language))}</p>'
    head = "".join(f'<th scope="col">{escape(text(column, language))}</th>' for column in COLUMNS)
    rows = "".join(_row(adapter, language) for adapter in adapters)
    return f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def aside(name: str, reason: str, language: Language) -> str:
    """An adapter that comes with Banyan and was refused."""
    words = text("adapter_set_aside", language, name=name, reason=reason)
    return f'<p class="by-warnings" role="status">{escape(words)}</p>'


def _row(adapter: Adapter, language: Language) -> str:
    private = f' <span class="by-tag">{escape(text("adapter_private", language))}</span>' if adapter.owner else ""
    cells = (
        f"<b>{escape(adapter.name)}</b>{private}",
        escape(adapter.task or text("adapter_no_task", language)),
        escape(adapter.base or "–"),
        str(adapter.rank or "–"),
        escape(adapter.verdict or text("adapter_no_verdict", language)),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"

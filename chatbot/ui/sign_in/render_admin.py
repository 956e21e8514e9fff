"""Pure: who is here, what they keep and what is under way -> the page for whoever runs the server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from chatbot.types import Quotas, Server
from chatbot.ui.parts.render import message
from chatbot.ui.sign_in.render import inside
from chatbot.ui.sign_in.usage import Usage
from chatbot.ui.strings.words import Language, text

WORDS = {"title": "admin", "load": "admin_load", "people": "admin_people"}
COLUMNS = ("sign_in_name", "admin_conversations", "documents", "admin_megabytes", "adapters", "admin_jobs")
NEAR = 0.9  # of a quota: worth a look, and nothing hangs on it


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    admin: bool
    groups: frozenset[str]
    usage: Usage


def page(
    name: str,
    rows: Sequence[Row],
    quotas: Quotas,
    engine: tuple[str, str, str] | None,
    load: Mapping[str, int],
    servers: Sequence[Server],
    language: Language,
) -> str:
    """`engine`: (model, engine, device) of what answers; None while nothing does."""
    head = "".join(f'<th scope="col">{escape(text(key, language))}</th>' for key in COLUMNS)
    body = "".join(f"<tr>{''.join(_cells(row, quotas, language))}</tr>" for row in rows)
    what = " · ".join(engine) if engine else text("admin_no_model", language)
    now = text("admin_now", language, **load) if load else ""
    return inside(
        "admin.html",
        WORDS,
        name,
        language,
        what=escape(what),
        now=escape(now),
        servers="".join(_server(one, language) for one in servers),
        table=f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
    )


def _cells(row: Row, quotas: Quotas, language: Language) -> Iterator[str]:
    tags = [text("admin_is", language)] if row.admin else []
    said = " ".join(f'<small class="tag">{escape(tag)}</small>' for tag in [*tags, *sorted(row.groups)])
    yield f'<th scope="row">{escape(row.name)} {said}</th>'
    usage = row.usage
    yield f"<td>{usage.conversations:,}</td>"
    for kept, most in (
        (usage.documents, quotas.documents),
        (usage.megabytes, quotas.megabytes),
        (usage.adapters, quotas.adapters),
        (usage.jobs, quotas.jobs),
    ):
        near = ' class="near"' if kept >= NEAR * most else ""
        yield f"<td{near}>{kept:,.0f} <small>/ {most:,}</small></td>"


def _server(server: Server, language: Language) -> str:
    fault = message(server.error, language) if server.error else ""
    told = fault or text("admin_server", language, running=server.running)
    return f"<li{' class=near' if fault else ''}><code>{escape(server.url)}</code> {escape(told)}</li>"

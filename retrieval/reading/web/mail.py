"""E-mail (RFC 5322, MIME): the head, what was written, and the names of what is attached, which is never opened."""

import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.pages import Pages
from retrieval.reading.plain.encodings import decode
from retrieval.reading.web.page import add_page, tell

_HEAD = ("From", "To", "Cc", "Date")
_DEEPEST = 20  # messages within messages
MORE = 2
"""Times the words of the text that a page has at least where the text stands in for it; the greeting and the foot are in both."""
_TAG = re.compile(r"<(?:style|script)\b[^<]*|<[^<>]*>", re.IGNORECASE)
_HEADED = (
    r"(?=(?:From|De|Von|发件人) ?[:：][^\n]+%s(?:Sent|Date|Enviado(?: el)?|Fecha|Gesendet|发送时间|日期) ?[:：]%s)"
)
_BEGINS = (
    r"^[ \t]*(?:-{2,} ?(?:Original Message|原始邮件|Mensaje original|Ursprüngliche Nachricht) ?-{2,}|On [^\n]{4,120} wrote:|[^\n]{4,80}写道[:：]"
    rf"|{_HEADED})"
)
_HOW = re.MULTILINE | re.IGNORECASE
_OLDER = re.compile(_BEGINS % (r"\n", ""), _HOW)
"""Where an older mail begins."""
_OLDER_IN_PAGE = re.compile(_BEGINS % (" ", r"[^\n]* (?:To|Para|An|收件人) ?[:：]"), _HOW)
"""The same in a page, where the lines of its head are one: a third of them makes it sure."""


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    with path.open("rb") as stream:
        message = BytesParser(policy=policy.default).parse(stream)
    assert isinstance(message, EmailMessage)
    for depth, inner in _messages(message):
        _add(inner, pages)
        if depth >= _DEEPEST:
            pages.flag("attachments", names="…")
            return


def _messages(message: EmailMessage) -> Iterator[tuple[int, EmailMessage]]:
    """The message, and those that were forwarded within it, one after the other."""
    waiting = [(0, message)]
    while waiting:
        depth, one = waiting.pop(0)
        yield depth, one
        waiting += [(depth + 1, inner) for part in one.iter_attachments() if (inner := _forwarded(part)) is not None]


def _forwarded(part: object) -> EmailMessage | None:
    if not isinstance(part, EmailMessage) or part.get_content_type() != "message/rfc822":
        return None
    inner = part.get_payload()
    found = inner[0] if isinstance(inner, list) and inner else None
    return found if isinstance(found, EmailMessage) else None


def _add(message: EmailMessage, pages: Pages) -> None:
    pages.begin(_header(message, "Subject"))
    pages.add(_header(message, "Subject"), "heading", 1)
    pages.add("\n".join(f"{field}: {value}" for field in _HEAD if (value := _header(message, field))))
    if body := _body(message):
        _add_text(body, pages)
    names = [_named(part) for part in message.iter_attachments() if _forwarded(part) is None]
    if names:
        pages.add("\n".join(names))
        pages.flag("attachments", names=", ".join(names[:20]))


def _body(message: EmailMessage) -> EmailMessage | None:
    """The plain text, unless the page beside it says much more: some programs write but a line into the text, and tables into the
    page only."""
    plain, page = (message.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    if not isinstance(plain, EmailMessage) or not isinstance(page, EmailMessage):
        return next((one for one in (plain, page) if isinstance(one, EmailMessage)), None)
    source = _decoded(page)
    words = len(_TAG.sub(" ", source).split())
    more = words > MORE * len(_decoded(plain).split()) or "<th" in source.lower()
    return page if more else plain


def _add_text(body: EmailMessage, pages: Pages) -> None:
    text = _decoded(body)
    if body.get_content_type() == "text/html":
        tell(add_page(text, pages, older=_OLDER_IN_PAGE), pages)
        return
    for paragraph in _marked(text.replace("\r\n", "\n")).split("\n\n"):
        pages.add(paragraph)


def _marked(text: str) -> str:
    """With a ">" before each line of an older mail that stands below without one, as Outlook and others write it."""
    found = _OLDER.search(text)
    if found is None or re.search(r"^[ \t]*>", text[found.end() :], re.MULTILINE):
        return text
    older = "\n".join(f"> {line}" if line.strip() else line for line in text[found.end() :].split("\n"))
    return text[: found.end()] + older


def _decoded(body: EmailMessage) -> str:
    content = body.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    try:
        return raw.decode(body.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(raw).text


def _header(message: EmailMessage, name: str) -> str:
    """Decoded; a header that breaks the rules as it stands."""
    try:
        value = message.get(name)
    except (ValueError, IndexError, AttributeError, TypeError):  # the parser's own, on headers that break the rules
        value = next((str(raw) for field, raw in message.raw_items() if field.lower() == name.lower()), None)
    return " ".join(str(value).split()) if value else ""


def _named(part: object) -> str:
    assert isinstance(part, EmailMessage)
    try:
        return part.get_filename() or part.get_content_type()
    except (ValueError, IndexError, AttributeError, TypeError):
        return part.get_content_type()

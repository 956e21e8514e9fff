"""The tools of the Model Context Protocol, asked by its own client."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent, TextResourceContents
from pydantic import AnyUrl

from chatbot.ui.mcp_tools import ENDPOINTS
from tests.loops import running_alone
from tests.running import App, running

pytestmark = pytest.mark.slow

REPORT = (
    "The orchard was planted in 1998 by Maria Lindqvist near Uppsala. It covers 14 hectares and has its own press. "
    "The cider press was bought in Kivik in 2011 for 48,000 euros. It was repaired in March and runs well again. "
    "Eleven pickers came back in the autumn and harvested 212 tonnes of apples before the frost."
)


@pytest.fixture(scope="module")
def app(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("mcp")
    (folder / "models").symlink_to(models_folder)
    with running("--engine", "scripted", data=folder) as started:
        yield started


def tools(app: App) -> set[str]:
    async def ask(session: ClientSession) -> set[str]:
        return {tool.name for tool in (await session.list_tools()).tools}

    found: set[str] = running_alone(with_session(app, ask))
    return found


def call(app: App, name: str, arguments: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    async def ask(session: ClientSession) -> CallToolResult:
        return await session.call_tool(name, arguments)

    result: CallToolResult = running_alone(with_session(app, ask, headers))
    (content,) = result.content
    assert isinstance(content, TextContent)
    if result.isError:
        assert result.structuredContent is None
        raise RuntimeError(content.text)
    value = json.loads(content.text)
    assert result.structuredContent == (value if isinstance(value, dict) else {"result": value})
    return value


async def with_session(app: App, ask: Any, headers: dict[str, str] | None = None) -> Any:
    async with (
        httpx.AsyncClient(headers=headers or {}, timeout=60, follow_redirects=True) as client,
        streamable_http_client(f"{app.address}/gradio_api/mcp/", http_client=client) as (reading, writing, *_),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        return await ask(session)


def test_the_tools_are_the_tasks_and_no_plumbing(app: App) -> None:
    assert (
        tools(app)
        == {endpoint.strip("/") for endpoint in ENDPOINTS}
        == {"translate", "summarize", "sentiment", "extract", "ask"}
    )


def test_a_summary_is_whole_and_checked(app: App) -> None:
    given = call(app, "summarize", {"text": REPORT, "length": "short"})
    assert given["summary"]
    assert all(line["verdict"] == "supported" for line in given["sentences"])
    assert given["sections"][0]["start"] == 0
    with pytest.raises(RuntimeError, match="length is one of"):
        call(app, "summarize", {"text": REPORT, "length": "endless"})


def test_who_asks_for_progress_is_told_and_nobody_else(app: App) -> None:
    """Over HTTP no session is kept, so what is not told in the answer's own stream is told to nobody."""
    told: list[tuple[float, str | None]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async def ask(session: ClientSession) -> CallToolResult:
        await session.call_tool("sentiment", {"text": "A lovely old orchard."})
        assert told == []
        return await session.call_tool("sentiment", {"text": "A lovely old orchard."}, progress_callback=heard)

    result: CallToolResult = running_alone(with_session(app, ask))
    assert not result.isError and result.structuredContent
    assert told[0] == (0, "0 s")
    assert [seconds for seconds, _ in told] == sorted({seconds for seconds, _ in told}), "it only grows"


def test_a_document_is_a_resource_and_what_is_none_is_told(app: App, tmp_path: Path) -> None:
    path = tmp_path / "press.md"
    path.write_text("The cider press was bought in Kivik in 2011.", "utf-8")
    added = Client(app.address, verbose=False).predict(handle_file(str(path)), api_name="/add_document")

    async def ask(session: ClientSession) -> tuple[dict[str, str], str]:
        listed = {str(one.uri): one.name for one in (await session.list_resources()).resources}
        for wrong in (f"banyan://documents/{'0' * 32}", "banyan://documents/../banyan.db", "file:///etc/passwd"):
            with pytest.raises(McpError, match="no such document"):
                await session.read_resource(AnyUrl(wrong))
        (content,) = (await session.read_resource(AnyUrl(f"banyan://documents/{added['id']}"))).contents
        assert isinstance(content, TextResourceContents)
        return listed, content.text

    listed, text = running_alone(with_session(app, ask))
    assert listed[f"banyan://documents/{added['id']}"] == "press.md"
    assert text == "The cider press was bought in Kivik in 2011."


def test_a_text_is_translated_and_judged(app: App) -> None:
    given = call(app, "translate", {"text": "The orchard is old.", "target": "de", "source": "en"})
    assert (given["source"], given["target"]) == ("en", "de")
    assert given["text"]
    judged = call(app, "sentiment", {"text": "A lovely old orchard."})
    assert judged["label"] in judged["scores"]
    assert sum(judged["scores"].values()) == pytest.approx(1, abs=0.01)


def test_a_table_is_made_of_a_text_and_of_a_file(app: App, tmp_path: Path) -> None:
    text = 'The engine says what it reads: {"item": "saw", "price": "£5.00", "colour": "red"}.'
    fields = {"item": "text", "price": "money", "shop": "text"}
    (record,) = call(app, "extract", {"text": text, "fields": fields})["records"]
    assert {name: one["value"] for name, one in record.items()} == {"item": "saw", "price": "£5.00", "shop": None}
    assert (record["price"]["normalized"], text[record["price"]["start"] :][:5]) == ("5.00 GBP", "£5.00")
    path = tmp_path / "order.txt"
    path.write_text(text, "utf-8")
    client = Client(app.address, verbose=False)
    given = client.predict(handle_file(str(path)), "item\nprice: money\nshop", api_name="/extract")
    assert given["records"] == [record]
    with pytest.raises(RuntimeError, match="at least one field"):
        call(app, "extract", {"text": text, "fields": ""})


def test_documents_are_asked_by_whom_they_belong_to(app: App, tmp_path: Path) -> None:
    path = tmp_path / "orchard.md"
    path.write_text(REPORT, "utf-8")
    added = Client(app.address, verbose=False).predict(handle_file(str(path)), api_name="/add_document")
    assert added["status"] == "indexed"
    given = call(app, "ask", {"question": "Who planted the orchard?"})
    assert given["status"] == "answered"
    assert given["citations"], "a program on this machine finds what another one added"
    with pytest.raises(RuntimeError, match="no document"):
        call(app, "ask", {"question": "Who planted the orchard?"}, {"x-forwarded-for": "203.0.113.7"})


def test_the_same_summary_comes_from_a_file_through_the_api(app: App, tmp_path: Path) -> None:
    client = Client(app.address, verbose=False)
    path = tmp_path / "orchard.txt"
    path.write_text(REPORT, "utf-8")
    typed = client.predict(REPORT, api_name="/summarize")
    assert typed["summary"]
    assert client.predict(handle_file(str(path)), "medium", api_name="/summarize")["summary"] == typed["summary"]
    for given in ({"path": "/etc/passwd"}, ""):
        with pytest.raises(Exception, match=r"400 Bad Request|nothing to summarize"):
            client.predict(given, api_name="/summarize")

"""What programs of the Model Context Protocol see: the tasks as tools, the documents of whoever asks as resources."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from copy import copy
from typing import Any

import gradio as gr
from anyio.to_thread import run_sync
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.helper_types import ReadResourceContents
from pydantic import AnyUrl

from chatbot.access.owner import owner_in
from chatbot.common.errors import NotFound
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.services import OPENING
from retrieval.library import Library

ENDPOINTS = ("/translate", "/summarize", "/sentiment", "/extract", "/ask")
DOCUMENT = "banyan://documents/"  # behind it the document's id
BEAT = 2.0  # seconds between two words of progress
Handler = Callable[[Any], Awaitable[types.ServerResult]]


def offer(page: gr.Blocks, library: OpeningLibrary) -> None:
    """Of a page launched with `mcp_server=True`, keep the tools of `ENDPOINTS`; they are called at once and answer in JSON, as text
    and as structured content.

    Gradio 6.31 makes a tool of every endpoint, writes records as Python does, and calls what is queued over HTTP from this
    machine, where everybody would pass for a program here; called directly, a tool sees who asked.
    """
    server = page.mcp_server_obj
    if server is None:
        return
    tools = server.tool_to_endpoint.items()
    server.tool_to_endpoint = {tool: endpoint for tool, endpoint in tools if endpoint in ENDPOINTS}
    found = server.get_block_fn_from_endpoint_name

    def at_once(name: str) -> Any:
        function = copy(found(name))
        if function is not None:
            function.queue = False  # the engine has a line of its own
        return function

    written = server.postprocess_output_data

    def in_json(data: Sequence[Any], root_url: str) -> Any:
        return written([json.dumps(one, ensure_ascii=False) for one in data], root_url)

    server.get_block_fn_from_endpoint_name = at_once
    server.postprocess_output_data = in_json
    handlers = server.mcp_server.request_handlers
    called = handlers[types.CallToolRequest]
    handlers[types.CallToolRequest] = _with_progress(server.mcp_server, _structured(called))
    _offer_documents(server.mcp_server, library)


def _structured(called: Handler) -> Handler:
    """What a tool says in JSON stands beside the text as data (revision 2025-06-18 of the protocol)."""

    async def call(request: types.CallToolRequest) -> types.ServerResult:
        result = await called(request)
        told = result.root
        if isinstance(told, types.CallToolResult) and not told.isError:
            (text,) = told.content
            assert isinstance(text, types.TextContent)
            value = json.loads(text.text)
            told.structuredContent = value if isinstance(value, dict) else {"result": value}
        return result

    return call


def _with_progress(server: "Server[Any, Any]", called: Handler) -> Handler:
    """Whoever asks for progress hears at once that the tool is at work, and every two seconds for how long. How long it still takes
    nobody knows: what a model writes ends when it ends. It is told in the answer's own stream: where no session is kept there is no other.
    """

    async def beat(token: str | int) -> None:
        context, begun = server.request_context, time.monotonic()
        request = str(context.request_id)
        while True:
            seconds = round(time.monotonic() - begun)
            await context.session.send_progress_notification(
                token, seconds, message=f"{seconds} s", related_request_id=request
            )
            await asyncio.sleep(BEAT)

    async def call(request: types.CallToolRequest) -> types.ServerResult:
        meta = server.request_context.meta
        if meta is None or meta.progressToken is None:
            return await called(request)
        beating = asyncio.create_task(beat(meta.progressToken))
        try:
            return await called(request)
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    return call


def _offer_documents(server: "Server[Any, Any]", opening: OpeningLibrary) -> None:
    """Their text, as it was read. The owner is whoever the request comes from."""

    def whose() -> tuple[Library, str]:
        request = server.request_context.request
        assert request is not None  # it came over HTTP
        return opening.get(OPENING).library, owner_in(request.scope)

    @server.list_resources()  # type: ignore[no-untyped-call, untyped-decorator]
    async def documents() -> list[types.Resource]:
        library, owner = await run_sync(whose)
        return [
            types.Resource(uri=AnyUrl(f"{DOCUMENT}{one.id}"), name=one.name, mimeType="text/plain")
            for one in await run_sync(library.list, owner)
            if one.passages
        ]

    @server.read_resource()  # type: ignore[no-untyped-call, untyped-decorator]
    async def document(uri: AnyUrl) -> list[ReadResourceContents]:
        """Raises `NotFound`."""
        address = str(uri)
        if not address.startswith(DOCUMENT):
            raise NotFound("There is no such document.", kind="no_document")
        library, owner = await run_sync(whose)
        pages = await run_sync(library.pages, owner, address.removeprefix(DOCUMENT))
        return [ReadResourceContents("\n\n".join(page.text for page in pages), "text/plain")]

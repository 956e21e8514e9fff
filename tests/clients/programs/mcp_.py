"""The Model Context Protocol's own client, at the newest version. Run: python mcp_.py http://host:port"""

import asyncio
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


async def main() -> None:
    async with (
        streamable_http_client(f"{sys.argv[1]}/gradio_api/mcp/") as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        names = {tool.name for tool in (await session.list_tools()).tools}
        assert {"translate", "summarize", "sentiment", "extract", "ask"} <= names, names
        found = await session.call_tool("sentiment", {"text": "I love it."})
        assert "label" in found.content[0].text, found


asyncio.run(main())

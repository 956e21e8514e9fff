"""The Model Context Protocol's own client, at the newest version: tools, progress, structured content, resources.

Run: python mcp_.py http://host:port
"""

import asyncio
import sys

from mcp import Client

TEXT = " ".join(f"In year {year} the orchard gave {year * 7 % 90 + 10} tonnes of apples." for year in range(1990, 2000))


async def main() -> None:
    told: list[float] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with Client(f"{sys.argv[1]}/gradio_api/mcp/") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"translate", "summarize", "sentiment", "extract", "ask"} <= names, names
        found = await client.call_tool("sentiment", {"text": "I love it."})
        assert not found.is_error and found.structured_content["label"] == "positive", found
        assert told == []
        summed = await client.call_tool("summarize", {"text": TEXT, "length": "short"}, progress_callback=heard)
        assert not summed.is_error and summed.structured_content["summary"], summed
        assert told and told == sorted(told), told
        assert (await client.list_resources()).resources is not None


asyncio.run(main())

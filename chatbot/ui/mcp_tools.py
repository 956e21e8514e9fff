"""The tools that programs of the Model Context Protocol see: whole answers of the tasks, none of the plumbing."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

ENDPOINTS = ("/translate", "/summarize", "/sentiment", "/ask")


def offer(page: gr.Blocks) -> None:
    """Of a page launched with `mcp_server=True`, keep the tools of `ENDPOINTS`, and let them answer in JSON.

    Gradio 6.31 makes a tool of every endpoint and writes records as Python does.
    """
    server = page.mcp_server_obj
    if server is None:
        return
    tools = server.tool_to_endpoint.items()
    server.tool_to_endpoint = {tool: endpoint for tool, endpoint in tools if endpoint in ENDPOINTS}
    written = server.postprocess_output_data

    def in_json(data: Sequence[Any], root_url: str) -> Any:
        return written([json.dumps(one, ensure_ascii=False) for one in data], root_url)

    server.postprocess_output_data = in_json

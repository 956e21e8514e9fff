"""The tools that programs of the Model Context Protocol see: whole answers of the tasks, none of the plumbing."""

import json
from collections.abc import Sequence
from copy import copy
from typing import Any

import gradio as gr

ENDPOINTS = ("/translate", "/summarize", "/sentiment", "/extract", "/ask")


def offer(page: gr.Blocks) -> None:
    """Of a page launched with `mcp_server=True`, keep the tools of `ENDPOINTS`; they are called at once and answer in JSON.

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

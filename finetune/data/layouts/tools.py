"""Tools of a row and calls written into its texts: OpenAI, ShareGPT (Glaive) and Hermes rows."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from finetune.data.examples import Call, Turn
from finetune.data.layouts.names import is_missing
from finetune.data.layouts.parts import Unusable, call_of, value_in

_CALL = re.compile(
    r"<tool_call>\s*(.*?)\s*</tool_call>|<functioncall>\s*(.*?)\s*(?=<functioncall>|<\|endoftext\|>|\Z)", re.DOTALL
)
_RESULT = re.compile(r"\s*<tool_response>\s*(.*?)\s*</tool_response>\s*", re.DOTALL)
_TOOLS = re.compile(r"<tools>(.*?)</tools>", re.DOTALL)
_HERMES = re.compile(r"\s*You are a function[- ]calling AI model", re.IGNORECASE)
_GLAIVE = re.compile(
    r"\s*(?:SYSTEM:\s*)?You are a helpful assistant(?:,)? with (?:access to the following functions|no access)",
    re.IGNORECASE,
)
_SCHEMAS = ("input_schema", "inputSchema")
_QUOTED = re.compile(r'"arguments"\s*:\s*\'(.*)\'\s*}\s*\Z', re.DOTALL)  # Glaive puts JSON into single quotes


def tools_of(values: Mapping[str, object]) -> str:
    """What `tools` or `functions` of a row say, as a JSON list in OpenAI's words; "" for none. Raises `Unusable`."""
    for name in ("tools", "functions", "toolconfig"):
        value = values.get(name)
        if is_missing(value) or value in ("", [], "[]", "null"):
            continue
        if isinstance(value, str):
            value = _read(value, f"{name} is no JSON list of tools.")
        if isinstance(value, Mapping) and isinstance(value.get("tools"), list):  # Bedrock's
            value = value["tools"]
        if value:
            return _listed(value if isinstance(value, list) else [value])
    return ""


def _listed(tools: list[object]) -> str:
    return json.dumps([_tool(tool) for tool in tools], ensure_ascii=False, default=str) if tools else ""


def _tool(tool: object) -> dict[str, object]:
    values = (
        next((tool[key] for key in ("function", "toolSpec") if key in tool), tool)
        if isinstance(tool, Mapping)
        else None
    )
    if not isinstance(values, Mapping) or not isinstance(values.get("name"), str):
        raise Unusable("tool_call", "A tool has no name.")
    schema = next((values[key] for key in _SCHEMAS if isinstance(values.get(key), Mapping)), None)
    if schema is not None:  # Anthropic's, and Bedrock's, which stands one level deeper
        values = {name: value for name, value in values.items() if name not in _SCHEMAS}
        values |= {"parameters": schema.get("json", schema)}
    return {"type": "function", "function": dict(values)}


def with_calls(turns: list[Turn], tools: str) -> tuple[list[Turn], str]:
    """The turns with calls and answers of tools that stand in their texts as such, and the tools that a system text lists:
    the model's template says all this in its own words."""
    found: list[Turn] = []
    for turn in turns:
        answers = _RESULT.findall(turn.content) if turn.role in ("tool", "user") else []
        if turn.role == "system":
            plain, listed = _system(turn)
            tools = tools or listed
            found.append(plain)
        elif turn.role == "assistant" and ("<tool_call>" in turn.content or "<functioncall>" in turn.content):
            found.append(_called(turn))
        elif answers and not _RESULT.sub("", turn.content):
            found += [Turn("tool", answer) for answer in answers]
        else:
            found.append(turn)
    return found, tools


def calls_in(value: object) -> tuple[Call, ...] | None:
    """The calls that a value, or a text, consists of: an object or a list of them. None when it is something else."""
    try:
        value = value_in(value) if isinstance(value, str) else value
        listed = value if isinstance(value, list) else [value]
        return tuple(call_of(call, "The row") for call in listed) or None
    except (ValueError, Unusable):
        return None


def _called(turn: Turn) -> Turn:
    calls = tuple(_written_call(found[1] or found[2]) for found in _CALL.finditer(turn.content))
    text = _CALL.sub("", turn.content).replace("<|endoftext|>", "").strip()
    return replace(turn, content=text, calls=(*turn.calls, *calls))


def _written_call(text: str) -> Call:
    """Hermes writes JSON or Python, Glaive JSON with its arguments in single quotes."""
    if quoted := _QUOTED.search(text):
        name = re.search(r'"name"\s*:\s*"([^"]+)"', text)
        return call_of({"name": name[1] if name else "", "arguments": quoted[1]}, "A turn")
    return call_of(_read(text, "A call of a tool is neither JSON nor Python."), "A turn")


def _system(turn: Turn) -> tuple[Turn, str]:
    if listed := _TOOLS.search(turn.content):
        tools = _listed([*_objects(listed[1])])
        text = "" if _HERMES.match(turn.content) else _TOOLS.sub("", turn.content).strip()
        return replace(turn, content=text), tools
    if _GLAIVE.match(turn.content):
        tools = _listed([*_objects(turn.content)])
        return replace(turn, content=""), tools
    return turn, ""


def _objects(text: str) -> Iterator[object]:
    """The JSON objects in a text, one after another or in a list."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise Unusable("tool_call", "The tools in the system text are no JSON.") from None
        yield value
        at = text.find("{", end)


def _read(text: str, reason: str) -> object:
    try:
        return value_in(text)
    except ValueError:
        raise Unusable("tool_call", reason) from None

"""Rows with a question and its answer in fields of their own: Alpaca's, and prompt and completion."""

from collections.abc import Mapping, Sequence

from finetune.data.examples import Turn
from finetune.data.layouts.names import first
from finetune.data.layouts.parts import content, text_of
from finetune.data.layouts.tools import calls_in, tools_of
from finetune.data.layouts.turns import read_history, turns_in
from finetune.data.layouts.unwrap import unwrapped

OUTPUTS = ("output", "response", "completion", "answer")
COMPLETIONS = ("completion", "response", "answer", "output")
_NO_INPUT = ("<noinput>", "<no input>")  # how Alpaca and its kin write that there is none

Asked = tuple[list[Turn], bool]
"""Turns up to the answer, and whether they stood in a chat template."""


def read_alpaca(values: Mapping[str, object]) -> Asked:
    instruction = text_of(values, "instruction").strip()
    extras = [content(values.get(name), name).strip() for name in ("input", "context")]
    asked = "\n\n".join(text for text in (instruction, *extras) if text and text.lower() not in _NO_INPUT)
    return _answered(values, asked, OUTPUTS)


def read_completion(values: Mapping[str, object]) -> Asked:
    if asked := turns_in(values.get("prompt"), "prompt"):
        return [*read_history(values.get("history")), *asked, *read_answer(values, COMPLETIONS)], False
    return _answered(values, text_of(values, "prompt").strip(), COMPLETIONS)


def _answered(values: Mapping[str, object], asked: str, names: Sequence[str]) -> Asked:
    """One question, with what was said before it, and its answer."""
    answer, opened = read_answer(values, names), unwrapped(f"{asked}\n-")
    ends_open = opened is not None and opened[-1] == Turn(
        "assistant", "-"
    )  # else it is a conversation that is talked about
    wrapped = unwrapped(f"{asked}\n{answer[-1].content}") if ends_open else None
    return wrapped or [*read_history(values.get("history")), Turn("user", asked), *answer], wrapped is not None


def read_answer(values: Mapping[str, object], names: Sequence[str]) -> list[Turn]:
    """What the first of the fields `names` answers: a text, turns of the assistant, or calls of the row's tools."""
    name = first(values, names) or names[0]
    if turns := turns_in(values.get(name), name):
        return turns
    thought = content(values.get("reasoning"), "reasoning").strip()
    if tools_of(values) and (calls := calls_in(values.get(name))):
        return [Turn("assistant", "", calls, thought)]
    return [Turn("assistant", text_of(values, name).strip(), thought=thought)]

"""Conversations that somebody has put into a chat template already: one text -> its turns."""

import re
from dataclasses import dataclass

from finetune.data.examples import Role, Turn
from finetune.data.layouts.turns import ROLES

PREAMBLE = 600  # characters before the first mark that may be a system text
_ALPACA = re.compile(r"\s*Below is an instruction")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A way to write turns into a text. `opening` finds where one begins, its group `role` says whose; `ends` is left out.
    `sure` are signs that stand in no other text; before others a text stands only where they are `headed`."""

    name: str
    opening: re.Pattern[str]
    ends: re.Pattern[str]
    sure: bool = True
    headed: bool = True


def _wrapping(name: str, opening: str, ends: str = r"(?!)", *, sure: bool = True, headed: bool = True) -> Wrapping:
    return Wrapping(name, re.compile(opening), re.compile(ends), sure, headed)


_ROLES: dict[str, Role] = {
    **ROLES, "inst": "user", "/inst": "assistant", "instruction": "user", "input": "user", "response": "assistant", "output": "assistant",
    "question": "user", "answer": "assistant", "function response": "tool",
    "instruct": "user", "q": "user", "a": "assistant", "问": "user", "答": "assistant",
}  # fmt: skip
_WORDS = r"human|user|assistant|system|bot|gpt|ai"
WRAPPINGS = (
    _wrapping("<|im_start|>", r"<\|im_start\|>\s*(?P<role>\w+)\s*\n", r"<\|im_end\|>|<\|endoftext\|>"),
    _wrapping(
        "<|start_header_id|>",
        r"<\|start_header_id\|>\s*(?P<role>\w+)\s*<\|end_header_id\|>",
        r"<\|begin_of_text\|>|<\|eot_id\|>|<\|end_of_text\|>",
    ),
    _wrapping(
        "<|header_start|>",
        r"<\|header_start\|>\s*(?P<role>\w+)\s*<\|header_end\|>",
        r"<\|begin_of_text\|>|<\|eot\|>|<\|end_of_text\|>",
    ),
    _wrapping("<｜User｜>", r"<｜(?P<role>User|Assistant)｜>", r"<｜(?:begin|end)▁of▁sentence｜>"),
    _wrapping(
        "<|START_OF_TURN_TOKEN|>",
        r"<\|START_OF_TURN_TOKEN\|><\|(?P<role>USER|CHATBOT|SYSTEM)_TOKEN\|>",
        r"<BOS_TOKEN>|<\|END_OF_TURN_TOKEN\|>",
    ),
    _wrapping("<start_of_turn>", r"<start_of_turn>\s*(?P<role>\w+)\s*\n", r"<bos>|<eos>|<end_of_turn>"),
    _wrapping("[INST]", r"\[(?P<role>/?INST)\]", r"</?s>|\[/?SYSTEM_PROMPT\]"),
    _wrapping("<|user|>", r"<\|(?P<role>system|user|assistant)\|>", r"</?s>|<\|end\|>|<\|endoftext\|>"),
    _wrapping("### Human:", r"(?<!#)###[ \t]*(?P<role>(?i:human|assistant|system))[ \t]*:", r"</s>|<\|endoftext\|>"),
    _wrapping("[|Human|]", r"\[\|(?P<role>Human|AI)\|\]", r"</s>"),
    _wrapping(
        "###",
        r"(?m)^[ \t]*#{2,4}[ \t]*(?P<role>(?i:human|user|assistant|system|instruction|input|response|output|question|answer))[ \t]*:",
        r"</s>|<\|endoftext\|>|###\s*End\b",
    ),
    _wrapping("<human>:", r"(?m)^[ \t]*<(?P<role>human|bot|user|assistant)>:", r"</s>|<\|endoftext\|>"),
    _wrapping(
        "USER:",
        r"(?:^|(?<=[\s>]))(?P<role>SYSTEM|USER|ASSISTANT|FUNCTION RESPONSE):",
        r"</?s>|<\|endoftext\|>",
        sure=False,
    ),
    _wrapping(
        "Human:",
        rf"(?m)(?:^[ \t]*(?:<s>)?|</s>[ \t]*(?:<s>)?|(?<=[.?!。？！])[ \t]+(?=ASSISTANT:|USER:))(?P<role>(?i:{_WORDS})|FUNCTION RESPONSE|用户|助手)[ \t]*[:：]",
        r"</?s>|<\|endoftext\|>",
        sure=False,
        headed=False,
    ),
    _wrapping(
        "Q:",
        r"(?m)^[ \t]*(?P<role>(?i:instruct|instruction|question|q|output|response|answer|a)|问|答)[ \t]*[:：]",
        r"</?s>|<\|endoftext\|>",
        sure=False,
        headed=False,
    ),
)
_SYS = re.compile(r"\s*<<SYS>>\s*(.*?)\s*<</SYS>>\s*", re.DOTALL)


def unwrapped(text: str) -> list[Turn] | None:
    """The turns of a text that is a conversation in a chat template, or in the words people use for one."""
    for wrapping in WRAPPINGS:
        openings = list(wrapping.opening.finditer(text))
        if len(openings) < 2 or openings[0].start() > PREAMBLE:
            continue
        before = wrapping.ends.sub("", text[: openings[0].start()]).strip()
        if before and not wrapping.headed:
            continue
        turns = [Turn("system", before)] if before and not _ALPACA.match(before) else []
        for at, opening in enumerate(openings):
            end = openings[at + 1].start() if at + 1 < len(openings) else len(text)
            turns += _turns(opening["role"].strip().lower(), wrapping.ends.sub("", text[opening.end() : end]).strip())
        if {"user", "assistant"} <= {turn.role for turn in turns}:
            return turns
    return None


def marker(text: str) -> str:
    """The first sign of a chat template in a text; "" for none."""
    return next((w.name for w in WRAPPINGS if w.sure and w.opening.search(text)), "")


def _turns(role: str, text: str) -> list[Turn]:
    known = _ROLES.get(role, "user")
    if role == "inst" and (system := _SYS.match(text)):
        return [Turn("system", system[1]), Turn("user", text[system.end() :])]
    if role in ("input", "assistant", "/inst", "output", "response") and not text:
        return []
    return [Turn(known, text)]

"""Preference data: a prompt with a better and a worse answer, or with one that is called good or bad."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from finetune.data.examples import Turn
from finetune.data.layouts.names import first, is_missing
from finetune.data.layouts.parts import Unusable, content
from finetune.data.layouts.turns import read_history, read_turns, turns_in
from finetune.data.layouts.unwrap import unwrapped

PROMPTS = (
    "prompt",
    "instruction",
    "question",
    "query",
    "messages",
    "conversations",
    "conversation",
    "input",
    "context",
)
FIELDS = (*PROMPTS, "chosen", "rejected", "system", "history", "tools")
LABELS = ("label", "kto_tag", "desirable", "liked", "thumbs_up", "thumb", "thumbs", "feedback")
GOOD = ("true", "1", "1.0", "yes", "good", "up", "thumbs_up", "like", "liked", "desirable", "👍", "好", "赞")
BAD = ("false", "0", "0.0", "-1", "-1.0", "no", "bad", "down", "thumbs_down", "dislike", "disliked", "undesirable",
       "👎", "坏", "踩")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preference:
    """`turns` end with the better answer."""

    turns: list[Turn]
    rejected: Turn


def is_preference(values: Mapping[str, object]) -> bool:
    return "chosen" in values and "rejected" in values


def read_preference(values: Mapping[str, object]) -> Preference:
    """Answers are texts, turns or whole conversations, which must agree before their last turn. Raises `Unusable`."""
    chosen, rejected = _answer(values["chosen"], "chosen"), _answer(values["rejected"], "rejected")
    prompt = chosen[:-1] or _prompt(values)
    if rejected[:-1] and rejected[:-1] != chosen[:-1]:
        raise Unusable("no_preference", "The two answers belong to different conversations.")
    if not chosen[-1].content.strip() or not rejected[-1].content.strip():
        raise Unusable("empty_answer", "One of the two answers is empty.")
    if chosen[-1] == rejected[-1]:
        raise Unusable("same_answers", "The better and the worse answer are the same.")
    system = content(values.get("system"), "system")
    head = [Turn("system", system)] if system.strip() and not any(t.role == "system" for t in prompt) else []
    return Preference([*head, *prompt, chosen[-1]], rejected[-1])


def liked(values: Mapping[str, object]) -> bool | None:
    """Whether the row calls its answer a good or a bad one, as KTO has it; None where it does not say."""
    said = _label(values)
    return True if said in GOOD else False if said in BAD else None


def is_labelled(rows: Iterable[Mapping[str, object]]) -> bool | None:
    """Whether the labels of the rows tell good answers from bad ones, and nothing else; None where there are no labels."""
    said = {label for row in rows if (label := _label(row))}
    return said <= {*GOOD, *BAD} if said else None


def _label(values: Mapping[str, object]) -> str:
    """What stands in the first field that may hold such a label; "" for nothing."""
    found = next((values[name] for name in LABELS if not is_missing(values.get(name))), "")
    return str(found).strip().lower()


def _answer(value: object, name: str) -> list[Turn]:
    turns = turns_in(value, name)
    if not turns and isinstance(value, str):
        turns = unwrapped(value) or [Turn("assistant", value.strip())]
    elif not turns and isinstance(value, list | dict):
        turns = read_turns(value if isinstance(value, list) else [value], name)
    elif not turns:
        turns = [Turn("assistant", content(value, name))]
    if not turns or turns[-1].role != "assistant":
        raise Unusable("no_answer", f"{name} does not end with an answer.")
    return turns


def _prompt(values: Mapping[str, object]) -> list[Turn]:
    name = first(values, PROMPTS)
    if name is None:
        raise Unusable("missing_field", "The row has no prompt.")
    value = values[name]
    if isinstance(value, dict) and isinstance(value.get("messages"), list):  # OpenAI's
        value = value["messages"]
    if turns := turns_in(value, name) or (read_turns(value, name) if isinstance(value, list) else []):
        return turns[:-1] if turns[-1].role == "assistant" else turns
    text = content(value, name).strip()
    extra = content(values.get("input"), "input").strip() if name == "instruction" else ""
    asked = unwrapped(f"{text}\n") or [Turn("user", f"{text}\n\n{extra}" if extra else text)]
    return [*read_history(values.get("history")), *asked]

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
PAIRS = (
    ("response_a", "response_b"), ("answer_a", "answer_b"), ("output_a", "output_b"), ("completion_a", "completion_b"),
    ("conversation_a", "conversation_b"), ("response_0", "response_1"), ("answer_0", "answer_1"), ("completion_0", "completion_1"),
    ("response_1", "response_2"), ("answer_1", "answer_2"), ("output_1", "output_2"), ("completion_1", "completion_2"),
)  # fmt: skip
WINNERS = ("winner", "preferred_id", "preference", "better", "better_response_id", "choice", "vote")
"""Where a row with two answers says which one is better."""
FIELDS = (
    *PROMPTS,
    "chosen",
    "rejected",
    "response",
    "output",
    "completion",
    "answer",
    "system",
    "history",
    "tools",
    *(name for pair in PAIRS for name in pair),
    *WINNERS,
)
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
    return ("chosen" in values and "rejected" in values) or bool(_taught(values)) or _compared(values) is not None


def _taught(values: Mapping[str, object]) -> str:
    """The field with the better answer, where the worse one stands beside what would be taught without it (ms-swift's)."""
    worse = values.get("rejected")
    if "chosen" in values or not isinstance(worse, str | list | Mapping) or is_missing(worse) or not worse:
        return ""
    if str(worse).strip().lower() in (*GOOD, *BAD):  # it says whether the row was rejected
        return ""
    return first(values, ("response", "output", "completion", "answer", "messages", "conversations")) or ""


def _compared(values: Mapping[str, object]) -> tuple[tuple[str, str], str] | None:
    """The fields of two answers, and what the row says of them."""
    pair = next((pair for pair in PAIRS if pair[0] in values and pair[1] in values), None)
    said = next((values[name] for name in WINNERS if not is_missing(values.get(name))), None)
    return None if pair is None or said is None else (pair, str(said).strip().lower())


def _judged(values: Mapping[str, object]) -> Mapping[str, object]:
    """The row with its better answer as chosen. Raises `Unusable` where neither is."""
    if better := _taught(values):
        return {**values, "chosen": values[better]}
    compared = None if "chosen" in values and "rejected" in values else _compared(values)
    if compared is None:
        return values
    pair, said = compared
    ends = [name.rpartition("_")[2] for name in pair]
    word = said.rpartition("_")[2].removeprefix("response").removeprefix("model").strip() or said
    if word not in ends and word.isdigit() and ends == ["a", "b"]:
        word = dict(zip("01", ends, strict=True)).get(word, word)
    if word not in ends:
        raise Unusable("no_preference", f"The row does not say that one answer is better: {said[:40]!r}.")
    at = ends.index(word)
    return {**values, "chosen": values[pair[at]], "rejected": values[pair[1 - at]]}


def read_preference(values: Mapping[str, object]) -> Preference:
    """Answers are texts, turns or whole conversations, which must agree before their last turn. Raises `Unusable`."""
    values = _judged(values)
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

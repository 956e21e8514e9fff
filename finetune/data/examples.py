"""What a data set is made of: an example, or the reason why a row is none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chatbot.common.errors import InputError

Role = Literal["system", "user", "assistant", "tool"]
Container = Literal["csv", "tsv", "json", "jsonl", "parquet", "arrow", "xlsx", "archive", "text"]
Layout = Literal[
    "preference",
    "contents",
    "sharegpt",
    "messages",
    "choice",
    "alpaca",
    "prompt-completion",
    "text",
    "glaive",
    "columns",
]
Split = Literal["", "train", "validation"]
"""What the file says a row is for; "" when it does not."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the assistant asks of a tool; `arguments` is a JSON object as text."""

    name: str
    arguments: str

    def to_dict(self) -> dict[str, Any]:
        """As OpenAI has it, with the arguments as an object, which chat templates write as JSON."""
        return {"type": "function", "function": {"name": self.name, "arguments": json.loads(self.arguments)}}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation. `thought` is the reasoning before an answer; an answer that is not `taught` is only read."""

    role: Role
    content: str
    calls: tuple[Call, ...] = ()
    thought: str = ""
    taught: bool = True

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.calls:
            values["tool_calls"] = [call.to_dict() for call in self.calls]
        if self.thought:
            values["reasoning_content"] = self.thought
        return values if self.taught else values | {"weight": 0}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Turn":
        """What `to_dict` gave."""
        calls = [call["function"] for call in values.get("tool_calls", ())]
        return cls(
            values["role"],
            values["content"],
            tuple(Call(call["name"], json.dumps(call["arguments"], ensure_ascii=False)) for call in calls),
            values.get("reasoning_content", ""),
            values.get("weight", 1) != 0,
        )


@dataclass(frozen=True, slots=True)
class Example:
    """One usable row: a conversation that ends with the assistant's answer, or a plain text to continue.

    `turns` is an optional system text, then what the others say, up to the last answer that is taught. Exactly one of
    `turns` and `text` is set. `tools` is a JSON list of what the assistant may call, "" for none. `rejected` is the worse
    answer of a preference, whose better one ends `turns`. `liked` says whether the last answer is a good or a bad one, None
    where nobody said so. `remarks` are codes of what a person should know, such as "formula" (a spreadsheet would run a cell).
    """

    row: int
    turns: tuple[Turn, ...] = ()
    text: str = ""
    remarks: tuple[str, ...] = ()
    tools: str = ""
    split: Split = ""
    rejected: Turn | None = None
    liked: bool | None = None

    @property
    def prompt(self) -> tuple[Turn, ...]:
        """The turns before the last answer: what an evaluation shows to the model."""
        return self.turns[:-1]

    @property
    def answer(self) -> str:
        """The last answer: what an evaluation compares with, calls as JSON. Empty for plain text."""
        if not self.turns:
            return ""
        calls = [json.dumps(call.to_dict()["function"], ensure_ascii=False) for call in self.turns[-1].calls]
        return "\n".join([self.turns[-1].content, *calls] if self.turns[-1].content else calls)

    def to_dict(self) -> dict[str, Any]:
        """One line of a job's `data.jsonl`; `from_dict` reads it back, and so does whoever reads messages as OpenAI has them."""
        if not self.turns:
            values: dict[str, Any] = {"text": self.text}
        else:
            values = {"messages": [turn.to_dict() for turn in self.turns]}
        if self.tools:
            values["tools"] = json.loads(self.tools)
        if self.rejected:
            values["rejected"] = self.rejected.to_dict()
        if self.liked is not None:
            values["label"] = self.liked
        return values | ({"split": self.split} if self.split else {})

    @classmethod
    def from_dict(cls, row: int, values: Mapping[str, Any]) -> "Example":
        """What `to_dict` gave."""
        tools, rejected = values.get("tools"), values.get("rejected")
        return cls(
            row,
            tuple(map(Turn.from_dict, values.get("messages", ()))),
            values.get("text", ""),
            tools=json.dumps(tools, ensure_ascii=False) if tools else "",
            split=values.get("split", ""),
            rejected=Turn.from_dict(rejected) if rejected else None,
            liked=values.get("label"),
        )


FaultCode = Literal[
    "json", "not_an_object", "missing_field", "not_text", "too_large", "broken_character", "encoding", "damaged",
    "quoting", "columns", "unmapped", "unknown_label", "empty_prompt", "empty_answer", "empty_text", "no_answer",
    "unknown_role", "role_order", "not_turns", "tool_call", "masked", "template", "tokens", "not_taught", "bad_answer",
    "needs_image", "reasoning", "markers", "no_choice", "same_answers", "no_preference", "no_label",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One row that cannot be used. `row` counts as the person sees it in the file; `code` names the kind for programs. `text` is what
    there is of the row, as JSON where it can be, for whoever mends it; "" where it is too long for that or cannot be read."""

    row: int
    code: FaultCode
    reason: str
    text: str = ""


MENDED = 4_000  # characters of a row that a person may mend by hand: what a sample shows of one, too


def written(values: object) -> str:
    """A row as JSON in one line; "" where it is too long to be mended by hand."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return text if len(text) <= MENDED else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file as it was read, before anybody asks what it means."""

    number: int
    values: Mapping[str, object]
    split: Split = ""


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is to be read.

    `container` is the kind of file, `layout` what its rows mean; the layout "columns" needs `Columns` to say so.
    `columns` are the names seen in the first rows, `unused` those that the layout does not look at. A plain text file
    has one example a paragraph when it has blank lines (`paragraphs`), else one a line. `proposal` is what a person may be
    offered where the columns do not say themselves what they mean. `labelled`: whether a label of the first rows says that an
    answer is a good or a bad one; False where it says something else, None where there is none. `weighed` is the field of the first
    rows that says whether a row is learnt from.
    """

    container: Container
    layout: Layout = "columns"
    encoding: str = "utf-8"
    delimiter: str = ","
    header: bool = True
    paragraphs: bool = False
    columns: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    proposal: "Columns | None" = None
    labelled: bool | None = None
    weighed: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of a table become examples: templates in which `{name}` stands for a column's value.

    `{{` and `}}` are braces. With `text`, rows are plain texts; else `prompt` and `completion` are needed. `labels` are
    (value, name) pairs that replace the values of `label_column`, such as ("0", "negative"). `header` says whether the
    first line of a CSV or TSV file names the columns; otherwise they are column_1, column_2 ... `given` says that a person
    chose it, and not the names of the columns.
    """

    prompt: str = ""
    completion: str = ""
    system: str = ""
    text: str = ""
    label_column: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    header: bool = True
    given: bool = True

    def __post_init__(self) -> None:
        if bool(self.text) == bool(self.prompt or self.completion or self.system):
            raise InputError("A mapping of columns needs either text, or prompt and completion.", kind="map_either")
        if not self.text and not (self.prompt and self.completion):
            raise InputError("A mapping of columns needs both prompt and completion.", kind="map_both")
        if bool(self.labels) != bool(self.label_column):
            raise InputError(
                "labels and label_column go together: which column holds the values that get names?", kind="map_labels"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "Columns":
        """From JSON; `labels` may be an object. Raises `InputError`, also for unknown fields."""
        known = {"prompt", "completion", "system", "text", "label_column"}
        for name, value in values.items():
            if name not in known | {"labels", "header"}:
                raise InputError(f"A mapping of columns has no field {name[:80]!r}.", kind="map_field", name=name[:80])
            if name in known and not isinstance(value, str):
                raise InputError(f"{name} must be a template such as {{text}}.", kind="map_template", name=name)
        labels = values.get("labels", {})
        if not isinstance(labels, Mapping) or not isinstance(values.get("header", True), bool):
            raise InputError(
                'labels must be an object such as {"0": "negative"}, and header true or false.', kind="map_form"
            )
        texts = {name: str(value) for name, value in values.items() if name in known}
        pairs = tuple((str(value), str(name)) for value, name in labels.items())
        return cls(**texts, labels=pairs, header=values.get("header", True) is True)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        texts = {name: getattr(self, name) for name in ("prompt", "completion", "system", "text", "label_column")}
        return {name: text for name, text in texts.items() if text} | {
            "labels": dict(self.labels),
            "header": self.header,
        }

"""What a data set is made of: an example, or the reason why a row is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chatbot.common.errors import InputError

Role = Literal["system", "user", "assistant"]
Container = Literal["csv", "tsv", "json", "jsonl", "parquet", "text"]
Layout = Literal["alpaca", "sharegpt", "messages", "prompt-completion", "text", "columns"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Example:
    """One usable row: a conversation that ends with the assistant's answer, or a plain text to continue.

    `turns` is an optional system text, then user and assistant in turn. Exactly one of `turns` and `text` is set.
    `remarks` are codes of what a person should know: "formula" (a spreadsheet would run a cell), "trailing_user"
    (turns after the last answer were left out).
    """

    row: int
    turns: tuple[Turn, ...] = ()
    text: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def prompt(self) -> tuple[Turn, ...]:
        """The turns before the last answer: what an evaluation shows to the model."""
        return self.turns[:-1]

    @property
    def answer(self) -> str:
        """The last answer: what an evaluation compares with. Empty for plain text."""
        return self.turns[-1].content if self.turns else ""

    def to_dict(self) -> dict[str, Any]:
        """One line of a job's `data.jsonl`, which any reader of the layouts "messages" and "text" takes."""
        if not self.turns:
            return {"text": self.text}
        return {"messages": [{"role": turn.role, "content": turn.content} for turn in self.turns]}


FaultCode = Literal[
    "json", "not_an_object", "missing_field", "not_text", "too_large", "broken_character", "encoding", "damaged",
    "quoting", "columns", "unmapped", "unknown_label", "empty_prompt", "empty_answer", "empty_text", "no_answer",
    "unknown_role", "role_order", "not_turns", "tool_call", "masked", "template", "tokens",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One row that cannot be used. `row` counts as the person sees it in the file; `code` names the kind for programs."""

    row: int
    code: FaultCode
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file as it was read, before anybody asks what it means."""

    number: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is to be read.

    `container` is the kind of file, `layout` what its rows mean; the layout "columns" needs `Columns` to say so.
    `columns` are the names seen in the first rows, `unused` those that the layout does not look at. A plain text file
    has one example a paragraph when it has blank lines (`paragraphs`), else one a line.
    """

    container: Container
    layout: Layout = "columns"
    encoding: str = "utf-8"
    delimiter: str = ","
    header: bool = True
    paragraphs: bool = False
    columns: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of a table become examples: templates in which `{name}` stands for a column's value.

    `{{` and `}}` are braces. With `text`, rows are plain texts; else `prompt` and `completion` are needed. `labels` are
    (value, name) pairs that replace the values of `label_column`, such as ("0", "negative"). `header` says whether the
    first line of a CSV or TSV file names the columns; otherwise they are column_1, column_2 ...
    """

    prompt: str = ""
    completion: str = ""
    system: str = ""
    text: str = ""
    label_column: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    header: bool = True

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
        return cls(**texts, labels=pairs, header=values.get("header", True) is True)

    def to_dict(self) -> dict[str, Any]:
        texts = {name: getattr(self, name) for name in ("prompt", "completion", "system", "text", "label_column")}
        return {name: text for name, text in texts.items() if text} | {
            "labels": dict(self.labels),
            "header": self.header,
        }

"""What the fields of a row mean: a record -> an example, or the reason why not."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatbot.common.errors import InputError
from finetune.data.examples import Columns, Example, Fault, Format, Layout, Row, Turn
from finetune.data.turns import Unusable, check_characters, conversation, needed, read_history, read_turns, text_of

OUTPUTS = ("output", "response")
COMPLETIONS = ("completion", "response", "answer")
DIALOGUES = ("messages", "conversations", "conversation")
METADATA = ("id", "source", "url", "meta", "metadata", "idx", "index", "__index_level_0__", "column_1")
PAIRS = (  # columns that mean a task by their names alone: prompt, completion
    ("question", "answer"),
    ("instruction", "response"),
    ("input", "output"),
    ("query", "response"),
    ("source", "target"),
    ("article", "highlights"),
    ("document", "summary"),
    ("dialogue", "summary"),
    ("abstract", "title"),
    ("text", "summary"),
    ("text", "label"),
    ("sentence", "label"),
    ("review", "label"),
)
_FORMULA = re.compile(r"\s*(=\s*[^\s=]|[+@-](?=[A-Za-z.]+\())")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def layout_of(rows: Sequence[Row]) -> Layout:
    """The layout that the first rows have. A known one needs but a tenth of them: the others may lack a field, and are
    told so. "columns" when none is known."""
    votes = Counter(_layout_of(row.values) for row in rows)
    for layout, count in votes.most_common():
        if layout not in ("text", "columns") and count * 10 >= len(rows):
            return layout
    return "text" if votes["text"] > votes["columns"] else "columns"


def unused(layout: Layout, names: Iterable[str], columns: Columns | None = None) -> tuple[str, ...]:
    """Fields that the layout does not look at."""
    used = {*_names(columns), columns.label_column} if columns else set(LAYOUTS[layout].fields)
    return tuple(name for name in names if name not in used)


def suggestion(names: Sequence[str]) -> Columns | None:
    """A mapping for columns whose names say what they are; None when a person must choose."""
    for prompt, completion in PAIRS:
        if prompt in names and completion in names:
            context = "{context}\n\n" if "context" in names and prompt == "question" else ""
            return Columns(prompt=f"{context}{{{prompt}}}", completion=f"{{{completion}}}")
    return None


def to_example(row: Row, format: Format, columns: Columns | None = None) -> Example | Fault:
    """One row read as `format.layout`, or through `columns`."""
    try:
        found = _mapped(row.values, columns) if columns else LAYOUTS[format.layout].read(row.values)
        example = Example(row.number, text=found) if isinstance(found, str) else conversation(row.number, found)
        check_characters(example)
    except Unusable as error:
        return Fault(row.number, error.code, str(error))
    if format.container in ("csv", "tsv") and any(_FORMULA.match(str(value)) for value in row.values.values()):
        return Example(example.row, example.turns, example.text, (*example.remarks, "formula"))
    return example


def check_columns(columns: Columns, names: Sequence[str]) -> None:
    """Raises `InputError` when a template names a column that is not there."""
    for name in (*_names(columns), *([columns.label_column] if columns.label_column else [])):
        if name not in names:
            known = ", ".join(names)[:300]
            raise InputError(
                f"There is no column {name[:80]!r} in the file. It has {known}.",
                kind="map_column",
                column=name[:80],
                known=known,
            )


# Layouts


def _messages(values: Mapping[str, object]) -> list[Turn]:
    name = _first(values, DIALOGUES)
    if name is None:
        raise Unusable("missing_field", "The row has no field messages.")
    turns = read_turns(values[name], name)
    if "system" in values and (system := text_of(values, "system")).strip():
        turns.insert(0, Turn("system", system))
    return turns


def _alpaca(values: Mapping[str, object]) -> list[Turn]:
    instruction = text_of(values, "instruction").strip()
    extra = text_of(values, "input").strip() if "input" in values else ""
    turns = read_history(values.get("history"))
    if "system" in values and (system := text_of(values, "system").strip()):
        turns.insert(0, Turn("system", system))
    prompt = f"{instruction}\n\n{extra}" if instruction and extra else instruction or extra
    return [*turns, Turn("user", prompt), Turn("assistant", _one_of(values, OUTPUTS).strip())]


def _prompt_completion(values: Mapping[str, object]) -> list[Turn]:
    name = _first(values, COMPLETIONS)
    prompt, completion = values.get("prompt"), values.get(name) if name else None
    if isinstance(prompt, list) and isinstance(completion, list):
        return read_turns(prompt, "prompt") + read_turns(completion, "completion")
    return [
        Turn("user", text_of(values, "prompt").strip()),
        Turn("assistant", _one_of(values, COMPLETIONS).strip()),
    ]


def _plain(values: Mapping[str, object]) -> str:
    return needed(text_of(values, "text"), "empty_text", "text")


def _unmapped(values: Mapping[str, object]) -> list[Turn]:
    names = ", ".join(map(str, values))
    raise Unusable("unmapped", f"It is not said what the columns mean: {names[:200]}.")


@dataclass(frozen=True, slots=True)
class LayoutReader:
    """How the rows of one layout are told from others and read. `read` raises `Unusable`."""

    fits: Callable[[Mapping[str, object]], bool]
    read: Callable[[Mapping[str, object]], list[Turn] | str]
    fields: tuple[str, ...]  # those that are looked at


def _turns_say_from(values: Mapping[str, object]) -> bool:
    name = _first(values, DIALOGUES)
    turns = values[name] if name else None
    return isinstance(turns, list) and bool(turns) and isinstance(turns[0], dict) and "from" in turns[0]


LAYOUTS: dict[Layout, LayoutReader] = {  # the first that fits
    "sharegpt": LayoutReader(_turns_say_from, _messages, (*DIALOGUES, "system")),
    "messages": LayoutReader(lambda values: _first(values, DIALOGUES) is not None, _messages, DIALOGUES),
    "alpaca": LayoutReader(
        lambda values: "instruction" in values and _first(values, OUTPUTS) is not None,
        _alpaca,
        ("instruction", "input", "system", "history", *OUTPUTS),
    ),
    "prompt-completion": LayoutReader(
        lambda values: "prompt" in values and _first(values, COMPLETIONS) is not None,
        _prompt_completion,
        ("prompt", *COMPLETIONS),
    ),
    "text": LayoutReader(
        lambda values: "text" in values and not set(values) - {"text", *METADATA},
        _plain,
        ("text",),
    ),
    "columns": LayoutReader(lambda values: True, _unmapped, ()),
}


def _layout_of(values: Mapping[str, object]) -> Layout:
    return next(layout for layout, reader in LAYOUTS.items() if reader.fits(values))


def _mapped(values: Mapping[str, object], columns: Columns) -> list[Turn] | str:
    labels = dict(columns.labels)
    named = dict(values)
    if columns.label_column:
        value = text_of(values, columns.label_column).strip()
        if value not in labels:
            raise Unusable("unknown_label", f"{columns.label_column} is {value[:80]!r}, which has no name.")
        named[columns.label_column] = labels[value]
    if columns.text:
        return needed(_filled(columns.text, named), "empty_text", "text")
    system = [Turn("system", _filled(columns.system, named))] if columns.system else []
    prompt, completion = (_filled(template, named).strip() for template in (columns.prompt, columns.completion))
    if _names_of(columns.prompt) and not any(text_of(named, name).strip() for name in _names_of(columns.prompt)):
        raise Unusable("empty_prompt", "The columns of the prompt are empty.")
    return [*system, Turn("user", prompt), Turn("assistant", completion)]


def _filled(template: str, values: Mapping[str, object]) -> str:
    """The template with values in it; what the values contain is never looked at again."""
    braces = {"{{": "{", "}}": "}"}
    return _PLACEHOLDER.sub(lambda found: braces.get(found[0]) or text_of(values, found[1]), template)


def _names(columns: Columns) -> list[str]:
    return [n for t in (columns.prompt, columns.completion, columns.system, columns.text) for n in _names_of(t)]


def _names_of(template: str) -> list[str]:
    return [found[1] for found in _PLACEHOLDER.finditer(template) if found[1] is not None]


def _first(values: Mapping[str, object], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in values), None)


def _one_of(values: Mapping[str, object], names: Sequence[str]) -> str:
    return text_of(values, _first(values, names) or names[0])

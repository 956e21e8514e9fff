"""What the fields of a row mean: a record -> an example, or the reason why not."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from finetune.data.examples import Columns, Example, Fault, Format, Layout, Row, Turn, written
from finetune.data.layouts import choices, exported, preferences
from finetune.data.layouts.answered import COMPLETIONS, OUTPUTS, read_alpaca, read_completion
from finetune.data.layouts.columns import ALSO, mapped, names_in
from finetune.data.layouts.names import canonical, canonical_row, first, is_missing
from finetune.data.layouts.parts import Unusable, content, needed, said, text_of
from finetune.data.layouts.tools import tools_of, with_calls
from finetune.data.layouts.turns import WEIGHTS, WITHHELD, check_characters, conversation, read_turns, taught
from finetune.data.layouts.unwrap import marker, unwrapped

DIALOGUES = ("messages", "conversations", "conversation", "dialogue", "turns", "chat_messages")
METADATA = (
    "id", "source", "url", "meta", "metadata", "idx", "index", "__index_level_0__", "column_1", "title", "date", "timestamp",
    "language", "lang", "language_score", "token_count", "dump", "file_path", "path", "filename", "author", "license", "split",
    "uuid", "length", "subset", "data_source", "warc_record_id",
)  # fmt: skip
WEIGHING = (*WEIGHTS, *WITHHELD, *preferences.LABELS)
JUDGED: tuple[Layout, ...] = ("messages", "sharegpt", "contents", "alpaca", "prompt-completion", "columns")
"""Layouts whose label says whether an answer is good, and not which of several is."""
SEEN = ("image", "video", "audio")
_FORMULA = re.compile(r"\s*(=\s*[^\s=]|[+@-](?=[A-Za-z.]+\())")
_IMAGE = re.compile(r"(?<!`)<(?:image|video|audio)>(?!`)")


def layout_of(rows: Sequence[Row]) -> Layout:
    """The layout that the first rows have. A known one needs but a tenth of them: the others may lack a field, and are
    told so. "columns" when none is known."""
    votes = Counter(_layout_of(canonical_row(row.values)) for row in rows)
    for layout, count in votes.most_common():
        if layout not in ("text", "columns") and count * 10 >= len(rows):
            return layout
    return "text" if votes["text"] > votes["columns"] else "columns"


def unused(format: Format, columns: Columns | None = None) -> tuple[str, ...]:
    """Columns that nothing looks at."""
    return _unused(format, columns, ()) if columns else format.unused


def unused_of(format: Format, rows: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """The same before a mapping, of `rows` under canonical names."""
    also = {field for row in rows for field in reader_of(format.layout, row).fields} if format.layout in MIXED else ()
    return _unused(format, None, also)


def _unused(format: Format, columns: Columns | None, also: Collection[str]) -> tuple[str, ...]:
    if columns:
        used = {*names_in(columns), columns.label_column}
        known = {
            *ALSO,
            format.weighed,
            "tools",
            "functions",
            *(canonical(name) for name in format.columns if name in used),
        }
    else:
        plain = [canonical(name) for name in format.columns]
        several = choices.choice_fields(plain) if format.layout == "choice" else ()
        known = {*LAYOUTS[format.layout].fields, *several, *also, format.weighed}
    return tuple(name for name in format.columns if canonical(name) not in known)


def to_example(row: Row, format: Format, columns: Columns | None = None) -> Example | Fault:
    """One row read as `format.layout`, or through `columns`."""
    try:
        values = canonical_row(row.values)
        _require_seen(values, format, columns)
        if format.weighed and not (columns and format.weighed in map(canonical, names_in(columns))):
            _require_taught({format.weighed: values.get(format.weighed)})
        example = _mapped(row, columns) if columns else reader_of(format.layout, values).read(row.number, values)
        _require_text(example)
        check_characters(example)
    except Unusable as error:
        return Fault(row.number, error.code, str(error), written(row.values))
    if format.container in ("csv", "tsv") and any(_FORMULA.match(str(value)) for value in row.values.values()):
        example = replace(example, remarks=(*example.remarks, "formula"))
    liked = preferences.liked(values) if example.turns and says_good(format, columns) is not False else None
    return replace(example, split=row.split, liked=liked)


def says_good(format: Format, columns: Columns | None) -> bool | None:
    """`Format.labelled`, of a label that is not itself what a table's rows teach."""
    if format.layout not in JUDGED or format.labelled is False:
        return False
    used = {canonical(name) for name in names_in(columns)} if columns else set()
    if used & {*preferences.LABELS}:
        return False
    return format.labelled if format.layout != "columns" else bool(format.labelled)


def _require_seen(values: Mapping[str, object], format: Format, columns: Columns | None) -> None:
    """A row with a picture cannot be learnt from its words alone, unless a person says which."""
    if columns is None or not columns.given:
        name = next((name for name in SEEN if values.get(name) and not is_missing(values[name])), None)
        if name and format.layout != "text":
            raise Unusable("needs_image", f"The row needs its {name}, which this model cannot see.")


def _require_text(example: Example) -> None:
    turns = [*example.turns, *([example.rejected] if example.rejected else [])]
    if any(_IMAGE.search(turn.content) for turn in turns if turn.role == "user"):
        raise Unusable("needs_image", "The prompt stands for a picture or a sound, which this model cannot see.")


def _mapped(row: Row, columns: Columns) -> Example:
    found = mapped(row.values, columns)
    if isinstance(found, str):
        return Example(row.number, text=found)
    return _conversation(row.number, found, tools_of(canonical_row(row.values)))


# Layouts


def _conversation(row: int, turns: list[Turn], tools: str = "") -> Example:
    turns, tools = with_calls(turns, tools)
    example = replace(conversation(row, turns), tools=tools)
    marked = any(marker(turn.content) for turn in example.turns)
    return replace(example, remarks=(*example.remarks, "markers")) if marked else example


def _headed(values: Mapping[str, object], turns: list[Turn]) -> list[Turn]:
    system = content(values.get("system"), "system").strip()
    return [Turn("system", system), *turns] if system else turns


def _require_taught(values: Mapping[str, object]) -> None:
    if not taught(values):
        raise Unusable("not_taught", "The row says that it is not to be learnt from.")


def _messages(row: int, values: Mapping[str, object]) -> Example:
    if first(values, DIALOGUES) is None and exported.is_known(values):
        values = {**values, "messages": exported.messages(values)}
    name = first(values, DIALOGUES)
    if name is None:
        raise Unusable("missing_field", "The row has no field messages.")
    _require_taught(values)
    return _conversation(row, _headed(values, read_turns(values[name], name)), tools_of(values))


def _contents(row: int, values: Mapping[str, object]) -> Example:
    """Gemini's."""
    _require_taught(values)
    head = values.get("systeminstruction", values.get("system_instruction"))
    parts = head.get("parts", "") if isinstance(head, Mapping) else head
    system = Turn("system", "" if is_missing(parts) else said(parts, "systemInstruction").text)
    declared = [one for tool in _list(values.get("tools")) if isinstance(tool, Mapping)
                for one in _list(tool.get("functionDeclarations", tool.get("function_declarations", [tool])))]  # fmt: skip
    return _conversation(row, [system, *read_turns(values["contents"], "contents")], tools_of({"tools": declared}))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _alpaca(row: int, values: Mapping[str, object]) -> Example:
    _require_taught(values)
    return _asked(row, values, *read_alpaca(values))


def _prompt_completion(row: int, values: Mapping[str, object]) -> Example:
    _require_taught(values)
    return _asked(row, values, *read_completion(values))


def _asked(row: int, values: Mapping[str, object], turns: list[Turn], wrapped: bool) -> Example:
    example = _conversation(row, _headed(values, turns), tools_of(values))
    return replace(example, remarks=(*example.remarks, "unwrapped")) if wrapped else example


def _choice(row: int, values: Mapping[str, object]) -> Example:
    return _conversation(row, _headed(values, choices.read_choice(values)))


def _preference(row: int, values: Mapping[str, object]) -> Example:
    found = preferences.read_preference(values)
    if not found.turns[-1].taught:
        raise Unusable("not_taught", "The row says that its better answer is not to be learnt from.")
    asked = values.get("input")
    tools = tools_of(values) or (
        tools_of(asked) if isinstance(asked, Mapping) else ""
    )  # OpenAI's stand with the prompt
    return replace(_conversation(row, found.turns, tools), rejected=found.rejected)


def _plain(row: int, values: Mapping[str, object]) -> Example:
    text = needed(text_of(values, _text_field(values) or "text"), "empty_text", "text")
    if turns := unwrapped(text):
        example = _conversation(row, turns)
        return replace(example, remarks=(*example.remarks, "unwrapped"))
    if found := marker(text):
        raise Unusable(
            "markers", f"The text has marks of a chat template ({found}), but is no whole conversation in it."
        )
    return Example(row, text=text)


def _text_field(values: Mapping[str, object]) -> str | None:
    """The field of a row that has no other."""
    others = [name for name in values if name not in METADATA and name not in WEIGHTS]
    return others[0] if len(others) == 1 and others[0] in ("text", "content", "body", "article", "document") else None


def _glaive(row: int, values: Mapping[str, object]) -> Example:
    turns = unwrapped(text_of(values, "chat"))
    if not turns:
        raise Unusable("not_turns", "chat must be a conversation, its turns after USER: and ASSISTANT:.")
    return _conversation(row, _headed(values, turns))


def _unmapped(row: int, values: Mapping[str, object]) -> Example:
    names = ", ".join(map(str, values))
    if "role" in values and first(values, ("content", "text")):
        raise Unusable("unmapped", "The row is one turn. Put all turns of a conversation into one row, as messages.")
    raise Unusable("unmapped", f"It is not said what the columns mean: {names[:200]}.")


@dataclass(frozen=True, slots=True)
class LayoutReader:
    """How the rows of one layout are told from others and read, both by `names.canonical` names. `read` raises `Unusable`."""

    fits: Callable[[Mapping[str, object]], bool]
    read: Callable[[int, Mapping[str, object]], Example]
    fields: tuple[str, ...]  # those that are looked at


def _has_turns(values: Mapping[str, object]) -> bool:
    name = first(values, DIALOGUES)
    if name is None:
        return exported.is_known(values)
    value = values[name]
    return name in ("messages", "conversations", "conversation", "chat_messages") or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict | str)
    )


def _turns_say_from(values: Mapping[str, object]) -> bool:
    name = first(values, DIALOGUES)
    turns = values[name] if name else None
    return isinstance(turns, list) and bool(turns) and isinstance(turns[0], dict) and "from" in turns[0]


_COMMON = ("system", "history", "reasoning", "tools", "functions", "toolconfig", *WEIGHING)
LAYOUTS: dict[Layout, LayoutReader] = {  # the first that fits
    "preference": LayoutReader(preferences.is_preference, _preference, preferences.FIELDS),
    "contents": LayoutReader(
        lambda values: isinstance(values.get("contents"), list),
        _contents,
        ("contents", "systeminstruction", "system_instruction", "tools", *WEIGHING),
    ),
    "sharegpt": LayoutReader(_turns_say_from, _messages, (*DIALOGUES, *_COMMON)),
    "messages": LayoutReader(
        _has_turns, _messages, (*DIALOGUES, "mapping", "current_node", "prompt", "chat", "data", *_COMMON)
    ),
    "choice": LayoutReader(choices.is_choice, _choice, choices.FIELDS),
    "alpaca": LayoutReader(
        lambda values: "instruction" in values and first(values, OUTPUTS) is not None,
        _alpaca,
        ("instruction", "input", "context", *_COMMON, *OUTPUTS),
    ),
    "prompt-completion": LayoutReader(
        lambda values: "prompt" in values and first(values, COMPLETIONS) is not None,
        _prompt_completion,
        ("prompt", *_COMMON, *COMPLETIONS),
    ),
    "text": LayoutReader(
        lambda values: _text_field(values) is not None, _plain, ("text", "content", "body", "article", "document")
    ),
    "glaive": LayoutReader(lambda values: "chat" in values, _glaive, ("chat", "system")),
    "columns": LayoutReader(lambda values: True, _unmapped, ()),
}


MIXED: tuple[Layout, ...] = ("contents", "sharegpt", "messages", "choice", "alpaca", "prompt-completion")
"""Layouts whose rows may stand beside each other, as in several files at once: all of them teach an answer."""


def reader_of(layout: Layout, values: Mapping[str, object]) -> LayoutReader:
    """What reads a row of a file in which most have this layout: its own where it is another one for certain."""
    own = layout if layout not in MIXED or LAYOUTS[layout].fits(values) else _layout_of(values)
    return LAYOUTS[own if own in MIXED else layout]


def _layout_of(values: Mapping[str, object]) -> Layout:
    return next(layout for layout, reader in LAYOUTS.items() if reader.fits(values))

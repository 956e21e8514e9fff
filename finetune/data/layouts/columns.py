"""Tables whose columns mean a task: by a person's mapping, else by names that say what they are."""

import re
from collections.abc import Mapping, Sequence

from chatbot.common.errors import InputError
from finetune.data.examples import Columns, Turn
from finetune.data.layouts.names import canonical, canonical_row, is_missing
from finetune.data.layouts.parts import Unusable, content, needed
from finetune.data.layouts.tools import calls_in, tools_of
from finetune.data.layouts.turns import read_history, turns_in

PROMPTS = ("question", "query", "instruction", "prompt", "input", "problem", "ask", "user", "human", "q")
ANSWERS = (
    "answer",
    "response",
    "output",
    "completion",
    "answers",
    "reply",
    "solution",
    "canonical_solution",
    "assistant",
    "gpt",
    "bot",
    "a",
)
CONTEXTS = ("context", "passage", "background", "support")
TEXTS = ("text", "sentence", "review", "content", "comment", "comment_text", "tweet", "headline", "utterance", "message",
         "body", "post", "description", "article", "document", "title", "input")  # fmt: skip
LABELS = ("label", "sentiment", "category", "class", "intent", "emotion", "topic", "labels", "label_text", "polarity",
          "rating", "stars")  # fmt: skip
TWO = (("premise", "hypothesis"), ("sentence1", "sentence2"), ("question1", "question2"), ("text_a", "text_b"),
       ("text1", "text2"), ("sentence_a", "sentence_b"))  # fmt: skip
PAIRS = (
    ("source", "target"),
    ("input", "target"),
    ("article", "highlights"),
    ("document", "summary"),
    ("dialogue", "summary"),
    ("article", "summary"),
    ("source", "summary"),
    ("content", "summary"),
    ("text", "summary"),
    ("text", "code"),
    ("abstract", "title"),
    ("article", "headline"),
)
ALSO = ("system", "history", "reasoning")  # read with any mapping, where they say something
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def suggestion(names: Sequence[str]) -> Columns | None:
    """A mapping for columns whose names say what they are; None when a person must choose."""
    own = {canonical(name): name for name in reversed(names)}
    found = _two(own) or _question(own) or _pair(own) or _labelled(own)
    if found is None:
        return None
    prompt, completion = found
    return Columns("\n\n".join(f"{{{own[name]}}}" for name in prompt), f"{{{own[completion]}}}", given=False)


def _two(own: Mapping[str, str]) -> tuple[list[str], str] | None:
    label = next((name for name in (*LABELS, "is_duplicate", "score", "similarity_score") if name in own), None)
    pair = next((pair for pair in TWO if set(pair) <= own.keys()), None)
    return ([*pair], label) if pair and label else None


def _question(own: Mapping[str, str]) -> tuple[list[str], str] | None:
    prompt = next((name for name in PROMPTS if name in own), None)
    answer = next((name for name in ANSWERS if name in own and name != prompt), None)
    if prompt is None or answer is None:
        return None
    context = [name for name in CONTEXTS if name in own][:1]
    return [*context, prompt], answer


def _pair(own: Mapping[str, str]) -> tuple[list[str], str] | None:
    return next((([prompt], completion) for prompt, completion in PAIRS if {prompt, completion} <= own.keys()), None)


def _labelled(own: Mapping[str, str]) -> tuple[list[str], str] | None:
    text = next((name for name in TEXTS if name in own), None)
    label = next((name for name in LABELS if name in own and name != text), None)
    if text is None or label is None:
        return None
    title = ["title"] if "title" in own and text != "title" else []
    return [*title, text], label


def proposal(names: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Columns | None:
    """What a person is offered where the names say nothing: the longest text asks, and the next one answers, or what
    looks like a label."""
    texts = {name: [text for row in rows if (text := _sample(row.get(name)))] for name in names}
    sizes = {name: sum(map(len, found)) / len(found) for name, found in texts.items() if len(found) * 2 > len(rows)}
    asked = [name for name in sizes if not canonical(name).endswith("id") and canonical(name) != "index"]
    if len(asked) < 2:
        return None
    longest = max(asked, key=lambda name: sizes[name])
    rest = [name for name in asked if name != longest]
    labels = [name for name in rest if 1 < len(set(texts[name])) <= max(2, len(texts[name]) // 4)]
    answer = labels[0] if labels else max(rest, key=lambda name: sizes[name])
    first, second = (longest, answer) if labels else sorted((longest, answer), key=list(names).index)
    return Columns(f"{{{first}}}", f"{{{second}}}")


def _sample(value: object) -> str:
    """What a cell holds for whoever looks for texts and labels; a measurement is neither."""
    if isinstance(value, list) and value:
        value = value[0]
    return str(value) if isinstance(value, str | int) else ""


def check_columns(columns: Columns, names: Sequence[str]) -> None:
    """Raises `InputError` when a template names a column that is not there."""
    for name in (*names_in(columns), *([columns.label_column] if columns.label_column else [])):
        if name not in names:
            known = ", ".join(names)[:300]
            raise InputError(
                f"There is no column {name[:80]!r} in the file. It has {known}.",
                kind="map_column",
                column=name[:80],
                known=known,
            )


def mapped(values: Mapping[str, object], columns: Columns) -> list[Turn] | str:
    """One row through the mapping. Raises `Unusable`."""
    named = _named(values, columns)
    if columns.text:
        return needed(_filled(columns.text, named), "empty_text", "text")
    asked = turns_in(_alone(columns.prompt, named), "prompt")
    if not asked:
        _require_asked(columns.prompt, named)
        asked = [Turn("user", _filled(columns.prompt, named).strip())]
    also = _also(values, columns)
    system = _filled(columns.system, named) if columns.system else content(also.get("system"), "system")
    turns = [Turn("system", system)] if system.strip() else []
    return [*turns, *read_history(also.get("history")), *asked, *_answered(values, named, columns, also)]


def _named(values: Mapping[str, object], columns: Columns) -> dict[str, object]:
    """The row with the names that its labels were given."""
    if not columns.label_column:
        return dict(values)
    labels, value = dict(columns.labels), _value(values, columns.label_column).strip()
    if value not in labels:
        raise Unusable("unknown_label", f"{columns.label_column} is {value[:80]!r}, which has no name.")
    return {**values, columns.label_column: labels[value]}


def _require_asked(template: str, named: Mapping[str, object]) -> None:
    """A context alone asks nothing."""
    asked = _names_of(template)
    asked = [name for name in asked if canonical(name) not in CONTEXTS] or asked
    if asked and not any(_value(named, name).strip() for name in asked):
        raise Unusable("empty_prompt", "The columns of the prompt are empty.")


def _answered(
    values: Mapping[str, object], named: Mapping[str, object], columns: Columns, also: Mapping[str, object]
) -> list[Turn]:
    """The answer; where its column holds turns of the assistant, or calls of the row's tools, these."""
    whole, thought = _alone(columns.completion, named), content(also.get("reasoning"), "reasoning").strip()
    if turns := turns_in(whole, "completion"):
        return turns
    if tools_of(canonical_row(values)) and (calls := calls_in(whole)):
        return [Turn("assistant", "", calls, thought)]
    return [Turn("assistant", _filled(columns.completion, named).strip(), thought=thought)]


def _alone(template: str, values: Mapping[str, object]) -> object:
    """The cell that a template consists of; None where there is more to it."""
    names = _names_of(template)
    return values.get(names[0]) if len(names) == 1 and template.strip() == f"{{{names[0]}}}" else None


def _also(values: Mapping[str, object], columns: Columns) -> dict[str, object]:
    used = set(names_in(columns))
    return {
        plain: value
        for name, value in values.items()
        if (plain := canonical(str(name))) in ALSO and name not in used and not is_missing(value)
    }


def names_in(columns: Columns) -> list[str]:
    """The columns that the templates name."""
    return [n for t in (columns.prompt, columns.completion, columns.system, columns.text) for n in _names_of(t)]


def _names_of(template: str) -> list[str]:
    return [found[1] for found in _PLACEHOLDER.finditer(template) if found[1] is not None]


def _filled(template: str, values: Mapping[str, object]) -> str:
    """The template with values in it; what the values contain is never looked at again."""
    braces = {"{{": "{", "}}": "}"}
    return _PLACEHOLDER.sub(lambda found: braces.get(found[0]) or _value(values, found[1]), template)


def _value(values: Mapping[str, object], name: str) -> str:
    """A cell as text. Of several answers the first counts; several labels stand together."""
    if name not in values:
        raise Unusable("missing_field", f"The row has no field {name[:80]}.")
    value = values[name]
    if isinstance(value, Mapping):  # SQuAD's and TriviaQA's answers
        value = next((value[key] for key in ("text", "value") if key in value), value)
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        answers = canonical(name) in ("answer", "answers") or len(value) < 2
        value = (value or [""])[0] if answers else ", ".join(map(str, value))
    return content(value, name[:80])

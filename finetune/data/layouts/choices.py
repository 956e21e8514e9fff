"""Multiple choice: the question with its choices is the prompt, the right choice the answer."""

import re
from collections.abc import Mapping
from string import ascii_uppercase

from finetune.data.examples import Turn
from finetune.data.layouts.names import canonical, first, is_missing
from finetune.data.layouts.parts import Unusable, content, needed, value_in

QUESTIONS = ("question", "question_stem", "stem", "ctx", "query", "goal", "sentence", "premise", "input", "prompt")
LISTS = ("choices", "options", "endings")
KEYS = ("answer_key", "answer", "label", "correct_answer", "correct", "target", "gold")
CONTEXTS = ("context", "passage", "article", "support", "story")
FAMILIES = (  # columns that hold one choice each, and the number of the first in a key that is a number
    (re.compile(r"[a-h]"), 0),
    (re.compile(r"op[a-h]"), 0),
    (re.compile(r"(?:option|choice)[_ ]?[a-h]"), 0),
    (re.compile(r"answer[_ ]?[a-e]"), 1),
    (re.compile(r"option[_ ]?\d"), 1),
    (re.compile(r"(?:choice|sol|ending|hyp)[_ ]?\d"), 0),
)
FIELDS = (*QUESTIONS, *LISTS, *KEYS, *CONTEXTS)
_LETTERED = re.compile(r"(?:^|(?<=\s))\(?([A-Z])[.):：、）]\s*")


def is_choice(values: Mapping[str, object]) -> bool:
    if first(values, QUESTIONS) is None or first(values, KEYS) is None:
        return False
    return first(values, LISTS) is not None or _family(values) is not None or "distractor1" in values


def choice_fields(names: list[str]) -> tuple[str, ...]:
    """The columns that hold one choice each."""
    return tuple(_family(dict.fromkeys(names)) or ()) + tuple(n for n in names if n.startswith("distractor"))


def read_choice(values: Mapping[str, object]) -> list[Turn]:
    """The prompt lists the choices under letters; the answer is the letter and the choice."""
    name = first(values, QUESTIONS)
    assert name
    question = needed(content(values[name], name), "empty_prompt", "question")
    labels, texts, base = _choices(values)
    right = _right(values, labels, texts, base)
    context = next((content(values[key], key) for key in CONTEXTS if not is_missing(values.get(key))), "")
    listed = "\n".join(f"{letter}. {text}" for letter, text in zip(ascii_uppercase, texts, strict=False))
    prompt = "\n\n".join(filter(None, (context.strip(), question.strip(), listed)))
    return [Turn("user", prompt), Turn("assistant", f"{ascii_uppercase[right]}. {texts[right]}")]


def _choices(values: Mapping[str, object]) -> tuple[list[str], list[str], int]:
    """Labels of the choices, their texts, and what a number as key counts from."""
    if "distractor1" in values:
        texts = [content(values[n], n) for n in sorted(values) if n.startswith("distractor")]
        texts = sorted({*texts, content(values.get("correct_answer"), "correct_answer")})
        return [], texts, 0
    if name := first(values, LISTS):
        return *_listed(values[name], name), 0
    family = _family(values)
    assert family
    base = next(base for pattern, base in FAMILIES if pattern.fullmatch(family[0]))
    kept = [(key, text) for key in family if (text := content(values[key], key).strip())]
    return [key for key, _ in kept], [text for _, text in kept], base


def _listed(value: object, name: str) -> tuple[list[str], list[str]]:
    if isinstance(value, str):
        try:
            found = value_in(value)
        except ValueError:
            found = _parted(value)
        value = found
    if isinstance(value, Mapping):
        texts = value.get("text")
        if isinstance(texts, list):
            return [str(one) for one in value.get("label", [])], [content(one, name) for one in texts]
        return [str(key) for key in value], [content(one, name) for one in value.values()]
    if not isinstance(value, list) or not 1 < len(value) <= len(ascii_uppercase):
        raise Unusable("no_choice", f"{name} must be a list of choices.")
    if all(isinstance(one, Mapping) and "text" in one for one in value):
        return [str(one.get("label", "")) for one in value], [content(one["text"], name) for one in value]
    texts = [content(one, name).strip() for one in value]
    heads = [_LETTERED.match(text) for text in texts]
    if all(head and head[1] == letter for head, letter in zip(heads, ascii_uppercase, strict=False)):
        return [], [text[head.end() :] for text, head in zip(texts, heads, strict=True) if head]
    return [], texts


def _parted(text: str) -> list[str]:
    """The choices of a text that lists them under A, B, C."""
    heads = list(_LETTERED.finditer(text))
    if [head[1] for head in heads] != list(ascii_uppercase[: len(heads)]):
        return []
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [text[head.end() : end].strip(" \t\r\n;；,，") for head, end in zip(heads, ends, strict=True)]


def _right(values: Mapping[str, object], labels: list[str], texts: list[str], base: int) -> int:
    """Which choice is right: said by its label, letter, number or text."""
    for name in KEYS:
        key = values.get(name)
        plain = content(key, name).strip()
        if plain in labels or canonical(plain) in labels:
            return labels.index(plain if plain in labels else canonical(plain))
        if plain in texts:
            return texts.index(plain)
        head = _LETTERED.match(plain)
        letter = head[1] if head else plain.strip("().").upper()
        if len(letter) == 1 and letter in ascii_uppercase[: len(texts)]:
            return ascii_uppercase.index(letter)
        if plain.lstrip("-").isdecimal() and 0 <= int(plain) - base < len(texts):
            return int(plain) - base
    raise Unusable("no_choice", "The row does not say which of its choices is right.")


def _family(values: Mapping[str, object]) -> list[str] | None:
    for pattern, _ in FAMILIES:
        found = sorted(name for name in values if pattern.fullmatch(name))
        if len(found) > 1:
            return found
    return None

"""What may be wrong with a translated segment, found without knowing either language well."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.tasks.language import detect, same
from chatbot.tasks.translate.files.marked import PLACEHOLDER, Segment, bare, is_language, words
from chatbot.tasks.translate.formality import Formality, other_form
from chatbot.tasks.translate.losses import (
    dropped_emoji,
    drops_negation,
    in_words,
    is_worded,
    other_months,
    scale,
    untranslated,
    without_times,
)
from chatbot.tasks.translate.prompt import occurring, stands_inflected
from retrieval.checks.numbers import numbers

Code = Literal[
    "empty", "cut", "repeats", "language", "unchanged", "number", "term", "length", "pieces", "failed", "added", "negation",
    "emoji", "untranslated", "formality",
]  # fmt: skip

_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f'’ ]\d{3})*(?:[.,]\d+)?")
_FRACTION = re.compile(r"[.,](\d{1,2})\Z")
_BELOW_ONE = re.compile(r"0[.,]")
_PERIODS = range(3, 121)  # characters of what a loop says again
_WORTH = 2.5  # letters of an alphabet that a Han character, kana or Hangul syllable is worth
_RATIO = 3.5  # of letters, beyond which something was left out or made up
_LONG = 40  # letters from which a ratio means anything


@dataclass(frozen=True, slots=True)
class Flag:
    """A warning as data. `details`: the number, term or language that it is about."""

    code: Code
    details: str = ""


def check(
    segment: Segment,
    target: str,
    code: str,
    glossary: Mapping[str, str] | None = None,
    *,
    source_code: str = "en",
    formality: Formality = "",
) -> list[Flag]:
    """Flags of a translation from `source_code` into the language `code`. Both are marked text."""
    source, found = words(segment), bare(target)
    if not is_language(source):
        return []
    if not any(map(str.isalpha, PLACEHOLDER.sub(" ", words(replace(segment, text=target))))):
        return [Flag("empty")]
    flags = [Flag("repeats")] if loops(found) and not loops(source) else []
    flags += _language(source, found, code)
    flags += [Flag("number", number) for number in lost_numbers(bare(segment.text), found)]
    flags += _lost(source, words(replace(segment, text=target)), source_code, code, flags)
    for term, meant in occurring(source, glossary or {}).items():
        if meant.casefold() not in found.casefold() and not stands_inflected(meant, found):
            flags.append(Flag("term", f"{term} = {meant}" if meant != term else term))
    flags += addressed(segment, target, code, formality)
    size, length = _letters(source), _letters(found)
    if size >= _LONG and not size / _RATIO <= length <= size * _RATIO and not flags:
        flags.append(Flag("length"))
    return flags


def addressed(segment: Segment, target: str, code: str, formality: Formality) -> list[Flag]:
    """Whether it speaks to its reader in another form than was asked for."""
    other = other_form(words(segment), words(replace(segment, text=target)), code, formality)
    return [Flag("formality", other)] if other else []


def _lost(source: str, found: str, source_code: str, code: str, told: list[Flag]) -> list[Flag]:
    """What a reader of the translation would not know of."""
    source, found = PLACEHOLDER.sub(" ", source), PLACEHOLDER.sub(" ", found)
    flags = [Flag("emoji", sign) for sign in dict.fromkeys(dropped_emoji(source, found))]
    if any(flag.code in ("language", "unchanged", "repeats") for flag in told):
        return flags
    if drops_negation(source, found, source_code, code):
        flags.append(Flag("negation"))
    if not same(source_code, code) and (left := untranslated(source, found, source_code, code)):
        flags.append(Flag("untranslated", left))
    return flags


def loops(text: str) -> bool:
    """Whether it ends in the same words four times over, as models do that are lost."""
    text = text.rstrip()
    return any(
        text.endswith(text[-n:] * 4) and any(map(str.isalpha, text[-n:])) for n in _PERIODS if len(text) >= 4 * n
    )


def lost_numbers(source: str, target: str) -> list[str]:
    """Numbers of the source that are not in the target, whatever separators and digits (١٢, １２) each writes, and whether in
    digits or, where they can be read, in words: three, 三, 300万."""
    source, target = without_times(PLACEHOLDER.sub(" ", source), target)
    there = Counter(map(_written, _NUMBER.findall(target)))
    run = "".join(_digits(c) for c in target if c.isdecimal())
    meant = {at: value for start, end, value in _valued(source) for at in range(start, end)}
    values = Counter(value for _, _, value in _valued(target))
    spoken: Counter[str] = Counter()  # said in words, and counted already
    lost = other_months(source, target)
    for found in _NUMBER.finditer(source):
        digits, value = _digits(found[0]), meant.get(found.start(), math.nan)
        worth, other = scale(source, found.end()), _scaled(target, digits)
        if worth > 1 and values[value] < 1 and len(other) == 1 and not other & {1.0, worth}:
            lost.append(found[0])
        elif there[_written(found[0])]:
            there[_written(found[0])] -= 1
            values[value] -= 1
        elif values[value] > 0:
            values[value] -= 1
            spoken[digits] += 1
        elif is_worded(digits) and in_words(int(digits), target, source) > spoken[digits]:
            spoken[digits] += 1
        elif len(digits) < 3 or digits not in run:
            lost.append(found[0])
    return lost


def _valued(text: str) -> Iterator[tuple[int, int, float]]:
    """(start, end, value) of its numbers, with words such as bn and Mrd. behind them."""
    for number in numbers(text):
        yield number.start, number.end, round(number.value * scale(text, number.end), 6)


def _scaled(text: str, digits: str) -> set[float]:
    """What the numbers of these digits are worth there, by the words behind them such as million; without such a word 1."""
    return {scale(text, found.end()) for found in _NUMBER.finditer(text) if _digits(found[0]) == digits}


def _written(number: str) -> str:
    """Its digits, with a point where one or two of them are a fraction: 4.7 is not 47."""
    digits, fraction = _digits(number), _FRACTION.search(number)
    return f"{digits[: -len(fraction[1])]}.{fraction[1]}" if fraction else digits


def _digits(number: str) -> str:
    """Without separators, and without a zero before it: 03 is 3, and 0.5 is not 5."""
    found = "".join(str(unicodedata.decimal(c)) for c in number if c.isdecimal())
    return found if _BELOW_ONE.match(number) else found.lstrip("0") or found[:1]


def _language(source: str, found: str, code: str) -> list[Flag]:
    told = detect(PLACEHOLDER.sub(" ", found))
    if told.sure and told.language and not same(told.language, code):
        return [Flag("language", told.language)]
    if len(source.split()) >= 4 and " ".join(source.split()).casefold() == " ".join(found.split()).casefold():
        return [Flag("unchanged")]
    return []


def _letters(text: str) -> float:
    return sum(_WORTH if "\u3040" <= c <= "\ud7af" else 1.0 for c in text if c.isalpha())

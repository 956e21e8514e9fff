"""Which language a text is in, and how sure that is: langdetect with a fixed seed, held to what the script says.

A script that one language uses decides by itself, so Chinese, Japanese and Korean are never guessed; simplified and traditional
characters are told apart by the national character sets they stand in (GB 2312, Big5). Galician, Malay, Irish and others that
langdetect was never shown come out as a neighbour: `LANGUAGES` lists what can be told.
"""

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from chatbot.common.languages import guesses
from chatbot.tasks.language_names import NAMES

LANGUAGES: tuple[str, ...] = tuple(NAMES)
"""Codes that `detect` may give, "zh" among them for Chinese whose characters are in both standards."""

SURE = 0.97  # confidence below which no language is sure
ENOUGH = 4  # letters of a script that is one language's own, or Han characters, below which nothing is sure
DOUBT = 7  # letters of a shared alphabet in which the doubt about a guess falls to 1/e
PIECE, PIECES = 240, 9  # characters and number of the pieces that a long text is judged by
SHARE = 0.3  # of the letters in a second script, from which a text counts as mixed

_OWN = {  # scripts that one of the languages uses
    "HANGUL": "ko", "GREEK": "el", "HEBREW": "he", "THAI": "th", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn",
    "MALAYALAM": "ml", "GUJARATI": "gu", "GURMUKHI": "pa", "GEORGIAN": "ka", "ARMENIAN": "hy", "KHMER": "km", "LAO": "lo",
    "MYANMAR": "my", "SINHALA": "si", "ETHIOPIC": "am",
}  # fmt: skip
_TELLING = {"be": "ўЎ", "kk": "қғұҚҒҰ", "sr": "ћђЋЂ"}  # letters of Cyrillic languages that langdetect was never shown
_KANA = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})
_WEIGHT = {
    "CJK": 3.0,
    "HIRAGANA": 1.5,
    "KATAKANA": 1.5,
    "HANGUL": 2.0,
}  # what a character says, in letters of an alphabet


@dataclass(frozen=True, slots=True)
class Detected:
    """`language` is None when there is no letter. Not `sure`: too short, mixed, or two languages are about as likely.

    `confidence` is 1 where a script decides, else langdetect's probability less a doubt for short text, times the share of the
    letters in that script; `alternatives` are the other languages that it may be, with theirs.
    """

    language: str | None
    confidence: float = 0.0
    sure: bool = False
    alternatives: tuple[tuple[str, float], ...] = ()


def detect(text: str) -> Detected:
    """The language of `text`; a long one is judged by pieces from all over it. The same text always gives the same."""
    pieces = [_judge(piece) for piece in _pieces(text)]
    told = [(one, letters) for one, letters in pieces if one.language]
    if not told:
        return Detected(None)
    if len(told) == 1:
        return told[0][0]
    return _together(told)


def name_of(code: str) -> str:
    """What the language is called in English; the code itself when it is not known."""
    return NAMES.get(code, code)


def primary(code: str) -> str:
    """ "zh" for "zh-hant"."""
    return code.partition("-")[0]


def same(one: str, other: str) -> bool:
    """Whether both name one language; "zh" agrees with both of its scripts, and these not with each other."""
    return one == other or (primary(one) == primary(other) and "zh" in (one, other))


def _pieces(text: str) -> list[str]:
    if len(text) <= PIECE * 2:
        return [text]
    count = min(PIECES, len(text) // PIECE)
    step = len(text) / count
    return [text[int(n * step) : int(n * step) + PIECE] for n in range(count)]


def _together(told: list[tuple[Detected, int]]) -> Detected:
    """One judgement of many: each piece counts by its letters, and unsure ones for all that they may be."""
    weights: Counter[str] = Counter()
    total = 0
    for one, letters in told:
        assert one.language
        total += letters
        for language, confidence in ((one.language, one.confidence), *one.alternatives):
            weights[language] += confidence * letters  # type: ignore[assignment]  # a Counter adds floats as well
    _settle_chinese(weights)
    (best, weight), *others = weights.most_common()
    confidence = min(1.0, weight / total)
    rest = tuple((language, w / total) for language, w in others if w / total >= 0.05)
    return Detected(best, confidence, confidence >= SURE, rest)


def _settle_chinese(weights: Counter[str]) -> None:
    """Pieces that hold no telling character join those that do."""
    variants = [code for code in ("zh-hans", "zh-hant") if weights[code]]
    if len(variants) == 1 and weights["zh"]:
        weights[variants[0]] += weights.pop("zh")


def _judge(text: str) -> tuple[Detected, int]:
    """(judgement, letters) of one piece."""
    scripts = Counter(_script(c) for c in text if c.isalpha() or unicodedata.category(c) in ("Mn", "Mc"))
    del scripts["COMBINING"]  # accents that belong to no script
    letters = scripts.total()
    if not letters:
        return Detected(None), 0
    groups = _groups(scripts)
    (script, weight), *others = groups.most_common()
    share = weight / groups.total()
    one = _of_script(script, text, scripts)
    if others and 1 - share >= SHARE:
        second = _of_script(others[0][0], text, scripts)
        extra = ((second.language, 1 - share),) if second.language and second.language != one.language else ()
        one = Detected(one.language, one.confidence * share, False, (*one.alternatives, *extra))
    return one, letters


def _groups(scripts: Counter[str]) -> Counter[str]:
    """Letters by script, weighted; kana and Han count as one, and Hangul takes the Han beside it along."""
    groups: Counter[str] = Counter()
    for script, count in scripts.items():
        group = "CJK" if script in _KANA else script
        groups[group] += count * _WEIGHT.get(script, 1.0)  # type: ignore[assignment]
    return groups


def _of_script(script: str, text: str, scripts: Counter[str]) -> Detected:
    if script == "CJK":
        return _chinese_or_japanese(text, scripts)
    if script in _OWN:
        return Detected(_OWN[script], 1.0, scripts[script] >= ENOUGH)
    telling = {code: sum(text.count(c) for c in letters) for code, letters in _TELLING.items()}
    code, count = max(telling.items(), key=lambda pair: pair[1])
    if script == "CYRILLIC" and count:
        return Detected(code, 1.0, scripts[script] >= ENOUGH)
    return _guess(text, scripts[script])


def _chinese_or_japanese(text: str, scripts: Counter[str]) -> Detected:
    kana = sum(scripts[script] for script in _KANA)
    share = kana / (kana + scripts["CJK"])
    if share >= 0.1:
        return Detected("ja", 1.0, True)
    kinds = Counter(_standard(c) for c in text if _script(c) == "CJK")
    chinese = _variant(kinds["simplified"], kinds["traditional"])
    if share > 0.02 or kinds["japanese"] > kinds["simplified"]:
        return Detected(
            "ja" if kinds["japanese"] else chinese, 0.5, False, ((chinese if kinds["japanese"] else "ja", 0.5),)
        )
    enough = scripts["CJK"] >= ENOUGH
    return Detected(chinese, 1.0 if enough else 0.7, enough, () if enough else (("ja", 0.3),))


def _variant(simplified: int, traditional: int) -> str:
    share = simplified / max(1, simplified + traditional)
    if simplified + traditional == 0 or 0.2 < share < 0.8:
        return "zh"
    return "zh-hans" if share >= 0.8 else "zh-hant"


def _guess(text: str, letters: int) -> Detected:
    """langdetect's opinion. On a few words it is often certain and wrong: of its certain guesses on XQuAD and Tatoeba 12.5 % were
    wrong at 10 to 20 letters, 4.1 % at 20 to 30, 0.4 % at 30 to 40 and 0.1 % beyond. `DOUBT` follows that."""
    found = guesses(text)
    if not found:
        return Detected(None)
    known = 1 - math.exp(-letters / DOUBT)
    (language, confidence), *others = [(_code(lang), probability * known) for lang, probability in found]
    return Detected(language, confidence, confidence >= SURE, tuple(others))


def _code(lang: str) -> str:
    return {"zh-cn": "zh-hans", "zh-tw": "zh-hant"}.get(lang, lang)


@lru_cache(4096)
def _script(letter: str) -> str:
    return (
        unicodedata.name(letter, "UNKNOWN")
        .split(" ", 1)[0]
        .replace("FULLWIDTH", "LATIN")
        .replace("HALFWIDTH", "KATAKANA")
    )


@lru_cache(8192)
def _standard(character: str) -> Literal["simplified", "traditional", "japanese", "both"]:
    """Which writing a Han character belongs to, by the character sets of mainland China, Taiwan and Japan."""
    simplified, traditional, japanese = (_encodes(character, name) for name in ("gb2312", "big5", "euc_jp"))
    if simplified != traditional:
        return "simplified" if simplified else "traditional"
    return "japanese" if japanese and not simplified else "both"


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True

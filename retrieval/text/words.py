"""Text as tokens with character offsets: stems for spaced scripts, single characters for scripts without spaces."""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any

import snowballstemmer  # type: ignore[import-untyped]

from retrieval.text.stopwords import CODES, FUNCTION_CHARACTERS, STOPWORDS

_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0962\u0963"
_DENSE = "\u0e00-\u0e4e\u0e80-\u0ece\u1000-\u109f\u1780-\u17d3\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_DENSE_CHARACTER = re.compile(f"[{_DENSE}々〇\U00020000-\U0003ffff]")
_TOKEN = re.compile(
    r"(?P<number>\d(?:[\d,.\u00a0\u202f٬٫]*\d)?[½¼¾]?|[½¼¾])"
    f"|(?P<dense>[{_DENSE}々〇\U00020000-\U0003ffff])"
    f"|(?P<word>(?:(?![{_DENSE}々〇])[^\\W\\d_]|[{_MARKS}])+(?:['’](?:(?![{_DENSE}])[^\\W\\d_])+)*)"
)
TELLING = 2
"""So many function words make a short text foreign: of 4,000 English ones none ("Explain La Niña" has one), of XQuAD's in
German, Spanish, Romanian and Vietnamese 84 to 93 %."""
LETTERS = 4
"""Of an alphabet, for a Chinese character: so a question with a foreign name in it, 谁是 Woodrow Wilson？, stays Chinese."""
LOOK = 300
"""Characters of a text by which its script is told."""
_STEMMING = Lock()  # a Snowball stemmer keeps its word in itself


@dataclass(frozen=True, slots=True)
class Token:
    """`text[start:end]`, folded (`form`) and stemmed (`stem`). `run` numbers stretches of a script without spaces."""

    start: int
    end: int
    form: str
    stem: str
    number: bool = False
    dense: bool = False
    capital: bool = False
    stop: bool = False
    run: int = -1


def fold(text: str) -> str:
    """NFKC, casefolded, straight apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


@lru_cache(maxsize=256)
def language(text: str) -> str:
    """The language whose function words are most frequent in `text`, English when none is: which stemmer to use.

    A guess about spelling, not about what a person speaks: closely related languages may be confused.
    """
    counts = function_words(text[:4000])
    return max(STOPWORDS, key=lambda name: counts[CODES[name]])


def function_words(text: str) -> dict[str, int]:
    """How many words of `text` carry grammar in each of the languages that `STOPWORDS` has, by ISO 639-1 code."""
    forms = [fold(match.group()) for match in _TOKEN.finditer(text) if match.lastgroup == "word"]
    return {CODES[name]: sum(form in words for form in forms) for name, words in STOPWORDS.items()}


def of_another(text: str, known: Container[str]) -> bool:
    """Whether the function words of `text` are of none of the `known` languages (ISO 639-1), in doubt not."""
    counts = function_words(text)
    ours = max((count for code, count in counts.items() if code in known), default=0)
    return max(counts.values()) >= max(TELLING, ours + 1)


def foreign(question: str, text: str) -> bool:
    """Whether a question is asked in another language than `text` is written in: by script, else by function words."""
    if script(question) != script(text):
        return bool(script(question) and script(text))
    return of_another(question, {CODES[language(text)]})


def script(text: str) -> str:
    """Of most of its letters, by the first word of their Unicode names; those of Chinese and Japanese are one."""
    found = Counter(unicodedata.name(letter, "").split(" ", 1)[0] for letter in text[:LOOK] if letter.isalpha())
    for name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"):
        found["CJK"] += found.pop(name, 0)
    found["CJK"] *= LETTERS
    return found.most_common(1)[0][0] if found.total() else ""


@lru_cache(maxsize=1024)
def tokens(text: str, language: str = "english") -> tuple[Token, ...]:
    return tuple(_tokens(text, STOPWORDS[language], language))


def _tokens(text: str, stopwords: frozenset[str], language: str) -> Iterator[Token]:
    run, last = 0, -1
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match.lastgroup == "dense":
            form = match.group()
            run += start != last
            last = end
            yield Token(start, end, form, form, dense=True, stop=form in FUNCTION_CHARACTERS, run=run)
            continue
        form = fold(match.group())
        if match.lastgroup == "number":
            yield Token(start, end, form, form, number=True)
        else:
            base = form.removesuffix("'s").removesuffix("'")
            capital = match.group()[0].isupper()
            yield Token(
                start, end, form, stem(base, language), capital=capital, stop=not stopwords.isdisjoint((base, form))
            )


@lru_cache(maxsize=65536)
def stem(word: str, language: str = "english") -> str:
    """Snowball stem (Porter 2001), or the word itself where Snowball does not know the language."""
    if language not in snowballstemmer.algorithms():
        return word
    with _STEMMING:
        return str(_stemmer(language).stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(language)


def is_dense(text: str) -> bool:
    """Whether most letters belong to a script that is written without spaces."""
    letters = sum(character.isalpha() for character in text)
    return len(_DENSE_CHARACTER.findall(text)) * 2 > letters

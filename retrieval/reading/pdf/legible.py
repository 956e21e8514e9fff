"""Whether characters that a font gives no Unicode for say anything: their codes may be letters by luck, or numbers of glyphs."""

import unicodedata
from collections import Counter

_FEWEST = 20  # characters: fewer are bullets and signs
_CONTROLS = 0.03  # of the characters: the code of the space is one of them in a font whose codes are numbers of glyphs
_SCRIPT = 0.7  # of the letters belong to one script or its companions in honest text
_VOWELS = 0.2  # of Latin letters; English has 0.38, Polish 0.37, abbreviations in tables still 0.25
_VOWELS_OF_WORDS = 0.32  # where spaces are lost as well: each letter moved on by one has 0.26 in English
_COMPANIONS = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK", "GREEK": "LATIN", "FULLWIDTH": "LATIN"}


def is_gibberish(text: str) -> bool:
    """`text`: the characters without Unicode, in order."""
    seen = [letter for letter in text if not letter.isspace() or letter < " "]
    if len(seen) < _FEWEST:
        return False
    odd = sum(unicodedata.category(letter) in ("Cc", "Co", "Cn", "Cs") for letter in seen) > _CONTROLS * len(seen)
    latin = [letter.lower() for letter in seen if letter.isascii() and letter.isalpha()]
    if len(latin) > len(seen) / 2:
        vowels = sum(letter in "aeiouy" for letter in latin)
        return vowels < (_VOWELS_OF_WORDS if odd else _VOWELS) * len(latin)
    return odd or _is_mixed(seen)


def _is_mixed(seen: list[str]) -> bool:
    scripts = Counter(_script(letter) for letter in seen if letter.isalpha())
    return bool(scripts) and scripts.most_common(1)[0][1] < _SCRIPT * scripts.total()


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "NONE").split(" ", 1)[0].split("-", 1)[0]
    return _COMPANIONS.get(first, first)

"""Text as a person sees it: no invisible characters, no controls, no half surrogates, one kind of line end."""

import re
from dataclasses import dataclass

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_SILENT = re.compile(
    r"[\u00ad\u200e\u200f\ufeff]"
)  # soft hyphen, direction marks, byte order mark: usual in honest text
_BIDI = re.compile(r"[\u061c\u202a-\u202e\u2066-\u2069]")
# Zero width; joiners are spelling in Arabic and Indic scripts and part of emoji, not beside ASCII. Tags and the variation
# selectors from U+E0100 on can carry a whole message that no one sees.
_INVISIBLE = re.compile(
    r"[\u200b\u180e\u2060-\u2065\u206a-\u206f\U000e0000-\U000e0fff\u115f\u1160\u3164\uffa0]"
    r"|(?<=[\x00-\x7f])[\u200c\u200d]+|(?<![\u200c\u200d])[\u200c\u200d]++(?=[\x00-\x7f]|\Z)|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+"
)
SUSPECT = re.compile(r"[^\t\n -~\xa0-\xac\xae-\u0600\u3001-\u3163\u3165-\ud7ff]")
"""Text in which this finds nothing is clean already: the quick way for nearly every page."""


@dataclass(slots=True)
class Counts:
    invisible: int = 0
    bidi: int = 0


def clean(text: str, counts: Counts) -> str:
    """`text` without what is not for eyes; what that was is added to `counts`."""
    if not SUSPECT.search(text):
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _SILENT.sub("", _CONTROLS.sub(" ", text))
    text = _SURROGATES.sub("\ufffd", text)
    text, bidi = _BIDI.subn("", text)
    counts.bidi += bidi
    shown = _INVISIBLE.sub("", text)
    counts.invisible += len(text) - len(shown)
    return shown

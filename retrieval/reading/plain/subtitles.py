"""Subtitles (SubRip, WebVTT): what is said, with the time at which each paragraph of it begins."""

import re
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.pages import Pages
from retrieval.reading.plain.text import text_of

_CUE = re.compile(
    r"^(?P<start>(?:\d+:)?\d\d:\d\d)[.,]\d{1,3}[ \t]+-->[ \t]+(?:\d+:)?\d\d:\d\d[.,]\d{1,3}[^\n]*\n(?P<said>(?:[^\n]*\S[^\n]*(?:\n|\Z))*)",
    re.MULTILINE,
)
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_STYLE = re.compile(r"</?[a-z][^<>\n]*>|\{\\[^{}\n]*\}|<\d[\d:.]*>", re.IGNORECASE)
_PARAGRAPH = 400  # characters, about half a minute of speech
_END = re.compile(r"[.!?。！？…][\"'”’»」』]?\Z")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    text = text_of(path, pages)
    cues = [(found["start"], *_plain(found["said"])) for found in _CUE.finditer(text)]
    if not cues:
        for paragraph in text.split("\n\n"):
            pages.add(paragraph)
        return
    start, said, last, speaker = "", "", "", ""
    for begin, who, line in cues:
        if not line or line == last:  # captions that roll repeat the line above
            continue
        named = f"{who}: {line}" if who and (who != speaker or not said) else line
        start, said, last, speaker = start or begin, f"{said} {named}".strip(), line, who
        if len(said) >= _PARAGRAPH and (_END.search(said) or len(said) >= 3 * _PARAGRAPH):
            pages.add(f"[{start}] {said}")
            start, said = "", ""
    pages.add(f"[{start}] {said}" if said else "")


def _plain(said: str) -> tuple[str, str]:
    """Who speaks, where that is marked, and the words."""
    speaker = _SPEAKER.search(said)
    return speaker[1].strip() if speaker else "", " ".join(_STYLE.sub("", said).split())

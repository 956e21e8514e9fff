"""Lines of a text: joined where they were broken to a width, and broken again."""

import re
import textwrap

WIDTH, WIDTH_CJK = 42, 18
"""Characters of a line of subtitles: the usual limit of broadcasters and streaming services for Latin scripts, and for Chinese and Japanese."""
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")


def joined(text: str) -> str:
    """Lines that were broken to a width as one; Chinese and Japanese without a space between them."""
    whole = ""
    for line in map(str.strip, text.split("\n")):
        tight = not whole or (_CJK.match(whole[-1]) and _CJK.match(line[:1]))
        whole += line if tight else f" {line}"
    return whole


def broken(text: str, lines: int, width: int) -> str:
    """`text` over at most that many lines of about equal length, `width` characters where more are needed to hold it."""
    if lines < 2 or not text:
        return text
    goal = max(-(-len(text) // lines), min(width, 20))
    for most in range(goal, goal + 60, 2):
        found = filled(text, most)
        if len(found) <= lines:
            return "\n".join(found)
    return "\n".join(filled(text, max(width, goal)))


def filled(text: str, width: int) -> list[str]:
    """Lines of at most that many characters, a longer word by itself."""
    if is_cjk(text):
        return [text[at : at + width] for at in range(0, len(text), width)]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def is_cjk(text: str) -> bool:
    return len(_CJK.findall(text)) * 2 > len(text)

"""Where words that text recognition found lie on their picture."""

from typing import cast

from retrieval.types import Page

Share = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture's width and height."""


def shares(page: Page, start: int, end: int) -> list[Share]:
    """The boxes of characters `start` to `end` of a page that was recognised, one a stretch; none for another page.

    A stretch has one box for all of its characters: of a part of it, its width is divided among them.
    """
    told = (flag.details.get("marks", ()) for flag in page.warnings if flag.code == "ocr")
    marks = [mark for some in told for mark in cast(list[tuple[int, int, float, float, float, float]], some)]
    return [_part(*mark, max(start, mark[0]), min(end, mark[1])) for mark in marks if start < mark[1] and mark[0] < end]


def _part(begin: int, over: int, left: float, top: float, right: float, bottom: float, start: int, end: int) -> Share:
    width = (right - left) / (over - begin)
    return left + width * (start - begin), top, left + width * (end - begin), bottom

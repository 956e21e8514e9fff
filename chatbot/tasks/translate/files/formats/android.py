"""`strings.xml` of Android: strings, arrays and plurals; escapes as Android reads them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.formats.elements import Mixed
from chatbot.tasks.translate.files.formats.words import BACKSLASHED
from chatbot.tasks.translate.files.formats.xml import parsed, written
from chatbot.tasks.translate.files.opened import Opened

_OPENS = frozenset(
    ["b", "i", "u", "a", "annotation", "big", "small", "font", "strike", "sub", "sup", "tt", "em", "strong"]
)
_REFERENCE = re.compile(r"\s*(?:@(?:\+|\w+:)?\w+(?:/[\w.]+)?|\?(?:\w+:)?[\w.]+(?:/[\w.]+)?)\s*")
_BARE = re.compile(r"(?<!\\)(['\"])")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    data = path.read_bytes()
    root = parsed(data, name)
    if root.tag != "resources":
        raise RejectedFile("unsupported", name=name, found=f"XML of the kind <{root.tag}>", readable="strings.xml")
    strings = [one for one in map(_String, _strings(root)) if one.text.segments]

    def write(targets: Sequence[str], code: str) -> bytes:
        changed = False
        for one, target in zip(strings, targets, strict=True):
            if target != one.text.segments[0].text:
                one.write(target)
                changed = True
        return written(root, data) if changed else data

    return Opened(".xml", tuple(one.text.segments[0] for one in strings), write)


class _String:
    """An element and its text, less the quotes that keep its spaces."""

    def __init__(self, element: Any) -> None:
        self._element, whole = element, element.text or ""
        self._quoted = len(whole) > 1 and whole[0] == whole[-1] == '"' and not len(element)
        if self._quoted:
            element.text = whole[1:-1]
        self.text = Mixed(element, _OPENS, BACKSLASHED)
        if self._quoted:
            element.text = whole

    def write(self, target: str) -> None:
        """A sign that would begin a reference is none."""
        self.text.write(self._element, _BARE.sub(r"\\\1", f"\\{target}" if target[:1] in ("@", "?") else target))
        if self._quoted:
            self._element.text = f'"{self._element.text}"'


def _strings(root: Any) -> Iterator[Any]:
    for element in root.iter("string", "item"):
        around = (element, *element.iterancestors())
        refers = not len(element) and _REFERENCE.fullmatch(element.text or "")
        if not refers and not any(one.get("translatable") == "false" for one in around):
            yield element

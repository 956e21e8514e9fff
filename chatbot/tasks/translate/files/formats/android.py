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
_BARE = re.compile(r"(?<!\\)(['\"])")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    data = path.read_bytes()
    root = parsed(data, name)
    if root.tag != "resources":
        raise RejectedFile("unsupported", name=name, found=f"XML of the kind <{root.tag}>", readable="strings.xml")
    strings = [(element, Mixed(element, _OPENS, BACKSLASHED)) for element in _strings(root)]
    strings = [(element, text) for element, text in strings if text.segments]

    def write(targets: Sequence[str], code: str) -> bytes:
        changed = False
        for (element, text), target in zip(strings, targets, strict=True):
            if target != text.segments[0].text:
                text.write(element, _BARE.sub(r"\\\1", target))
                changed = True
        return written(root, data) if changed else data

    return Opened(".xml", tuple(text.segments[0] for _, text in strings), write)


def _strings(root: Any) -> Iterator[Any]:
    for element in root.iter("string", "item"):
        around = (element, *element.iterancestors())
        quoted = (element.text or "").lstrip().startswith('"')
        if not quoted and not any(one.get("translatable") == "false" for one in around):
            yield element

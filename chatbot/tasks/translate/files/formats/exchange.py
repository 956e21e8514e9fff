"""XLIFF 1.2 and 2 (OASIS): the source stays, the target is filled in where there is none."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from chatbot.common.limited import Limits
from chatbot.tasks.language import primary
from chatbot.tasks.translate.files.formats.elements import Mixed
from chatbot.tasks.translate.files.formats.xml import as_text, only, parsed, written
from chatbot.tasks.translate.files.opened import Opened

_OPENS = frozenset(("g", "mrk", "pc"))
_DONE = frozenset(("translated", "final", "signed-off", "reviewed"))


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    data = path.read_bytes()
    root = parsed(data, name)
    units = [(unit, Mixed(only(unit, "source"), _OPENS)) for unit in _missing(root)]
    units = [(unit, source) for unit, source in units if source.segments]

    def write(targets: Sequence[str], code: str) -> bytes:
        changed = False
        for (unit, source), target in zip(units, targets, strict=True):
            if target != source.segments[0].text:
                source.write(_target(unit), target)
                changed = True
        if changed:
            _address(root, code)
        return written(root, data) if changed else data

    return Opened(PurePosixPath(name).suffix.lower(), tuple(source.segments[0] for _, source in units), write)


def _missing(root: Any) -> Iterator[Any]:
    for unit in root.iter("{*}trans-unit", "{*}segment"):
        off = any(part.get("translate") == "no" for part in (unit, *unit.iterancestors()))
        source, target = only(unit, "source"), only(unit, "target")
        if off or source is None or unit.get("state") in _DONE or unit.get("approved") == "yes":
            continue
        if target is None or not as_text(target) or (not len(target) and as_text(target) == as_text(source)):
            yield unit


def _address(root: Any, code: str) -> None:
    """The language of the targets, where the file names none or another one."""
    for element in (root, *root.iter("{*}file")):
        for source, target in (("source-language", "target-language"), ("srcLang", "trgLang")):
            if element.get(source) and primary(element.get(target, "").lower()) != primary(code):
                element.set(target, code)


def _target(unit: Any) -> Any:
    found = only(unit, "target")
    if found is None:
        source = only(unit, "source")
        found = unit.makeelement(source.tag.replace("source", "target"), {}, source.nsmap)
        found.tail = source.tail
        source.addnext(found)
        source.tail, found.tail = found.tail, source.tail
    elif found.get("state") in ("new", "needs-translation"):
        found.set("state", "translated")
    return found

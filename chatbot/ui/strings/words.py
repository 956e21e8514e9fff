"""Every visible string: the files beside this one, one a language. `{name}` is filled in by `text`.

What goes wrong, what long work is doing and what languages and kinds of files are called stands in English in the code, under
the keys `error.KIND`, `step.CODE`, `languages.CODE` and `kinds.KIND` in the files of the others.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from chatbot.common.step import Step
from chatbot.tasks.language import name_of, primary

Language: TypeAlias = str  # the name of its file
ENGLISH: Language = "en"
FOLDER = Path(__file__).parent
_PREFIXED = ("language", "languages", "kinds", "step", "error")  # sections that begin their keys; the others only group


def languages() -> tuple[Language, ...]:
    """Those that there is a file of, English first."""
    return tuple(_strings())


def text(key: str, language: Language, /, **values: object) -> str:
    """The string of `key` with its `{placeholders}` filled in. Raises `KeyError` for an unknown key."""
    chosen = _strings()[language][key]
    return chosen.format(**values) if values else chosen


def worded(keys: Iterable[str], language: Language, otherwise: str, values: Mapping[str, object]) -> str:
    """The first of the strings that the language has and whose placeholders are all known, else `otherwise`."""
    for key in keys:
        if has(key, language):
            try:
                return text(key, language).format(**values)
            except KeyError:  # a figure that this string wants is not known
                continue
    return otherwise


def has(key: str, language: Language) -> bool:
    return key in _strings()[language]


def language_name(code: str, language: Language) -> str:
    """What speakers of `language` call the language `code` (ISO 639-1); the code itself when it is not known."""
    return worded((f"languages.{code}",), language, name_of(code), {})


def step_words(step: Step, language: Language) -> str:
    """What long work is doing."""
    return worded((f"step.{step.code}",), language, str(step), step.figures)


def accepted(accept_language: str | None) -> list[str]:
    """The tags that a browser asks for (RFC 9110, Accept-Language) in small letters, the most wanted first."""
    wanted: list[tuple[float, str]] = []
    for part in (accept_language or "").lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        quality = parameters.strip().removeprefix("q=") or "1"
        if tag and quality.replace(".", "", 1).isdigit() and float(quality):
            wanted.append((float(quality), tag))
    return [tag for _, tag in sorted(wanted, key=lambda pair: -pair[0])]


def preferred(accept_language: str | None) -> Language:
    """The language of ours that a browser asks for first, English when it asks for none."""
    ours = {primary(text("language.tag", language).lower()): language for language in languages()}
    return next((ours[primary(tag)] for tag in accepted(accept_language) if primary(tag) in ours), ENGLISH)


def read(folder: Path) -> dict[Language, dict[str, str]]:
    """The strings of every file of the folder by their keys, English first."""
    paths = sorted(folder.glob("*.toml"), key=lambda path: (path.stem != ENGLISH, path.stem))
    return {path.stem: dict(_flat(tomllib.loads(path.read_text("utf-8")))) for path in paths}


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}." if prefix or name in _PREFIXED else "")
        else:
            yield prefix + name, value


@cache
def _strings() -> dict[Language, dict[str, str]]:
    return read(FOLDER)

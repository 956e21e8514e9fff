"""Segments as their owner corrected them: one that comes again, from and into the same languages, is taken as it was corrected."""

from collections.abc import Callable, Mapping
from typing import Any

from chatbot.store.store import Store
from chatbot.tasks.translate.files.marked import Segment, fits

SETTING = "translation_memory"
MOST = 1000  # segments of a pair of languages; the oldest give way
LONGEST = 2000  # characters of one

Memory = Mapping[str, str]
"""A segment's marked text -> its translation."""
Recall = Callable[[str, str], Memory]
"""(source, target) -> what is remembered of that pair"""


def nothing(source: str, target: str) -> Memory:
    return {}


def of(store: Store, owner: str) -> Recall:
    return lambda source, target: _kept(store, owner).get(_pair(source, target), {})


def learn(store: Store, owner: str, source: str, target: str, corrected: Memory) -> None:
    """The latest word on a segment counts."""
    kept = _kept(store, owner)
    pair = dict(kept.get(_pair(source, target), {}))
    for text, translation in corrected.items():
        if max(len(text), len(translation)) <= LONGEST:
            pair.pop(text, None)
            pair[text] = translation
    kept[_pair(source, target)] = dict(list(pair.items())[-MOST:])
    store.set_setting(owner, SETTING, kept)


def recalled(segment: Segment, memory: Memory) -> str | None:
    """None where it is not remembered, or was so with other tags."""
    known = memory.get(segment.text)
    return known if known is not None and fits(segment, known) else None


def _kept(store: Store, owner: str) -> dict[str, dict[str, str]]:
    found: Any = store.setting(owner, SETTING, {})
    return dict(found)


def _pair(source: str, target: str) -> str:
    return f"{source}>{target}"

"""Sections only group: a key that stood in two of them would have the string of the last one everywhere."""

import tomllib
from collections import Counter

import pytest

from chatbot.ui.strings.words import _PREFIXED, FOLDER, languages


@pytest.mark.parametrize("language", languages())
def test_no_key_stands_in_two_sections(language: str) -> None:
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    counts = Counter(key for name, section in sections.items() if name not in _PREFIXED for key in section)
    assert [key for key, count in counts.items() if count > 1] == []

"""The languages of a sample of examples."""

from collections import Counter
from collections.abc import Iterable

from chatbot.common.languages import guesses

SHORT = 20  # bytes of UTF-8 below which a guess is worth nothing
SURE = 0.8  # probability below which no language is named


def count_languages(texts: Iterable[str]) -> dict[str, int]:
    """Examples by ISO 639-1 code, the most frequent first. "unknown" are those too short or too mixed to tell."""
    return dict(Counter(_language(text) for text in texts).most_common())


def _language(text: str) -> str:
    if len(text.encode(errors="replace")) < SHORT:
        return "unknown"
    found = guesses(text[:600])
    if not found or found[0][1] < SURE:
        return "unknown"
    return found[0][0].split("-")[0]

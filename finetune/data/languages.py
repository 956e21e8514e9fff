"""The languages of a sample of examples, by langdetect with a fixed seed."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

SHORT = 20  # bytes of UTF-8 below which a guess is worth nothing
SURE = 0.8  # probability below which no language is named


def count_languages(texts: Iterable[str]) -> dict[str, int]:
    """Examples by ISO 639-1 code, the most frequent first. "unknown" are those too short or too mixed to tell."""
    return dict(Counter(_language(text) for text in texts).most_common())


def _language(text: str) -> str:
    from langdetect.lang_detect_exception import LangDetectException

    if len(text.encode(errors="replace")) < SHORT:
        return "unknown"
    detector = _factory().create()
    detector.append(text[:600])
    try:
        best = detector.get_probabilities()[0]
    except (LangDetectException, IndexError):  # no letters in it
        return "unknown"
    return str(best.lang).split("-")[0] if best.prob >= SURE else "unknown"


@cache
def _factory() -> Any:
    """A factory of our own: langdetect's own one is seeded for the whole process or not at all."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)
    return factory

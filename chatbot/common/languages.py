"""Languages: those that a text may be in, as langdetect guesses from its letters; those that a model's card names."""

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import yaml

_lock = Lock()


def guesses(text: str, trials: int = 7) -> list[tuple[str, float]] | None:
    """(langdetect's code, such as "de" or "zh-cn"; probability), the likeliest first, without those below 0.1.

    None: nothing in it to guess by, such as digits alone or letters of a script that langdetect was never shown. The mean is
    taken over `trials` that are drawn with a fixed seed, so the same text always gives the same.
    """
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    detector.n_trial = trials
    detector.append(text)
    try:
        return [(str(guess.lang), float(guess.prob)) for guess in detector.get_probabilities()]
    except LangDetectException:
        return None


def of_card(folder: Path) -> frozenset[str] | None:
    """What the card of the model in `folder` (the YAML at the head of its README.md) names as its languages (ISO 639-1); None
    when it names none, or says multilingual."""
    try:
        card = (folder / "README.md").read_text("utf-8", "replace")
        header = card.split("---", 2)[1] if card.startswith("---") else ""
        named = (yaml.safe_load(header) or {}).get("language")
    except (OSError, IndexError, AttributeError, yaml.YAMLError):
        return None
    codes = [named] if isinstance(named, str) else [code for code in named or [] if isinstance(code, str)]
    known = frozenset(code.partition("-")[0].lower() for code in codes)
    return None if not known or "multilingual" in known else known


def _factory() -> Any:
    with _lock:  # several threads may be the first
        return _load_factory()


@cache
def _load_factory() -> Any:
    """One of our own: langdetect's is seeded for the whole process or not at all."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)
    return factory

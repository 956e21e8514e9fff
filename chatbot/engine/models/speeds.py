"""How fast each model writes on this machine, by the answers that it gave."""

import json
import logging
from collections import deque
from pathlib import Path
from statistics import median
from threading import Lock

from chatbot.common import disk

log = logging.getLogger(__name__)

KEPT = 20  # answers of each model: enough that one that was written in company does not count for all
LEAST = 16  # tokens: half a second at 30 a second; the rate of a shorter answer is that of the clock


class Speeds:
    """Tokens written per second, by the reference of a model, kept in one file. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._rates = {name: deque(rates, KEPT) for name, rates in _read(path).items()}

    def tell(self, reference: str, tokens: int, seconds: float) -> None:
        """An answer whose tokens after the first came in so many seconds."""
        if tokens < LEAST or seconds <= 0:
            return
        with self._lock:
            self._rates.setdefault(reference, deque(maxlen=KEPT)).append(round((tokens - 1) / seconds, 2))
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                disk.write(self._path, json.dumps({name: list(rates) for name, rates in self._rates.items()}))
            except OSError as error:
                log.warning("The speed of the model is not kept: %s", error)

    def of(self, reference: str) -> float | None:
        """The median of the last answers; None before the first."""
        with self._lock:
            rates = self._rates.get(reference)
            return median(rates) if rates else None


def _read(path: Path) -> dict[str, list[float]]:
    if not path.exists():
        return {}
    try:
        saved = json.loads(path.read_text("utf-8"))
        return {str(name): [float(rate) for rate in rates] for name, rates in saved.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read, so speeds are measured anew: %s", path, error)
        return {}

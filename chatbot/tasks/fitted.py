"""Which weights something was fitted for: what was measured of one adapter says nothing of another with its name."""

import hashlib
from functools import lru_cache
from pathlib import Path

from chatbot.types import Adapter

WEIGHTS = "adapter_model.safetensors"


def weights(adapter: Adapter | None) -> str:
    """ "base", or the beginning of the SHA-256 of the adapter's weights; of one on a remote server its name."""
    if adapter is None:
        return "base"
    return _digest(Path(adapter.path) / WEIGHTS) if adapter.path else f"remote:{adapter.name}"


def _digest(path: Path) -> str:
    state = path.stat()
    return _hashed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _hashed(path: Path, stamp: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]

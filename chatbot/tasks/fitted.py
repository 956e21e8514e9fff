"""Which weights something was fitted for: what was measured of one adapter says nothing of another with its name."""

import hashlib
from functools import lru_cache
from pathlib import Path

from chatbot.types import Adapter

WEIGHTS = "adapter_model.safetensors"


def weights(adapter: Adapter | None) -> str:
    """The beginning of the SHA-256 of the adapter's weights; "base" for none, the name of one on a remote server, "gone" for
    one that was removed meanwhile."""
    if adapter is None:
        return "base"
    if not adapter.path:
        return f"remote:{adapter.name}"
    try:
        return _digest(Path(adapter.path) / WEIGHTS)
    except OSError:
        return "gone"


def _digest(path: Path) -> str:
    state = path.stat()
    return _hashed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _hashed(path: Path, stamp: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]

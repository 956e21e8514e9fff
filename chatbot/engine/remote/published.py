"""The adapters in this machine's folder, brought to the servers that can load any.

vLLM does (VLLM_ALLOW_RUNTIME_LORA_UPDATING), by a path: it must see the folder under the same one. What it lists tells the path
again as `root`, by which ours are known among those that it has of its own, also after this process or the server was restarted.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters import folders
from chatbot.engine.adapters.format import CONFIG, WEIGHTS
from chatbot.engine.remote.backend import Backend
from chatbot.types import Adapter

log = logging.getLogger(__name__)
Stamps = Mapping[Path, tuple[int, ...]]
_FILES = (WEIGHTS, CONFIG, folders.CARD, folders.OWNER)


class Published:
    """Safe from any thread; one server is settled by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._place = folder, folder.absolute()
        self._lock = Lock()
        self._stamps: Stamps = {}
        self._known: list[Adapter] = []

    def settle(self, backend: Backend, cards: Sequence[Mapping[str, Any]], taken: Collection[str]) -> list[Adapter]:
        """Have the server load what it lacks and give up what is gone here; what it has of ours then. Names that are `taken` are
        those of models and adapters that belong to servers."""
        ours = {str(card["id"]) for card in cards if self.owns(card)}
        wanted = {adapter.name: adapter for adapter in self._adapters() if adapter.name not in taken}
        with backend.settling:
            for name in ours - wanted.keys():
                backend.drop(name)
            return [adapter for adapter in wanted.values() if self._has(backend, adapter, adapter.name in ours)]

    def owns(self, card: Mapping[str, Any]) -> bool:
        root = card.get("root")
        return isinstance(root, str) and self._place in Path(root).parents

    def _has(self, backend: Backend, adapter: Adapter, listed: bool) -> bool:
        """Whether the server has these very weights, which may have come under the name of others."""
        weights = self._stamps.get(Path(str(adapter.path)), (0,))[0]
        if listed and backend.brought.setdefault(adapter.name, weights) == weights:
            return True
        if adapter.name in backend.declined and backend.declined[adapter.name][0] == weights:
            return False
        if listed:
            backend.drop(adapter.name)
        try:
            done = backend.bring(adapter.name, Path(str(adapter.path)))
        except AdapterError as error:
            log.warning("%s", error)
            backend.declined[adapter.name] = weights, error
            return False
        if done:
            log.info("The model server at %s has loaded the adapter %s", backend.url, adapter.name)
            backend.brought[adapter.name] = weights
        return done

    def _adapters(self) -> list[Adapter]:
        """Those in the folder, looked through again when a file of one has changed: the check reads all weights."""
        with self._lock:
            stamps = {config.parent: _stamp(config.parent) for config in sorted(self._folder.glob(f"*/{CONFIG}"))}
            if stamps != self._stamps:
                self._known, self._stamps = folders.find([self._folder]), stamps
            return self._known


def _stamp(folder: Path) -> tuple[int, ...]:
    """When each of its files was written, that of the weights first; 0 where there is none."""
    return tuple(path.stat().st_mtime_ns if (path := folder / name).exists() else 0 for name in _FILES)

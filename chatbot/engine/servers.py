"""Model servers whose address and key were given on the page, in a file that nobody but this account reads."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from chatbot.common import disk
from chatbot.common.errors import StoreError
from chatbot.engine import registry

_MARK = "#"  # before the model: an address that is asked for answers has no such part


@dataclass(frozen=True, slots=True)
class Server:
    """One model of a server. `reference` is what `LoadingEngine.switch` calls it."""

    address: str
    model: str
    key: str = field(default="", repr=False)

    @property
    def reference(self) -> str:
        return f"{self.address}{_MARK}{self.model}"


def title_of(reference: str) -> str:
    """The model and where it runs; empty for what is no reference of a server."""
    address, mark, model = reference.partition(_MARK)
    host = urlsplit(address).netloc if address.startswith(("http://", "https://")) else ""
    return f"{model} · {host}" if mark and host else ""


class Servers:
    """Safe from any thread; of several processes the last that writes is right."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()

    def all(self) -> list[Server]:
        """Raises `StoreError` for a file that cannot be read."""
        try:
            return [Server(**record) for record in json.loads(self._path.read_text("utf-8"))]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            name = self._path.name
            raise StoreError(
                f"The servers in {name} cannot be read: {error}. Mend that file in the data folder, or remove it.",
                kind="servers_unread",
                name=name,
                reason=str(error),
            ) from error

    def of(self, reference: str) -> Server | None:
        """None for what is no server's: models of this machine do not hang on the file."""
        if not title_of(reference):
            return None
        return next((one for one in self.all() if one.reference == reference), None)

    def add(self, address: str, key: str, model: str) -> Server:
        """Ask it, and keep it where it answers. Without a `model` it is the first that it has, without a `key` the one of before
        stays. Raises as `registry.look`."""
        url, found = registry.look(address, key, model)
        server = Server(url, found, key)
        with self._lock:
            before = self.of(server.reference)
            server = replace(server, key=key or (before.key if before else ""))
            self._write([*(one for one in self.all() if one.reference != server.reference), server])
        return server

    def require(self, reference: str) -> None:
        """Raises as `registry.look` where it is a server that does not answer now, or has another key or other models."""
        if server := self.of(reference):
            registry.look(server.address, server.key, server.model)

    def remove(self, reference: str) -> None:
        with self._lock:
            self._write([one for one in self.all() if one.reference != reference])

    def _write(self, servers: list[Server]) -> None:
        records = [asdict(server) for server in servers]
        disk.write(self._path, json.dumps(records, ensure_ascii=False, indent=2), mode=0o600)

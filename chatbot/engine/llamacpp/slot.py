"""One slot of a llama.cpp server: what its cache knows, and how a prompt is read into it."""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing

from chatbot.engine.llamacpp.pace import LEAST
from chatbot.engine.llamacpp.server import Record, Server
from chatbot.engine.slot_queue import SlotQueue


class Slot:
    """Serves one request at a time; `known` are the tokens whose keys and values its cache holds.

    A prompt is read in steps of our own, each a request that writes nothing: between them a Stop is seen, and whoever else
    reads has a turn of `reading`, so a short question never waits for a whole book.
    """

    def __init__(self, server: Server, number: int, reading: SlotQueue) -> None:
        self.server = server
        self.known: list[int] = []
        self.running, self.used = False, time.monotonic()
        self._number, self._reading = number, reading

    def common(self, prompt: Sequence[int]) -> int:
        """Tokens at the beginning of the prompt that need not be read."""
        pairs = enumerate(zip(self.known, prompt, strict=False))
        return next((at for at, (a, b) in pairs if a != b), min(len(self.known), len(prompt)))

    def records(self, request: Record, stop: threading.Event | None = None) -> Generator[Record, None, None]:
        """The server's records of the answer. Ends early, with the work ended too, when `stop` is set or the iterator is closed."""
        prompt: list[int] = request["prompt"]
        if self._read(prompt, stop):
            self.known = prompt
            with closing(self._sent(request, stop)) as records:
                yield from records

    def _read(self, prompt: list[int], stop: threading.Event | None) -> bool:
        """Read a long prompt but for its last token; False when that was stopped.

        The last one is left for the answer's own request, as it is where the cache holds a whole prompt: so the first
        word is computed in the same way both times.
        """
        read = self.common(prompt)
        while (left := len(prompt) - 1 - read) >= LEAST:
            self.known = prompt[:read]
            with self._reading.ticket() as turn:
                for _ in turn.wait(stop):
                    pass
                if not turn.running:
                    return False
                count = min(left, self.server.pace.tokens(read))
                began = time.monotonic()
                for _ in self._sent({"prompt": prompt[: read + count], "max_tokens": 0, "stream": True}, stop):
                    pass
            if stop and stop.is_set():
                return False
            self.server.pace.saw(read, count, time.monotonic() - began)
            read += count
        return True

    def _sent(self, request: Record, stop: threading.Event | None) -> Generator[Record, None, None]:
        return self.server.records(request | {"id_slot": self._number, "cache_prompt": True}, stop)

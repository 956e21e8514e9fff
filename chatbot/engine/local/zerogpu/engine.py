"""The app's end: it counts tokens, knows the adapters and has everything else done where the GPU is, one call a request."""

import contextlib
import contextvars
import logging
import queue
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

from chatbot.common.errors import EngineError
from chatbot.engine.adapters.fit import of_base
from chatbot.engine.local.zerogpu import work
from chatbot.engine.local.zerogpu.lent import Lent
from chatbot.engine.slot_queue import TICK, SlotQueue
from chatbot.engine.text.prompt import Prompter
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage

log = logging.getLogger(__name__)
SLOTS = 8  # calls that stand in the line for a GPU at once; others stand in ours, where they are told their place
_END = object()  # behind what a call tells
WINDOW = 4096  # tokens, of a model that does not say how far its positions reach


class ZeroEngine:
    """`lent` is `work.call`, which gets a GPU for each of its calls."""

    name = "local"
    device = "ZeroGPU"
    supports_logprobs = True
    supports_scores = True
    servers: tuple[Server, ...] = ()

    def __init__(
        self,
        served: work.Served,
        lent: Lent,
        *,
        traits: Traits,
        adapters: Callable[[], list[Adapter]],
        fingerprint: Callable[[], str | None],
        slots: int | None = None,
    ) -> None:
        from transformers import AutoConfig, AutoTokenizer

        options = {"local_files_only": True, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(served.folder, **options).get_text_config()
        window = int(getattr(config, "max_position_embeddings", None) or WINDOW)
        self.model, self.traits = served.name, traits
        self.context_window = min(window, served.context or window)
        self._served, self._lent = served, lent
        self._prompter = Prompter(AutoTokenizer.from_pretrained(served.folder, **options))
        self._find, self._fingerprint = adapters, fingerprint
        self._queue = SlotQueue(slots or SLOTS)
        self._flags = tempfile.TemporaryDirectory(prefix="banyan-")
        self._known: list[Adapter] = []
        self.refresh()

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        """See `Engine.stream`."""
        asked = work.Answer(sampling, adapter, tuple(messages))
        return self._generate(asked, lambda: self.count_prompt(messages), stop or Event())

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        """See `Engine.go_on`."""
        count = lambda: len(prompt.tokens) or self.count_tokens(prompt.text)  # noqa: E731
        return self._generate(work.Answer(sampling, adapter, prompt=prompt), count, stop or Event())

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        """See `Engine.score`."""
        scores: list[float] = self._one(work.Score(tuple(messages), tuple(continuations), adapter))
        return scores

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """See `Engine.read`."""
        told: list[TokenLogprob] = self._one(work.Read(prompt, best, adapter))
        return told

    def count_tokens(self, text: str) -> int:
        return len(self._prompter.tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """See `Engine.count_prompt`."""
        return len(self._prompter.encode(messages))

    def adapters(self) -> list[Adapter]:
        return self._known

    def refresh(self) -> None:
        self._known = of_base(self._find(), self._fingerprint)

    def fit(self, adapter: Adapter) -> None:
        """See `Engine.fit`."""
        self._one(work.Fit(adapter))

    def load(self) -> dict[str, int]:
        return self._queue.load()

    def close(self) -> None:
        self._queue.close()
        self._flags.cleanup()

    def _generate(self, asked: work.Answer, count: Callable[[], int], stop: Event) -> Iterator[Chunk]:
        with self._queue.ticket() as ticket:
            for place in ticket.wait(stop):
                yield Chunk(place=place)
            written = 0
            if ticket.running:
                for chunk in self._called(asked, stop):
                    yield chunk
                    written += chunk.tokens
                    if chunk.finish:
                        return
            yield Chunk(finish="cancelled", usage=Usage(count(), written))

    def _one(self, asked: work.Asked) -> Any:
        """The result of a call. Raises the `BanyanError` that it ended with."""
        (result,) = self._called(asked, Event())
        return result

    def _called(self, asked: work.Asked, stop: Event) -> Iterator[Any]:
        """The chunks of one call; fewer where `stop` was set. The call may wait long for a GPU, so a thread waits for it: one that
        knows the visitor's request, by which the hub counts whose GPU seconds these are."""
        flag = Path(self._flags.name) / secrets.token_hex(16)
        said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        waiting = contextvars.copy_context()
        asking = Thread(target=waiting.run, args=(self._ask, asked, flag, said), name="zerogpu", daemon=True)
        asking.start()
        try:
            while not stop.is_set():
                with contextlib.suppress(queue.Empty):
                    chunk = said.get(timeout=TICK)
                    if chunk is _END:
                        return
                    if isinstance(chunk, BaseException):
                        raise chunk
                    yield chunk
        finally:
            if asking.is_alive():
                flag.touch()

    def _ask(self, asked: work.Asked, flag: Path, said: "queue.SimpleQueue[Any]") -> None:
        try:
            for chunk in self._lent(self._served, asked, flag):
                said.put(chunk)
        except Exception as error:  # whatever becomes of the call is for whoever waits for it
            said.put(_not_lent(error))
        finally:
            said.put(_END)
            flag.unlink(missing_ok=True)


def _not_lent(error: Exception) -> EngineError:
    """`spaces` raises gradio's errors, whose `message` is fit to show: no GPU is free, the visitor has had theirs for today, the call
    died there."""
    log.warning("A call for a GPU ended with %r", error)
    reason = str(getattr(error, "message", "") or type(error).__name__)
    return EngineError(f"The GPU of this Space gave no answer: {reason}", kind="gpu_not_lent", reason=reason)

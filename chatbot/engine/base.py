"""The narrow door between Banyan and whatever generates text."""

from collections.abc import Iterator, Sequence
from threading import Event
from typing import Protocol

from chatbot.common.errors import EngineError
from chatbot.types import (
    Adapter,
    Chunk,
    Completion,
    FinishReason,
    Message,
    Prompt,
    Sampling,
    Server,
    TokenLogprob,
    Traits,
    Usage,
)


class Engine(Protocol):
    """One base model with any number of adapters, shared by everybody; all methods may be called from any thread.

    The adapter is an argument of the call, never a property of the engine.
    """

    @property
    def name(self) -> str:
        """As --engine calls it."""
        ...

    @property
    def model(self) -> str:
        """The base model's name, as people know it."""
        ...

    @property
    def traits(self) -> Traits:
        """What is known of it by its weights."""
        ...

    @property
    def device(self) -> str:
        """Where it computes, in words: "CPU, 2 threads", "NVIDIA H200"."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens that one request may use, prompt and answer together."""
        ...

    @property
    def supports_logprobs(self) -> bool: ...

    @property
    def supports_scores(self) -> bool:
        """Whether it can tell how likely given texts are: `score` and `read`."""
        ...

    @property
    def servers(self) -> tuple[Server, ...]:
        """Those that it asks, as they are now; none where it computes itself."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        """Generate an answer. Setting `stop`, or closing the iterator, ends the work within one step and frees the slot.

        A last message of the assistant's is the beginning of the answer: its turn is gone on with, and only what follows is
        streamed. When `stop` is set the last chunk has `finish="cancelled"`. The answer ends with `finish="length"` when
        `max_tokens` or the end of the context window is reached. Raises `ContextOverflow` when the prompt leaves no room
        for an answer, `AdapterNotFound`, or another `EngineError`, always from the iteration, never from the call.
        """
        ...

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        """log p(continuation | messages) of each continuation as the start of the assistant's turn, in nats.

        A continuation is tokenized alone (no merging with the template before it); the sum runs over its tokens.
        """
        ...

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        """Generate what follows the prompt, as `stream` does behind a conversation. A text is read with the control tokens
        in it and begins with the token that the model's texts begin with, if they do; numbers are taken as they are."""
        ...

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """Each token of the prompt with its log p behind those before it and the `best` likeliest in its place, in nats.

        The first has none: NaN. Raises `EngineError` where the engine cannot tell.
        """
        ...

    def count_tokens(self, text: str) -> int: ...

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Tokens of the conversation as the model gets it: chat template and generation prompt included."""
        ...

    def adapters(self) -> list[Adapter]: ...

    def refresh(self) -> None:
        """See adapters that appeared on or vanished from disk."""
        ...

    def fit(self, adapter: Adapter) -> None:
        """Make sure that the folder of `adapter`, known or not, fits this model. Raises `AdapterError` with the reason."""
        ...

    def load(self) -> dict[str, int]:
        """Requests now: {"running", "waiting", "slots"}."""
        ...

    def close(self) -> None:
        """End all work and free memory, threads and ports. Idempotent."""
        ...


def identity(engine: Engine) -> str:
    """What is fitted for its base model is kept under this: the catalogue's name of the weights, else the model's own."""
    return engine.traits.known or engine.model


def complete(
    engine: Engine,
    messages: Sequence[Message],
    sampling: Sampling,
    *,
    adapter: str | None = None,
    stop: Event | None = None,
) -> Completion:
    """Run a stream to its end and put it together. Raises what the stream raises."""
    return collect(engine.stream(messages, sampling, adapter=adapter, stop=stop))


def collect(chunks: Iterator[Chunk]) -> Completion:
    """Put the chunks of one stream together."""
    text: list[str] = []
    logprobs: list[TokenLogprob] = []
    finish: FinishReason | None = None
    usage: Usage | None = None
    for chunk in chunks:
        text.append(chunk.text)
        logprobs.extend(chunk.logprobs)
        finish, usage = chunk.finish or finish, chunk.usage or usage
    if finish is None or usage is None:
        raise EngineError("The answer ended without a reason. Please try again.", kind="answer_unfinished")
    return Completion("".join(text), finish, usage, tuple(logprobs))

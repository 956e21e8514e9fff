"""GGUF on the CPU through xllamacpp, llama.cpp's own server in this process: the default engine without a GPU.

Two properties of that server shape this folder. Its prompt cache is not keyed by adapter, so every adapter in use has servers
of its own over the same mapped weights (`pool`, `team`). And it looks at cancellation only between batches, so prompts are read
in steps that are as long as a Stop may wait (`slot`, `pace`).
"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from chatbot.common.errors import AdapterNotFound, ContextOverflow
from chatbot.common.step import Progress, Step
from chatbot.common.system import processes
from chatbot.engine.adapters.fit import check_base, of_base
from chatbot.engine.gguf.adapter import convert_adapter
from chatbot.engine.gguf.files import Header, read_header
from chatbot.engine.llamacpp.answer import chunks
from chatbot.engine.llamacpp.pool import BASE, Teams
from chatbot.engine.llamacpp.scoring import each_token, logprobs
from chatbot.engine.llamacpp.server import Kind, options
from chatbot.engine.llamacpp.slot import Slot
from chatbot.engine.llamacpp.team import team
from chatbot.engine.text import calls
from chatbot.engine.text.by_number import check_bias, check_tokens
from chatbot.engine.text.controls import Controls
from chatbot.engine.text.template import CHATML, ChatTemplate
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage

CONTROL = 3  # a token type of the GGUF specification
MAX_CONTEXT = 8192  # the cache for it is allocated up front, for every slot


class LlamaCppEngine:
    """Any number of adapters over one GGUF file. `adapters` finds PEFT folders; `cache` keeps their GGUF forms.

    `fingerprint` tells the weights, where that is known: adapters trained on others are left out.
    `context` is in tokens per request; by default the model's own, at most 8192. With `exact`
    an answer has the same log-probabilities to the last bit alone, beside others and from the cache. Raises `ModelError` at construction.
    """

    name = "llamacpp"
    supports_logprobs = True
    supports_scores = True
    servers: tuple[Server, ...] = ()

    def __init__(
        self,
        gguf: Path,
        *,
        name: str,
        traits: Traits = Traits(),  # noqa: B008 - frozen
        adapters: Callable[[], list[Adapter]],
        fingerprint: Callable[[], str | None] = lambda: None,
        cache: Path,
        context: int | None = None,
        slots: int = 4,
        threads: int | None = None,
        exact: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.traits = name, traits
        if progress:
            progress(Step("loading", name=name), None)
        header = read_header(gguf)
        trained = int(header["context_length"] or MAX_CONTEXT)
        self.context_window = min(context or MAX_CONTEXT, trained)
        count = threads or _usable_cores()
        self.device = f"CPU, {count} threads"
        self._header, self._cache, self._find, self._fingerprint = header, cache, adapters, fingerprint
        self._template, self._bos = _template(header)
        self._vocabulary = len(header.fields.get("tokenizer.ggml.tokens") or ())
        self._controls = Controls(_control_tokens(header))
        self._teams = Teams(lambda kind: team(gguf, kind, self.context_window, slots, count, exact=exact))
        self._known: dict[str, Adapter] = {}
        self._converted: dict[str, Path] = {}
        self.refresh()

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """See `Engine.stream`."""
        begun, told = calls.begun(messages, sampling)
        answer = self._generate(lambda: self._prompt(begun), told, adapter, stop)
        yield from calls.read(answer, messages, sampling, lambda: self.count_prompt(begun))

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        """See `Engine.go_on`."""
        return self._generate(lambda: self._plain(prompt), sampling, adapter, stop)

    def _generate(
        self,
        encode: Callable[[], list[int]],
        sampling: Sampling,
        adapter: str | None,
        stop: threading.Event | None,
    ) -> Iterator[Chunk]:
        kind = Kind(self._lora(adapter), drafts=sampling.top_logprobs is None)
        prompt = encode()
        check_bias(sampling, self._vocabulary)
        self._check_room(len(prompt), answer=1)
        room = self.context_window - len(prompt)
        request = {"prompt": prompt, "stream": True, **options(sampling, room, self.context_window)}
        with self._teams.use(kind, stop) as servers:
            if servers is None:
                yield Chunk(finish="cancelled", usage=Usage(len(prompt), 0))
                return
            with servers.queue.ticket() as turn:
                for place in turn.wait(stop):
                    yield Chunk(place=place)
                if not turn.running:
                    yield Chunk(finish="cancelled", usage=Usage(len(prompt), 0))
                    return
                with servers.slot(prompt) as slot, closing(slot.records(request, stop)) as records:
                    yield from chunks(records, len(prompt), stop)

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        prompt = self._prompt(messages)
        tokens = [self._tokenize(text) for text in continuations]
        self._check_room(len(prompt) + max(map(len, tokens), default=0))
        with self._reading(adapter, prompt) as slot:
            return [math.fsum(each) for each in logprobs(slot, prompt, tokens)]

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """See `Engine.read`: a step a token, since llama.cpp tells nothing of a prompt that it reads."""
        tokens = self._plain(prompt)
        self._check_room(len(tokens))
        with self._reading(adapter, tokens[:1]) as slot:
            return each_token(slot, tokens, best)

    @contextmanager
    def _reading(self, adapter: str | None, prompt: list[int]) -> Iterator[Slot]:
        """A slot for what is scored: first tokens, which are never drafted."""
        with self._teams.use(Kind(self._lora(adapter))) as servers:
            assert servers, "nothing stops a score"
            with servers.queue.ticket() as turn:
                for _ in turn.wait():
                    pass
                with servers.slot(prompt) as slot:
                    yield slot

    def _check_room(self, tokens: int, answer: int = 0) -> None:
        if tokens + answer > self.context_window:
            raise ContextOverflow(
                f"This needs {tokens} tokens, but the model can see {self.context_window}. Shorten it.",
                kind="text_overflow",
                prompt=tokens,
                window=self.context_window,
            )

    def count_tokens(self, text: str) -> int:
        return len(self._tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        return len(self._prompt(messages))

    def adapters(self) -> list[Adapter]:
        return list(self._known.values())

    def refresh(self) -> None:
        self._known = {adapter.name: adapter for adapter in of_base(self._find(), self._fingerprint)}
        self._converted = {}

    def fit(self, adapter: Adapter) -> None:
        check_base(adapter, self._fingerprint)
        convert_adapter(Path(str(adapter.path)), self._header, self._cache)

    def load(self) -> dict[str, int]:
        return self._teams.load()

    def close(self) -> None:
        self._teams.close()

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        tokens = self._controls.encode(messages, self._template.render, self._tokenize)
        return self._opened(tokens)  # some templates write it, some leave it to us

    def _plain(self, prompt: Prompt) -> list[int]:
        """See `Engine.go_on`. Raises `InputError`."""
        check_tokens(prompt, self._vocabulary)
        return list(prompt.tokens) or self._opened(self._tokenize(prompt.text, special=True))

    def _opened(self, tokens: list[int]) -> list[int]:
        """With the token that texts of this model begin with."""
        missing = self._bos is not None and tokens[:1] != [self._bos]
        return [self._bos, *tokens] if missing and self._bos is not None else tokens

    def _tokenize(self, text: str, special: bool = False) -> list[int]:
        with self._teams.use(BASE) as servers:
            assert servers, "nothing stops a tokenizer"
            return servers.tokenize(text, special)

    def _lora(self, name: str | None) -> Path | None:
        """The adapter's GGUF form. Raises `AdapterNotFound`, `AdapterError`."""
        if name is None:
            return None
        known, converted = self._known, self._converted
        if name not in known or known[name].path is None:
            raise AdapterNotFound(f"There is no adapter {name}. Choose another one.", name=name)
        if name not in converted:
            converted[name] = convert_adapter(Path(str(known[name].path)), self._header, self._cache)
        return converted[name]


def _usable_cores() -> int:
    cores = processes.cores()
    return max(1, cores - 1) if cores > 2 else cores  # llama.cpp stalls when others want all of its cores


def _control_tokens(header: Header) -> Iterator[str]:
    tokens, kinds = (header.fields.get(f"tokenizer.ggml.{name}") or [] for name in ("tokens", "token_type"))
    return (token for token, kind in zip(tokens, kinds, strict=False) if kind == CONTROL)


def _template(header: Header) -> tuple[ChatTemplate, int | None]:
    """The chat template, and the token to begin with where the model wants one."""
    tokens = header.fields.get("tokenizer.ggml.tokens") or []
    ids = {kind: header.fields.get(f"tokenizer.ggml.{kind}_token_id") for kind in ("bos", "eos")}
    texts = {kind: tokens[i] if i is not None and i < len(tokens) else "" for kind, i in ids.items()}
    default = header.fields.get("tokenizer.ggml.model") == "llama"  # SentencePiece models begin with one unless told
    wanted = header.fields.get("tokenizer.ggml.add_bos_token", default)
    source = str(header.fields.get("tokenizer.chat_template") or CHATML)
    return ChatTemplate(source, **texts), ids["bos"] if wanted else None

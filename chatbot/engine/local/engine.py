"""torch + transformers + peft: the engine for a GPU, and for any safetensors model on the CPU."""

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import torch

from chatbot.common.errors import AdapterNotFound, ContextOverflow
from chatbot.common.step import Progress, Step
from chatbot.engine.adapters.fit import check_base, of_base
from chatbot.engine.local.adapters import AdaptedModel, Version
from chatbot.engine.local.admission import CacheBudget, CacheQueue
from chatbot.engine.local.cache import Cache
from chatbot.engine.local.held import Grammars
from chatbot.engine.local.jobs import StreamJob
from chatbot.engine.local.runner import choose
from chatbot.engine.local.sampling import Picker
from chatbot.engine.local.scheduler import Scheduler, first_room
from chatbot.engine.local.scoring import SCORED, Scored, ScoreJob, score_room
from chatbot.engine.local.weights.convert import dequantise
from chatbot.engine.local.weights.model import cache_capacity, describe, load_model
from chatbot.engine.local.worker import Worker
from chatbot.engine.text import calls
from chatbot.engine.text.by_number import check_bias, check_tokens
from chatbot.engine.text.prompt import Prompter
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage

CPU_SLOTS, GPU_SLOTS = 16, 32  # on two cores 16 requests at once made ten times the tokens of one after the other

__all__ = ["LocalEngine", "dequantise"]


class LocalEngine:
    """An `Engine` over a folder of safetensors. Up to `slots` requests share every forward pass, whatever their adapters.

    `adapters` lists the PEFT folders known now and is asked again at every `refresh`; those that say that they were
    trained on other weights than `fingerprint` tells are left out. `device` is auto, cpu, cuda or cuda:N; `dtype` is auto
    (bf16 on a GPU, packed fp16 weights on the CPU), bf16, fp16 or fp32; `quantize` is none, nf4 or int8; `context` (tokens)
    makes the window smaller than the model's own. `cache_mib` bounds the keys and values of all requests together
    (default: a quarter of the CPU's memory, or most of what the GPU has left); while they are used up, new requests stand
    in line. `threads` sets torch's for the whole process. Raises `ModelNotFound`, `ModelDamaged`, another `ModelError`, or
    `SettingsError`.
    """

    name = "local"
    supports_logprobs = True
    supports_scores = True
    servers: tuple[Server, ...] = ()

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        traits: Traits = Traits(),  # noqa: B008 - frozen
        adapters: Callable[[], list[Adapter]],
        fingerprint: Callable[[], str | None] = lambda: None,
        device: str = "auto",
        dtype: str = "auto",
        quantize: str = "none",
        context: int | None = None,
        slots: int | None = None,
        cache_mib: int | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        if progress:
            progress(Step("loading", name=name), None)
        loaded = load_model(folder, device=device, dtype=dtype, quantize=quantize, context=context)
        self.model, self.traits = name, traits
        self.device = describe(loaded.device)
        self._eos = loaded.eos
        self._tokenizer = loaded.tokenizer
        self._prompter = Prompter(loaded.tokenizer)
        self._vocabulary = int(loaded.model.config.get_text_config().vocab_size)
        self._grammars = Grammars(loaded.tokenizer, self._vocabulary, loaded.eos)
        self._find, self._fingerprint = adapters, fingerprint
        self._known: dict[str, tuple[Adapter, Version]] = {}
        adapted = self._adapted = AdaptedModel(loaded.model, loaded.dtype)
        runner = choose(adapted)
        slots = slots or (GPU_SLOTS if loaded.device.type == "cuda" else CPU_SLOTS)
        capacity = cache_capacity(runner.bytes_per_token(), loaded.device, slots * loaded.window, cache_mib)
        self.context_window = min(loaded.window, capacity)
        self._queue = CacheQueue(slots, CacheBudget(capacity))
        self._pool = runner.with_capacity(capacity)
        self._worker = Worker(Scheduler(adapted, runner, Cache(capacity, self._pool)))
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
        begun, told = calls.begun(messages, sampling)
        answer = self._generate(lambda: self._prompter.encode(begun), told, adapter, stop)
        yield from calls.read(answer, messages, sampling, lambda: self.count_prompt(begun))

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        """See `Engine.go_on`."""
        return self._generate(lambda: self._plain(prompt), sampling, adapter, stop)

    def _generate(
        self, encode: Callable[[], list[int]], sampling: Sampling, adapter: str | None, stop: Event | None
    ) -> Iterator[Chunk]:
        version = self._version(adapter)
        prompt = self._fitting(encode(), 1)
        check_bias(sampling, self._vocabulary)
        picker = Picker(sampling, self._grammars.of(sampling.schema))
        limit = min(self.context_window - len(prompt), sampling.max_tokens)
        with self._queue.place(first_room(len(prompt), len(prompt) + limit)) as ticket:
            for place in ticket.wait(stop):
                yield Chunk(place=place)
            if not ticket.running:
                yield Chunk(finish="cancelled", usage=Usage(len(prompt), 0))
                return
            job = StreamJob(
                prompt,
                picker,
                adapter=version,
                reservation=self._queue.reservation(ticket),
                limit=limit,
                eos=self._eos,
                stops=(*sampling.stop, *self._prompter.stops),
                decode=self._decode,
                stop=stop,
            )
            try:
                self._worker.add(job)
                yield from job.chunks()
            finally:
                job.closed = True

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        """See `Engine.score`. Raises `ContextOverflow` when the longest does not fit behind the prompt."""
        version = self._version(adapter)
        ids = [self._prompter.tokenize(text) for text in continuations]
        prompt = self._fitting(self._prompter.encode(messages), max(map(len, ids), default=0))
        return [float(told.chances.sum()) for told in self._scored(prompt, ids, version, best=0)]

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """See `Engine.read`. In pieces, so that the memory for logits is bounded; what was read stays in the cache."""
        version = self._version(adapter)
        ids = self._fitting(self._plain(prompt), 0)
        found = [TokenLogprob(self._decode(ids[:1]), math.nan)]
        for at in range(1, len(ids), SCORED):
            (told,) = self._scored(ids[:at], [ids[at : at + SCORED]], version, best)
            found += told.named(self._decode)
        return found

    def _scored(self, prompt: list[int], ids: list[list[int]], version: Version | None, best: int) -> list[Scored]:
        with self._queue.place(score_room(prompt, ids, self.context_window)) as ticket:
            for _ in ticket.wait():
                pass
            seat = self._queue.reservation(ticket)
            job = ScoreJob(prompt, ids, adapter=version, reservation=seat, window=self.context_window, best=best)
            self._worker.add(job)
            return job.result()

    def count_tokens(self, text: str) -> int:
        return len(self._prompter.tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """See `Engine.count_prompt`."""
        return len(self._prompter.encode(messages))

    def adapters(self) -> list[Adapter]:
        return [adapter for adapter, _ in self._known.values()]

    def refresh(self) -> None:
        """See `Engine.refresh`. Running requests keep the adapter they began with."""
        known: dict[str, tuple[Adapter, Version]] = {}
        for adapter in of_base(self._find(), self._fingerprint):
            if adapter.path is not None:
                known[adapter.name] = (adapter, Version.of(adapter.path))
        self._known = known  # replaced whole: other threads read it meanwhile
        self._worker.keep(frozenset(version for _, version in known.values()))

    def fit(self, adapter: Adapter) -> None:
        """See `Engine.fit`."""
        check_base(adapter, self._fingerprint)
        self._adapted.fit(Path(str(adapter.path)))

    def load(self) -> dict[str, int]:
        return self._queue.load()

    def close(self) -> None:
        """See `Engine.close`."""
        self._queue.close()
        self._worker.close()
        self._pool = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _version(self, adapter: str | None) -> Version | None:
        if adapter is None:
            return None
        if adapter not in self._known:
            raise AdapterNotFound(
                f"There is no adapter named {adapter!r}. Please choose one of the list.", name=adapter
            )
        return self._known[adapter][1]

    def _plain(self, prompt: Prompt) -> list[int]:
        """See `Engine.go_on`. Raises `InputError`."""
        check_tokens(prompt, self._vocabulary)
        return list(prompt.tokens) or self._prompter.plain(prompt.text)

    def _fitting(self, prompt: list[int], answer: int) -> list[int]:
        """The prompt, behind which there is room for so many tokens. Raises `ContextOverflow`."""
        if len(prompt) + answer > self.context_window:
            raise ContextOverflow(
                f"The text takes {len(prompt)} tokens, and {self.model} reads {self.context_window} at most, the answer "
                "included. Please shorten it.",
                kind="text_overflow",
                prompt=len(prompt),
                window=self.context_window,
            )
        return prompt

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

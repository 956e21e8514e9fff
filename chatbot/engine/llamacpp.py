"""GGUF on the CPU through xllamacpp, llama.cpp's own server in this process: the default engine without a GPU.

Three properties of that server shape this file. Its prompt cache is not keyed by adapter, so every adapter in use has a
server of its own over the same mapped weights. With a LoRA its results depend on how a prompt was cut into batches:
measured, both company in the batch and a reused prefix moved log-probabilities by 0.1 nats and more, and changed greedy
answers, while the bare model stayed bit for bit the same. So an adapter's server takes one request at a time, without
the prompt cache. And it looks at cancellation only when it sends a record, so prompts are read in small batches, each of
which sends one.
"""

import json
import math
import os
import queue
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from chatbot.engine.base import Progress
from chatbot.engine.gguf_files import Header, convert_adapter, read_header
from chatbot.engine.line import Line
from chatbot.engine.template import CHATML, ChatTemplate
from chatbot.errors import AdapterNotFound, ContextOverflow, EngineError, EngineUnavailable, ModelDamaged
from chatbot.types import Adapter, Chunk, FinishReason, Message, Sampling, TokenLogprob, Usage

MAX_CONTEXT = 8192  # the cache for it is allocated up front, for every slot
BATCH = 128  # prompt tokens per step: 0.3 s on two cores, so Stop is seen that fast during prefill
ADAPTER_SERVERS = 3  # kept alive; each costs its own key-value cache
LAST_SEED = 2**32 - 1  # llama.cpp takes this one for "draw a seed"
FORCED = 1e6  # a logit bias that no other token can beat

Record = dict[str, Any]


class LlamaCppEngine:
    """Any number of adapters over one GGUF file. `adapters` finds PEFT folders; `cache` keeps their GGUF twins.

    `context` is in tokens per request; by default the model's own, at most 8192. Raises `ModelError` at construction.
    """

    name = "llamacpp"
    supports_logprobs = True

    def __init__(
        self,
        gguf: Path,
        *,
        name: str,
        adapters: Callable[[], list[Adapter]],
        cache: Path,
        context: int | None = None,
        slots: int = 4,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model = name
        if progress:
            progress(f"Loading {name}", None)
        header = read_header(gguf)
        trained = int(header["context_length"] or MAX_CONTEXT)
        self.context_window = min(context or MAX_CONTEXT, trained)
        count = threads or _usable_cores()
        self.device = f"CPU, {count} threads"
        self._header, self._cache, self._find = header, cache, adapters
        self._line = Line(slots)
        self._template, self._bos = _template(header)
        self._servers = _Servers(lambda lora: _Server(gguf, lora, self.context_window, 1 if lora else slots, count))
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
        lora = self._lora(adapter)
        prompt = self._prompt(messages)
        room = self.context_window - len(prompt)
        if room <= 0:
            raise ContextOverflow(
                f"This needs {len(prompt)} tokens, but the model can see {self.context_window}. Shorten it.",
                prompt=len(prompt),
                window=self.context_window,
            )
        request = {"prompt": prompt, "stream": True, **_options(sampling, room, self.context_window)}
        with self._line.ticket() as ticket:
            for place in ticket.wait(stop):
                yield Chunk(place=place)
            if not ticket.running:
                yield Chunk(finish="cancelled", usage=Usage(len(prompt), 0))
                return
            with self._servers.use(lora) as server, server.line.ticket() as turn:
                for place in turn.wait(stop):
                    yield Chunk(place=place)
                if not turn.running:
                    yield Chunk(finish="cancelled", usage=Usage(len(prompt), 0))
                    return
                records = server.records(request, stop)
                with closing(records):  # a closed iterator ends the work before it gives the slot back
                    yield from _chunks(records, len(prompt), stop)

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        lora = self._lora(adapter)
        prompt = self._prompt(messages)
        tokens = [self._tokenize(text) for text in continuations]
        longest = len(prompt) + max(map(len, tokens), default=0)
        if longest > self.context_window:
            raise ContextOverflow(
                f"This needs {longest} tokens, but the model can see {self.context_window}. Shorten it.",
                prompt=longest,
                window=self.context_window,
            )
        with self._line.ticket() as ticket:
            for _ in ticket.wait():
                pass
            with self._servers.use(lora) as server, server.line.ticket() as turn:
                for _ in turn.wait():
                    pass
                return [math.fsum(server.logprob(prompt + t[:i], t[i]) for i in range(len(t))) for t in tokens]

    def count_tokens(self, text: str) -> int:
        return len(self._tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        return len(self._prompt(messages))

    def adapters(self) -> list[Adapter]:
        return list(self._known.values())

    def refresh(self) -> None:
        self._known = {adapter.name: adapter for adapter in self._find()}
        self._converted = {}

    def load(self) -> dict[str, int]:
        return self._line.load()

    def close(self) -> None:
        self._line.close()
        self._servers.close()

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        tokens = self._tokenize(self._template.render(messages), special=True)
        missing = self._bos is not None and tokens[:1] != [self._bos]  # some templates write it, some leave it to us
        return [self._bos, *tokens] if missing and self._bos is not None else tokens

    def _tokenize(self, text: str, *, special: bool = False) -> list[int]:
        with self._servers.use(None) as server:
            return server.tokenize(text, special)

    def _lora(self, name: str | None) -> Path | None:
        """The adapter's GGUF twin. Raises `AdapterNotFound`, `AdapterError`."""
        if name is None:
            return None
        known, converted = self._known, self._converted
        if name not in known or known[name].path is None:
            raise AdapterNotFound(f"There is no adapter {name}. Choose another one.", name=name)
        if name not in converted:
            converted[name] = convert_adapter(Path(str(known[name].path)), self._header, self._cache)
        return converted[name]


def _usable_cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1) if cores > 2 else cores  # llama.cpp stalls when others want all of its cores


def _template(header: Header) -> tuple[ChatTemplate, int | None]:
    """The chat template, and the token to begin with where the model wants one."""
    tokens = header.fields.get("tokenizer.ggml.tokens") or []
    ids = {kind: header.fields.get(f"tokenizer.ggml.{kind}_token_id") for kind in ("bos", "eos")}
    texts = {kind: tokens[i] if i is not None and i < len(tokens) else "" for kind, i in ids.items()}
    default = header.fields.get("tokenizer.ggml.model") == "llama"  # SentencePiece models begin with one unless told
    wanted = header.fields.get("tokenizer.ggml.add_bos_token", default)
    source = str(header.fields.get("tokenizer.chat_template") or CHATML)
    return ChatTemplate(source, **texts), ids["bos"] if wanted else None


def _options(sampling: Sampling, room: int, window: int) -> Record:
    """`Sampling` in llama.cpp's words, complete: it ignores unknown keys and fills in defaults of its own."""
    greedy = sampling.temperature == 0
    seed = secrets.randbelow(LAST_SEED) if sampling.seed is None else min(sampling.seed, LAST_SEED - 1)
    options: Record = {
        "max_tokens": min(sampling.max_tokens, room),
        "temperature": sampling.temperature,
        "top_p": 1.0 if greedy else sampling.top_p,
        "top_k": 0 if greedy else sampling.top_k,
        "min_p": 0.0 if greedy else sampling.min_p,
        "repeat_penalty": 1.0 if greedy else sampling.repetition_penalty,
        "repeat_last_n": window,
        "seed": seed,
        "stop": list(sampling.stop),
        "return_progress": True,  # a record per batch of the prompt: where Stop is seen
        "timings_per_token": True,  # counts tokens, also those withheld until their character is whole
    }
    if sampling.top_logprobs is not None:
        options["logprobs"] = max(1, sampling.top_logprobs)
        options["post_sampling_probs"] = False
    return options


def _chunks(records: Iterator[Record], prompt: int, stop: threading.Event | None) -> Iterator[Chunk]:
    made = 0
    finish: FinishReason | None = None
    for record in records:
        if stop and stop.is_set():  # also when the answer's end is in the inbox already: nobody wants it any more
            break
        choice = record["choices"][0]
        count = int(record.get("timings", {}).get("predicted_n", made))
        if "usage" in record:
            count = int(record["usage"]["completion_tokens"])
        finish = choice["finish_reason"] or finish
        logprobs = tuple(map(_logprob, (choice.get("logprobs") or {}).get("content") or ()))
        if choice["text"] or logprobs or count > made:
            yield Chunk(choice["text"], count - made, logprobs=logprobs)
            made = max(made, count)
    if stop and stop.is_set():
        finish = "cancelled"
    if finish is None:
        raise EngineError("The model stopped in the middle of the answer. Please try again.")
    yield Chunk(finish=finish, usage=Usage(prompt, made))


def _logprob(entry: Record) -> TokenLogprob:
    top = tuple((str(e["token"]), float(e["logprob"])) for e in entry["top_logprobs"])
    return TokenLogprob(str(entry["token"]), float(entry["logprob"]), top)


class _Server:
    """One llama.cpp server: the weights with one adapter or none. Raises `ModelDamaged`."""

    def __init__(self, gguf: Path, lora: Path | None, context: int, slots: int, threads: int) -> None:
        key = secrets.token_urlsafe(32)
        self.line = Line(slots)
        self._reuse = {"cache_prompt": lora is None}
        try:
            self._server = xllamacpp.Server(_params(gguf, lora, context, slots, threads, key))
        except RuntimeError as error:
            raise ModelDamaged(
                f"llama.cpp cannot load {gguf.name}. The file is damaged, or of a kind it does not know."
            ) from error
        self._http = httpx.Client(
            base_url=self._server.listening_address,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,  # a proxy of the environment is not meant for our own loopback
            timeout=60,
        )

    def close(self) -> None:
        self._http.close()
        del self._server  # its destructor ends the threads and the listener

    def tokenize(self, text: str, special: bool) -> list[int]:
        try:
            body = {"content": text, "add_special": False, "parse_special": special}
            answer = self._http.post("/tokenize", json=body).raise_for_status()
        except httpx.HTTPError as error:
            raise EngineUnavailable("The model does not answer. Please try again.") from error
        return [int(token) for token in answer.json()["tokens"]]

    def logprob(self, prompt: list[int], token: int) -> float:
        """log p(token | prompt) in nats: the token is forced by a bias, its probability is that of the bare logits."""
        request = _options(Sampling(temperature=0.0, max_tokens=1, top_logprobs=1), 1, 64)
        request |= {"prompt": prompt, "stream": True, "logit_bias": [[token, FORCED]]}
        entries = [
            entry
            for record in self.records(request, None)
            for entry in (record["choices"][0].get("logprobs") or {}).get("content") or ()
        ]
        if not entries or entries[0]["id"] != token:
            raise EngineError("The model could not score this text.")
        return float(entries[0]["logprob"])

    def records(self, request: Record, stop: threading.Event | None) -> Generator[Record, None, None]:
        """The server's records. Ends early, with the work ended too, when `stop` is set or the iterator is closed."""
        inbox: queue.SimpleQueue[Record | BaseException | None] = queue.SimpleQueue()
        closed = threading.Event()

        def receive(record: Any) -> bool:
            # An exception here would be swallowed, so nothing that can fail is done here. True ends the work.
            inbox.put(record)
            return closed.is_set() or bool(stop and stop.is_set())

        def work() -> None:
            try:
                self._server.handle_completions(json.dumps(self._reuse | request), receive)
                inbox.put(None)
            except BaseException as error:
                inbox.put(error)

        worker = threading.Thread(target=work, name="llamacpp-request", daemon=True)
        worker.start()
        try:
            while (record := inbox.get()) is not None:
                yield _checked(record)
        finally:
            closed.set()
            worker.join()


def _checked(record: Any) -> Record:
    """Raises `EngineError` for what is not a plain record."""
    if isinstance(record, BaseException):
        raise EngineError("The model failed while it worked on this answer. Please try again.") from record
    parsed: Record = json.loads(record) if isinstance(record, str | bytes) else record
    if "error" in parsed:
        reason = parsed["error"].get("message", "no reason given")
        raise EngineError(f"The model could not answer: {reason}. Please try again.")
    return parsed


def _params(gguf: Path, lora: Path | None, context: int, slots: int, threads: int, key: str) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_parallel = slots
    params.n_ctx = context * slots  # llama.cpp divides it among the slots
    params.n_batch = params.n_ubatch = BATCH
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # waiting threads sleep; by default they spin and starve the rest of the process
    if lora is not None:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(lora), 1.0)]
    params.cache_ram_mib = 0  # no second prompt cache beside the slots' own
    params.ctx_shift = False
    params.warmup = False
    params.verbosity = -1
    params.ui = False
    params.endpoint_slots = False
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.cors_origins, params.cors_origins_explicit = "http://127.0.0.1", True
    return params


class _Servers:
    """The base model's server and those of the adapters in use, the longest idle closed first."""

    def __init__(self, build: Callable[[Path | None], _Server]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._building: dict[Path, threading.Lock] = {}
        self._users: dict[Path | None, int] = {None: 0}
        self._closed = False
        self._servers: OrderedDict[Path | None, _Server] = OrderedDict({None: build(None)})

    @contextmanager
    def use(self, lora: Path | None) -> Iterator[_Server]:
        server = self._acquire(lora)
        try:
            yield server
        finally:
            self._release(lora)

    def close(self) -> None:
        """Idle servers close now, the others when their last request ends."""
        with self._lock:
            self._closed = True
            for server in self._servers.values():
                server.line.close()
            idle = [self._servers.pop(key) for key in list(self._servers) if not self._users.get(key)]
        for server in idle:
            server.close()

    def _acquire(self, lora: Path | None) -> _Server:
        with self._lock:
            self._users[lora] = self._users.get(lora, 0) + 1  # from here on nobody closes it
            gate = self._building.setdefault(lora, threading.Lock()) if lora else threading.Lock()
        try:
            with gate:
                with self._lock:
                    if self._closed:
                        raise EngineUnavailable("The model was closed. Please try again.")
                    found = self._servers.get(lora)
                if found is None:
                    found = self._build(lora)
                with self._lock:
                    self._servers[lora] = found
                    self._servers.move_to_end(lora)
            return found
        except BaseException:
            self._release(lora)
            raise

    def _release(self, lora: Path | None) -> None:
        with self._lock:
            self._users[lora] -= 1
            idle = [key for key in self._servers if not self._users[key] and (key is not None or self._closed)]
            surplus = len(idle) if self._closed else max(0, len(self._servers) - 1 - ADAPTER_SERVERS)
            doomed = [self._servers.pop(key) for key in idle[:surplus]]
        for server in doomed:
            server.close()

"""One of llama.cpp's servers in this process, and the words that it understands."""

import json
import queue
import secrets
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from chatbot.common.errors import EngineError, EngineUnavailable, ModelDamaged
from chatbot.engine.gguf.adapter import GgufAdapter
from chatbot.types import Sampling

BATCH = 64  # prompt tokens per step: 0.2 to 0.5 s on two cores, so Stop is seen that fast during prefill; 128 read 6 % faster
PER_THREAD = 150_000_000  # bytes of weights that make a thread worth its waiting when a lone token is computed
LOOK = 0.05  # seconds between looks at the stop event while other prompts are read
LAST_SEED = 2**32 - 1  # llama.cpp takes this one for "draw a seed"
FORCED = 1e6  # a logit bias that no other token can beat
KEYS = xllamacpp.ggml_type.GGML_TYPE_Q8_0
LISTED = 1000  # likeliest next tokens that are asked for where several are to be scored

Record = dict[str, Any]


def options(sampling: Sampling, room: int, window: int) -> Record:
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


class Server:
    """One llama.cpp server: the weights with one adapter or none. One that is not steady wants a single slot.

    Long prompts are read by who got into `reading`. Raises `ModelDamaged`.
    """

    def __init__(
        self, gguf: Path, lora: GgufAdapter | None, context: int, slots: int, threads: int, reading: threading.Semaphore
    ) -> None:
        key = secrets.token_urlsafe(32)
        self._reuse = {"cache_prompt": lora is None or lora.steady}
        self._reading = reading
        try:
            self._server = xllamacpp.Server(_params(gguf, lora, context, slots, threads, key))
        except RuntimeError as error:
            raise ModelDamaged(
                f"llama.cpp cannot load {gguf.name}. The file is damaged, or of a kind it does not know.",
                kind="gguf_refused",
                name=gguf.name,
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
            raise EngineUnavailable("The model does not answer. Please try again.", kind="model_silent") from error
        return [int(token) for token in answer.json()["tokens"]]

    def logprobs(self, prompt: list[int], continuations: list[list[int]]) -> list[list[float]]:
        """log p of each token of each continuation behind `prompt`, in nats. The prompt is read once.

        Continuations that begin with the same tokens are walked together, so single tokens cost one step, however many.
        """
        wanted: dict[tuple[int, ...], list[int]] = {}
        for tokens in continuations:
            for place, token in enumerate(tokens):
                wanted.setdefault(tuple(tokens[:place]), []).append(token)
        known: dict[tuple[int, ...], dict[int, float]] = {}
        reuse: Record = {}  # what the slot held before must not matter, what this call put there may
        for start, following in wanted.items():
            known[start] = self._logprobs([*prompt, *start], following, reuse)
            reuse = {"cache_prompt": True}
        return [[known[tuple(tokens[:n])][token] for n, token in enumerate(tokens)] for tokens in continuations]

    def _logprobs(self, prompt: list[int], tokens: list[int], reuse: Record) -> dict[int, float]:
        """log p of each of `tokens` as the next one: from the list of the likeliest, the others one by one."""
        best = LISTED if len(set(tokens)) > 1 else 1
        found = self._forced(prompt, tokens[0], best, reuse)
        for token in set(tokens) - found.keys():
            found |= self._forced(prompt, token, 1, {"cache_prompt": True})
        return found

    def _forced(self, prompt: list[int], token: int, best: int, reuse: Record) -> dict[int, float]:
        """log p of `token` and of the `best` likeliest, of the bare logits. A bias makes it the one that is generated."""
        request = options(Sampling(temperature=0.0, max_tokens=1, top_logprobs=1), 1, 64)
        request |= {"prompt": prompt, "stream": True, "logprobs": best, "logit_bias": [[token, FORCED]]} | reuse
        entries = [
            entry
            for record in self.records(request, None)
            for entry in (record["choices"][0].get("logprobs") or {}).get("content") or ()
        ]
        if not entries or entries[0]["id"] != token:
            raise EngineError("The model could not score this text.", kind="unscored")
        likeliest = {int(each["id"]): float(each["logprob"]) for each in entries[0]["top_logprobs"]}
        return likeliest | {token: float(entries[0]["logprob"])}

    def records(self, request: Record, stop: threading.Event | None) -> Generator[Record, None, None]:
        """The server's records. Ends early, with the work ended too, when `stop` is set or the iterator is closed.

        Long prompts that can be stopped are handed over one by one, because a Stop is heard only in its own prompt's steps, which
        take the longer the more are read: with four at once the last slot was free 1.9 s after Stop.
        """
        reading = stop is not None and len(request["prompt"]) > BATCH
        while reading and not self._reading.acquire(timeout=LOOK):
            if stop and stop.is_set():
                return
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
                checked = _checked(record)
                if reading and _is_read(checked):
                    self._reading.release()
                    reading = False
                yield checked
        finally:
            closed.set()
            worker.join()
            if reading:
                self._reading.release()


def _checked(record: Any) -> Record:
    """Raises `EngineError` for what is not a plain record."""
    if isinstance(record, BaseException):
        raise EngineError(
            "The model failed while it worked on this answer. Please try again.", kind="model_failed"
        ) from record
    parsed: Record = json.loads(record) if isinstance(record, str | bytes) else record
    if "error" in parsed:
        reason = parsed["error"].get("message", "no reason given")
        raise EngineError(
            f"The model could not answer: {reason}. Please try again.", kind="model_failed_because", reason=reason
        )
    return parsed


def _is_read(record: Record) -> bool:
    """Whether the whole prompt was."""
    progress = record.get("prompt_progress")
    return not progress or progress["processed"] >= progress["total"]


def _params(gguf: Path, lora: GgufAdapter | None, context: int, slots: int, threads: int, key: str) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_parallel = slots
    params.n_ctx = context * slots  # llama.cpp divides it among the slots
    params.n_batch = params.n_ubatch = BATCH
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    # With keys and values both in F16, attention computes long batches, short ones and lone tokens in three ways, so that
    # an answer depended on what is batched with it and on what the cache held: 5 of 12 prompts kept their log-probabilities. With Q8_0
    # keys there is one way, row by row: 32 of 32 kept them to the last bit beside others, 3 of 3 from the cache. Long prompts
    # are read at two thirds of the speed, so where there is one slot and no cache it is F16.
    params.cache_type_k = KEYS if lora is None or lora.steady else xllamacpp.ggml_type.GGML_TYPE_F16
    params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F16
    params.cpuparams.n_threads = threads_of_a_token(gguf.stat().st_size, threads)
    params.cpuparams_batch.n_threads = threads
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.poll = 0  # waiting threads sleep; by default they spin and starve the rest of the process
    if lora is not None:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(lora.path), 1.0)]
    params.cache_ram_mib = 0  # no second prompt cache beside the slots' own
    params.ctx_shift = False
    params.fit_params = False  # nothing is to be made smaller to fit a GPU; looking took a quarter of the loading
    params.warmup = False
    params.verbosity = -1
    params.ui = False
    params.endpoint_slots = False
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.cors_origins, params.cors_origins_explicit = "http://127.0.0.1", True
    return params


def threads_of_a_token(size: int, threads: int) -> int:
    """Threads that compute a lone token: no more than have `PER_THREAD` bytes of weights each to read.

    All of them wait for each other after every step of every layer. With the bundled model (145 MB) on two cores one thread
    writes 77 tokens/s on a quiet machine and 88 beside a busy process; two that sleep while they wait, 41 and 52.
    """
    return max(1, min(threads, size // PER_THREAD))

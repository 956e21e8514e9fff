"""One of llama.cpp's servers in this process, and the words that it understands."""

import json
import queue
import secrets
import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from chatbot.common.errors import EngineError, EngineUnavailable, ModelDamaged
from chatbot.engine.llamacpp.pace import MOST, Pace
from chatbot.engine.text.schema import held
from chatbot.types import Sampling

PER_THREAD = 150_000_000  # bytes of weights that make a thread worth its waiting when a lone token is computed
LAST_SEED = 2**32 - 1  # llama.cpp takes this one for "draw a seed"

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
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "logit_bias": [list(each) for each in sampling.logit_bias],
        "stop": list(sampling.stop),
        "timings_per_token": True,  # counts tokens, also those withheld until their character is whole
    }
    if sampling.top_logprobs is not None:
        options["logprobs"] = max(1, sampling.top_logprobs)
        options["post_sampling_probs"] = False
    if sampling.schema:
        options["json_schema"] = held(sampling.schema)
    return options


@dataclass(frozen=True, slots=True)
class Kind:
    """What a server is for: an adapter's GGUF form or the base, and whether it drafts.

    Where the last twelve tokens stood before, in the prompt or the answer, those that followed are computed in one step, as a
    prompt's are, and kept as far as the model would have written them: the text is the same, and what quotes its prompt is
    written up to twice as fast. Of what was drafted the library tells no log-probabilities.
    """

    lora: Path | None = None
    drafts: bool = True


class Server:
    """One llama.cpp server: the weights with one adapter or none, and `slots` slots of `context` tokens each.

    `exact` has it compute a token in the same way wherever it stands in a batch, at two thirds of the reading speed. Raises `ModelDamaged`.
    """

    def __init__(self, gguf: Path, kind: Kind, context: int, slots: int, threads: int, *, exact: bool = False) -> None:
        key = secrets.token_urlsafe(32)
        self.pace = Pace()
        try:
            self._server = xllamacpp.Server(_params(gguf, kind, context, slots, threads, exact, key))
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
        body = {"content": text, "add_special": False, "parse_special": special}
        return [int(token) for token in self._asked("/tokenize", body)["tokens"]]

    def text(self, tokens: list[int]) -> str:
        return str(self._asked("/detokenize", {"tokens": tokens})["content"])

    def _asked(self, path: str, body: Record) -> Record:
        try:
            answer: Record = self._http.post(path, json=body).raise_for_status().json()
        except httpx.HTTPError as error:
            raise EngineUnavailable("The model does not answer. Please try again.", kind="model_silent") from error
        return answer

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
                self._server.handle_completions(json.dumps(request), receive)
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


def _params(gguf: Path, kind: Kind, context: int, slots: int, threads: int, exact: bool, key: str) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_parallel = slots
    params.n_ctx = context * slots  # llama.cpp divides it among the slots
    params.n_batch = params.n_ubatch = MOST
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    # With keys and values both in F16, attention computes long batches, short ones and lone tokens in three ways that round
    # differently, and the next product's rounding of what goes in makes more of it. With Q8_0 keys there is one way, row by row.
    params.cache_type_k = xllamacpp.ggml_type.GGML_TYPE_Q8_0 if exact else xllamacpp.ggml_type.GGML_TYPE_F16
    params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F16
    params.cpuparams.n_threads = threads_of_a_token(gguf.stat().st_size, threads)
    params.cpuparams_batch.n_threads = threads
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.poll = 0  # waiting threads sleep; by default they spin and starve the rest of the process
    if kind.lora is not None:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(kind.lora), 1.0)]
    if kind.drafts:
        params.speculative.types = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
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

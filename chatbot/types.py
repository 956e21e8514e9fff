"""The values that flow through Banyan. Frozen, slotted, and imported by nearly everything."""

import unicodedata
from dataclasses import dataclass, field, fields
from typing import Literal

from chatbot.common.errors import BanyanError, InputError
from chatbot.common.step import Step

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "cancelled", "loop"]
"""Why an answer ended: by itself, at `max_tokens` or the end of the window, from outside, or where it said the same over and over."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model asks its caller to run. `arguments` is JSON as the model wrote it: it may be broken or not fit."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. The first carries the `tools` that the model may call, each in OpenAI's form as JSON."""

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()  # of the assistant's
    call: str = ""  # the id of the call that a tool's message answers
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is to go on with as it stands, without a chat template: a text, or the numbers of its tokens."""

    text: str = ""
    tokens: tuple[int, ...] = ()


_MOST = 1e308


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        value = max(min(value, _MOST), -_MOST)  # JSON knows whole numbers that no float holds
        raise InputError(
            f"{name} must be between {low:g} and {high:g}, not {value:g}.",
            kind="sampling_bounds",
            name=name,
            low=f"{low:g}",
            high=f"{high:g}",
            value=f"{value:g}",
            param=name,
        )


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. `temperature == 0` is greedy and ignores the other figures down to `repetition_penalty`.

    Raises `InputError` when a value is out of its bounds.
    """

    temperature: float = 0.7  # 0 to 2
    top_p: float = 0.95  # nucleus, (0, 1]
    top_k: int = 40  # 0 switches it off
    min_p: float = 0.0  # [0, 1)
    repetition_penalty: float = 1.0  # [1, 2]; 1 switches it off
    max_tokens: int = 512  # of the answer
    seed: int | None = None  # None draws one
    stop: tuple[str, ...] = ()  # the answer ends before the first of these
    top_logprobs: int | None = None  # None: no log-probabilities; n: the chosen token's and the n best
    presence_penalty: float = 0.0  # [-2, 2]; taken off the logit of every token that was written
    frequency_penalty: float = 0.0  # [-2, 2]; the same for each time that it was written
    logit_bias: tuple[tuple[int, float], ...] = ()  # (token, added to its logit), [-100, 100]
    schema: str = ""  # a JSON Schema: the answer is JSON that fits; empty: it is free
    must_call: bool = False  # the answer is a call of one of the tools

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            _within(name, getattr(self, name), low, high)
        for _, value in self.logit_bias:
            _within("logit_bias", value, -100, 100)
        if len(self.stop) > 16 or not all(self.stop):
            raise InputError("stop takes at most 16 strings, none of them empty.", kind="sampling_stop")


BOUNDS: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 2.0),
    "top_p": (0.01, 1.0),
    "top_k": (0, 1000),
    "min_p": (0.0, 0.99),
    "repetition_penalty": (1.0, 2.0),
    "max_tokens": (1, 131_072),
    "seed": (0, 2**32 - 1),
    "top_logprobs": (0, 20),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
}
"""Inclusive bounds of every number in `Sampling`: the page's sliders and the API read them here."""

assert set(BOUNDS) < {f.name for f in fields(Sampling)}

GREEDY = Sampling(temperature=0.0)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a base model by its weights, whatever they are called.

    `known` is its name in the catalogue, empty where it is not in it. `languages` are those that it was made for (ISO 639-1);
    None: not known, taken to be every language. `sampling` is what its answers are best drawn with.
    """

    known: str = ""
    languages: frozenset[str] | None = None
    sampling: Sampling = Sampling()


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A generated token and its natural-log probability under the model's unscaled distribution."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted by the engine's own tokenizer; `prompt` includes the chat template."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a streamed answer.

    `text` holds whole characters only. While the request waits for a slot, chunks have no text and `place` says how
    many requests stand before it (1 = next). The last chunk, and only it, carries `finish` and `usage`.
    """

    text: str = ""
    tokens: int = 0
    finish: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    place: int = 0
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer: every `Chunk` of one stream put together."""

    text: str
    finish: FinishReason
    usage: Usage
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """One that an engine asks instead of computing itself. `error` is why it cannot be asked now; None: it is well."""

    url: str
    running: int  # requests of ours
    error: BanyanError | None = None


@dataclass(frozen=True, slots=True)
class LoadState:
    """How far a model is on its way into memory. `fraction` is None while the length of the step is unknown."""

    status: Literal["loading", "ready", "failed"]
    step: Step | None = None  # while it is loading
    fraction: float | None = None
    failure: BanyanError | None = None  # when it has failed

    def __str__(self) -> str:
        """In English: the step, or why it failed; empty once it is ready."""
        return str(self.step or self.failure or "")


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter as people see it. `name` is what they choose; `path` is the PEFT folder, None on a remote server.

    `owner` is the only person who may see and use it; empty: everybody. `by` is who brought it and may take it away; empty:
    whoever runs the server. `groups` may use it besides its owner: `readers` are the people in them now. `base_fingerprint` tells the
    weights it was trained on (see `chatbot.engine.adapters.fit.check_base`); empty where it does not say.
    """

    name: str
    base: str = ""
    task: str = ""
    verdict: str = ""
    path: str | None = None
    rank: int | None = None
    owner: str = ""
    by: str = ""
    base_fingerprint: str = ""
    groups: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()
    details: dict[str, str] = field(default_factory=dict, compare=False)


def alike(name: str) -> str:
    """The same for all names of adapters and models that differ in case, width or composition only (Unicode TR 15, NFKC)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one person may keep and ask for; `--quotas` sets them. The defaults are generous for one and harmless for many."""

    documents: int = 2000
    megabytes: int = 2048  # of all their documents together
    adapters: int = 50
    jobs: int = 50  # fine-tunes that are kept, whatever became of them
    uploads: int = 1024  # megabytes on their way
    rows: int = 100_000  # of one data set
    seconds: int = 30  # that a data set is checked, or a document read
    requests: int = 64  # under way at once: a quarter of the engine's line

    def __post_init__(self) -> None:
        """Raises `InputError`."""
        for one in fields(self):
            if getattr(self, one.name) < 1:
                raise InputError(f"{one.name} is at least 1.", kind="bad_quota", name=one.name)

    def require(self, name: str, count: float) -> None:
        """Raises `QuotaReached` where `count`, with what is asked for, is more than may be."""
        limit = getattr(self, name)
        if count > limit:
            raise QuotaReached(
                f"That would be more than the {limit:,} {_QUOTAS[name]} that one person may have here. "
                "Remove some first, or ask whoever runs this server.",
                kind=f"quota_{name}",
                limit=limit,
            )


QUOTAS = Quotas()


class QuotaReached(InputError):
    code = "quota_reached"
    status = 429


_QUOTAS = {
    "documents": "documents",
    "megabytes": "megabytes of documents",
    "adapters": "adapters",
    "jobs": "fine-tunes",
    "uploads": "megabytes of uploads on their way",
}

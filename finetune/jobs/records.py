"""What the files of a job say: what is known of it from its first moment, and how it ended."""

from dataclasses import dataclass, field
from typing import Any, Literal

Cause = Literal["", "stopped", "out_of_memory", "disk_full", "diverged", "rejected", "error"]


@dataclass(frozen=True, slots=True)
class Base:
    """The model that is trained on: a transformers folder, its name as people know it, and what tells its weights apart."""

    folder: str
    name: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """The adapter that a job goes on from: its name as people know it, and the SHA-256 of its weights."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a job from its first moment. `created` is in seconds since 1970; `adapters` is where the result goes."""

    owner: str
    name: str
    created: float
    base: Base
    adapters: str
    source: str = ""  # the uploaded file's name: shown, never opened
    shared: bool = False
    start: Start | None = None  # what it goes on from; None: a new adapter
    report: str = ""  # the program that its curves are reported to besides: `finetune.spec.reports`
    sweep: str = ""  # which it is one of
    variant: str = ""  # of a sweep: the setting that is its own, such as rank=4


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended. `cause` names the kind for programs, `retry` the settings that would get past it."""

    state: Literal["succeeded", "failed", "cancelled"]
    cause: Cause = ""
    message: str = ""
    details: dict[str, object] = field(default_factory=dict)  # those of the error behind the message, and its kind
    retry: dict[str, object] = field(default_factory=dict)
    adapter: str = ""  # name under which it was published
    steps: int = 0
    seconds: float = 0.0
    verdict: dict[str, Any] = field(default_factory=dict)

"""Time and memory of a fine-tune before it starts, from a probe on this machine; a probe is remembered for its settings."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

from chatbot.common.child import Child
from chatbot.common.errors import InputError
from chatbot.common.step import Progress
from chatbot.common.system.processes import cores
from finetune.jobs.folder import write
from finetune.jobs.records import Base
from finetune.spec.spec import TrainingSpec

COSTLY = ("target_modules", "dora", "gradient_checkpointing", "quantization", "precision")
"""The knobs that change what a token costs, besides the rank and the length of the longest row."""
POINTS = 11  # of the held-out curve: one before the first step, and ten
JUDGED = 6_000  # tokens of answers that a verdict writes at most, on both sides together
SAMPLED = 32  # tokens of a sample answer at most
SAMPLING = 0.2  # of the time of the updates that sample answers may take, beyond those of the first point
KEPT = 100  # probes that are remembered
ROOM = 0.95  # share of the memory that a training may fill


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of training and of the verdict after it; memory in bytes, at the peak and in all that is there."""

    steps: int
    training: float
    verdict: float
    memory: int
    available: int

    @property
    def fits(self) -> bool:
        return self.memory <= ROOM * self.available

    def require(self) -> None:
        """Raises `InputError` when the memory is not enough."""
        if not self.fits:
            need, have = (f"{size / 2**30:.1f}" for size in (self.memory, self.available))
            raise InputError(
                f"This training needs {need} GiB of memory, and {have} GiB are there. Lower max_length or the rank, "
                "switch on gradient checkpointing, or free some memory.",
                kind="no_memory",
                need=need,
                have=have,
            )


class Estimator:
    """Estimates on `device`; probes run one after another in a child and are kept in the file `kept`."""

    def __init__(self, kept: Path, *, device: str = "cpu", threads: int | None = None) -> None:
        self._kept = kept
        self._child = Child("finetune.train.probe", device=device, threads=threads or cores(), idle=1.0)

    def known(self, base: Base, spec: TrainingSpec, report: Mapping[str, Any]) -> Estimate | None:
        """From a probe that was made for these settings, or for a larger rank and longer rows."""
        wanted = _probed(base, spec, report)
        fitting = [
            probe
            for probe in self._read()
            if probe["settings"] == wanted["settings"]
            and probe["rank"] >= wanted["rank"]
            and probe["row"] >= wanted["row"]
        ]
        nearest = min(fitting, key=lambda probe: (probe["row"], probe["rank"]), default=None)
        return None if nearest is None else _estimate(nearest["measured"], spec, report)

    def measure(
        self,
        base: Base,
        spec: TrainingSpec,
        report: Mapping[str, Any],
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
    ) -> Estimate:
        """`known`, or a new probe. Raises what the probe raises: `InputError` when the memory is not enough."""
        known = self.known(base, spec, report)
        if known and known.fits:
            return known
        wanted = _probed(base, spec, report)
        request = {"base": asdict(base), "spec": spec.to_dict(), "row": wanted["row"]}
        measured = self._child.ask(request, progress, stop)
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        write(self._kept, json.dumps([*self._read()[-KEPT:], wanted | {"measured": measured}]))
        return _estimate(measured, spec, report)

    def close(self) -> None:
        self._child.close()

    def _read(self) -> list[dict[str, Any]]:
        try:
            values: list[dict[str, Any]] = json.loads(self._kept.read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return values if isinstance(values, list) else []


def steps_of(spec: TrainingSpec, report: Mapping[str, Any]) -> int:
    """Updates of the whole run, over the rows that are not held out."""
    if spec.steps is not None:
        return spec.steps
    return max(1, math.ceil((spec.epochs or 1.0) * math.ceil(_rows(spec, report) / spec.effective_batch)))


def _rows(spec: TrainingSpec, report: Mapping[str, Any]) -> int:
    """What an epoch has: examples, or the rows of max_length that they fill, nearly without gaps."""
    examples = int(report["usable"] - report["held_out"])
    if not spec.packing:
        return examples
    return max(1, min(examples, math.ceil(examples * _mean(report) / spec.max_length)))


def _mean(report: Mapping[str, Any]) -> float:
    """Tokens of an example, after the cut."""
    return float((report["tokens"] - report["truncated_tokens"]) / max(1, report["usable"]))


def _estimate(measured: Mapping[str, Any], spec: TrainingSpec, report: Mapping[str, Any]) -> Estimate:
    usable, held = max(1, report["usable"]), report["held_out"]
    row = _mean(report)
    steps = steps_of(spec, report)
    rows = steps * spec.effective_batch if spec.steps else (spec.epochs or 1.0) * _rows(spec, report)
    points = POINTS if spec.eval_steps is None else steps // spec.eval_steps + 1
    learnt = rows * (usable - held) / max(1, _rows(spec, report)) * row
    read = (points * held * row + _beside(spec, report, learnt, points)) * measured["forward"]
    updates = learnt * measured["update"]
    sampled = _sampled(spec, report, points) * measured["answer"]
    training = updates + read + min(sampled, sampled / max(1, points) + SAMPLING * updates)
    answer = (report["trained_tokens"] / usable) * 1.5 + 8
    judged = min(JUDGED, 2 * held * answer)
    verdict = judged * measured["answer"] + 2 * held * row * measured["forward"] if held else 0.0
    verdict = min(verdict, spec.verdict_share * training)
    return Estimate(steps, training, verdict, measured["memory"], measured["available"])


def _beside(spec: TrainingSpec, report: Mapping[str, Any], learnt: float, points: int) -> float:
    """Tokens that preference tuning reads besides what it learns: as the model was, all rows once; and for `kto` each prompt with
    another's answer, once as the model was and with each update and point."""
    whole = float(max(1, report["usable"])) * _mean(report)
    if report["method"] == "kto":
        return 2 * whole + learnt + points * float(report["held_out"]) * _mean(report)
    return whole if report["method"] == "dpo" and spec.method != "orpo" else 0.0


def _sampled(spec: TrainingSpec, report: Mapping[str, Any], points: int) -> float:
    """Tokens of sample answers."""
    return float(points * min(spec.samples, report["held_out"]) * SAMPLED) if report["method"] != "text" else 0.0


def _probed(base: Base, spec: TrainingSpec, report: Mapping[str, Any]) -> dict[str, Any]:
    """What tells probes apart; `row` is the longest row that is trained on, rounded up to a power of two."""
    knobs = spec.to_dict()
    longest = max(2, int(report["longest"]))
    return {
        "settings": [base.fingerprint, *(knobs[name] for name in COSTLY)],
        "rank": spec.rank,
        "row": min(spec.max_length, 2 ** (longest - 1).bit_length()),
    }

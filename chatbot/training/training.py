"""Fine-tuning as the page and the API offer it: the checks before a job; `results` is what comes after it."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Any, cast

from chatbot.common.child import Child
from chatbot.common.errors import BanyanError, InputError
from chatbot.common.step import Progress, Step
from chatbot.engine.models.names import require_no_model
from chatbot.training.base import TrainingBase
from chatbot.training.results import Results
from chatbot.types import QUOTAS, Quotas
from finetune.data.doctor import Doctor
from finetune.data.examples import Columns, Example
from finetune.data.findings.report import require_usable, way_of
from finetune.data.formats import detect, read_examples
from finetune.data.hub import wanted_of
from finetune.jobs import start as starts
from finetune.jobs.estimate import Estimate, Estimator
from finetune.jobs.jobs import Jobs
from finetune.publish.publish import check_name
from finetune.spec.presets import LONGEST, PresetName, preset
from finetune.spec.spec import TrainingSpec
from finetune.spec.sweep import Sweep

MOST_WAITING = 10  # jobs of one owner that may wait or run at once


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file somebody dropped. `name` is what they call it: shown, and its ending is read, but it is never a path."""

    path: Path
    name: str
    mapping: Columns | None = None


class Training(Results):
    """Everything the tab and the endpoints do. Every method that touches a job checks its owner; safe from any thread."""

    def __init__(
        self, base: TrainingBase, jobs: Jobs, estimator: Estimator, adapters: Path, quotas: Quotas = QUOTAS
    ) -> None:
        super().__init__(base, jobs, adapters)
        self._quotas, self._estimator, self._doctor = quotas, estimator, Doctor()
        self._fetcher = Child("finetune.data.hub", idle=1.0)

    def warm(self) -> None:
        """Somebody opened the tab: begin what a first check would wait for. Returns at once."""
        if not self.base.why_not and self.base.is_made:
            Thread(target=self._warm, name="warm-training", daemon=True).start()

    def _warm(self) -> None:
        with contextlib.suppress(BanyanError):  # whoever drops a file is told
            self._doctor.warm(self.base.prepare(lambda step, fraction: None).folder)

    def check(
        self,
        data: Dataset,
        spec: TrainingSpec,
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
    ) -> dict[str, Any]:
        """The doctor's report as JSON values. Raises `InputError` when the file cannot be read at all, `Stopped`."""
        base = self.base.prepare(progress, stop)
        return self._doctor.check(
            data.path, base.folder, spec, data.mapping, name=data.name, progress=progress, stop=stop,
            rows=self._quotas.rows, seconds=self._quotas.seconds,
        )  # fmt: skip

    def mend(
        self,
        data: Dataset,
        changes: Mapping[int, str],
        target: Path,
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
    ) -> int:
        """Write the data set to `target` with other rows in place of those numbers; see `finetune.data.mend`. Raises what it raises,
        `Stopped`."""
        return self._doctor.mend(data.path, data.name, changes, target, data.mapping, progress=progress, stop=stop)

    def fetch(
        self,
        id: str,
        split: str,
        folder: Path,
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
    ) -> Dataset:
        """A data set of the hub, or the part of it that `split` names, as a file in `folder`. Raises `InputError`, `HubUnavailable`
        or `Stopped`."""
        name = wanted_of(id, split).id.rpartition("/")[2]
        target = folder.resolve() / f"{name}.jsonl"
        request = {"id": id, "split": split, "target": str(target), "most": self._quotas.rows}
        self._fetcher.ask(request, progress, stop)
        return Dataset(target, target.name)

    def estimate(
        self,
        spec: TrainingSpec,
        report: Mapping[str, Any],
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
    ) -> Estimate:
        """Measured for these settings now or before. Raises `InputError` when the memory is not enough."""
        return self._estimator.measure(self.base.prepare(progress, stop), spec, report, progress, stop)

    def known_estimate(self, spec: TrainingSpec, report: Mapping[str, Any]) -> Estimate | None:
        """The estimate, where settings of that cost were measured before."""
        base = self.base.known
        return self._estimator.known(base, spec, report) if base else None

    def start(
        self,
        owner: str,
        name: str,
        data: Dataset,
        spec: TrainingSpec,
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
        adapter: Path | None = None,
        sweep: Sweep | None = None,
    ) -> str:
        """Check once more with these very settings, then queue the job and return its id. With `adapter`, a folder that the
        owner may use, the job goes on from there; with `sweep` there is one for each value, and the first one's id is returned.

        Raises `InputError` where the doctor refuses, the memory is not enough, the name or the adapter cannot be used.
        """
        require_no_model(check_name(name), *self.base.names)
        self._require_room(owner, len(sweep.values) if sweep else 1)
        base = self.base.prepare(progress, stop)
        spec = starts.fitted(spec, adapter, base.fingerprint, spec.to_dict()) if adapter else spec
        report = self.check(data, spec, progress, stop)
        require_usable(report)
        spec = spec.changed({"method": way_of(report)}) if spec.method == "auto" else spec
        specs = sweep.specs(spec) if sweep else {"": spec}
        if sweep and not report["held_out"]:
            raise InputError("A sweep is judged on held-out rows, and these are too few.", kind="sweep_no_held_out")
        for one in specs.values():
            if adapter:
                starts.fitted(one, adapter, base.fingerprint, one.to_dict())
            self.estimate(one, report, progress, stop).require()
        progress(Step("writing"), None)
        id = secrets.token_hex(6) if sweep else ""
        made = [
            self.jobs.create(
                owner, name, _examples(data), one, base, source=data.name, start=adapter, sweep=id, variant=variant
            )
            for variant, one in specs.items()
        ]
        return made[0]

    def _require_room(self, owner: str, count: int) -> None:
        own = [job for job in self.jobs.of(owner) if job.own]
        self._quotas.require("jobs", len(own) + count)
        waiting = [job for job in own if job.state in ("queued", "running")]
        if len(waiting) + count > MOST_WAITING:
            raise InputError(
                f"{len(waiting)} of your jobs wait or run already. Wait for one, or remove one.",
                kind="too_many_jobs",
                count=len(waiting),
            )

    def close(self) -> None:
        """End the children but those that train: they go on and are found again."""
        self.jobs.close()
        self._doctor.close()
        self._estimator.close()
        self._fetcher.close()
        super().close()


def _examples(data: Dataset) -> Iterator[dict[str, Any]]:
    rows = read_examples(data.path, detect(data.path, data.name), data.mapping)
    return (row.to_dict() for row in rows if isinstance(row, Example))


def first_spec(overrides: Mapping[str, object] = MappingProxyType({})) -> TrainingSpec:
    """What a data set is first read with, before a preset can be fitted to it: rows are whole up to the longest preset's length,
    or to what is asked for. Raises `InputError`, also for unknown fields."""
    values = {name: value for name, value in overrides.items() if name not in ("preset", "sweep")}
    return TrainingSpec().changed({"max_length": LONGEST, **values})


def spec_of(overrides: Mapping[str, object], report: Mapping[str, Any]) -> TrainingSpec:
    """A preset for the data set with changed knobs: {"preset": "quick", "rank": 4}; "balanced" when none is named.

    Raises `InputError`, also for unknown fields.
    """
    values = dict(overrides)
    name = cast(PresetName, values.pop("preset", "balanced"))  # which refuses any other
    values.pop("sweep", None)
    return preset_for(name, report).changed(values)


def preset_for(name: PresetName, report: Mapping[str, Any]) -> TrainingSpec:
    """The preset for what the doctor found. Raises `InputError` where there is none of that name."""
    sizes = max(1, report["usable"]), max(1, report["tokens"]), report["fitting"]
    return preset(name, *sizes, method=way_of(report))


def quietly(refresh: Callable[[], None]) -> Callable[[str], None]:
    """For `Jobs(ended=...)`: the engine sees a new adapter at once; a model that is still loading sees it by itself."""

    def tell(id: str) -> None:
        with contextlib.suppress(BanyanError):
            refresh()

    return tell

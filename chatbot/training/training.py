"""Fine-tuning as the page and the API offer it: the checks before a job, and what comes after it."""

import contextlib
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Any, cast

from chatbot.common.child import Child
from chatbot.common.errors import BanyanError, InputError, NotFound
from chatbot.common.step import Progress, Step
from chatbot.engine.gguf.adapter import convert_adapter
from chatbot.engine.gguf.header import header_of
from chatbot.engine.models.names import require_no_model
from chatbot.training.base import TrainingBase
from chatbot.types import QUOTAS, Quotas
from finetune.data.doctor import Doctor
from finetune.data.examples import Columns, Example
from finetune.data.findings.report import require_usable
from finetune.data.formats import detect, read_examples
from finetune.jobs import start as starts
from finetune.jobs.estimate import Estimate, Estimator
from finetune.jobs.jobs import Jobs
from finetune.publish.publish import check_name, pack, push
from finetune.spec.presets import LONGEST, PresetName, preset
from finetune.spec.spec import TrainingSpec

MOST_WAITING = 10  # jobs of one owner that may wait or run at once


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file somebody dropped. `name` is what they call it: shown, and its ending is read, but it is never a path."""

    path: Path
    name: str
    mapping: Columns | None = None


class Training:
    """Everything the tab and the endpoints do. Every method that touches a job checks its owner; safe from any thread."""

    def __init__(
        self, base: TrainingBase, jobs: Jobs, estimator: Estimator, adapters: Path, quotas: Quotas = QUOTAS
    ) -> None:
        self.base, self.jobs, self._quotas = base, jobs, quotas
        self._estimator, self._adapters, self._doctor = estimator, adapters, Doctor()
        self._merger = Child("finetune.train.merge", threads=2, idle=1.0)

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
    ) -> str:
        """Check once more with these very settings, then queue the job and return its id. With `adapter`, a folder that the
        owner may use, the job goes on from there.

        Raises `InputError` where the doctor refuses, the memory is not enough, the name or the adapter cannot be used.
        """
        require_no_model(check_name(name), *self.base.names)
        self._require_room(owner)
        if adapter:
            fingerprint = self.base.prepare(progress, stop).fingerprint
            spec = starts.fitted(spec, adapter, fingerprint, spec.to_dict())
        report = self.check(data, spec, progress, stop)
        require_usable(report)
        spec = spec.changed({"method": "dpo" if report["method"] == "dpo" else "sft"})
        self.estimate(spec, report, progress, stop).require()
        progress(Step("writing"), None)
        format = detect(data.path, data.name)
        rows = read_examples(data.path, format, data.mapping)
        examples = (row.to_dict() for row in rows if isinstance(row, Example))
        return self.jobs.create(
            owner, name, examples, spec, self.base.prepare(progress), source=data.name, start=adapter
        )

    def _require_room(self, owner: str) -> None:
        own = [job for job in self.jobs.of(owner) if job.own]
        self._quotas.require("jobs", len(own) + 1)
        waiting = [job for job in own if job.state in ("queued", "running")]
        if len(waiting) >= MOST_WAITING:
            raise InputError(
                f"{len(waiting)} of your jobs wait or run already. Wait for one, or remove one.",
                kind="too_many_jobs",
                count=len(waiting),
            )

    # After the end

    def folder(self, owner: str, id: str) -> Path:
        """The adapter as it was published, else as it lies in the job. Raises `NotFound`."""
        result = self.jobs.get(owner, id).result
        published = self._adapters / result.adapter if result and result.adapter else None
        return published if published and published.is_dir() else self.jobs.adapter(owner, id)

    def pack(self, owner: str, id: str, folder: Path) -> Path:
        """The adapter as a zip in `folder`."""
        return pack(self.folder(owner, id), folder / f"{self._name(owner, id)}.zip")

    def to_gguf(self, owner: str, id: str, folder: Path) -> Path:
        """The adapter for llama.cpp, in `folder`. Raises `AdapterError` where it cannot be said in GGUF."""
        base = self.base.prepare(lambda step, fraction: None)
        made = convert_adapter(self.folder(owner, id), header_of(Path(base.folder)), folder)
        return made.rename(folder / f"{self._name(owner, id)}.gguf")

    def merge(self, owner: str, id: str, folder: Path, progress: Progress, stop: Event | None = None) -> Path:
        """A whole model's weights with the adapter in them, as a zip in `folder`. Raises `AdapterError`."""
        base, target = self.base.prepare(progress, stop), folder / f"{self._name(owner, id)}-merged"
        request = {"base": base.folder, "adapter": str(self.folder(owner, id)), "target": str(target)}
        self._merger.ask(request, progress, stop)
        progress(Step("packing"), None)
        return _stored(target)

    def push(self, owner: str, id: str, repository: str, token: str) -> str:
        """Upload to the hub; returns the address. The token is used and forgotten."""
        job = self.jobs.get(owner, id)
        if not job.own:
            raise NotFound("There is no such job.", kind="no_job")
        return push(self.folder(owner, id), repository.strip(), token.strip())

    def _name(self, owner: str, id: str) -> str:
        return check_name(self.jobs.get(owner, id).name)

    def close(self) -> None:
        """End the children but those that train: they go on and are found again."""
        self.jobs.close()
        self._doctor.close()
        self._estimator.close()
        self._merger.close()


def first_spec(overrides: Mapping[str, object] = MappingProxyType({})) -> TrainingSpec:
    """What a data set is first read with, before a preset can be fitted to it: rows are whole up to the longest preset's length,
    or to what is asked for. Raises `InputError`, also for unknown fields."""
    values = {name: value for name, value in overrides.items() if name != "preset"}
    return TrainingSpec().changed({"max_length": LONGEST, **values})


def spec_of(overrides: Mapping[str, object], report: Mapping[str, Any]) -> TrainingSpec:
    """A preset for the data set with changed knobs: {"preset": "quick", "rank": 4}; "balanced" when none is named.

    Raises `InputError`, also for unknown fields.
    """
    values = dict(overrides)
    name = cast(PresetName, values.pop("preset", "balanced"))  # which refuses any other
    return preset_for(name, report).changed(values)


def preset_for(name: PresetName, report: Mapping[str, Any]) -> TrainingSpec:
    """The preset for what the doctor found. Raises `InputError` where there is none of that name."""
    sizes = max(1, report["usable"]), max(1, report["tokens"]), report["fitting"]
    return preset(name, *sizes, pairs=report["method"] == "dpo")


def _stored(folder: Path) -> Path:
    """The folder as a zip beside it; weights do not compress, so nothing is."""
    target = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
    shutil.rmtree(folder)
    return target


def quietly(refresh: Callable[[], None]) -> Callable[[str], None]:
    """For `Jobs(ended=...)`: the engine sees a new adapter at once; a model that is still loading sees it by itself."""

    def tell(id: str) -> None:
        with contextlib.suppress(BanyanError):
            refresh()

    return tell

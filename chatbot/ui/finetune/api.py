"""Fine-tuning for programs: `/check_dataset`, `/train`, `/jobs`, `/job`, `/cancel_job` and `/adapters`."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import gradio as gr

from chatbot.common.errors import BanyanError, InputError
from chatbot.common.step import Progress, Step
from chatbot.engine.adapters.folders import visible
from chatbot.training.together import together
from chatbot.training.training import Dataset, Training, first_spec, spec_of
from chatbot.ui.finetune.data import name_of
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.services import Services
from finetune.data.examples import Columns
from finetune.data.findings.report import require_usable
from finetune.jobs import start
from finetune.jobs.jobs import Job
from finetune.spec.spec import settings_of

CHECKS = "check-data"
Record = dict[str, Any]
T = TypeVar("T")


def publish(services: Services) -> None:
    """Register the endpoints on the page that is being built. Each reads under the owner of its request."""
    do = Endpoints(services)
    with gr.Row(visible=False):
        file, name, spec, origin = gr.File(), gr.Textbox(), gr.JSON(), gr.Textbox("", label="start_from")
        columns, validation = gr.JSON(label="columns"), gr.File(label="validation")
        report, id, button = gr.JSON(), gr.Textbox(), gr.Button()
    # File components, since Gradio lets only files through them that were uploaded; a bare path would be any file here.
    heavy: dict[str, Any] = {"concurrency_id": CHECKS, "concurrency_limit": 8}
    button.click(
        do.check_dataset,
        [file, spec, columns, validation],
        report,
        api_name="check_dataset",
        api_description=do.check_dataset.__doc__,
        **heavy,
    )
    button.click(
        do.train,
        [file, name, spec, origin, columns, validation],
        id,
        api_name="train",
        api_description=do.train.__doc__,
        **heavy,
    )
    gr.api(do.jobs, api_name="jobs")
    gr.api(do.job, api_name="job")
    gr.api(do.cancel_job, api_name="cancel_job")
    gr.api(do.adapters, api_name="adapters")


class Endpoints:
    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def check_dataset(
        self, file: str | None, spec: Any = None, columns: Any = None, validation: str | None = None
    ) -> Iterator[Record | None]:
        """Read a data set as a training would, with the settings in `spec` (such as max_length). `columns` says what the columns of
        a table mean: {"prompt": "{en}", "completion": "{fr}"}. The rows of a file `validation` judge and are not learnt from. Returns
        format, rows, usable, faults, truncated, duplicates, sample, proposal (for `columns`) ..."""
        with _raised(), self._once(file, columns, validation) as data:
            wanted = first_spec(_object(spec))
            yield from _watched(lambda stop: self._training.check(data, wanted, stop=stop))

    def train(
        self,
        file: str | None,
        name: str = "",
        spec: Any = None,
        start_from: str = "",
        columns: Any = None,
        validation: str | None = None,
        request: gr.Request = None,  # Gradio fills it in
    ) -> Iterator[str | None]:
        """Queue a fine-tune and return the job's id. `spec` holds changed settings and may name a `preset`; `start_from`
        names an adapter that learns more; `columns` and `validation` are as in `/check_dataset`."""
        with _raised(), self._once(file, columns, validation) as data:
            owner = self._services.owner_of(request)
            overrides, adapter = _object(spec), self._services.origin(owner, start_from)
            if adapter:
                overrides = {**start.settings(adapter), **overrides}
            chosen = name.strip() or name_of(data.name)

            def begun(stop: Event) -> str:
                report = self._training.check(data, first_spec(overrides), stop=stop)
                require_usable(report)
                return self._training.start(owner, chosen, data, spec_of(overrides, report), stop=stop, adapter=adapter)

            yield from _watched(begun)

    @contextmanager
    def _once(self, file: str | None, columns: Any, validation: str | None) -> Iterator[Dataset]:
        data, once = _dataset(file, _object(columns)), self._services.uploads.once
        if validation is None:
            with once(data.path):
                yield data
            return
        with once(data.path), once(Path(validation)), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name_of(data.name) or 'data'}.zip"
            yield Dataset(together([data.path], path, judging=Path(validation)), path.name, data.mapping)

    def jobs(self, request: gr.Request) -> list[dict[str, Any]]:
        """The jobs of whoever asks and those shared with everybody, the latest first."""
        with _raised():
            owner = self._services.owner_of(request)
            return [_record(job) for job in self._training.jobs.of(owner)]

    def job(self, id: str, request: gr.Request) -> dict[str, Any]:
        """State, progress, losses and verdict of a job."""
        with _raised():
            owner = self._services.owner_of(request)
            job, lines = self._training.jobs.get(owner, id), self._training.jobs.progress(owner, id)
            losses = {
                name: [[line["step"], line[key]] for line in lines if line.get(key) is not None]
                for name, key in (("train", "loss"), ("held_out", "eval_loss"))
            }
            return {**_record(job), "spec": job.spec.to_dict(), "losses": losses}

    def cancel_job(self, id: str, request: gr.Request) -> str:
        """Stop a job; a running one saves what it has learnt. Returns its id."""
        with _raised():
            self._training.jobs.cancel(self._services.owner_of(request), id)
            return id

    def adapters(self, request: gr.Request) -> list[dict[str, Any]]:
        """What whoever asks may choose: name, base, task and verdict."""
        with _raised():
            self._services.engine.refresh()
            known = visible(self._services.engine.adapters(), self._services.owner_of(request))
            return [{"name": a.name, "base": a.base, "task": a.task, "verdict": a.verdict} for a in known]


@contextmanager
def _raised() -> Iterator[None]:
    try:
        yield
    except BanyanError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _dataset(file: str | None, columns: dict[str, object]) -> Dataset:
    if not file:
        raise InputError("Send a file.", kind="no_dataset")
    return Dataset(Path(file), Path(file).name, Columns.from_dict(columns) if columns else None)


def _object(spec: Any) -> dict[str, object]:
    """Settings as an object or as JSON text. Raises `InputError`."""
    if spec is None or (isinstance(spec, str) and not spec.strip()):
        return {}
    return settings_of(spec if isinstance(spec, str) else json.dumps(spec))


def _record(job: Job) -> Record:
    result, line = job.result, job.progress or {}
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "created": job.created,
        "base": job.base,
        "progress": {name: line.get(name) for name in ("step", "of", "epoch", "eta", "tokens_per_second", "memory")},
        "place": job.place,
        "adapter": result.adapter if result else "",
        "start_from": job.start,
        "verdict": result.verdict if result else {},
        "cause": result.cause if result else "",
        "message": result.message if result else "",
        "shared": job.shared,
    }


def _watched(work: Callable[[Event], T]) -> Iterator[T | None]:
    """The result of the work, and nothing before it: what is yielded meanwhile is how Gradio finds out that the client has
    left, and closes the generator, which stops the work."""

    def told(tell: Progress, stop: Event) -> T:
        tell(Step("starting"), None)
        return work(stop)

    with closing(under_way(told)) as steps:
        try:
            while True:
                next(steps)
                yield None
        except StopIteration as end:
            result: T = end.value
        yield result

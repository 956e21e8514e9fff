"""Data sets for programs: `/check_dataset` and `/train`."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.common.step import Progress
from chatbot.training.together import together
from chatbot.training.training import Dataset, Training, first_spec, spec_of
from chatbot.ui.finetune.api.asked import Record, object_of, watched
from chatbot.ui.finetune.data import name_of
from chatbot.ui.parts.endpoints import raised
from chatbot.ui.services import Services
from finetune.data.examples import Columns
from finetune.data.findings.report import require_usable
from finetune.jobs import start
from finetune.spec.sweep import sweep_of

Wanted = Callable[[Progress, Event], Dataset]


class DataEndpoints:
    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def check_dataset(
        self,
        file: str | None,
        spec: Any = None,
        columns: Any = None,
        validation: str | None = None,
        dataset: str = "",
        split: str = "",
    ) -> Iterator[Record | None]:
        """Read a data set as a training would, with the settings in `spec` (such as max_length). `columns` says what the columns of
        a table mean: {"prompt": "{en}", "completion": "{fr}"}. The rows of a file `validation` judge and are not learnt from. In
        place of a file, `dataset` names one of the Hugging Face hub (owner/name or owner/name:config) and `split` the part of it:
        train, train[:1000], train[:80%]+test[:100]. Returns format, rows, usable, faults, truncated, duplicates, sample,
        proposal (for `columns`) ..."""
        with raised(), self._once(file, columns, validation, dataset, split) as wanted:
            spec = first_spec(object_of(spec))
            yield from watched(lambda tell, stop: self._training.check(wanted(tell, stop), spec, tell, stop))

    def train(
        self,
        file: str | None,
        name: str = "",
        spec: Any = None,
        start_from: str = "",
        columns: Any = None,
        validation: str | None = None,
        dataset: str = "",
        split: str = "",
        request: gr.Request = None,  # Gradio fills it in
    ) -> Iterator[str | None]:
        """Queue a fine-tune and return the job's id. `spec` holds changed settings and may name a `preset`, and a `sweep` such as
        {"learning_rate": [1e-4, 3e-4]}: a job for each value, of which the best is published; `start_from` names an adapter that
        learns more; `columns`, `validation`, `dataset` and `split` are as in `/check_dataset`."""
        with raised(), self._once(file, columns, validation, dataset, split) as wanted:
            owner = self._services.owner_of(request)
            overrides, adapter = object_of(spec), self._services.origin(owner, start_from)
            if adapter:
                overrides = {**start.settings(adapter), **overrides}
            sweep = sweep_of(overrides.get("sweep"))

            def begun(tell: Progress, stop: Event) -> str:
                data = wanted(tell, stop)
                report = self._training.check(data, first_spec(overrides), tell, stop)
                require_usable(report)
                chosen, fitted = name.strip() or name_of(data.name), spec_of(overrides, report)
                return self._training.start(owner, chosen, data, fitted, tell, stop, adapter, sweep)

            yield from watched(begun)

    @contextmanager
    def _once(
        self, file: str | None, columns: Any, validation: str | None, dataset: str, split: str
    ) -> Iterator[Wanted]:
        """What gives the data set, which is gone afterwards. One of the hub is fetched only when it is asked for."""
        mapping, once = object_of(columns), self._services.uploads.once
        if bool(file) == bool(dataset.strip()) or (validation and dataset.strip()):
            raise InputError("Send a file, or name a dataset of the hub.", kind="no_dataset")
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            if not file:
                yield lambda tell, stop: _mapped(self._training.fetch(dataset, split, folder, tell, stop), mapping)
                return
            with once(Path(file)), once(Path(validation or file)):
                path = Path(file)
                if validation:
                    path = together([path], folder / f"{name_of(path.name) or 'data'}.zip", judging=Path(validation))
                yield lambda tell, stop: _mapped(Dataset(path, path.name), mapping)


def _mapped(data: Dataset, columns: dict[str, object]) -> Dataset:
    return replace(data, mapping=Columns.from_dict(columns)) if columns else data

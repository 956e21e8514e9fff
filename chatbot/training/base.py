"""The model that fine-tunes are trained on: a transformers folder of the very weights that are served."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePath
from threading import Event, Lock

from chatbot.common import disk
from chatbot.common.child import HOME, LOOK, child_environment
from chatbot.common.errors import AccessDenied, ModelError, Stopped
from chatbot.common.fingerprint import fingerprint_model
from chatbot.common.step import Progress, Step
from chatbot.common.system.extras import COMMAND, lacking
from chatbot.engine.models.catalogue import CATALOGUE, settle
from chatbot.engine.models.resolve import dequantised, resolve
from chatbot.engine.offer import NoTraining
from finetune.jobs.records import Base

OFF = NoTraining("off", "Training is switched off on this server (--training off).")
SPACE = NoTraining(
    "space",
    "Training is locked here: this is a public Space with no disk or time to spare. Duplicate it, or run Banyan "
    "on your own machine. Its owner can switch training on with BANYAN_TRAINING=on.",
)
LIGHT = NoTraining(
    "light",
    f"Training needs libraries that this light install leaves out. Run {COMMAND} in Banyan's folder, then start it again.",
)


def no_training(training: str, *, space: bool, engine: NoTraining | None) -> NoTraining | None:
    """Why nothing can be trained here, by --training, by whether this is a Space, by what is installed, and by what the engine says."""
    if training == "off":
        return OFF
    return engine or (LIGHT if lacking("train") else SPACE if space and training == "auto" else None)


class TrainingBase:
    """Finds and, for a GGUF file, makes the folder of the model that is served now: `model` gives it as `--model` names it,
    `no_training` says of it why nothing can be trained.

    Safe from any thread; the folder is made once, in a process of its own that may be stopped.
    """

    def __init__(
        self,
        model: Callable[[], str],
        models: Path,
        *,
        no_training: Callable[[str], NoTraining | None] = lambda model: None,
    ) -> None:
        self._model, self._models, self._no_training = model, models, no_training
        self._lock = Lock()
        self._bases: dict[str, Base] = {}

    @property
    def names(self) -> tuple[str, str]:
        """What the model is called in `/v1/models`."""
        path = PurePath(self._model())
        return path.name, path.stem

    @property
    def why_not(self) -> NoTraining | None:
        return self._no_training(self._model())

    def require(self) -> None:
        """Raises `AccessDenied` where nothing can be trained."""
        if reason := self.why_not:
            raise AccessDenied(reason.sentence, kind=f"training_{reason.code}")

    @property
    def known(self) -> Base | None:
        """The base once it is there."""
        return self._bases.get(self._model())

    @property
    def is_made(self) -> bool:
        """Whether `prepare` would be quick."""
        model = self._model()
        path = Path(model).expanduser()
        if known := CATALOGUE.get(settle(model)):
            path = self._models / known.folder
        elif path.suffix == ".gguf" and path.is_file():
            path = dequantised(path, self._models)
        return model in self._bases or (path / "config.json").is_file()

    def prepare(self, progress: Progress, stop: Event | None = None) -> Base:
        """The base model, ready to be trained on. Raises `AccessDenied`, `ModelError` or `Stopped`."""
        self.require()
        model = self._model()
        while not self._lock.acquire(timeout=LOOK):
            progress(Step("preparing_base"), None)
            _leave(stop)
        try:
            if model not in self._bases:
                files = resolve(model, self._models, progress, stop)
                folder = files.folder
                if folder is None:
                    assert files.gguf  # resolve gives one or the other
                    folder = dequantised(files.gguf, self._models)
                    if not (folder / "config.json").is_file():
                        _convert(files.gguf, folder, progress, stop)
                progress(Step("preparing_base"), None)
                self._bases[model] = Base(str(folder.resolve()), files.name, fingerprint_model(folder))
            return self._bases[model]
        finally:
            self._lock.release()

    def gguf(self, progress: Progress, stop: Event | None = None) -> Path | None:
        """The GGUF file that is served; None where that is a transformers folder. Raises as `prepare`."""
        self.require()
        return resolve(self._model(), self._models, progress, stop).gguf


def _convert(gguf: Path, folder: Path, progress: Progress, stop: Event | None) -> None:
    """Into a folder aside, so that a child may be killed at any moment: what it wrote goes with that."""
    disk.sweep(folder.parent)  # a kill of this process leaves gigabytes
    with disk.scratch(folder.parent) as bench:
        made = bench / folder.name
        _run(gguf, made, progress, stop)
        try:
            disk.place(made, folder)
        except OSError:
            if not (folder / "config.json").is_file():  # else another was first
                raise


def _run(gguf: Path, folder: Path, progress: Progress, stop: Event | None) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "chatbot.engine.local.weights.convert", str(gguf.resolve()), str(folder.resolve())],
        cwd=HOME,
        env=child_environment(os.environ, "cpu", 2),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        while True:
            progress(Step("preparing_base"), None)
            _leave(stop)
            try:
                said, _ = child.communicate(timeout=LOOK)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        child.kill()
        child.wait()
    if child.returncode:
        reason = said.strip().splitlines()[-1:] or [f"the conversion ended with {child.returncode}"]
        raise ModelError(
            f"The model could not be prepared for training: {reason[0]}", kind="base_not_made", reason=reason[0]
        )


def _leave(stop: Event | None) -> None:
    if stop is not None and stop.is_set():
        raise Stopped("It was stopped.")

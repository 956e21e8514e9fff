"""The model that fine-tunes are trained on: a transformers folder of the very weights that are served."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Lock

from chatbot.common.child import HOME, LOOK, child_environment
from chatbot.common.errors import AccessDenied, ModelError, Stopped
from chatbot.common.fingerprint import fingerprint_model
from chatbot.common.step import Progress, Step
from chatbot.engine.models import BUNDLED, dequantised, resolve
from chatbot.engine.offer import NoTraining
from finetune.jobs.folder import Base

OFF = NoTraining("off", "Training is switched off on this server (--training off).")
SPACE = NoTraining(
    "space",
    "Training is locked here: this is a public Space with no disk or time to spare. Duplicate it, or run Banyan "
    "on your own machine. Its owner can switch training on with BANYAN_TRAINING=on.",
)

GRACE = 5.0  # seconds


def no_training(training: str, *, space: bool, engine: NoTraining | None) -> NoTraining | None:
    """Why nothing can be trained here, by --training, by whether this is a Space, and by what the engine says of itself."""
    if training == "off":
        return OFF
    return engine or (SPACE if space and training == "auto" else None)


class TrainingBase:
    """Finds and, for a GGUF file, makes the folder. `why_not` says why nothing can be trained.

    Safe from any thread; the folder is made once, in a process of its own that may be stopped.
    """

    def __init__(self, model: str, models: Path, *, why_not: NoTraining | None = None) -> None:
        self._model, self._models, self.why_not = model, models, why_not
        self._lock = Lock()
        self._base: Base | None = None

    def require(self) -> None:
        """Raises `AccessDenied` where nothing can be trained."""
        if self.why_not:
            raise AccessDenied(self.why_not.sentence, kind=f"training_{self.why_not.code}")

    @property
    def known(self) -> Base | None:
        """The base once it is there."""
        return self._base

    @property
    def is_made(self) -> bool:
        """Whether `prepare` would be quick."""
        path = Path(self._model).expanduser()
        if self._model == "bundled":
            path = self._models / BUNDLED
        elif path.suffix == ".gguf" and path.is_file():
            path = dequantised(path, self._models)
        return self._base is not None or (path / "config.json").is_file()

    def prepare(self, progress: Progress, stop: Event | None = None) -> Base:
        """The base model, ready to be trained on. Raises `AccessDenied`, `ModelError` or `Stopped`."""
        self.require()
        while not self._lock.acquire(timeout=LOOK):
            progress(Step("preparing_base"), None)
            _leave(stop)
        try:
            if self._base is None:
                files = resolve(self._model, self._models, progress)
                folder = files.folder
                if folder is None:
                    assert files.gguf  # resolve gives one or the other
                    folder = dequantised(files.gguf, self._models)
                    if not (folder / "config.json").is_file():
                        _convert(files.gguf, folder, progress, stop)
                progress(Step("preparing_base"), None)
                self._base = Base(str(folder.resolve()), files.name, fingerprint_model(folder))
            return self._base
        finally:
            self._lock.release()


def _convert(gguf: Path, folder: Path, progress: Progress, stop: Event | None) -> None:
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
        _end(child)
    if child.returncode:
        reason = said.strip().splitlines()[-1:] or [f"the conversion ended with {child.returncode}"]
        raise ModelError(
            f"The model could not be prepared for training: {reason[0]}", kind="base_not_made", reason=reason[0]
        )


def _end(child: subprocess.Popen[str]) -> None:
    """Interrupted, it clears away what it made."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _leave(stop: Event | None) -> None:
    if stop is not None and stop.is_set():
        raise Stopped("It was stopped.")

"""What comes after a training: the adapter as a zip, as GGUF, merged into full weights or pushed to the hub."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Event

from chatbot.common import disk
from chatbot.common.child import Child
from chatbot.common.errors import InputError, NotFound
from chatbot.common.step import Progress, Step
from chatbot.engine.adapters.folders import OWNER
from chatbot.engine.adapters.format import read_json
from chatbot.engine.gguf.adapter import convert_adapter
from chatbot.engine.gguf.header import header_of
from chatbot.engine.gguf.merged import KINDS
from chatbot.training.base import TrainingBase
from finetune.jobs.jobs import Jobs
from finetune.jobs.records import Base
from finetune.publish.publish import check_name, pack, push

Make = Callable[[str, str, Path, Progress, Event | None], Path]
"""(owner, job, folder) -> a file in the folder."""


def quiet(step: Step, fraction: float | None) -> None:
    """Nobody looks."""


class Results:
    """Every method checks that the job belongs to the owner or is shared; those that make something are `Make`s."""

    def __init__(self, base: TrainingBase, jobs: Jobs, adapters: Path) -> None:
        self.base, self.jobs, self._adapters = base, jobs, adapters
        self._merger = Child("finetune.train.merge", threads=2, idle=1.0)
        self._gguf_merger = Child("chatbot.engine.gguf.merged", threads=2, idle=1.0)

    def folder(self, owner: str, id: str) -> Path:
        """The adapter as it was published, else as it lies in the job. Raises `NotFound`."""
        result = self.jobs.get(owner, id).result
        published = self._adapters / result.adapter if result and result.adapter else None
        return published if published and _is_of(published, id) else self.jobs.adapter(owner, id)

    def pack(self, owner: str, id: str, folder: Path, progress: Progress = quiet, stop: Event | None = None) -> Path:
        """The adapter as a zip."""
        progress(Step("packing"), None)
        return pack(self.folder(owner, id), folder / f"{self._name(owner, id)}.zip")

    def to_gguf(self, owner: str, id: str, folder: Path, progress: Progress = quiet, stop: Event | None = None) -> Path:
        """The adapter for llama.cpp. Raises `AdapterError` where it cannot be said in GGUF."""
        adapter, base = self.folder(owner, id), self._base_of(owner, id, progress, stop)
        made = convert_adapter(adapter, header_of(Path(base.folder)), folder)
        return made.rename(folder / f"{self._name(owner, id)}.gguf")

    def merge(self, owner: str, id: str, folder: Path, progress: Progress = quiet, stop: Event | None = None) -> Path:
        """A whole model's weights with the adapter in them, as a zip. Raises `AdapterError`."""
        adapter, base = self.folder(owner, id), self._base_of(owner, id, progress, stop)
        target = folder / f"{self._name(owner, id)}-merged"
        request = {"base": base.folder, "adapter": str(adapter), "target": str(target)}
        self._merger.ask(request, progress, stop)
        progress(Step("packing"), None)
        return _stored(target)

    def merged_gguf(self, quantization: str) -> Make:
        """Makes one file for llama.cpp, the model that answers with the adapter in its weights. Raises `InputError` for a
        quantisation that cannot be written, and where that model is no GGUF file, else `AdapterError`."""
        kind = quantization.strip().upper()
        if kind not in KINDS:
            raise InputError(
                f"{kind[:20] or 'Nothing'} cannot be written here: the libraries that Banyan has know {', '.join(KINDS)}. Take F16, "
                "and llama.cpp's llama-quantize makes any other of it.",
                kind="no_quantization",
                name=kind[:20],
                known=", ".join(KINDS),
            )

        def make(owner: str, id: str, folder: Path, progress: Progress, stop: Event | None) -> Path:
            adapter = self.folder(owner, id)
            self._base_of(owner, id, progress, stop)
            target = folder / f"{self._name(owner, id)}-{kind}.gguf"
            request = {"source": str(self._gguf(progress, stop)), "adapter": str(adapter), "target": str(target)}
            self._gguf_merger.ask(request | {"kind": kind}, progress, stop)
            return target

        return make

    def push(self, owner: str, id: str, repository: str, token: str) -> str:
        """Upload to the hub; returns the address. The token is used and forgotten."""
        job = self.jobs.get(owner, id)
        if not job.own:
            raise NotFound("There is no such job.", kind="no_job")
        if not repository.strip() or not token.strip():
            raise InputError("The hub needs a repository such as user/name, and a token.", kind="no_token")
        return push(self.folder(owner, id), repository.strip(), token.strip())

    def _name(self, owner: str, id: str) -> str:
        return check_name(self.jobs.get(owner, id).name)

    def _base_of(self, owner: str, id: str, progress: Progress, stop: Event | None) -> Base:
        """The model that answers, which must be the one that the job was trained on. Raises `InputError`."""
        base, trained_on = self.base.prepare(progress, stop), self.jobs.get(owner, id).base
        if trained_on and trained_on != base.name:
            raise InputError(
                f"This adapter was trained on {trained_on}, and {base.name} answers now. Switch to that model first.",
                kind="other_base",
                trained=trained_on,
                now=base.name,
            )
        return base

    def _gguf(self, progress: Progress, stop: Event | None) -> Path:
        found = self.base.gguf(progress, stop)
        if found is None:
            raise InputError(
                "The model that answers is no GGUF file, so there is none to merge into. Merge into full weights, and make a GGUF of "
                "them with llama.cpp's convert_hf_to_gguf.py.",
                kind="no_gguf_base",
            )
        return found

    def close(self) -> None:
        self._merger.close()
        self._gguf_merger.close()


def _is_of(published: Path, id: str) -> bool:
    """Whether it is there, and not another's under the same name."""
    return (published / OWNER).is_file() and read_json(published, OWNER).get("job") == id


def _stored(folder: Path) -> Path:
    """The folder as a zip beside it; weights do not compress, so nothing is."""
    target = folder.with_name(f"{folder.name}.zip")
    with disk.writing(target.parent), zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
    shutil.rmtree(folder)
    return target

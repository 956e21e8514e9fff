"""`finetune.data.check` in a process of its own, as the app asks for it.

python -m finetune.data.doctor      reads requests, one JSON object a line; see `chatbot.common.child`
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

from chatbot.common.child import Child, serve
from chatbot.common.step import Progress, Step
from finetune.data.examples import Columns
from finetune.data.mend import mend
from finetune.spec.spec import TrainingSpec


class Doctor:
    """Checks data sets for the app; the child is kept for the next one. Safe from any thread."""

    def __init__(self) -> None:
        self._child = Child("finetune.data.doctor")

    def check(
        self,
        path: Path,
        model: str,
        spec: TrainingSpec,
        mapping: Columns | None = None,
        *,
        name: str = "",
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
        rows: int,
        seconds: float,
    ) -> dict[str, Any]:
        """`Report.to_dict()` of the file under the tokenizer of the folder `model`. Raises what `check` raises."""
        request = {
            "path": str(path),
            "name": name,
            "model": model,
            "spec": spec.to_dict(),
            "mapping": mapping.to_dict() if mapping else None,
            "rows": rows,
            "seconds": seconds,
        }
        report: dict[str, Any] = self._child.ask(request, progress, stop)
        return report

    def mend(
        self,
        path: Path,
        name: str,
        changes: Mapping[int, str],
        target: Path,
        mapping: Columns | None = None,
        *,
        progress: Progress = lambda step, fraction: None,
        stop: Event | None = None,
    ) -> int:
        """As `finetune.data.mend.mend`."""
        request = {
            "path": str(path),
            "name": name,
            "mend": {str(row): text for row, text in changes.items()},
            "target": str(target),
            "mapping": mapping.to_dict() if mapping else None,
        }
        left: int = self._child.ask(request, progress, stop)
        return left

    def warm(self, model: str) -> None:
        """Start the child and load the tokenizer, which a first check would wait for."""
        self._child.ask({"warm": model})

    def close(self) -> None:
        self._child.close()


def _handle(request: dict[str, Any], progress: Progress) -> Any:
    from finetune.data.check import check

    if "warm" in request:
        _tokenizer(request["warm"])
        return {}
    mapping = Columns.from_dict(request["mapping"]) if request["mapping"] else None
    if "mend" in request:
        progress(Step("reading"), None)
        changes = {int(row): text for row, text in request["mend"].items()}
        return mend(Path(request["path"]), request["name"], changes, Path(request["target"]), mapping)
    spec = TrainingSpec.from_dict(request["spec"])
    progress(Step("loading_tokenizer"), None)
    tokenizer = _tokenizer(request["model"])
    limits = {"most": request["rows"], "seconds": request["seconds"]}
    path, name = Path(request["path"]), request["name"]
    return check(path, tokenizer, spec, mapping, name=name, progress=progress, **limits).to_dict()


@cache
def _tokenizer(folder: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


if __name__ == "__main__":
    serve(_handle)

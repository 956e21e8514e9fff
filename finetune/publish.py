"""A finished job -> an adapter people can choose: a checked folder with its card, a zip, or a repository on the hub."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chatbot.errors import AdapterError, HubUnavailable, InputError
from finetune.folder import JobFolder, Meta, sync, told, write
from finetune.spec import TrainingSpec

NAME = re.compile(r"\w[\w.-]{0,63}")
WEIGHTS = "adapter_model.safetensors"
CARD = "banyan.json"
OWNER = "owner.json"
EXPORTED = ("adapter_config.json", WEIGHTS, "README.md", CARD)
VERSIONS = ("torch", "transformers", "peft", "trl", "accelerate")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was found when the saved adapter was loaded again. `logit_gap` is the largest difference to the trained model,
    `change` the largest difference to the base model, both in logits."""

    finite: bool
    norm: float
    logit_gap: float
    change: float
    tolerance: float

    def require(self) -> None:
        """Raises `AdapterError` with the reason the adapter must not be offered."""
        if not self.finite:
            raise AdapterError(
                "The trained adapter holds numbers that are not finite. Train again with a lower learning rate."
            )
        if not self.norm:
            raise AdapterError(
                "The trained adapter is zero: nothing was learnt. Raise the learning rate or train longer."
            )
        if not self.change:
            raise AdapterError("The trained adapter changes no output. Raise the learning rate or train longer.")
        if self.logit_gap > self.tolerance:
            raise AdapterError(
                f"The saved adapter does not compute what was trained (logits differ by {self.logit_gap:.3g}). "
                "Check the disk and resume the job."
            )


def check_name(name: str) -> str:
    """Names are folder names: letters, digits, dots, dashes, underscores, 64 at most. Raises `InputError` for others."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be an adapter's name. Use letters, digits, dots, dashes and underscores, 64 at most."
        )
    return name


def publish(job: JobFolder, acceptance: Acceptance, verdict: Mapping[str, Any], note: str = "") -> str:
    """Copy `job.adapter` with its card under the adapters' folder; returns the name it got there.

    The job's name is taken when it is free, else the job's id is added to it. The folder appears as a whole, by one
    rename. Raises `AdapterError`, `StoreFull` or `StoreError`.
    """
    acceptance.require()
    meta = job.meta()
    write_card(job, acceptance, verdict, note)
    folder = Path(meta.adapters)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        try:
            for name in EXPORTED:
                shutil.copyfile(job.adapter / name, aside / name)
            owner = {"owner": meta.owner, "job": job.id, "shared": meta.shared}
            (aside / OWNER).write_text(json.dumps(owner), "utf-8")
            for path in aside.iterdir():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            sync(aside)
            aside.chmod(0o755)  # mkdtemp's folders are for their owner alone
            name = _take_name(aside, folder, meta.name, job.id)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        sync(folder)
    except OSError as error:
        raise told(error, folder) from error
    return name


def write_card(job: JobFolder, acceptance: Acceptance, verdict: Mapping[str, Any], note: str = "") -> None:
    """`README.md` with the hub's metadata, and `banyan.json` with everything as data, beside the weights."""
    meta, spec, curve = job.meta(), job.spec(), job.read_progress()
    sentence = str(note or verdict.get("sentence", ""))
    values = {
        "task": spec.task,
        "verdict": sentence,
        "base": meta.base.name,
        "base_fingerprint": meta.base.fingerprint,
        "name": meta.name,
        "created": meta.created,
        "data": {"sha256": fingerprint(job.data), "rows": _lines(job.data)},
        "spec": spec.to_dict(),
        "scores": verdict.get("scores", []),
        "forgot": verdict.get("forgot", False),
        "acceptance": {"logit_gap": acceptance.logit_gap, "change": acceptance.change, "norm": acceptance.norm},
        "curve": _thinned([line for line in curve if "phase" not in line]),
        "versions": versions(),
    }
    (job.adapter / CARD).write_text(json.dumps(values, ensure_ascii=False, indent=1), "utf-8")
    (job.adapter / "README.md").write_text(_readme(meta, spec, verdict, values), "utf-8")
    _name_base(job.adapter / "adapter_config.json", meta.base.name)


def share(folder: Path, job: str, shared: bool) -> None:
    """Let everybody use the adapter that `job` published at `folder`, or its owner alone. Raises `StoreError`."""
    try:
        values = json.loads((folder / OWNER).read_text("utf-8"))
    except (OSError, ValueError):
        return  # the adapter was removed
    if values.get("job") == job:
        write(folder / OWNER, json.dumps(values | {"shared": shared}))


def pack(folder: Path, target: Path) -> Path:
    """The adapter as a zip at `target`, without what only this server needs to know. Raises `AdapterError`."""
    if not (folder / WEIGHTS).is_file():
        raise AdapterError("This adapter has no weights on disk.")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in EXPORTED:
            if (folder / name).is_file():
                archive.write(folder / name, f"{folder.name}/{name}")
    return target


def push(folder: Path, repository: str, token: str, *, private: bool = True) -> str:
    """Upload the adapter to `repository` ("user/name") on the hub; returns its address. The token is used, never kept.

    Raises `HubUnavailable` or `InputError`.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi(token=token)
    try:
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository, folder_path=folder, allow_patterns=list(EXPORTED), commit_message="Add a LoRA adapter"
        )
    except HFValidationError as error:
        raise InputError(f"{repository[:80]!r} is no repository's name. It looks like user/name.") from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no answer")
        raise HubUnavailable(
            f"The hub refused the upload ({status}). Check the token and its right to write."
        ) from None
    except OSError as error:
        raise HubUnavailable("The model hub cannot be reached. Check the network and try again.") from error
    return str(address)


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint_model(folder: Path) -> str:
    """What tells base models apart: SHA-256 over their config and weights, in the order of the files' names."""
    digest = hashlib.sha256()
    for path in sorted([folder / "config.json", *folder.glob("*.safetensors")]):
        digest.update(bytes.fromhex(fingerprint(path)))
    return digest.hexdigest()


def versions() -> dict[str, str]:
    found = {}
    for name in VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _take_name(aside: Path, folder: Path, name: str, id: str) -> str:
    for candidate in (name, f"{name[:55]}-{id[:8]}"):
        if _belongs_elsewhere(folder / candidate, id):
            continue
        old = folder / candidate
        if old.exists():  # an earlier attempt of this very job
            away = folder / f".old-{id}"
            old.rename(away)
            aside.rename(old)
            shutil.rmtree(away, ignore_errors=True)
        else:
            aside.rename(old)
        return candidate
    raise AdapterError(f"There is an adapter called {name} already. Please remove it or train under another name.")


def _belongs_elsewhere(path: Path, id: str) -> bool:
    if not path.exists():
        return False
    try:
        return bool(json.loads((path / OWNER).read_text("utf-8")).get("job") != id)
    except (OSError, ValueError, AttributeError):
        return True


def _name_base(config: Path, base: str) -> None:
    """PEFT writes the folder the base model was read from, which means nothing elsewhere."""
    values = json.loads(config.read_text("utf-8"))
    values["base_model_name_or_path"] = base
    config.write_text(json.dumps(values, indent=2), "utf-8")


def _thinned(curve: Sequence[Mapping[str, Any]], most: int = 400) -> list[dict[str, Any]]:
    """All held-out points and evenly chosen training points: a card is read whole."""
    step = max(1, len(curve) // most)
    kept = ("step", "loss", "eval_loss", "lr")
    return [
        {name: line[name] for name in kept if name in line}
        for at, line in enumerate(curve)
        if "eval_loss" in line or at % step == 0
    ]


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _readme(meta: Meta, spec: TrainingSpec, verdict: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    head = {
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["lora", "banyan", spec.task],
    } | ({"base_model": meta.base.name} if "/" in meta.base.name else {})
    yaml = "\n".join(f"{name}: {json.dumps(value)}" for name, value in head.items())  # JSON is YAML
    return f"""---
{yaml}
---
# {meta.name}

A LoRA adapter for {meta.base.name or "a causal language model"}, trained with Banyan for the task "{spec.task}".

**{values["verdict"] or "Not judged."}**

{_score_table(values["scores"])}
Trained on {values["data"]["rows"]} rows (SHA-256 `{values["data"]["sha256"]}`), base fingerprint
`{meta.base.fingerprint or "unknown"}`. Settings, loss curves and versions stand as data in `{CARD}`.

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM

model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(BASE), FOLDER)
```
{_examples(verdict.get("examples", []))}"""


def _score_table(scores: Sequence[Mapping[str, Any]]) -> str:
    if not scores:
        return ""
    lines = ["| score | before | after | 95 % interval of the difference | rows |", "|---|---|---|---|---|"]
    for score in scores:
        low, high = score["low"], score["high"]
        interval = "" if low is None or high is None else f"{low:+.4f} to {high:+.4f}"
        lines.append(
            f"| {score['name']} | {score['before']:.4f} | {score['after']:.4f} | {interval} | {score['rows']} |"
        )
    return "\n".join(lines) + "\n"


def _examples(pairs: Sequence[Mapping[str, Any]]) -> str:
    if not pairs:
        return ""
    parts = ["\n## Held-out rows, before and after\n"]
    for pair in pairs:
        parts += [f"Row {pair['row']}\n"]
        parts += [
            f"- {what}: {json.dumps(pair[what], ensure_ascii=False)}"
            for what in ("prompt", "reference", "before", "after")
        ]
        parts += [""]
    return "\n".join(parts)

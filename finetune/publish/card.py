"""What stands on an adapter's card: for people in `README.md`, for programs in `banyan.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from chatbot.common import summed
from chatbot.common.errors import AdapterError
from chatbot.common.fingerprint import fingerprint
from chatbot.common.system.processes import cores as usable_cores
from finetune.jobs.folder import RECIPE, JobFolder
from finetune.jobs.records import Meta
from finetune.spec.spec import PREFERRING, TrainingSpec

CARD = "banyan.json"
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
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
                "The trained adapter holds numbers that are not finite. Train again with a lower learning rate.",
                kind="adapter_infinite",
            )
        if not self.norm:
            raise AdapterError(
                "The trained adapter is zero: nothing was learnt. Raise the learning rate or train longer.",
                kind="adapter_zero",
            )
        if not self.change:
            raise AdapterError(
                "The trained adapter changes no output. Raise the learning rate or train longer.", kind="adapter_idle"
            )
        if self.logit_gap > self.tolerance:
            raise AdapterError(
                f"The saved adapter does not compute what was trained (logits differ by {self.logit_gap:.3g}). "
                "Check the disk and resume the job.",
                kind="adapter_unlike",
                gap=f"{self.logit_gap:.3g}",
            )


def write_card(job: JobFolder, acceptance: Acceptance, verdict: Mapping[str, Any], note: str = "") -> None:
    """`README.md` with the hub's metadata, and `banyan.json` with everything as data, beside the weights."""
    meta, spec, curve, recipe = job.meta(), job.spec(), job.read_progress(), _recipe(job)
    _name_base(job.adapter / CONFIG, meta.base.name)  # before its digest is taken
    sentence = str(note or verdict.get("sentence", ""))
    values = {
        "task": spec.task,
        "verdict": sentence,
        "base": meta.base.name,
        "base_fingerprint": meta.base.fingerprint,
        "name": meta.name,
        "created": meta.created,
        "data": {"sha256": fingerprint(job.data), "rows": _lines(job.data)},
        "sha256": {name: fingerprint(job.adapter / name) for name in (CONFIG, WEIGHTS)},
        "spec": spec.to_dict(),
        "scores": verdict.get("scores", []),
        "forgot": verdict.get("forgot", False),
        "acceptance": {"logit_gap": acceptance.logit_gap, "change": acceptance.change, "norm": acceptance.norm},
        "curve": _thinned([line for line in curve if "loss" in line or "eval_loss" in line]),
        "versions": versions(),
        "machine": machine(str(job.started().get("device", "cpu"))),
        "tokens": max((line.get("tokens", 0) for line in curve), default=0),
    }
    if recipe.get("languages"):
        values["languages"] = recipe["languages"]
    if meta.start:
        values["start"] = asdict(meta.start)
    (job.adapter / CARD).write_text(summed.text(values), "utf-8")
    (job.adapter / "README.md").write_text(_readme(meta, spec, verdict, values) + _sources(recipe), "utf-8")


def versions() -> dict[str, str]:
    found = {}
    for name in VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def machine(device: str) -> str:
    """In words, what a run on `device` ("cpu", or a GPU's number) had to compute with."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "a processor")
    cores = f"{usable_cores()} cores of {model}"
    return cores if device == "cpu" else f"GPU {device}, {cores}"


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

A LoRA adapter for {meta.base.name or "a causal language model"}, trained with Banyan for the task "{spec.task}"{_prefers(spec)}.{_went_on(meta)}

**{values["verdict"] or "Not judged."}**

{_score_table(values["scores"])}
Trained on {values["data"]["rows"]} rows (SHA-256 `{values["data"]["sha256"]}`), base fingerprint
`{meta.base.fingerprint or "unknown"}`. It saw {values["tokens"]:,} tokens, padding none, on {values["machine"]}. Settings,
loss curves and versions stand as data in `{CARD}`.

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM

model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(BASE), FOLDER)
```
{_examples(verdict.get("examples", []))}"""


def _prefers(spec: TrainingSpec) -> str:
    return f" by preference tuning ({spec.method.upper()}, beta {spec.beta:g})" if spec.method in PREFERRING else ""


def _went_on(meta: Meta) -> str:
    if meta.start is None:
        return ""
    return f" It went on from the adapter {meta.start.name} (SHA-256 `{meta.start.fingerprint}`): that is what stands under before."


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


def _recipe(job: JobFolder) -> dict[str, Any]:
    """What the job follows; empty where there is none."""
    path = job.path / RECIPE
    return dict(yaml.safe_load(path.read_text("utf-8"))) if path.is_file() else {}


def _sources(recipe: Mapping[str, Any]) -> str:
    """What a recipe says of its data: where they come from and under which licence, what the adapter can and cannot do."""
    if not recipe:
        return ""
    used = (f"- `{item['file']}`: {item['source']} (licence: {item['licence']})" for item in recipe["data"])
    lines = dict.fromkeys(used)  # a recipe may ask a file several ways
    command = f"python -m finetune.train --recipe {recipe['name']} --data FOLDER --base FOLDER"
    return (
        "\n## What it can do, and what not\n\n"
        f"{recipe.get('can', '')} {recipe.get('cannot', '')}\n\n"
        "## Data\n\n" + "\n".join(lines) + f"\n\nMade with `{command}`.\n"
    )

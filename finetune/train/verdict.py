"""The verdict inside the child: losses and greedy answers of the model before and after its training."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chatbot.common.errors import AdapterError
from chatbot.common.system.heap import give_back
from finetune.data.encoding.masks import ChatEncoder, Encoded
from finetune.data.examples import Example, Fault
from finetune.data.findings.report import Taught
from finetune.jobs.records import Base
from finetune.publish.publish import Acceptance
from finetune.spec.spec import PREFERRING, Method, Task, TrainingSpec
from finetune.train import model as train_model
from finetune.train.arithmetic import attention, packed
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.data import Row
from finetune.verdict import labels
from finetune.verdict.scores import Losses
from finetune.verdict.verdict import Answer, Pair, Verdict, general_rows, judge, metrics_of, paired

BUDGET_CPU, BUDGET_GPU = 3_000, 60_000  # tokens of answers that are generated for each side
LONGEST = 256  # tokens of one answer
BATCH = 8
AT_ONCE = 64  # rows whose losses are computed between two looks at the clock
LOSSES, GENERALS = 1 / 3, 1 / 6  # of a verdict's time

Shown = Callable[[Any], AbstractContextManager[Any]]
"""What a model is while it is looked at: with its adapter off, for example."""


@dataclass(frozen=True, slots=True)
class Judging:
    """How a verdict is made: `earlier` shows the model as it was before the training (by default the base alone), `seconds` is what
    the verdict may take beyond the first rows of each kind, `told` hears the fraction that is done and the seconds that are
    left, `warnings` are the data doctor's."""

    task: Task
    method: Method = "sft"
    labels: tuple[str, ...] = ()
    warnings: tuple[tuple[str, int], ...] = ()
    seconds: float = math.inf
    stop: Callable[[], bool] = lambda: False
    told: Callable[[float, float], None] = lambda fraction, left: None
    earlier: "Shown | None" = None
    agreed: Callable[[bool], bool] = lambda said: said  # by all processes that judge together


def judged(model: Any, tokenizer: Any, held_out: Sequence[Row], how: Judging) -> Verdict:
    """Score a PeftModel before and after its training: losses of the held-out rows in a third of the time, everyday questions,
    then answers to as many rows as the budget of tokens and the time allow."""
    earlier, clock = how.earlier or off, _Clock(how)
    encoder = ChatEncoder(tokenizer)
    general = [row for row in map(encoder.encode, general_rows()) if isinstance(row, Encoded)]
    sides = [side for row in held_out for side in (row.encoded, row.rejected) if side]
    before, after = _both_losses(model, earlier, sides, clock, LOSSES)
    watched = _both_losses(model, earlier, general, clock, LOSSES + GENERALS)
    examples = [row.example for row in held_out if row.example.liked is not False]  # a bad answer is no reference
    rows, most = _affordable(tokenizer, examples, gpu=model.device.type == "cuda")
    task = "sentiment" if how.labels else how.task
    pairs: list[Pair] = []
    unlabelled, shown = answers(model, tokenizer, earlier), answers(model, tokenizer)
    for start in range(0, len(rows), BATCH):
        if (start and clock.is_over(1.0)) or how.agreed(how.stop()):
            break
        some = rows[start : start + BATCH]
        asked = [labels.told(row, how.labels) for row in some] if how.labels else some
        pairs += paired(some, unlabelled(asked, most), shown(some, most))
        clock.tell((LOSSES + GENERALS) + (1 - LOSSES - GENERALS) * len(pairs) / len(rows))
    said = [[getattr(pair, side) for pair in pairs] for side in ("reference", "before", "after")]
    classes = labels.by_class(*said) if how.labels and pairs else None
    liked = [bool(row.example.liked) for row in held_out[: len(before.nats)]] if how.method == "kto" else []
    kind = _kind(how.method, examples)
    return judge(task, before, after, watched, pairs, kind=kind, warnings=how.warnings, labels=classes, liked=liked)


def _kind(method: Method, examples: Sequence[Example]) -> Taught:
    if method in PREFERRING:
        return "kto" if method == "kto" else "dpo"
    return "sft" if any(row.turns for row in examples) else "text"


class _Clock:
    """What of a verdict's time is gone."""

    def __init__(self, how: Judging) -> None:
        self._how, self._began = how, time.monotonic()

    def is_over(self, share: float) -> bool:
        return self._how.agreed(time.monotonic() - self._began > share * self._how.seconds)

    def tell(self, fraction: float) -> None:
        gone = time.monotonic() - self._began
        left = min(gone / max(fraction, 1e-3) - gone, max(0.0, self._how.seconds - gone))
        self._how.told(min(fraction, 1.0), left)


def _both_losses(
    model: Any, earlier: "Shown", rows: Sequence[Encoded], clock: _Clock, share: float
) -> tuple[Losses, Losses]:
    """Before and after of as many rows as are done when that share of the time is gone; of the first ones in any case."""
    before, after = Losses((), ()), Losses((), ())
    for start in range(0, len(rows), AT_ONCE):
        if start and clock.is_over(share):
            break
        some = rows[start : start + AT_ONCE]
        with earlier(model):
            before += losses(model, some)
        after += losses(model, some)
        clock.tell(share * (start + len(some)) / len(rows))
    return before, after


def losses(model: Any, rows: Sequence[Encoded]) -> Losses:
    """Summed nats of each row, in order."""
    model.eval()
    plain = [{"input_ids": row.input_ids, "labels": row.labels} for row in rows]
    nats = SideBySide(model, packed.CACHE_TOKENS).row_losses(model, plain)
    return Losses(tuple(nats), tuple(sum(label != -100 for label in row.labels[1:]) for row in rows))


def answers(model: Any, tokenizer: Any, shown: Shown = contextlib.nullcontext) -> Answer:
    """Greedy answers of the model as `shown`, in batches of rows of like length."""

    def answer(rows: Sequence[Example], max_tokens: int) -> list[str]:
        encoder = ChatEncoder(tokenizer)
        prompts = [encoder.question(row) for row in rows]
        order = sorted(range(len(rows)), key=lambda at: len(prompts[at]))
        found = [""] * len(rows)
        with shown(model):
            for start in range(0, len(order), BATCH):
                chunk = order[start : start + BATCH]
                texts = _generate(model, tokenizer, [prompts[at] for at in chunk], max_tokens)
                for at, text in zip(chunk, texts, strict=True):
                    found[at] = text
                give_back()
        return found

    return answer


@contextlib.contextmanager
def off(model: Any) -> Iterator[None]:
    """The base model alone, where there is an adapter at all."""
    if hasattr(model, "disable_adapter"):
        with model.disable_adapter():
            yield
    else:
        yield


def accept(model: Any, folder: Path, encoded: Sequence[Encoded]) -> Acceptance:
    """Load the saved adapter beside the trained one, over the same base, and compare logits on the first rows."""
    from safetensors.torch import load_file

    tensors = load_file(folder / "adapter_model.safetensors")
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())
    norm = float(sum(float(t.float().norm()) for name, t in tensors.items() if "lora_B" in name or "magnitude" in name))
    if not finite:
        return Acceptance(False, norm, 0.0, 0.0, 0.0)
    model.eval()
    model.load_adapter(str(folder), adapter_name="reloaded", is_trainable=False)
    gap, change, scale = 0.0, 0.0, 0.0
    try:
        for row in encoded[:4]:
            ids = torch.tensor([row.input_ids[:256]], device=model.device)
            trained = _logits(model, ids, "default")
            gap = max(gap, float((trained - _logits(model, ids, "reloaded")).abs().max()))
            with off(model):
                change = max(change, float((trained - _logits(model, ids, None)).abs().max()))
            scale = max(scale, float(trained.abs().max()))
    finally:
        model.set_adapter("default")
        model.delete_adapter("reloaded")
    exact = next(model.parameters()).dtype == torch.float32
    return Acceptance(finite, norm, gap, change, (1e-4 if exact else 2e-2) * max(1.0, scale))


def score_base(base: str, task: Task, rows: Sequence[Example], max_tokens: int) -> dict[str, Any]:
    """Metrics of the bare model: `python -m finetune.evaluate translate`."""
    loaded = train_model.load(Base(base), TrainingSpec(precision="fp32"))
    found = answers(loaded.model, loaded.tokenizer)(rows, max_tokens)
    return {"task": task, "rows": len(rows), "scores": metrics_of(task, rows, found)}


def score_adapter(folder: Path, base: str, rows: Sequence[Example], max_tokens: int) -> Verdict:
    """An adapter from disk against its base on the given rows. Raises `AdapterError` when they do not fit."""
    import json

    from peft import PeftModel

    loaded = train_model.load(Base(base), TrainingSpec(precision="fp32"))
    try:
        model = PeftModel.from_pretrained(loaded.model, str(folder), local_files_only=True)
        card = json.loads((folder / "banyan.json").read_text("utf-8")) if (folder / "banyan.json").exists() else {}
    except (OSError, ValueError, RuntimeError) as error:
        raise AdapterError(
            f"{folder.name} cannot be put on this base model: {error}",
            kind="adapter_unput",
            name=folder.name,
            reason=str(error),
        ) from error
    encoder = ChatEncoder(loaded.tokenizer)
    good = [row for row in rows if row.liked is not False]
    usable = [(row, found) for row in good if not isinstance(found := encoder.encode(row, 4096), Fault)]
    encoded = [found for _, found in usable]
    general = [found for row in general_rows() if isinstance(found := encoder.encode(row), Encoded)]
    with off(model):
        before = losses(model, encoded), losses(model, general)
    after = losses(model, encoded), losses(model, general)
    asked = [row for row, _ in usable if row.turns]
    pairs = paired(
        asked,
        answers(model, loaded.tokenizer, off)(asked, max_tokens),
        answers(model, loaded.tokenizer)(asked, max_tokens),
    )
    return judge(card.get("task", "chat"), before[0], after[0], (before[1], after[1]), pairs)


def _logits(model: Any, ids: torch.Tensor, adapter: str | None) -> torch.Tensor:
    if adapter:
        model.set_adapter(adapter)
    positions = torch.arange(ids.shape[1], device=ids.device)[None]
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=ids, position_ids=positions, use_cache=False).logits
    return logits.float()


def _affordable(tokenizer: Any, rows: Sequence[Example], *, gpu: bool) -> tuple[list[Example], int]:
    """The first rows whose answers, half as long again as the references, stay within the budget, and the longest."""
    budget, taken, most = (BUDGET_GPU if gpu else BUDGET_CPU), list[Example](), 0
    for row in rows:
        if not row.turns:
            continue
        wanted = min(LONGEST, len(tokenizer(row.answer)["input_ids"]) * 3 // 2 + 8)
        if max(most, wanted) * (len(taken) + 1) > budget and taken:
            break
        most = max(most, wanted)
        taken.append(row)
    return taken, most


def _generate(model: Any, tokenizer: Any, prompts: Sequence[list[int]], max_tokens: int) -> list[str]:
    width = max(map(len, prompts))
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=model.device)
    model.eval()
    with torch.no_grad(), attention.masked(model):  # padding needs a mask
        found = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=max_tokens,
            do_sample=False,
            use_cache=True,
            pad_token_id=pad,
            temperature=None,
            top_p=None,
            top_k=None,
        )
    return [str(text) for text in tokenizer.batch_decode(found[:, width:], skip_special_tokens=True)]

"""What training with given settings costs on this machine, measured with real updates on made-up rows.

python -m finetune.train.probe      reads requests, one JSON object a line; see `chatbot.common.child`
"""

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any

import torch

from chatbot.common.child import serve
from chatbot.common.errors import InputError
from chatbot.common.step import Progress, Step
from chatbot.common.system.processes import cores
from finetune.jobs.records import Base
from finetune.spec.spec import TrainingSpec
from finetune.train import model as train_model
from finetune.train import watch
from finetune.train.arithmetic import fused, packed
from finetune.train.arithmetic.attention import uses_rows
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.trainers.settings import token_budget

ANSWERS = 8  # answers written at once, as the verdict does
TIMED = 256  # tokens whose time is taken, after the longest row has shown what memory it needs


def probe(base: Base, spec: TrainingSpec, row: int, progress: Progress = lambda step, fraction: None) -> dict[str, Any]:
    """`update` and `forward` in seconds per token, `answer` in seconds per generated token, `memory`: the peak in bytes.

    `row` is the length in tokens of the longest row. Raises `InputError` when the memory is not enough.
    """
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "0")) or cores())
    try:
        progress(Step("loading_base"), None)
        loaded = train_model.load(base, spec)
        progress(Step("measuring"), None)
        return _measured(loaded, spec, row)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise InputError(_TOO_MUCH, kind="no_fit") from error
    except RuntimeError as error:
        if "alloc" in str(error):
            raise InputError(_TOO_MUCH, kind="no_fit") from error
        raise


_TOO_MUCH = (
    "The memory is not enough for these settings. Lower batch_size or max_length, or switch on gradient checkpointing."
)


def _measured(loaded: train_model.Loaded, spec: TrainingSpec, row: int) -> dict[str, Any]:
    from peft import get_peft_model

    model = get_peft_model(loaded.model, train_model.lora(spec))
    gpu = model.device.type == "cuda"
    if spec.gradient_checkpointing:
        model.enable_input_require_grads()
        model.gradient_checkpointing_enable()
    budget = token_budget(gpu)
    side_by_side = SideBySide(model, budget, allowed=not spec.gradient_checkpointing)
    largest = _rows(model, max(row, 2), budget, side_by_side.at_once)
    timed = largest if gpu else _rows(model, min(row, TIMED), TIMED, side_by_side.at_once)
    tokens = sum(len(one["input_ids"]) for one in timed)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-6)
    bf16 = not gpu and fused.uses_bf16(spec.precision)
    model.train()

    def autocast() -> torch.autocast:
        return torch.autocast(model.device.type, torch.bfloat16, enabled=loaded.bf16)

    def loss(piece: dict[str, torch.Tensor]) -> torch.Tensor:
        with autocast():
            return packed.loss_sum(model, piece, rows=False)

    def update(rows: list[dict[str, Any]]) -> None:
        batch = {name: values.to(model.device) for name, values in packed.collate(rows).items()}
        side_by_side.backward(model, side_by_side.pieces(batch, share=uses_rows(model)), loss)
        optimizer.step()
        optimizer.zero_grad()

    with contextlib.nullcontext() if gpu else fused.fused(model, bf16=bf16):
        update(largest)  # also warms up
        pace = _timed(lambda: update(timed), gpu) / tokens
    model.eval()
    return {
        "update": pace,
        "forward": _timed(lambda: side_by_side.row_losses(model, timed, autocast), gpu) / tokens,
        "answer": _answering(model, gpu),
        "memory": watch.peak_memory(),
        "available": _left(gpu),
    }


def _rows(model: Any, row: int, budget: int, at_once: int) -> list[dict[str, Any]]:
    """As many rows of that length as the pieces that are computed at once hold; the second half of each is trained."""
    chance = torch.Generator().manual_seed(0)
    vocabulary = model.config.vocab_size
    rows = []
    for _ in range(max(1, budget // row * at_once)):
        ids = torch.randint(0, vocabulary, (row,), generator=chance).tolist()
        rows.append({"input_ids": ids, "labels": [-100] * (row // 2) + ids[row // 2 :]})
    return rows


def _answering(model: Any, gpu: bool) -> float:
    attention = model.config._attn_implementation
    model.set_attn_implementation("sdpa")
    ids = torch.randint(0, model.config.vocab_size, (ANSWERS, 64), device=model.device)
    few = 4

    def answer() -> None:
        with torch.no_grad():
            model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                min_new_tokens=few,
                max_new_tokens=few,
                do_sample=False,
                use_cache=True,
                pad_token_id=0,
            )

    try:
        return _timed(answer, gpu) / (few * ANSWERS)
    finally:
        model.set_attn_implementation(attention)


def _timed(work: Callable[[], object], gpu: bool) -> float:
    """Seconds of one call."""
    if gpu:
        torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    if gpu:
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _left(gpu: bool) -> int:
    """Bytes that this process could have used in all: what it holds at its peak, and what is free now."""
    if gpu:
        free, _ = torch.cuda.mem_get_info()
        return int(free) + int(torch.cuda.memory_reserved())
    import psutil

    return int(psutil.virtual_memory().available) + watch.peak_memory()


def _handle(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    return probe(Base(**request["base"]), TrainingSpec.from_dict(request["spec"]), request["row"], progress)


if __name__ == "__main__":
    serve(_handle)

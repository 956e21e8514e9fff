"""LoRA on a CPU: our trainer against PEFT with `transformers.Trainer`'s defaults, same rows, same order of updates.

    python -m tests.bench.finetune.training MODEL_FOLDER ROWS.jsonl[.gz] [--steps 50] [--threads 2] [--precision fp32]
    python -m tests.bench.finetune.training MODEL_FOLDER FOLDER_OF_DATA --recipe sentiment

Every update sees eight rows. The baseline may choose how many of them it computes at once (1, 2, 4 or 8, the rest by
accumulation); its best is compared. Targets: 2.5 times the tokens per second, padding not counted, and a loss curve within 1e-3
over 50 updates. Both are timed by the wall and by the processor, which a busy machine disturbs less.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from finetune.data.encoding.masks import ChatEncoder, Encoded
from finetune.data.examples import Example
from finetune.data.formats import detect, read_examples
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Base
from finetune.recipes import recipe
from finetune.spec.spec import TrainingSpec
from finetune.train import model as train_model
from finetune.train.data import Data, Row
from finetune.train.progress import Progress
from finetune.train.run import fit
from finetune.train.trainers.build import build
from finetune.train.watch import Watch

UPDATE = 8


@dataclass(frozen=True, slots=True)
class Run:
    """Losses of the updates, and seconds each took."""

    losses: list[float]
    wall: list[float]
    processor: list[float]

    def rate(self, tokens: int, *, wall: bool) -> float:
        return tokens / sum(self.wall if wall else self.processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--recipe", help="the rows are those that a shipped adapter was trained on")
    parser.add_argument(
        "--precision", choices=["auto", "fp32", "bf16"], default="auto", help="of ours; the baseline computes in fp32"
    )
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1, help="ours and the baseline in turn so often")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    spec = TrainingSpec(
        steps=options.steps,
        epochs=None,
        batch_size=UPDATE,
        schedule="linear",
        warmup=0,
        evaluation_share=0,
        precision=options.precision,
    )
    encoder = ChatEncoder(train_model.load(Base(str(options.model)), spec).tokenizer)
    rows = (
        of_recipe(options.recipe, options.rows, encoder, spec) if options.recipe else read(options.rows, encoder, spec)
    )
    lengths = [len(row.encoded.input_ids) for row in rows]
    quarters = [round(q) for q in statistics.quantiles(lengths, n=20)]
    print(f"{len(rows)} rows, tokens: median {quarters[9]}, 95 % {quarters[18]}, longest {max(lengths)}", flush=True)
    best = options.batches[0]
    if len(options.batches) > 1:
        probes = {n: train_baseline(options.model, rows, spec, n, min(4, options.steps)) for n in options.batches}
        cost = {n: sum(probe.processor[1:]) for n, probe in probes.items()}
        print("baseline, seconds of the processor for the same updates:", {n: round(s, 1) for n, s in cost.items()})
        best = min(options.batches, key=lambda n: cost[n])
    pairs = []
    for _ in range(options.rounds):
        ours, tokens = train_ours(options.model, rows, spec)
        theirs = train_baseline(options.model, rows, spec, best, options.steps)
        pairs.append((ours, theirs))
        report(ours, theirs, tokens, best)
    for what, wall in (("wall", True), ("processor", False)):
        ratios = [one.rate(tokens, wall=wall) / two.rate(tokens, wall=wall) for one, two in pairs]
        print(f"{what:10} median of {len(ratios)} rounds: {statistics.median(ratios):.2f} x")


def report(ours: Run, theirs: Run, tokens: int, batch: int) -> None:
    gap = max(abs(a - b) for a, b in zip(ours.losses, theirs.losses, strict=True))
    for what, wall in (("wall", True), ("processor", False)):
        one, two = ours.rate(tokens, wall=wall), theirs.rate(tokens, wall=wall)
        print(
            f"{what:10} ours {one:.0f}, baseline with batch {batch} {two:.0f} tokens/s: {one / two:.2f} x (target 2.5)"
        )
    print(f"largest difference of the loss over {len(ours.losses)} updates: {gap:.2e} (target 1e-3)", flush=True)


def read(path: Path, encoder: ChatEncoder, spec: TrainingSpec) -> list[Row]:
    found = []
    for item in read_examples(path, detect(path, path.name)):
        encoded = encoder.encode(item, spec.max_length) if isinstance(item, Example) else None
        if isinstance(item, Example) and isinstance(encoded, Encoded):
            found.append(Row(item, encoded))
    return found


def of_recipe(name: str, data: Path, encoder: ChatEncoder, spec: TrainingSpec) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("\n".join(map(json.dumps, recipe.examples(recipe.load(name), data))), "utf-8")
        return read(path, encoder, spec)


def train_ours(model: Path, rows: Sequence[Row], spec: TrainingSpec) -> tuple[Run, int]:
    loaded = train_model.load(Base(str(model)), spec)
    with tempfile.TemporaryDirectory() as folder:
        job = JobFolder(Path(folder))
        progress = Progress(job)
        watch = Watch(progress, lambda: False, 0, lambda step: None)
        trainer = build(
            loaded,
            Data(tuple(rows), (), ()),
            spec.changed({"save_steps": 10_000}),
            job,
            stop=lambda: False,
            watch=watch,
            resumed=False,
        )
        clock = Clock()
        trainer.add_callback(clock.callback())
        fit(trainer, None, lambda: False, spec.precision)
        losses = [line["loss"] for line in progress.lines if "loss" in line]
        return Run(losses, clock.wall, clock.processor), trainer.seen_tokens


def train_baseline(model: Path, rows: Sequence[Row], spec: TrainingSpec, batch: int, steps: int) -> Run:
    """PEFT and Trainer as their documentation uses them: padded batches, logits of every token; fp32, on a GPU bf16."""
    from datasets import Dataset
    from peft import get_peft_model
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    tokenizer = AutoTokenizer.from_pretrained(model)
    gpu = torch.cuda.is_available()
    plain = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16 if gpu else torch.float32)
    set_seed(spec.seed)
    peft = get_peft_model(plain, train_model.lora(spec))
    table = {"input_ids": [r.encoded.input_ids for r in rows], "labels": [r.encoded.labels for r in rows]}
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=UPDATE // batch,
            max_steps=spec.steps or steps,  # the learning rate falls as over the whole run
            learning_rate=spec.learning_rate,
            seed=spec.seed,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=not gpu,
            bf16=gpu,
        )
        trainer = Trainer(
            model=peft,
            args=arguments,
            train_dataset=Dataset.from_dict(table),
            data_collator=DataCollatorForSeq2Seq(tokenizer),
            callbacks=[clock.callback(stop_after=steps)],
        )
        trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    return Run(losses[:steps], clock.wall, clock.processor)


class Clock:
    """Times every update of a Trainer."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def callback(self, stop_after: int | None = None) -> Any:
        from transformers import TrainerCallback

        clock = self

        class Times(TrainerCallback):  # type: ignore[misc]
            def on_step_begin(self, *_: Any, **__: Any) -> None:
                self._began = time.perf_counter(), time.process_time()

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                clock.wall.append(time.perf_counter() - self._began[0])
                clock.processor.append(time.process_time() - self._began[1])
                if stop_after is not None and state.global_step >= stop_after:
                    control.should_training_stop = True

        return Times()


if __name__ == "__main__":
    main()

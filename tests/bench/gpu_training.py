"""Everything about training that needs a GPU, in one call: speed, memory, and the adapters that ship, on all of their data.

    python -m tests.bench.gpu_training --out FOLDER [speed] [qlora] [adapters] [--models FOLDER] [--shared ../shared/data]
    python -m tests.bench.gpu_training --out FOLDER --quick          (tries the script, on a CPU too)

`speed` and `qlora` use random weights in the shape of Llama-3.1-8B, so nothing is fetched. Targets: LoRA in bf16 at least 3x
PEFT with `Trainer`'s defaults at its best batch, and at least half of the matrix peak measured here; QLoRA of two rows of 2,048
tokens in at most 7.5 GiB. `adapters` needs the folders of the recipes' models: it trains every recipe without its limit of rows, for
`EPOCHS`, into FOLDER/adapters, and measures each by tests.bench.finetune.shipped. Prints all figures as JSON at the end.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from finetune.data.encoding.masks import Encoded
from finetune.data.examples import Example, Turn
from finetune.jobs.jobs import new_folder
from finetune.jobs.records import Base, Meta
from finetune.recipes import recipe
from finetune.spec.spec import TrainingSpec
from finetune.train import command as train
from finetune.train import model as train_model
from finetune.train.data import Row
from tests.bench.finetune.training import Run, train_baseline, train_ours
from tests.bench.gpu import LLAMA, TINY, Figures, Load, build

EPOCHS = {
    "sentiment": 2.0,
    "sentiment_small": 3.0,
    "answer": 2.0,
    "summarize": 3.0,
    "summarize_small": 3.0,
    "translate": 2.0,
}
LENGTHS = (5.3, 0.8)  # of the logarithm of a row's tokens: median 200, a tenth above 560
BATCHES = (1, 2, 4, 8)


def rows(count: int, vocabulary: int, longest: int) -> list[Row]:
    """Random tokens in rows of skewed length, as those of people are; the second half of each is learnt."""
    draw = random.Random(0)
    made = []
    for at in range(count):
        size = max(16, min(longest, int(draw.lognormvariate(*LENGTHS))))
        ids = [draw.randrange(5, vocabulary) for _ in range(size)]
        example = Example(at + 1, (Turn("user", "-"), Turn("assistant", "-")))
        made.append(Row(example, Encoded(ids, [-100] * (size // 2) + ids[size // 2 :])))
    return made


def speed(model: Path, figures: Figures, *, quick: bool) -> None:
    spec = TrainingSpec(
        steps=3 if quick else 20, epochs=None, batch_size=8, schedule="linear", warmup=0, evaluation_share=0
    )
    data = rows(64, json.loads((model / "config.json").read_text())["vocab_size"], 64 if quick else 2048)
    ours, tokens = train_ours(model, data, spec)
    clear()
    best = max(rate(train_baseline(model, data, spec, batch, spec.steps or 1), data, spec) for batch in BATCHES)
    clear()
    warm = sum(ours.wall[1:]) / max(1, len(ours.wall) - 1) * len(ours.wall)
    found = figures.add("LoRA, tokens/s", tokens / warm)
    figures.add("LoRA / PEFT with Trainer's defaults", found / best, "target 3")
    parameters = sum(p.numel() for p in train_model.load(Base(str(model)), spec).model.parameters())
    clear()
    figures.add("LoRA, share of the matrix peak", found * 4 * parameters / peak(), "target 0.5")


def rate(run: Run, data: Sequence[Row], spec: TrainingSpec) -> float:
    """Tokens per second without padding, the first update left out; all runs see the same rows."""
    mean = sum(len(row.encoded.input_ids) for row in data) / len(data)
    return mean * spec.effective_batch * (len(run.wall) - 1) / sum(run.wall[1:])


def peak() -> float:
    """Operations per second of a large matrix product in bfloat16, a multiply-add counted as two."""
    size = 8192 if torch.cuda.is_available() else 512
    device = "cuda" if torch.cuda.is_available() else "cpu"
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    best = 0.0
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(10):
            a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        best = max(best, 10 * 2 * size**3 / (time.perf_counter() - began))
    return best


def qlora(model: Path, figures: Figures) -> None:
    spec = TrainingSpec(
        steps=3, epochs=None, batch_size=2, quantization="nf4", gradient_checkpointing=True, max_length=2048,
        evaluation_share=0,
    )  # fmt: skip
    draw = random.Random(0)
    ids = [[draw.randrange(5, 500) for _ in range(2048)] for _ in range(8)]
    data = [
        Row(Example(at + 1, (Turn("user", "-"), Turn("assistant", "-"))), Encoded(one, one))
        for at, one in enumerate(ids)
    ]
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    ours, tokens = train_ours(model, data, spec)
    figures.add("QLoRA, tokens/s", tokens / sum(ours.wall))
    if torch.cuda.is_available():
        held = torch.cuda.max_memory_allocated() / 2**30
        figures.add("QLoRA, peak GiB, two rows of 2,048", held, "target at most 7.5")
    clear()


def adapters(models: Path, shared: Path, out: Path, figures: Figures) -> None:
    for name, epochs in EPOCHS.items():
        made = recipe.load(name)
        base = models / made.base_name
        if not base.is_dir():
            print(f"{name}: left out, {base} is not there", flush=True)
            continue
        if made.start:  # all rows are learnt at once
            made = recipe.load(made.start)
        recipe.check_base(made, base)
        whole = replace(made, data=tuple(replace(source, rows=0) for source in made.data))
        spec = made.spec.changed({"steps": None, "epochs": epochs, "save_steps": 1000, "eval_steps": None})
        found = recipe.examples(whole, shared / "train")
        at = Base(str(base.resolve()), made.base_name, made.base_fingerprint)
        meta = Meta("", name, time.time(), at, str((out / "adapters").resolve()), f"recipe {name}")
        result = train.run(new_folder(out / "jobs", meta, spec, found, locked=True), device="0")
        figures.add(f"{name}: seconds for {len(found)} rows, {epochs} epochs", result.seconds)
        print(f"{name}: {result.state} {result.message}", flush=True)
        clear()
        task = name.removesuffix("_small")
        if result.adapter and task != "sentiment":
            command = [sys.executable, "-m", "tests.bench.finetune.shipped", task, "--data", str(out), "--rows", "1000"]
            model = "small" if made.base_name.startswith("SmolLM2") else "standard"
            subprocess.run([*command, "--model", model, "--adapter", result.adapter], check=False)


def clear() -> None:
    import gc

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["speed", "qlora", "adapters"])
    parser.add_argument(
        "--out", type=Path, required=True, help="gets jobs/ and adapters/; may be a data folder with models/"
    )
    parser.add_argument("--models", type=Path, help="default: models/ in --out")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="tiny shapes, no adapters")
    options = parser.parse_args()
    figures = Figures()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        if {"speed", "qlora"} & {*options.what}:
            build(Path(folder), "llama", TINY if options.quick else LLAMA, Load(adapters=0), device)
            clear()
        if "speed" in options.what:
            speed(Path(folder) / "model", figures, quick=options.quick)
        if "qlora" in options.what:
            qlora(Path(folder) / "model", figures)
    if "adapters" in options.what and not options.quick:
        adapters(options.models or options.out / "models", options.shared, options.out, figures)
    print(json.dumps(figures.values))


if __name__ == "__main__":
    main()

"""Many streams and many adapters on the local engine, against serial `generate` and transformers' continuous batching.

    python -m tests.bench.engine.batching MODELS_FOLDER [TEXTS.jsonl.gz] [--rounds 3] [--threads 2]

MODELS_FOLDER keeps the bundled model. Targets: 8 streams at least 3x the tokens/s of serial `generate`, 16 streams 4x;
8 streams on 8 adapters (rank 16, all linear layers) at least 75 % of 8 on the base, aiming at 85 %; perplexity of the
packed weights within 1 %. Beside the tokens per second of the clock stand those per second of processor time, which other
work on the machine disturbs less; ratios are medians of rounds that run what they compare in turn.
"""

import argparse
import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from chatbot.engine.adapters.folders import find
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine, dequantise
from chatbot.engine.local.weights.pack import pack
from chatbot.engine.models.catalogue import SMALL
from chatbot.engine.models.resolve import fetch_known
from chatbot.types import Message, Sampling
from tests.tiny import make_adapter

ANSWER = 48
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
Rate = tuple[float, float]
"""Tokens per second: of the clock, of the processor."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("texts", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = dequantise(fetch_known(SMALL, options.models, lambda *_: None), options.models / SMALL.folder)
    with tempfile.TemporaryDirectory() as adapters:
        for at in range(8):
            make_adapter(folder, Path(adapters) / f"a{at}", rank=16, seed=at, targets=LINEAR)
        rates = measure(folder, Path(adapters), options.rounds, options.threads)
    report(rates)
    if options.texts:
        before, after = perplexity(folder, options.texts)
        print(f"perplexity: fp32 {before:.3f}, packed {after:.3f} ({after / before - 1:+.3%}; target within 1 %)")


def measure(folder: Path, adapters: Path, rounds: int, threads: int) -> dict[str, list[Rate]]:
    model = load(folder)
    engine = LocalEngine(
        folder,
        name=SMALL.title,
        adapters=lambda: find([adapters]),
        device="cpu",
        slots=16,
        threads=threads,
        context=2048,
    )
    runs: dict[str, Callable[[], int]] = {
        "generate, serial": lambda: generate(model),
        "generate_batch, 8": lambda: generate_batch(model, 8),
        "1 stream": lambda: streams(engine, 1, 0),
        "8 streams": lambda: streams(engine, 8, 0),
        "8 streams, 1 adapter": lambda: streams(engine, 8, 1),
        "8 streams, 8 adapters": lambda: streams(engine, 8, 8),
        "16 streams": lambda: streams(engine, 16, 0),
        "16 streams, 8 adapters": lambda: streams(engine, 16, 8),
    }
    rates: dict[str, list[Rate]] = {name: [] for name in runs}
    streams(engine, 8, 8)  # the adapters are read once
    for _ in range(rounds):
        for name, run in runs.items():  # in turn, so that a busy minute hits all of them
            rates[name].append(timed(run))
    engine.close()
    return rates


def timed(run: Callable[[], int]) -> Rate:
    start, used = time.perf_counter(), time.process_time()
    tokens = run()
    return tokens / (time.perf_counter() - start), tokens / (time.process_time() - used)


def report(rates: dict[str, list[Rate]]) -> None:
    print(f"{'tokens/s, median':26}{'clock':>9}{'processor':>11}")
    for name, values in rates.items():
        clock, processor = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"{name:26}{clock:9.1f}{processor:11.1f}")
    pairs = [
        ("8 streams", "generate, serial", "target 3"),
        ("16 streams", "generate, serial", "target 4"),
        ("8 streams", "generate_batch, 8", "as transformers ships it"),
        ("8 streams, 8 adapters", "8 streams", "target 0.75, aim 0.85"),
        ("16 streams, 8 adapters", "16 streams", ""),
    ]
    for ours, theirs, target in pairs:
        quotients = [
            [a / b for a, b in zip(x, y, strict=True)] for x, y in zip(rates[ours], rates[theirs], strict=True)
        ]
        clock, processor = (statistics.median(column) for column in zip(*quotients, strict=True))
        print(f"{ours} / {theirs}: {clock:.2f} by the clock, {processor:.2f} by the processor  {target}")


def question(at: int) -> list[Message]:
    return [Message("user", f"{at}: tell a very long story about a tree and the village below it.")]


def streams(engine: LocalEngine, count: int, adapters: int) -> int:
    def one(at: int) -> int:
        adapter = f"a{at % adapters}" if adapters else None
        return complete(
            engine, question(at), Sampling(temperature=0, max_tokens=ANSWER), adapter=adapter
        ).usage.completion

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(one, range(count)))


def load(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def generate(model: Any) -> int:
    ids = torch.arange(1000, 1040)[None]
    with torch.inference_mode():
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=ANSWER, min_new_tokens=ANSWER, do_sample=False
        )
    return ANSWER


def generate_batch(model: Any, count: int) -> int:
    """transformers' own continuous batching, in fp32."""
    from transformers import ContinuousBatchingConfig, GenerationConfig

    config = GenerationConfig(max_new_tokens=ANSWER, do_sample=False, eos_token_id=-1, pad_token_id=0)
    room = ContinuousBatchingConfig(num_blocks=count, max_batch_tokens=256)  # by itself it takes most of the memory
    prompts = [list(range(1000 + at, 1040 + at)) for at in range(count)]
    own = model.config._attn_implementation
    answers = model.generate_batch(inputs=prompts, generation_config=config, continuous_batching_config=room)
    model.set_attn_implementation(own)
    return sum(len(answer.generated_tokens) for answer in answers.values())


def perplexity(folder: Path, path: Path) -> tuple[float, float]:
    from transformers import AutoTokenizer

    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [str(row.get("context") or row.get("text")) for row in rows if row.get("lang", "en") == "en"][:15]
    model, tokenizer = load(folder), AutoTokenizer.from_pretrained(folder)
    found = []
    for packed in (False, True):
        if packed:
            pack(model)
        total, count = 0.0, 0
        for text in texts:
            ids = torch.tensor([tokenizer.encode(text)[:512]])
            with torch.inference_mode():
                total += float(model(ids, labels=ids).loss) * (ids.shape[1] - 1)
            count += ids.shape[1] - 1
        found.append(float(torch.tensor(total / count).exp()))
    return found[0], found[1]


if __name__ == "__main__":
    main()

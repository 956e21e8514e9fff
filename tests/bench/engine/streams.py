"""Streams at once on `llamacpp`: on the base, on one adapter, on as many adapters as streams.

    python -m tests.bench.engine.streams MODELS_FOLDER [--model small] [--rounds 3] [--streams 4 8]

Every stream asks something else and writes 48 tokens. Printed are medians of rounds that run the three in turn: tokens per
second of all streams together, and seconds until the first token, of half of the streams and of the last one. Target: the last
on adapters waits at most twice as long as on the base. The adapters have rank 16 on all linear layers and are in use already.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chatbot.engine.adapters.folders import find
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.models.catalogue import SMALL, STANDARD
from chatbot.engine.models.resolve import fetch_known
from chatbot.types import Message, Sampling
from tests.lora import LAYERS, QWEN, SHAPES, write_adapter

ANSWER = Sampling(temperature=0.0, max_tokens=48)


def stream(engine: LlamaCppEngine, number: int, adapter: str | None) -> tuple[float, int]:
    """Seconds to the first token, and tokens."""
    began, first, tokens = time.perf_counter(), 0.0, 0
    for chunk in engine.stream(
        [Message("user", f"Tell me a long story about {number} trees.")], ANSWER, adapter=adapter
    ):
        first = first or (time.perf_counter() - began if chunk.tokens else 0.0)
        tokens += chunk.tokens
    return first, tokens


def together(engine: LlamaCppEngine, adapters: Sequence[str | None], start: int) -> tuple[float, float, float]:
    """Tokens per second of all, median and longest seconds to a first token."""
    began = time.perf_counter()
    with ThreadPoolExecutor(len(adapters)) as pool:
        found = list(pool.map(lambda item: stream(engine, start + item[0], item[1]), enumerate(adapters)))
    firsts = [first for first, _ in found]
    return sum(count for _, count in found) / (time.perf_counter() - began), statistics.median(firsts), max(firsts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--model", choices=["small", "standard"], default="small")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="+", default=[4, 8])
    options = parser.parse_args()
    small = options.model == "small"
    model, weights = (SMALL, "SmolLM2-135M-Instruct") if small else (STANDARD, "Qwen2.5-Coder-0.5B-Instruct")
    layers, shapes = (LAYERS, SHAPES) if small else (24, QWEN)
    gguf = fetch_known(model, options.models, lambda *_: None)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"a{at}" for at in range(max(options.streams))]
        for at, name in enumerate(names):
            write_adapter(
                Path(folder) / "adapters" / name, rank=16, seed=at, base=weights, layers=layers, shapes=shapes
            )
        engine = LlamaCppEngine(
            gguf, name=model.title, adapters=lambda: find([Path(folder) / "adapters"]), cache=Path(folder) / "cache"
        )
        warm: list[Sequence[str | None]] = [[None] * len(names), [names[0]] * len(names), names]
        for adapters in warm:  # builds the servers that so many need
            together(engine, adapters, 0)
        for count in options.streams:
            kinds: dict[str, Sequence[str | None]] = {
                "base": [None] * count,
                "one adapter": [names[0]] * count,
                "own adapters": names[:count],
            }
            found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
            for turn in range(options.rounds):
                for kind, adapters in kinds.items():
                    found[kind].append(together(engine, adapters, 100 * turn))
            base = 0.0
            for kind, rounds in found.items():
                rate, half, last = (statistics.median(each) for each in zip(*rounds, strict=True))
                base = base or last
                print(
                    f"{count} streams, {kind:12} {rate:6.1f} tokens/s, first token {half:5.2f} s, the last {last:5.2f} s "
                    f"({last / base:.2f}x the base's)",
                    flush=True,
                )
        engine.close()


if __name__ == "__main__":
    main()

"""Our llama.cpp engine against the bare server of the same wheel: reading, writing, many at once.

    python -m tests.bench.engines MODEL.gguf [--rounds 5] [--read 512 2048 6000] [--streams 4 8] [--transformers FOLDER]

Both sides run in processes of their own, in turn, and so do both ways in which the bare server may write (one thread or two);
the better one counts. The bare server waits as its library does by default, by spinning. Printed are medians.
Targets: 0.95 x bare in reading and with many streams, 1.0 x in writing. `--transformers` adds what `transformers` reads and
writes per second in float32 and bfloat16, once.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

THREADS, WRITTEN = 2, 32


class Side:
    """A process that measures one side."""

    def __init__(self, side: str, gguf: Path, slots: int, of_a_token: int = THREADS) -> None:
        command = [sys.executable, "-m", "tests.bench.engine.side", side, str(gguf), "--threads", str(THREADS)]
        command += ["--slots", str(slots), "--of-a-token", str(of_a_token)]
        own = {key: value for key, value in os.environ.items() if not key.startswith(("GOMP_", "OMP_"))}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=own)

    def ask(self, **asked: int) -> dict[str, float]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--read", type=int, nargs="*", default=[512, 2048, 6000])
    parser.add_argument("--streams", type=int, nargs="*", default=[4, 8])
    parser.add_argument("--transformers", type=Path)
    chosen = parser.parse_args()
    if chosen.read:
        asked = [{"read": read, "write": WRITTEN} for read in chosen.read]
        compare(chosen.gguf, 1, asked, chosen.rounds)
    for count in chosen.streams:
        compare(chosen.gguf, count, [{"streams": count, "read": 40, "write": 48}], chosen.rounds)
    if chosen.transformers:
        with_transformers(chosen.transformers)


def compare(gguf: Path, slots: int, asked: list[dict[str, int]], rounds: int) -> None:
    sides = {"ours": Side("ours", gguf, slots)}
    sides |= {f"bare, {n} thread(s) a token": Side("bare", gguf, slots, n) for n in (1, THREADS)}
    for side in sides.values():  # warm: weights mapped, servers built
        side.ask(**(asked[0] | {"read": 64}))
    for question in asked:
        found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in sides}
        for _ in range(rounds):
            for name, side in sides.items():  # in turn, so that a busy minute hits all of them
                for figure, value in side.ask(**question).items():
                    found[name][figure].append(value)
        medians = {name: {f: statistics.median(v) for f, v in figures.items()} for name, figures in found.items()}
        print(question)
        for figure, mine in medians["ours"].items():
            theirs = [figures[figure] for name, figures in medians.items() if name != "ours"]
            best = min(theirs) if figure == "first" else max(theirs)
            print(f"  {figure:6} ours {mine:8.2f}  bare {best:8.2f}  ratio {mine / best:.2f}", flush=True)
    for side in sides.values():
        side.close()


def with_transformers(folder: Path) -> None:
    import torch
    import transformers

    torch.set_num_threads(THREADS)
    for dtype in (torch.float32, torch.bfloat16):
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
        ids = torch.randint(1000, 40000, (1, 512))
        start = time.perf_counter()
        with torch.no_grad():
            model(ids, logits_to_keep=1)
        read = 512 / (time.perf_counter() - start)
        start = time.perf_counter()
        with torch.no_grad():
            model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=17, min_new_tokens=17, do_sample=False
            )
        written = 16 / max(time.perf_counter() - start - 512 / read, 1e-9)
        print(f"transformers {str(dtype).removeprefix('torch.')}: reads {read:.1f}, writes {written:.1f} tokens/s")


if __name__ == "__main__":
    main()

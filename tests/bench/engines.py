"""Our llama.cpp engine against bare llama.cpp and `transformers.generate` in fp32, on the same weights and two threads.

    python -m tests.bench.engines MODELS_FOLDER [--rounds 3]

Targets: decode at least 5x transformers and 0.95x bare llama.cpp, prefill at least 0.8x transformers.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine.llamacpp import waiting
from chatbot.engine.models.catalogue import SMALL
from chatbot.engine.models.resolve import fetch_known
from chatbot.types import Message, Sampling

if TYPE_CHECKING:
    from chatbot.engine.llamacpp.engine import LlamaCppEngine

THREADS, ANSWER, PREFILL = 2, 128, 2048
QUESTION = [Message("user", "Tell a very long story about a tree and the village below it.")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    waiting.settle()  # as the app does; it counts for bare llama.cpp as well
    from chatbot.engine.llamacpp.engine import LlamaCppEngine

    gguf = fetch_known(SMALL, options.models, lambda *_: None)
    with tempfile.TemporaryDirectory() as cache:
        engine = LlamaCppEngine(gguf, name=SMALL.title, adapters=list, cache=Path(cache), threads=THREADS, slots=1)
        torch_prefill, torch_decode = with_transformers(gguf)
        runs: dict[str, Callable[[], float]] = {
            "decode, ours": lambda: decode(engine),
            "decode, bare llama.cpp": bare(gguf),
            "decode, transformers": torch_decode,
            "prefill, ours": lambda: prefill(engine),
            "prefill, transformers": torch_prefill,
        }
        rates: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(options.rounds):
            for name, measure in runs.items():  # in turn, so that a busy minute hits all of them
                rates[name].append(measure())
        engine.close()
    report({name: statistics.median(values) for name, values in rates.items()})


def report(rates: dict[str, float]) -> None:
    for name, rate in rates.items():
        print(f"{name:24}{rate:9.1f} tokens/s")
    print(f"decode:  {rates['decode, ours'] / rates['decode, transformers']:.2f} x transformers (target 5)")
    print(f"decode:  {rates['decode, ours'] / rates['decode, bare llama.cpp']:.2f} x bare llama.cpp (target 0.95)")
    print(f"prefill: {rates['prefill, ours'] / rates['prefill, transformers']:.2f} x transformers (target 0.8)")


def decode(engine: "LlamaCppEngine") -> float:
    times, tokens = [], []
    for chunk in engine.stream(QUESTION, Sampling(temperature=0.0, max_tokens=ANSWER)):
        if chunk.tokens:
            times.append(time.perf_counter())
            tokens.append(chunk.tokens)
    return sum(tokens[1:]) / (times[-1] - times[0])


def prefill(engine: "LlamaCppEngine") -> float:
    start_word = f"{time.perf_counter_ns()} "  # another beginning each time: nothing comes from the prompt cache
    prompt = [Message("system", start_word), Message("user", " tree" * (PREFILL - 60))]
    count = engine.count_prompt(prompt)
    start = time.perf_counter()
    list(engine.stream(prompt, Sampling(temperature=0.0, max_tokens=1)))
    return count / (time.perf_counter() - start)


def bare(gguf: Path) -> Callable[[], float]:
    """The server as xllamacpp sets it up by default, but for the number of threads."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.cpuparams.n_threads, params.verbosity = str(gguf), 4096, THREADS, -1
    server = xllamacpp.Server(params)
    prompt = f"<|im_start|>user\n{QUESTION[0].content}<|im_end|>\n<|im_start|>assistant\n"
    request = {"prompt": prompt, "max_tokens": ANSWER, "temperature": 0, "stream": True}

    def measure() -> float:
        times: list[float] = []

        def receive(record: Any) -> bool:
            times.append(time.perf_counter())
            return False

        server.handle_completions(json.dumps(request), receive)
        return (len(times) - 2) / (times[-2] - times[0])  # the last record has no token

    return measure


def with_transformers(gguf: Path) -> tuple[Callable[[], float], Callable[[], float]]:
    import torch
    import transformers

    torch.set_num_threads(THREADS)
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    ).eval()

    def forward() -> float:
        ids = torch.randint(1000, 40000, (1, PREFILL))
        start = time.perf_counter()
        with torch.no_grad():
            model(ids, logits_to_keep=1)
        return PREFILL / (time.perf_counter() - start)

    def generate() -> float:
        ids = torch.randint(1000, 40000, (1, 32))
        start = time.perf_counter()
        with torch.no_grad():
            model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=32, min_new_tokens=32, do_sample=False
            )
        return 32 / (time.perf_counter() - start)

    return forward, generate


if __name__ == "__main__":
    main()

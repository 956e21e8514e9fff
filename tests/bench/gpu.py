"""Everything about the local engine that needs a GPU, in one call: build, check, time.

    python -m tests.bench.gpu [--shapes llama-8b,qwen3-4b] [--quick] [--device cuda]

Random weights in the shapes of Llama-3.1-8B and Qwen3-4B are written to a temporary folder (16 and 8 GB), so nothing is
fetched. `--quick` takes tiny shapes and short answers, on a CPU too: it tries the code, not the machine. Prints one line a
figure, with its target, and all of them as JSON at the end. nf4 and int8 need bitsandbytes.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chatbot.common import quantized
from chatbot.engine.adapters.folders import find
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine
from chatbot.types import Message, Sampling
from tests.tiny import make_tokenizer

LLAMA = {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256, "max_position_embeddings": 8192,
}  # fmt: skip
QWEN3 = {
    "hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}  # fmt: skip
TINY = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 500, "max_position_embeddings": 8192,
}  # fmt: skip
SHAPES = {"llama-8b": ("llama", LLAMA), "qwen3-4b": ("qwen3", QWEN3)}
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked."""

    streams: int = 32
    prompt: int = 256  # tokens
    answer: int = 1024
    long_prompt: int = 2048
    adapters: int = 64
    rank: int = 16


class Figures:
    """What was measured, printed as it comes."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def add(self, name: str, value: float, target: str = "") -> float:
        self.values[name] = value
        print(f"{name:58}{value:12.3f}  {target}", flush=True)
        return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", default="llama-8b,qwen3-4b")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    load = Load(4, 32, 8, 64, 8, 4) if options.quick else Load()
    figures = Figures()
    for name in options.shapes.split(","):
        architecture, shape = SHAPES[name]
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            build(folder, architecture, TINY if options.quick else shape, load, options.device)
            Bench(folder, name, load, options.device, figures).run()
    print(json.dumps(figures.values))


def build(folder: Path, architecture: str, shape: dict[str, Any], load: Load, device: str) -> None:
    """`folder/model` and `folder/adapters/a0` and on."""
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, LlamaConfig, Qwen3Config

    tokenizer = make_tokenizer()
    kind = {"llama": LlamaConfig, "qwen3": Qwen3Config}[architecture]
    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(kind(**shape, eos_token_id=None), dtype=torch.bfloat16)
    model.generation_config.eos_token_id = None
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    modules = {n: (m.in_features, m.out_features) for n, m in model.named_modules() if n.rpartition(".")[2] in LINEAR}
    config = {"peft_type": "LORA", "r": load.rank, "lora_alpha": load.rank, "target_modules": [*LINEAR], "bias": "none"}
    for at in range(load.adapters):
        target = folder / "adapters" / f"a{at}"
        target.mkdir(parents=True)
        tensors = {}
        for module, (inputs, outputs) in modules.items():
            key = f"base_model.model.{module}"
            tensors[f"{key}.lora_A.weight"] = torch.randn(load.rank, inputs, dtype=torch.bfloat16) * 0.02
            tensors[f"{key}.lora_B.weight"] = torch.randn(outputs, load.rank, dtype=torch.bfloat16) * 0.02
        save_file(tensors, target / "adapter_model.safetensors")
        (target / "adapter_config.json").write_text(json.dumps(config))


class Bench:
    """The measurements of one shape."""

    def __init__(self, folder: Path, name: str, load: Load, device: str, figures: Figures) -> None:
        self.folder, self.name, self.load, self.device = folder, name, load, device
        self._figures = figures
        self._count = 0

    def run(self) -> None:
        bandwidth = self.add("read bandwidth, GB/s", read_bandwidth(self.device))
        eager, batch = self.transformers()
        gc.collect()
        if self.device != "cpu":
            torch.cuda.empty_cache()
        with self.engine("none") as engine:
            self.check(engine)
            one = self.single(engine, bandwidth, eager)
            self.many(engine, bandwidth, batch)
            self.mixed(engine)
            self.first_tokens(engine)
        for kind in quantized.KINDS if quantized.is_installed() else ():
            with self.engine(kind) as engine:
                self.check(engine, kind)
                self.add(f"one stream {kind} / bf16", self.decode(engine, 1) / one, "nf4: 1, never slower")

    def add(self, name: str, value: float, target: str = "") -> float:
        return self._figures.add(f"{self.name}: {name}", value, target)

    @contextmanager
    def engine(self, quantize: str) -> Iterator[LocalEngine]:
        engine = LocalEngine(
            self.folder / "model",
            name=self.name,
            adapters=lambda: find([self.folder / "adapters"]),
            device=self.device,
            quantize=quantize,
            slots=self.load.streams + 1,
        )
        engine._eos = frozenset()  # random weights stop anywhere; here everybody writes to the end
        yield engine
        engine.close()

    def check(self, engine: LocalEngine, kind: str = "bf16") -> None:
        """Which route the engine took, and that others and adapters leave each answer alone, as far as bf16 can tell."""
        self.add(f"{kind}, flattened batches (1) or one by one (0)", float(engine._pool is not None), "target 1")
        asked = [(self.question(24), f"a{at % 8}" if at % 2 else None) for at in range(8)]

        def answer(pair: tuple[list[Message], str | None]) -> list[float]:
            # most of a random model's tokens have no text in our small tokenizer, but each has its probability
            sampling = Sampling(temperature=0, max_tokens=8, top_logprobs=0)
            return [entry.logprob for entry in complete(engine, pair[0], sampling, adapter=pair[1]).logprobs]

        alone = [answer(pair) for pair in asked]
        with ThreadPoolExecutor(len(asked)) as pool:
            together = list(pool.map(answer, asked))
        same = [all(abs(x - y) < 0.05 for x, y in zip(a, b, strict=True)) for a, b in zip(alone, together, strict=True)]
        self.add(
            f"{kind}, answers beside others equal to alone", sum(same) / len(same), "target 1; bf16 may break a tie"
        )

    def single(self, engine: LocalEngine, bandwidth: float, eager: float) -> float:
        rate = self.decode(engine, 1)
        self.add("one stream, tokens/s", rate)
        self.add("one stream, share of bandwidth", rate * self.weights() / 1e9 / bandwidth, "target 0.60, aim 0.80")
        self.add("one stream / eager generate", rate / eager, "target 4")
        return rate

    def many(self, engine: LocalEngine, bandwidth: float, batch: float) -> None:
        load = self.load
        rate = self.decode(engine, load.streams)
        self.add(f"{load.streams} streams, tokens/s", rate)
        cached = load.streams * (load.prompt + load.answer / 2) * self.cache_bytes()
        roofline = load.streams * bandwidth * 1e9 / (self.weights() + cached)
        self.add(f"{load.streams} streams, share of the roofline", rate / roofline, "target 0.50")
        self.add(f"{load.streams} streams / generate_batch", rate / batch, "target 2")

    def mixed(self, engine: LocalEngine) -> None:
        count, names = self.load.streams, [f"a{at}" for at in range(8)]
        for name in names:
            complete(engine, self.question(8), Sampling(temperature=0, max_tokens=1), adapter=name)
        base = self.decode(engine, count)
        self.add("8 adapters / base", self.decode(engine, count, names) / base, "target 0.90")
        for at in range(self.load.adapters):
            complete(engine, self.question(8), Sampling(temperature=0, max_tokens=1), adapter=f"a{at}")
        rate = self.decode(engine, count, names)
        self.add(f"{self.load.adapters} registered, 8 active / base", rate / base, "target 0.85")

    def first_tokens(self, engine: LocalEngine) -> None:
        """Medians, seconds."""
        long = self.load.long_prompt
        self.add("first token of a long prompt, idle", self.first(engine, [self.question(long) for _ in range(5)]))
        talks = [self.question(long) for _ in range(5)]
        for talk in talks:
            complete(engine, talk, Sampling(temperature=0, max_tokens=4))
        follow = [[*talk, Message("assistant", "x"), Message("user", "and?")] for talk in talks]
        cold = [[*self.question(long), Message("assistant", "x"), Message("user", "and?")] for _ in range(5)]
        warm = self.first(engine, follow)
        self.add("first token, cold / follow-up turn", self.first(engine, cold) / warm, "target 5")
        with ThreadPoolExecutor(self.load.streams) as pool:
            running = [pool.submit(self.one, engine, None) for _ in range(self.load.streams)]
            busy = self.first(engine, [self.question(long) for _ in range(3)])
            self.add(f"first token of a long prompt, {self.load.streams} streams running", busy)
            for future in running:
                future.result()

    def first(self, engine: LocalEngine, prompts: Sequence[list[Message]]) -> float:
        times = []
        for prompt in prompts:
            start = time.perf_counter()
            complete(engine, prompt, Sampling(temperature=0, max_tokens=1))
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def decode(self, engine: LocalEngine, count: int, adapters: Sequence[str] = ()) -> float:
        """Tokens per second of all streams together, prompts included."""
        names = [adapters[at % len(adapters)] if adapters else None for at in range(count)]
        complete(engine, self.question(8), Sampling(temperature=0, max_tokens=2), adapter=names[0])
        start = time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            tokens = sum(pool.map(lambda name: self.one(engine, name), names))
        return tokens / (time.perf_counter() - start)

    def one(self, engine: LocalEngine, adapter: str | None) -> int:
        length = self.load.prompt // 2 + (self._count * 37) % self.load.prompt  # mixed, its mean the load's
        sampling = Sampling(temperature=0, max_tokens=self.load.answer)
        return complete(engine, self.question(length), sampling, adapter=adapter).usage.completion

    def question(self, tokens: int) -> list[Message]:
        """About so many tokens, with a beginning of its own, so that nothing comes from the cache."""
        self._count += 1
        return [Message("user", f"{self._count} " + "a fox " * max(1, tokens // 3))]

    def transformers(self) -> tuple[float, float]:
        """Tokens per second of eager `generate`, one stream, and of `generate_batch` as shipped."""
        from transformers import AutoModelForCausalLM, ContinuousBatchingConfig, GenerationConfig

        load, dtype = self.load, torch.float32 if self.device == "cpu" else torch.bfloat16
        model = AutoModelForCausalLM.from_pretrained(self.folder / "model", dtype=dtype).to(self.device).eval()
        ids = torch.arange(1, load.prompt + 1, device=self.device)[None]
        few = min(load.answer, 256)
        exactly = {"max_new_tokens": few, "min_new_tokens": few, "do_sample": False}

        def eager() -> int:
            with torch.inference_mode():
                model.generate(ids, attention_mask=torch.ones_like(ids), **exactly)
            return few

        def batch() -> int:
            config = GenerationConfig(max_new_tokens=load.answer, do_sample=False, eos_token_id=-1, pad_token_id=0)
            prompts = [[1 + (at + n) % 400 for n in range(load.prompt)] for at in range(load.streams)]
            # by itself it takes most of the memory, which is a GPU's to give and not a CPU's
            room = ContinuousBatchingConfig(num_blocks=32, max_batch_tokens=256) if self.device == "cpu" else None
            answers = model.generate_batch(prompts, generation_config=config, continuous_batching_config=room)
            return sum(len(answer.generated_tokens) for answer in answers.values())

        eager()
        return self.add("eager generate, tokens/s", rate_of(eager)), self.add(
            "generate_batch, tokens/s", rate_of(batch)
        )

    def weights(self) -> float:
        """Bytes that one token reads: all but the embedding's table, unless the output layer is the same."""
        config = json.loads((self.folder / "model" / "config.json").read_text())
        files = sum(path.stat().st_size for path in (self.folder / "model").glob("*.safetensors"))
        table = 0 if config.get("tie_word_embeddings") else config["vocab_size"] * config["hidden_size"] * 2
        return float(files - table)

    def cache_bytes(self) -> float:
        """Of one token, all layers."""
        config = json.loads((self.folder / "model" / "config.json").read_text())
        return float(4 * config["num_hidden_layers"] * config["num_key_value_heads"] * config["head_dim"])


def rate_of(run: Callable[[], int]) -> float:
    start = time.perf_counter()
    return run() / (time.perf_counter() - start)


def read_bandwidth(device: str) -> float:
    """GB/s of summing a gigabyte, the best of ten."""
    data = torch.ones(2**28 if device != "cpu" else 2**24, device=device)
    best = 0.0
    for _ in range(10):
        start = time.perf_counter()
        float(data.sum())
        best = max(best, data.nbytes / (time.perf_counter() - start) / 1e9)
    return best


if __name__ == "__main__":
    main()

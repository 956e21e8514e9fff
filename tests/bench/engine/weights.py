"""Which weight format to serve a model of the catalogue in: speed, memory and perplexity of each.

    python -m tests.bench.engine.weights MODELS_FOLDER [TEXTS.jsonl.gz] [--model small] [--rounds 3]

MODELS_FOLDER keeps the model. TEXTS has one JSON object a line with a text under "context" or "text" and its language under
"lang"; those in the model's own languages out of English and Chinese are taken, fifteen of each.
"""

import argparse
import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf

from chatbot.common.wheels import Bundle
from chatbot.engine.gguf.files import requantize
from chatbot.engine.llamacpp.server import Kind, Server
from chatbot.engine.llamacpp.slot import Slot
from chatbot.engine.models.catalogue import CATALOGUE, Known
from chatbot.engine.models.resolve import fetch_known
from chatbot.engine.slot_queue import SlotQueue
from tests.bench.engine.side import request_of

THREADS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("texts", type=Path, nargs="?")
    parser.add_argument("--model", choices=list(CATALOGUE), default="small")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    known = CATALOGUE[options.model]
    with tempfile.TemporaryDirectory() as folder:
        files = formats(known, options.models, Path(folder))
        rows: dict[str, dict[str, list[float]]] = {name: {} for name in files}
        for _ in range(options.rounds):
            for name, path in files.items():  # in turn, so that a busy minute hits all of them
                for figure, value in speed(path).items():
                    rows[name].setdefault(figure, []).append(value)
        loss = (
            {name: perplexity(path, texts(options.texts, known.languages)) for name, path in files.items()}
            if options.texts
            else {}
        )
        print(f"{'':6}{'file MB':>9}{'RSS MB':>9}{'decode/s':>10}{'pre 512/s':>11}{'pre 2048/s':>12}{'perplexity':>12}")
        for name, path in files.items():
            rss, decode, short, long = (statistics.median(values) for values in rows[name].values())
            size = path.stat().st_size / 1e6
            print(f"{name:6}{size:9.0f}{rss:9.0f}{decode:10.1f}{short:11.0f}{long:12.0f}{loss.get(name, 0):12.3f}")


def formats(known: Known, models: Path, folder: Path) -> dict[str, Path]:
    """The file as it was published and all that can be made of it."""
    served = fetch_known(known, models, lambda *_: None)
    shipped = models / next(iter(known.wheels.files)) if isinstance(known.wheels, Bundle) else served
    files = {"as is": shipped}
    for kind in (gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.F16):
        files[kind.name] = folder / f"{kind.name}.gguf"
        requantize(shipped, files[kind.name], kind, lambda _: None)
    return files


def speed(path: Path) -> dict[str, float]:
    before = resident()
    server = Server(path, Kind(), 4096, 1, THREADS)
    slot = Slot(server, 0, SlotQueue(1))
    try:
        decode = run(slot, 16, 64)[1]
        short, long = run(slot, 512, 1)[0], run(slot, 2048, 1)[0]
        return {"rss": resident() - before, "decode": decode, "512": short, "2048": long}
    finally:
        server.close()


def run(slot: Slot, prompt: int, answer: int) -> tuple[float, float]:
    """Tokens per second of the prompt and of the answer, by the clock here."""
    start = time.perf_counter()
    times = [
        time.perf_counter()
        for record in slot.records(request_of(prompt, answer))
        if record.get("timings", {}).get("predicted_n")
    ]
    return prompt / (times[0] - start), (answer - 1) / max(times[-1] - times[0], 1e-9)


def resident() -> float:
    """Of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def texts(path: Path, languages: frozenset[str]) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for language in sorted(languages & {"en", "zh"}):
        found = [str(row.get("context") or row.get("text")) for row in rows if row.get("lang", "en") == language]
        yield from found[:15]


def perplexity(path: Path, paragraphs: Iterator[str]) -> float:
    """Of the dequantised weights, in torch: what the format loses, without the kernels' rounding."""
    import torch
    import transformers

    model: Any = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    ).eval()
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    total, count = 0.0, 0
    for text in paragraphs:
        ids = torch.tensor([tokenizer.encode(text)[:512]])
        with torch.no_grad():
            total += float(model(ids, labels=ids).loss) * (ids.shape[1] - 1)
        count += ids.shape[1] - 1
    return float(torch.tensor(total / count).exp())


if __name__ == "__main__":
    main()

"""Embedding passages: our batches, by onnxruntime and by torch, against sentence-transformers' own loop, at what nDCG.

    python -m tests.bench.documents.indexing [--rounds 3] [--passages 240] [--threads 2]

The passages are XQuAD's English paragraphs, split as the app does. The loops take turns, so that other work on the machine
troubles them alike; "cpu" is the processor time of all threads; "torch" is ours over sentence-transformers. Then `SentenceTransformer.encode` with its defaults and our
embedder rank the same questions by cosine.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from retrieval.search.embed import SentenceEmbedder, Vectors, load
from retrieval.search.embedder_files import resolve
from retrieval.search.encoders.sentence import opened
from retrieval.text.split import split
from retrieval.types import Page

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "dev"
MODELS = Path.home() / ".cache" / "banyan-tests" / "models"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.documents.indexing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passages", type=int, default=240)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--embedder", default="bundled")
    parser.add_argument("--skip-ndcg", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ours = load(options.embedder, MODELS, lambda step, fraction: None, device="cpu")
    folder = resolve(options.embedder, MODELS, lambda step, fraction: None)[0]
    plain = SentenceTransformer(str(folder), device="cpu")
    by_torch = SentenceEmbedder(opened(folder, "cpu"), "by torch", "", None)
    paragraphs = {row["pid"]: row["context"] for row in rows("xquad12.paragraphs")}
    parts = [(pid, passage.text) for pid, text in paragraphs.items() for passage in split([Page(1, text)])]
    texts = [text for _, text in parts]

    def theirs(texts: Sequence[str]) -> Vectors:
        encoded: Vectors = plain.encode(list(texts), show_progress_bar=False)
        return encoded

    loops = {"default": theirs, "torch": by_torch.passages, "ours": ours.passages}
    compare(texts[: options.passages], loops, options.rounds)
    if not options.skip_ndcg:
        questions = rows("xquad12.questions")
        asked = [row["question"] for row in questions]
        for title, passages, queries in (("default", theirs, theirs), ("ours", ours.passages, ours.queries)):
            scores = queries(asked) @ passages(texts).T
            gains = [gain(row, [pid for pid, _ in parts], q["pid"]) for row, q in zip(scores, questions, strict=True)]
            print(f"{title:8} nDCG@10 {100 * np.mean(gains):.2f}", flush=True)


def compare(texts: Sequence[str], loops: Mapping[str, Callable[[Sequence[str]], Vectors]], rounds: int) -> None:
    wall: dict[str, list[float]] = {title: [] for title in loops}
    cpu: dict[str, list[float]] = {title: [] for title in loops}
    for _ in range(rounds):
        for title, encode in loops.items():
            started, spent = time.perf_counter(), time.process_time()
            encode(texts)
            wall[title].append(time.perf_counter() - started)
            cpu[title].append(time.process_time() - spent)
    for title, seconds in wall.items():
        best = len(texts) / min(seconds)
        print(f"{title:8} {best:6.1f} passages/s, cpu {1000 * min(cpu[title]) / len(texts):6.1f} ms each", flush=True)
    for title in wall.keys() - {"ours"}:
        print(
            f"ours to {title}: {np.median(np.divide(wall[title], wall['ours'])):.2f} wall, "
            f"{np.median(np.divide(cpu[title], cpu['ours'])):.2f} cpu (medians of the rounds)"
        )


def gain(scores: Vectors, owners: Sequence[str], gold: str) -> float:
    """nDCG@10 with one right paragraph, which stands where its best passage does."""
    order = list(dict.fromkeys(owners[n] for n in np.argsort(-scores)[:40]))[:10]
    return 1 / float(np.log2(2 + order.index(gold))) if gold in order else 0.0


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["lang"] == "en"]


if __name__ == "__main__":
    main()

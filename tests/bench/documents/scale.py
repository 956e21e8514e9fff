"""The vectors of two million passages: built, saved, mapped, searched; how fast and how much of the exact search is found.

    python -m tests.bench.documents.scale [--passages 2000000] [--embedded 20000] [--vectors FOLDER] [--shares 0.2 0.05 0.02]

Some sentences of SQuAD (beside the repository) are embedded once into FOLDER; the others get vectors near to theirs. The questions are
XQuAD's English ones. `--shares` are the shares of the inverted lists that are searched. Aims: 95 % of the searches within 150 ms with
a recall@10 of 0.95. "memory" is what the process holds beside the mapped file's pages, which all processes share.
"""

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import psutil

from retrieval.search import vectors as module
from retrieval.search.embed import Vectors, load
from retrieval.search.vectors import VectorIndex
from tests.bench.documents.search import CACHE, embedded, repeated, rows, sentences, timed

PART = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=2_000_000)
    parser.add_argument("--embedded", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--vectors", type=Path, default=CACHE / "squad")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.2, 0.05, 0.02])
    chosen = parser.parse_args()
    embedder = load("bundled", CACHE / "models", lambda step, fraction: None)
    real = embedded(sentences(chosen.embedded), embedder, chosen.vectors / embedder.name)
    asked = [row["question"] for row in rows("dev/xquad12.questions") if row["lang"] == "en"][: chosen.questions]
    queries = embedder.queries(asked)
    vectors = repeated(real, chosen.passages)
    exact = nearest(vectors, queries)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors"
        build(vectors, path)
        del vectors
        index = VectorIndex.load(path)
        for share in chosen.shares:
            with patch.object(module, "PROBED", share):
                searched(index, queries, exact, share)
        print(f"memory: {(psutil.Process().memory_info().rss - psutil.Process().memory_info().shared) >> 20} MB")


def build(vectors: Vectors, path: Path) -> None:
    index, began, spent = VectorIndex(vectors.shape[1]), time.perf_counter(), time.process_time()
    for start in range(0, len(vectors), PART):
        part = vectors[start : start + PART]
        index.add(np.arange(start, start + len(part)), part)
    index.save(path)
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    print(f"{len(vectors):,} vectors built and saved in {wall:.0f} s (cpu {cpu:.0f} s), {path.stat().st_size >> 20} MB")


def searched(index: VectorIndex, queries: Vectors, exact: list[set[int]], share: float) -> None:
    found = []
    timed(f"share {share}", queries, lambda query: found.append({*index.search(query, 10)[0].tolist()}))
    recall = np.mean([len(one & other) / 10 for one, other in zip(found, exact, strict=True)])
    print(f"  recall@10 {recall:.4f}", flush=True)


def nearest(vectors: Vectors, queries: Vectors) -> list[set[int]]:
    """The ten nearest of each query by looking at all."""
    scores = np.concatenate([queries @ vectors[at : at + PART].T for at in range(0, len(vectors), PART)], axis=1)
    return [set(row.tolist()) for row in np.argpartition(-scores, 10, axis=1)[:, :10]]


if __name__ == "__main__":
    main()

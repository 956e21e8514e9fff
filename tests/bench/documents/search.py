"""Searching many passages: how fast, how much is found, how soon after a start.

    python -m tests.bench.documents.search [--passages 100000] [--vectors FOLDER] [--repeat]

The passages are sentences of SQuAD (beside the repository), embedded once into FOLDER, by the name of the embedder, which
takes two hours; the questions are XQuAD's English ones. With --repeat what is not embedded yet gets a vector near that of another passage, which is as good
for the times; recall is always told of the embedded ones alone. Times are of the whole `Library.search`, question embedded and passages read included; "cpu" is
the processor time of all threads, which other work on the machine hardly changes.
"""

import argparse
import gzip
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil

from retrieval.library import Library
from retrieval.search.embed import Embedder, Vectors, load
from retrieval.search.keywords import KeywordIndex
from retrieval.search.vectors import VectorIndex
from retrieval.store.store import Store
from retrieval.types import Document, Page, Passage

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
CACHE = Path.home() / ".cache" / "banyan-tests"
CHUNK = 5000
OWNER = "ada"
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.documents.search")
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--vectors", type=Path, default=CACHE / "squad")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--repeat", action="store_true", help="embed nothing: repeat the vectors there are, with noise")
    options = parser.parse_args()
    embedder = load("bundled", CACHE / "models", lambda step, fraction: None)
    texts = sentences(options.passages)
    vectors = embedded(texts, None if options.repeat else embedder, options.vectors / embedder.name)
    real = len(vectors)
    vectors = repeated(vectors, len(texts))
    print(f"{len(texts):,} passages, {real:,} of them embedded; {options.questions} questions")
    questions = [row["question"] for row in rows("dev/xquad12.questions") if row["lang"] == "en"][: options.questions]
    with tempfile.TemporaryDirectory() as folder:
        whole(Path(folder), texts, vectors, embedder, questions)
    queries = embedder.queries(questions)
    halves(texts, vectors, queries, questions)
    recall(vectors[:real], queries)


def whole(folder: Path, texts: Sequence[str], vectors: Vectors, embedder: Embedder, questions: Sequence[str]) -> None:
    """A library of these passages: ready when, and how fast."""
    fill(folder, texts, vectors, embedder)
    for title in ("without caches", "with caches"):
        reopened(title, folder, embedder, questions)
    sizes = {path.name: path.stat().st_size >> 20 for path in [folder / "library.db", *(folder / "index").iterdir()]}
    print(f"MB on disk: {sizes}; MB in memory: {psutil.Process().memory_info().rss >> 20}")


def reopened(title: str, folder: Path, embedder: Embedder, questions: Sequence[str]) -> None:
    started, spent = time.perf_counter(), time.process_time()
    library = Library(folder, embedder)
    library.search(OWNER, questions[0])
    print(f"ready {title}: {time.perf_counter() - started:.1f} s, cpu {time.process_time() - spent:.1f} s")
    timed("Library.search", questions, lambda q: library.search(OWNER, q))
    one = [library.list(OWNER)[0].id]
    timed("  in one document", questions, lambda q: library.search(OWNER, q, documents=one))
    library._indexes.refresh(OWNER)
    library.close()


def halves(texts: Sequence[str], vectors: Vectors, queries: Vectors, questions: Sequence[str]) -> None:
    """Each half alone."""
    keywords, ids = KeywordIndex(), np.arange(len(texts))
    spent = time.process_time()
    keywords.add(ids, texts)
    print(f"keywords: {len(texts) / (time.process_time() - spent):.0f} passages/s cpu, {keywords._main.nnz:,} postings")
    timed("keywords", questions, lambda q: keywords.search(q, 50))
    for title, index in (("exact", laid(vectors, lists=False)), ("inverted lists", laid(vectors, lists=True))):
        timed(title, queries, partial(index.search, limit=10))


def recall(vectors: Vectors, queries: Vectors) -> None:
    """The inverted lists against the exact search."""
    exact, lists = laid(vectors, lists=False), laid(vectors, lists=True)
    found = [len({*lists.search(q, 10)[0]} & {*exact.search(q, 10)[0]}) / 10 for q in queries]
    print(
        f"recall@10 of the inverted lists: {np.mean(found):.4f} of {len(vectors):,} vectors, {len(queries)} questions"
    )


def laid(vectors: Vectors, *, lists: bool) -> VectorIndex:
    ids = np.arange(len(vectors))
    index = VectorIndex(vectors.shape[1], exact=len(ids) - 1 if lists else len(ids))
    spent = time.process_time()
    index.add(ids, vectors)
    if lists:
        print(f"inverted lists laid out: cpu {time.process_time() - spent:.1f} s")
    return index


def timed(title: str, questions: Iterable[T], ask: Callable[[T], object]) -> None:
    wall, cpu = [], []
    for question in questions:
        started, spent = time.perf_counter(), time.process_time()
        ask(question)
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - spent))
    (w50, w95), (c50, c95) = np.percentile(wall, [50, 95]), np.percentile(cpu, [50, 95])
    print(f"{title:20} p50 {w50:6.1f} p95 {w95:6.1f} ms   cpu p50 {c50:6.1f} p95 {c95:6.1f} ms", flush=True)


def fill(folder: Path, texts: Sequence[str], vectors: Vectors, embedder: Embedder) -> None:
    """Documents of a thousand passages, straight into the store."""
    store = Store(folder / "library.db")
    number = store.embedder(embedder.fingerprint, embedder.name, embedder.dimension)
    for start in range(0, len(texts), 1000):
        part = texts[start : start + 1000]
        passages = [Passage(1, 0, len(text), text, position=n) for n, text in enumerate(part)]
        id = f"{start:032x}"
        document = Document(id, OWNER, id, "text", 0, id, "indexed", pages=1, passages=len(part))
        store.add(document, [Page(1, "")], passages, (number, vectors[start : start + 1000]))
    store.close()
    for name in ("files", "index"):
        shutil.rmtree(folder / name, ignore_errors=True)


def sentences(count: int) -> list[str]:
    """Distinct sentences of SQuAD in an order of chance; when they do not suffice, pairs that follow each other too."""
    found: set[str] = set()
    pairs: list[str] = []
    for row in rows("train/squad_v11_rest.paragraphs.train"):
        parts = [part for part in re.split(r"(?<=[.!?]) ", row["context"]) if len(part) > 30]
        found.update(parts)
        pairs += [f"{a} {b}" for a, b in pairwise(parts)]
    order = sorted(found)
    np.random.default_rng(0).shuffle(order)
    return (order + list(dict.fromkeys(pairs)))[:count]


def embedded(texts: Sequence[str], embedder: Embedder | None, folder: Path) -> Vectors:
    """float16 files of `CHUNK` rows, so that breaking off loses little. Without an embedder, those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(texts), CHUNK):
        path = folder / f"s_{start:06d}.npy"
        if not path.exists():
            if embedder is None:
                break
            np.save(path, embedder.passages(texts[start : start + CHUNK]).astype(np.float16))
        parts.append(np.load(path))
    vectors: Vectors = np.concatenate(parts)[: len(texts)].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def repeated(vectors: Vectors, count: int) -> Vectors:
    """`count` rows: the given ones, then near ones (cosines of 0.8 with theirs)."""
    draw = np.random.default_rng(0)
    more = vectors[draw.integers(0, len(vectors), count - len(vectors))]
    noise = draw.standard_normal(more.shape, np.float32) * np.float32(0.75 / np.sqrt(more.shape[1]))
    more = more + noise
    more /= np.linalg.norm(more, axis=1, keepdims=True)
    return np.concatenate([vectors, more])


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()

"""Memory of the app while documents are added and asked: what it holds more than at its start.

    python -m tests.bench.documents.app.memory [--files 50] [--questions 100] [--model small] [--embedder bundled]

The files are XQuAD's English paragraphs, five to twelve a file, and the documents of the shared data; every fifth question is about
the whole (what it is about, how many, the most), the others are XQuAD's. Of the app's own process two figures are told: RSS, in which the
weights count as often as slots have mapped them, and what it holds, in which each part of a file counts once. The aim: at most
1.3 GB above the start.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import psutil
from gradio_client import Client, handle_file

from tests.running import App, running

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"
MODELS = Path.home() / ".cache" / "banyan-tests" / "models"
ABOUT = (
    "What is this about?",
    "How many people are named?",
    "Which is the oldest?",
    "What changed between the two?",
    "List all the teams.",
)
EVERY = 5  # of the questions one is about the whole


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.documents.app.memory")
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--model", default="small")
    parser.add_argument("--embedder", default="bundled")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").symlink_to(MODELS)
        files = list(written(folder, options.files))
        with running("--model", options.model, "--embedder", options.embedder, data=folder, seconds=300) as app:
            try:
                measure(app, files, list(islice(questions(), options.questions)))
            finally:
                print(app.log.read_text()[-2000:])


def measure(app: App, files: list[Path], asked: list[str]) -> None:
    client = Client(app.address, verbose=False)
    client.predict(api_name="/documents")  # waits for the library
    begin, start = time.monotonic(), held(app.process.pid)
    tell(app, "start", begin, start)
    for number, path in enumerate(files, 1):
        client.predict(handle_file(str(path)), api_name="/add_document")
        if number % max(1, len(files) // 5) == 0:
            tell(app, f"{number} files", begin, start)
    for number, question in enumerate(asked, 1):
        client.predict(question, api_name="/ask")
        if number % max(1, len(asked) // 10) == 0:
            tell(app, f"{number} questions", begin, start)


def tell(app: App, what: str, begin: float, start: int) -> None:
    rss, now = psutil.Process(app.process.pid).memory_info().rss, held(app.process.pid)
    print(
        f"{time.monotonic() - begin:6.0f} s  {what:14}  holds {now / 1e9:.2f} GB ({(now - start) / 1e9:+.2f})  RSS {rss / 1e9:.2f} GB",
        flush=True,
    )


def held(pid: int) -> int:
    """Bytes in memory, where each part of a file counts once however often it is mapped (Linux)."""
    parts: dict[tuple[str, ...], int] = {}
    part: tuple[str, ...] = ()
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first, *rest = line.split(maxsplit=5)
        if first == "Rss:":
            parts[part] = max(parts.get(part, 0), int(rest[0]) << 10)
        elif not first.endswith(":"):
            offset, path = rest[1], rest[4] if len(rest) == 5 else ""
            part = (path, offset) if path.startswith("/") else (first,)
    return sum(parts.values())


def written(folder: Path, count: int) -> Iterator[Path]:
    """So many files, the documents of the shared data first."""
    paragraphs = cycle(row["context"] for row in rows("xquad12.paragraphs"))
    ready = [path for path in sorted((SHARED / "docs").iterdir()) if path.stat().st_size > 1000]
    yield from ready[:count]
    for number in range(count - len(ready)):
        path = folder / f"paper {number}.md"
        path.write_text("\n\n".join(islice(paragraphs, 5 + number % 8)) + f"\n\nPaper {number}.\n", "utf-8")
        yield path


def questions() -> Iterator[str]:
    plain, about = cycle(row["question"] for row in rows("xquad12.questions")), cycle(ABOUT)
    for number in cycle(range(EVERY)):
        yield next(plain if number else about)


def rows(name: str) -> list[dict[str, str]]:
    """Those in English."""
    with gzip.open(SHARED / "dev" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [row for line in lines if (row := json.loads(line)).get("lang", "en") == "en"]


if __name__ == "__main__":
    main()

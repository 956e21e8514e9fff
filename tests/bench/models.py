"""The models of the catalogue side by side: when the page, the model and a first token are there, and what each takes.

    python -m tests.bench.models --data FOLDER [--models small standard large] [--rounds 3]

FOLDER is a data folder whose models are fetched (or are, in the first round). Each app is started anew, in turn; medians. The
prompts are of 20 and of about 1,000 tokens, as a document answer's; the answers of 64. Memory is the app's private bytes and the
weights that it maps, each once.
"""

import argparse
import json
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.running import App, running

REST = 10.0  # seconds in which the embedder is loaded, too
SHORT, LONG, ANSWER = "Tell me a story about an old tree.", "The old tree stood by the river. " * 125, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=["small", "standard", "large"])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows: dict[str, list[dict[str, float]]] = {model: [] for model in given.models}
    for _ in range(given.rounds):
        for model in given.models:
            rows[model].append(measured(model, given.data))
    names = list(rows[given.models[0]][0])
    print(f"{'':10}" + "".join(f"{name:>14}" for name in names))
    for model, found in rows.items():
        print(f"{model:10}" + "".join(f"{statistics.median(row[name] for row in found):14.1f}" for name in names))


def measured(model: str, data: Path) -> dict[str, float]:
    begun = time.perf_counter()
    with running("--model", model, data=data, ready=False, seconds=900) as app:
        while not _answers(app):
            time.sleep(0.05)
        page = time.perf_counter() - begun
        while app.health()["status"] == "loading":
            time.sleep(0.05)
        ready = time.perf_counter() - begun
        time.sleep(REST)
        first, rate = answered(app, SHORT)
        deep, behind = answered(app, LONG)
        return {
            "page s": page,
            "ready s": ready,
            "memory MB": memory(app) / 1e6,
            "first s": first,
            "tokens/s": rate,
            "1,000: first": deep,
            "tokens/s then": behind,
        }


def _answers(app: App) -> bool:
    try:
        return bool(urllib.request.urlopen(app.address, timeout=5).read())
    except OSError:
        return False


def answered(app: App, text: str) -> tuple[float, float]:
    """(seconds to the first token, tokens per second behind it) of a prompt that no cache knows."""
    body = {"messages": [{"role": "user", "content": f"{time.time_ns()} {text}"}], "max_tokens": ANSWER, "stream": True}
    body |= {"temperature": 0}
    request = urllib.request.Request(
        f"{app.address}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300) as answer:
        times = [time.perf_counter() for _ in _words(answer)]
    return times[0] - begun, (len(times) - 1) / max(times[-1] - times[0], 1e-6)


def _words(lines: Iterator[bytes]) -> Iterator[str]:
    """Each record that carries text: about one a token."""
    for line in lines:
        found = json.loads(line[6:])["choices"] if line.startswith(b"data: {") else []
        if found and (word := found[0]["delta"].get("content")):
            yield word


def memory(app: App) -> int:
    """Bytes of the process and its children: the private ones, and of the shared each process's part."""
    process = psutil.Process(app.process.pid)
    return sum(one.memory_full_info().pss for one in (process, *process.children(recursive=True)))


if __name__ == "__main__":
    main()

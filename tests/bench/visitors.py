"""Visitors at once, each from an address of their own: first token, failures, mixed-up answers, memory and descriptors.

    python -m tests.bench.visitors --data FOLDER [--visitors 16] [--seconds 120] [--model small] [--page 0.5]

Each visitor has two words of their own, asks the model to repeat them, and checks that no other visitor's ever come. `--page` of them
come through the page's queue (`/chat`), the others through `/v1`. Who is told to wait (429) waits a second; every other failure counts.
"""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.running import App, running

WORDS = (
    "apple bridge candle desert engine forest guitar hammer island jungle kitten ladder magnet needle orange pencil "
    "ribbon saddle ticket violin window"
)
PAIRS = [" ".join(pair) for pair in combinations(WORDS.split(), 2)]  # never the one and the other way round
SYSTEM = "You repeat words."
SETTLED = 120  # seconds after which memory is to be flat


@dataclass(slots=True)
class Visit:
    words: str
    firsts: list[float] = field(default_factory=list)  # seconds to the first token of each answer
    mixed: int = 0
    failures: Counter[str] = field(default_factory=Counter)


def visit(address: str, number: int, end: float, by_page: bool) -> Visit:
    made = Visit(PAIRS[number])
    others = set(PAIRS) - {made.words}
    own = {"X-Forwarded-For": f"10.7.{number // 250}.{1 + number % 250}"}
    with httpx.Client(base_url=address, headers=own, timeout=600) as http:
        while time.monotonic() < end:
            begin, text, first = time.monotonic(), "", 0.0
            try:
                for so_far in (page if by_page else api)(http, f"Repeat these two words three times: {made.words}"):
                    text, first = so_far, first or time.monotonic() - begin
            except httpx.HTTPStatusError as refused:
                made.failures[str(refused.response.status_code)] += 1
                time.sleep(1)
            except (httpx.HTTPError, RuntimeError) as error:
                made.failures[f"{type(error).__name__}: {error}"[:200]] += 1
            else:
                made.firsts += [first] if first else []
                made.mixed += any(pair in text.lower() for pair in others)
    return made


def api(http: httpx.Client, question: str) -> Iterator[str]:
    """The answer so far, through `/v1`."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    asked = {"messages": messages, "stream": True, "max_tokens": 40, "temperature": 0}
    with http.stream("POST", "/v1/chat/completions", json=asked) as answer:
        answer.raise_for_status()
        text = ""
        for line in answer.iter_lines():
            if not line.startswith("data: {"):
                continue
            record = json.loads(line.removeprefix("data: "))
            if "error" in record:
                raise RuntimeError(record["error"]["message"])
            for choice in record["choices"]:
                if piece := choice["delta"].get("content"):
                    text += piece
                    yield text


def page(http: httpx.Client, question: str) -> Iterator[str]:
    """The same through the page's queue."""
    data: list[Any] = [question, [], None, SYSTEM, 0.0, 40]
    event = http.post("/gradio_api/call/chat", json={"data": data}).raise_for_status().json()["event_id"]
    kind = ""
    with http.stream("GET", f"/gradio_api/call/chat/{event}") as answer:
        answer.raise_for_status()
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind == "error":
                raise RuntimeError(line)
            elif line.startswith("data: ") and (told := json.loads(line.removeprefix("data: "))) and told[0]:
                yield told[0]


def watched(app: App, seconds: float) -> list[tuple[float, float, int]]:
    """(seconds, MB, descriptors) of the app, twenty times."""
    process, began, found = psutil.Process(app.process.pid), time.monotonic(), []
    while time.monotonic() - began < seconds:
        time.sleep(seconds / 20)
        found.append((time.monotonic() - began, process.memory_info().rss / 2**20, process.num_fds()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--visitors", type=int, default=16, choices=range(1, len(PAIRS) + 1), metavar="1..210")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--model", default="small")
    parser.add_argument("--page", type=float, default=0.5, help="share of the visitors")
    chosen = parser.parse_args()
    begin = time.monotonic()
    with running("--model", chosen.model, data=chosen.data) as app:
        print(f"ready after {time.monotonic() - begin:.1f} s")
        visit(app.address, 0, time.monotonic() + 2, False)
        end, pages = time.monotonic() + chosen.seconds, round(chosen.page * chosen.visitors)
        with ThreadPoolExecutor(chosen.visitors) as pool:
            visits = [pool.submit(visit, app.address, n, end, n < pages) for n in range(chosen.visitors)]
            memory = watched(app, chosen.seconds)
            done = [each.result() for each in visits]
    report("page", done[:pages])
    report("/v1", done[pages:])
    for when, megabytes, descriptors in memory:
        print(f"  {when:5.0f} s  {megabytes:6.0f} MB  {descriptors} descriptors")
    late = [each for each in memory if each[0] >= min(SETTLED, chosen.seconds / 2)]
    print(f"since it settled: memory {late[-1][1] - late[0][1]:+.0f} MB, descriptors {late[-1][2] - late[0][2]:+d}")


def report(way: str, visits: list[Visit]) -> None:
    waits = sorted(wait for each in visits for wait in each.firsts)
    failures = sum((each.failures for each in visits), Counter[str]())
    if not waits:
        print(f"{way}: no answer, failures {dict(failures)}")
        return
    print(
        f"{way}: {len(waits)} answers to {len(visits)} visitors (at least {min(len(each.firsts) for each in visits)} each), "
        f"{sum(each.mixed for each in visits)} mixed up, failures {dict(failures)}; first token: "
        f"median {statistics.median(waits):.2f} s, p95 {waits[int(0.95 * len(waits))]:.2f} s"
    )


if __name__ == "__main__":
    main()

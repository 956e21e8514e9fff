"""How soon the engine's slots are free again when a program that asked for a long task goes away.

python -m tests.bench.tasks.dropped --data FOLDER [--model M] [--rounds 3]

The program asks as Gradio's clients do, reads the stream of its event, and drops the connection while all slots are at work.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import httpx

from tests.running import App, running

TEXT = " ".join(
    f"In the year {year} the town of Rovik built a bridge of {year - 1700} metres." for year in range(1800, 2020)
)
FIELDS = "year: number\nlength: number"
ASKED: dict[str, list[Any]] = {
    "summarize": [TEXT, "long", None, None, "paragraph", "", ""],
    "extract": [TEXT, FIELDS, "many", None, None],
    "translate": [TEXT, "zh-hans", "en", "", None],
}


def at_work(app: App) -> int:
    """Requests that run or wait."""
    load = httpx.get(f"{app.address}/health", timeout=60).json()["load"]
    return int(load["running"]) + int(load["waiting"])


def until(what: str, app: App, wanted: bool, seconds: float = 120) -> float:
    """Seconds until something is at work, or nothing is."""
    begin = time.perf_counter()
    while bool(at_work(app)) != wanted:
        assert time.perf_counter() - begin < seconds, what
        time.sleep(0.02)
    return time.perf_counter() - begin


def drop(app: App, name: str, after: float) -> float:
    """Seconds from the dropped connection to free slots."""
    with httpx.Client(base_url=f"{app.address}/gradio_api/call/{name}", timeout=60) as program:
        event = program.post("", json={"data": ASKED[name]}).raise_for_status().json()["event_id"]
        with program.stream("GET", f"/{event}"):
            until(f"{name} did not begin", app, wanted=True)
            time.sleep(after)
            assert at_work(app), f"{name} was done before it was dropped"
    return until(f"{name} went on", app, wanted=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with running("--model", given.model, data=given.data) as app:
        for name in ASKED:
            waits = [drop(app, name, after) for after in (1.0, 3.0, 5.0)[: given.rounds]]
            print(f"{name}: free after {statistics.median(waits):.2f} s, longest {max(waits):.2f} s", flush=True)


if __name__ == "__main__":
    main()

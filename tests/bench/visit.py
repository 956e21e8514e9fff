"""What a visit costs the one process: CPU seconds of the app for the page, its files and the events of its arrival.

    python -m tests.bench.visit --data FOLDER [--visits 12] [--engine scripted]

A visitor does what the browser does: reads the page, the files that it names, holds the heartbeat open, joins the queue with every
event of the arrival and reads their answers to the last. One who returns keeps the cookie and asks for no file that may be kept.
"""

import argparse
import json
import re
import secrets
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import psutil

from tests.running import App, running

_CONFIG = re.compile(r"window\.gradio_config = (\{.*?\});?\s*</script>", re.DOTALL)
_FILES = re.compile(r'(?:src|href)="\./((?:assets|static|theme)[^"]*)"')
API = "/gradio_api"


class Visitor:
    """One browser: it keeps its cookie, its language, and the files that it was told to keep."""

    def __init__(self, address: str, language: str = "en") -> None:
        headers = {"accept-encoding": "gzip, deflate, br", "accept-language": language, "sec-fetch-site": "same-origin"}
        limits = httpx.Limits(keepalive_expiry=2)  # seconds; the app closes what is not used for five
        self._client = httpx.Client(base_url=address, headers=headers, timeout=60, limits=limits)
        self._kept: set[str] = set()
        self.bytes = 0  # of the last visit, as they came over the wire

    def visit(self) -> dict[int, dict[str, Any]]:
        """The updates of each event of the arrival by the component's id, the later ones over the earlier."""
        self.bytes = 0
        page = self._get("/")
        for file in dict.fromkeys(_FILES.findall(page)):
            if file not in self._kept:
                self._get("/" + file)
        found = _CONFIG.search(page)
        assert found, "the page holds its configuration"
        with self._beating(session := secrets.token_hex(6)):
            return self._arrive(json.loads(found[1]), session)

    def _get(self, path: str) -> str:
        answer = self._client.get(path)
        answer.raise_for_status()
        self.bytes += answer.num_bytes_downloaded
        if "immutable" in answer.headers.get("cache-control", ""):
            self._kept.add(path.removeprefix("/"))
        return answer.text

    @contextmanager
    def _beating(self, session: str) -> Iterator[None]:
        """The connection by which the app knows that somebody is there."""
        over = Event()

        def beat() -> None:
            with self._client.stream("GET", f"{API}/heartbeat/{session}") as answer:
                for _ in answer.iter_bytes():
                    if over.wait(0.01):
                        return
                    over.wait()
                    return

        thread = Thread(target=beat)
        thread.start()
        yield
        over.set()
        thread.join()

    def _arrive(self, config: Mapping[str, Any], session: str) -> dict[int, dict[str, Any]]:
        values = {one["id"]: one["props"].get("value") for one in config["components"]}
        shown: dict[int, dict[str, Any]] = {}
        pending = {self._join(event, values, session): event for event in _loads(config)}
        with self._client.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as answer:
            for line in answer.iter_lines():
                record = json.loads(line[5:]) if line.startswith("data:") else {}
                if record.get("msg") == "process_completed":
                    assert record["success"], record
                    event = pending.pop(record["event_id"])
                    for id, update in zip(event["outputs"], record["output"]["data"], strict=True):
                        if not (isinstance(update, dict) and update.get("__type__") == "update" and len(update) == 1):
                            shown.setdefault(id, {}).update(update if isinstance(update, dict) else {"value": update})
                    self.bytes += answer.num_bytes_downloaded
                if not pending:
                    return shown
        raise AssertionError(f"no answer to {len(pending)} events")

    def _join(self, event: Mapping[str, Any], values: Mapping[int, Any], session: str) -> str:
        body = {
            "data": [values.get(id) for id in event["inputs"]],
            "fn_index": event["id"],
            "session_hash": session,
            "trigger_id": event["targets"][0][0],
            "event_data": None,
        }
        answer = self._client.post(f"{API}/queue/join", json=body)
        answer.raise_for_status()
        id: str = answer.json()["event_id"]
        return id


def _loads(config: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The events of the arrival: of the page, of the tab that is open then, and of the timers' first tick."""
    first = next(one["id"] for one in config["components"] if one["type"] == "tabitem")
    timers = [one["id"] for one in config["components"] if one["type"] == "timer" and one["props"].get("active", True)]
    arriving = {(first, "select"), *((timer, "tick") for timer in timers)}
    events = [event for event in config["dependencies"] if event["targets"]]
    return [event for event in events if any(kind == "load" or (id, kind) in arriving for id, kind in event["targets"])]


def spent(app: App) -> float:
    """CPU seconds of the app since it started."""
    times = psutil.Process(app.process.pid).cpu_times()
    return float(times.user + times.system)


def settled(app: App) -> float:
    """Wait until the app is idle (the library opens behind the page); the CPU seconds that it takes a second when nobody is there."""
    before = -1.0
    while spent(app) > before + 0.3:
        before = spent(app)
        time.sleep(3)
    return (spent(app) - before) / 3


def cost(app: App, visitors: Sequence[Visitor], idle: float) -> list[float]:
    """CPU seconds of the app for the visit of each, one after the other, without what it takes of itself."""
    found = []
    for visitor in visitors:
        before, begun = spent(app), time.monotonic()
        visitor.visit()
        time.sleep(0.3)  # what the app does of it afterwards
        found.append(spent(app) - before - idle * (time.monotonic() - begun))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=12)
    parser.add_argument("--engine", default="scripted")
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    with running("--engine", arguments.engine, data=arguments.data) as app:
        idle = settled(app)
        cost(app, [Visitor(app.address)] * 2, idle)  # warm
        new = [Visitor(app.address) for _ in range(arguments.visits)]
        for name, visitors in (("new", new), ("again", new)):
            found = cost(app, visitors, idle)
            kilobytes = statistics.median(one.bytes for one in visitors) / 1024
            print(
                f"{name:6} {statistics.median(found):.3f} s CPU ({min(found):.3f} to {max(found):.3f}), {kilobytes:.0f} KiB"
            )


if __name__ == "__main__":
    main()

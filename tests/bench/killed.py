"""Kill the whole app (SIGKILL) at random moments of mixed work, start it again, and look at what is there.

python -m tests.bench.killed --rounds 200

Documents come and go through the API while the app lives. After each kill: whatever was acknowledged is there, whatever was
removed stays away, no half of anything, no file that nobody owns, and no process that outlives the app by ten seconds.
"""

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from chatbot.common.disk import LEFT
from tests.running import App, running

MODELS = Path.home() / ".cache" / "banyan-tests" / "models"
WORKERS = 3


@dataclass(slots=True)
class Ledger:
    """What the app has acknowledged, to whom it matters after the kill. `unsure`: asked for, and not answered."""

    there: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def call(http: httpx.Client, endpoint: str, *data: Any) -> Any:
    """The endpoint's answer, once it is complete."""
    event = http.post(f"/gradio_api/call/{endpoint}", json={"data": list(data)}).raise_for_status().json()["event_id"]
    lines = http.get(f"/gradio_api/call/{endpoint}/{event}").text.splitlines()
    assert "event: complete" in lines, lines
    return json.loads(next(line for line in reversed(lines) if line.startswith("data: ")).removeprefix("data: "))[0]


def work(address: str, ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    try:
        with httpx.Client(base_url=address, timeout=60) as http:
            while True:
                _one(http, ledger, chance)
    except (httpx.HTTPError, AssertionError, ValueError):
        return  # the app was killed


def _one(http: httpx.Client, ledger: Ledger, chance: random.Random) -> None:
    with ledger.lock:
        known = sorted(ledger.there)
    if known and chance.random() < 0.3:
        id = chance.choice(known)
        with ledger.lock:
            ledger.there.discard(id)
            ledger.unsure.add(id)
        call(http, "remove_document", id)
        with ledger.lock:
            ledger.unsure.discard(id)
            ledger.gone.add(id)
        return
    text = " ".join(f"The oak {chance.random()} has {n} rings." for n in range(chance.randrange(1, 60)))
    (path,) = http.post("/gradio_api/upload", files={"files": ("oak.md", text.encode())}).raise_for_status().json()
    file = {"path": path, "orig_name": "oak.md", "meta": {"_type": "gradio.FileData"}}
    id = call(http, "add_document", file)["id"]
    with ledger.lock:
        ledger.there.add(id)


def one_round(folder: Path, ledger: Ledger, chance: random.Random) -> None:
    with running("--engine", "scripted", data=folder) as app:
        look(app, folder, ledger)
        threads = [
            threading.Thread(target=work, args=(app.address, ledger, chance.randrange(2**32))) for _ in range(WORKERS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.1, 4.0))
        children = psutil.Process(app.process.pid).children(recursive=True)
        app.process.kill()
        app.process.wait()
        for thread in threads:
            thread.join()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == [], "these outlived the app"


def look(app: App, folder: Path, ledger: Ledger) -> None:
    with httpx.Client(base_url=app.address, timeout=120) as http:
        listed = {document["id"]: document for document in call(http, "documents")}
    lost, back = ledger.there - listed.keys(), ledger.gone & listed.keys()
    assert not lost, f"acknowledged and lost: {lost}"
    assert not back, f"removed and there again: {back}"
    assert all(document["passages"] for document in listed.values()), "half there"
    ledger.there |= listed.keys()  # what was committed and not told yet may be there
    ledger.gone |= ledger.unsure - listed.keys()
    ledger.unsure.clear()
    originals = {path.name for path in (folder / "files").iterdir()}
    assert originals == set(listed), "files that no document owns, or documents without their original"
    assert [path for pattern in LEFT for path in folder.rglob(pattern)] == []
    assert [path for path in (folder / "uploads").rglob("*") if path.is_file()] == []
    with sqlite3.connect(folder / "library.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, ledger = random.Random(options.seed), Ledger()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "models").symlink_to(MODELS)
        for number in range(options.rounds):
            one_round(Path(folder), ledger, chance)
            print(f"{number + 1}: {len(ledger.there)} there, {len(ledger.gone)} removed", flush=True)


if __name__ == "__main__":
    main()

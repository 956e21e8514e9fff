"""Kill the whole app (SIGKILL) at random moments of mixed work, start it again, and look at what is there.

    python -m tests.bench.killed [--rounds 200] [--forked]

Documents come and go through the API, fine-tunes of a tiny model are queued, run and publish their adapters, and somebody talks
to the model. After each kill: whatever was acknowledged is there, whatever was removed stays away, no half of anything, no file
that nobody owns, and no process that outlives the app by ten seconds, but a training, which goes on and is found by the next app.
"""

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from chatbot.common.disk import LEFT
from tests.bench.attacks import forked
from tests.finetune.jobs_for_tests import QUICK
from tests.running import App, running
from tests.tiny import make_model

MODELS = Path.home() / ".cache" / "banyan-tests" / "models"
TRAINING = "finetune.train "
LONGEST = 12.0  # seconds until the kill: a short fine-tune gets through to its adapter in them
MANY = 100_000  # fine-tunes, and adapters of them: more than any run makes
Start = Callable[..., AbstractContextManager[App]]


@dataclass(slots=True)
class Ledger:
    """What the app has acknowledged, to whom it matters after the kill. `unsure`: asked for, and not answered. `most` fine-tunes are
    begun in all."""

    most: int = MANY
    there: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    adapters: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def call(http: httpx.Client, endpoint: str, *data: Any) -> Any:
    """The endpoint's answer, once it is complete."""
    event = http.post(f"/gradio_api/call/{endpoint}", json={"data": list(data)}).raise_for_status().json()["event_id"]
    lines = http.get(f"/gradio_api/call/{endpoint}/{event}").text.splitlines()
    assert "event: complete" in lines, lines
    return json.loads(next(line for line in reversed(lines) if line.startswith("data: ")).removeprefix("data: "))[0]


def work(address: str, ledger: Ledger, seed: int, one: Callable[[httpx.Client, Ledger, random.Random], None]) -> None:
    chance = random.Random(seed)
    try:
        with httpx.Client(base_url=address, timeout=60) as http:
            while True:
                one(http, ledger, chance)
    except (httpx.HTTPError, AssertionError, ValueError):
        return  # the app was killed


def teach(http: httpx.Client, ledger: Ledger, chance: random.Random) -> None:
    """Queue a fine-tune; what has ended well by now has published its adapter. Talk where there were enough of them."""
    if len(ledger.jobs) >= ledger.most:
        talk(http, ledger, chance)
        return
    rows = [{"messages": turns(f"How many trunks have {n} trees?", f"{3 * n} trunks.")} for n in range(24)]
    file = upload(http, "trunks.jsonl", "\n".join(map(json.dumps, rows)))
    id = call(
        http,
        "train",
        file,
        f"trunks-{chance.randrange(10**9)}",
        QUICK | {"steps": chance.randrange(2, 30)},
        *("", None, None, "", ""),
    )
    with ledger.lock:
        ledger.jobs.add(id)
    while (job := call(http, "job", id))["state"] in ("queued", "running"):
        time.sleep(0.2)
    if job["state"] == "succeeded":
        with ledger.lock:
            ledger.adapters.add(job["name"])


def talk(http: httpx.Client, ledger: Ledger, chance: random.Random) -> None:
    asked = {"messages": turns(f"Tell me of {chance.randrange(1000)} trees.")[:1], "max_tokens": 64}
    http.post("/v1/chat/completions", json=asked).raise_for_status()


def turns(question: str, answer: str = "") -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def upload(http: httpx.Client, name: str, text: str) -> dict[str, Any]:
    (path,) = http.post("/gradio_api/upload", files={"files": (name, text.encode())}).raise_for_status().json()
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def shelve(http: httpx.Client, ledger: Ledger, chance: random.Random) -> None:
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
    id = call(http, "add_document", upload(http, "oak.md", text))["id"]
    with ledger.lock:
        ledger.there.add(id)


def one_round(
    folder: Path,
    model: Path,
    ledger: Ledger,
    chance: random.Random,
    *,
    start: Start = running,
    longest: float = LONGEST,
) -> None:
    """Start the app, look at what it has, and kill it in mid-work, `longest` seconds later at the latest."""
    quotas = ("--quotas", f"jobs={MANY},adapters={MANY}")
    with start("--engine", "local", "--model", str(model), "--threads", "1", *quotas, data=folder) as app:
        look(app, folder, ledger)
        threads = [
            threading.Thread(target=work, args=(app.address, ledger, chance.randrange(2**32), one)) for one in WORK
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 90
        while not ledger.jobs and time.monotonic() < end:  # once; from then on there is one to be lost
            time.sleep(0.1)
        time.sleep(chance.uniform(0.1, longest))
        children = psutil.Process(app.process.pid).children(recursive=True)
        names = {child.pid: command(child) for child in children}
        app.process.kill()
        app.process.wait()
        for thread in threads:
            thread.join()
        ending = [child for child in children if TRAINING not in names[child.pid]]
        _, alive = psutil.wait_procs(ending, timeout=10)
        assert alive == [], f"these outlived the app: {[names[child.pid] for child in alive]}"


def command(process: psutil.Process) -> str:
    """Its command line, none if it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie's error is one of these
        return ""


def end_trainings(folder: Path) -> None:
    """Those that the last app has left, and no other will find."""
    for process in psutil.process_iter(["cmdline"]):
        if TRAINING in (told := " ".join(process.info["cmdline"] or ())) and str(folder) in told:
            process.kill()


def look(app: App, folder: Path, ledger: Ledger) -> None:
    with httpx.Client(base_url=app.address, timeout=120) as http:
        listed = {document["id"]: document for document in call(http, "documents")}
        jobs = {job["id"]: job for job in call(http, "jobs")}
        adapters = {adapter["name"] for adapter in call(http, "adapters")}
    lost, back = ledger.there - listed.keys(), ledger.gone & listed.keys()
    assert not lost, f"acknowledged and lost: {lost}"
    assert not back, f"removed and there again: {back}"
    assert all(document["passages"] for document in listed.values()), "half there"
    assert not ledger.jobs - jobs.keys(), f"fine-tunes acknowledged and lost: {ledger.jobs - jobs.keys()}"
    assert not ledger.adapters - adapters, f"adapters published and lost: {ledger.adapters - adapters}"
    failed = [job for job in jobs.values() if job["state"] == "failed"]
    assert not failed, f"fine-tunes that failed: {failed}"
    ledger.adapters |= {job["name"] for job in jobs.values() if job["state"] == "succeeded"}
    assert not ledger.adapters - adapters, "succeeded without its adapter"
    ledger.there |= listed.keys()  # what was committed and not told yet may be there
    ledger.gone |= ledger.unsure - listed.keys()
    ledger.unsure.clear()
    originals = {path.name for path in (folder / "files").iterdir()}
    assert originals == set(listed), "files that no document owns, or documents without their original"
    assert [path for pattern in LEFT for path in folder.rglob(pattern)] == []
    assert [path for path in (folder / "uploads").rglob("*") if path.is_file()] == []
    with sqlite3.connect(folder / "library.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


WORK = (shelve, shelve, teach, talk)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--forked", action="store_true", help="fork each app from one process, which starts it sooner")
    options = parser.parse_args()
    chance, ledger = random.Random(options.seed), Ledger()
    with tempfile.TemporaryDirectory() as folder, forked.host() if options.forked else nullcontext(running) as start:
        (Path(folder) / "models").symlink_to(MODELS)
        model = make_model(Path(folder) / "tiny", "llama")
        for number in range(options.rounds):
            one_round(Path(folder), model, ledger, chance, start=start)
            print(
                f"{number + 1}: {len(ledger.there)} documents there, {len(ledger.gone)} removed, "
                f"{len(ledger.jobs)} fine-tunes, {len(ledger.adapters)} adapters",
                flush=True,
            )
        end_trainings(Path(folder))


if __name__ == "__main__":
    main()

"""Three Banyans behind HAProxy over one PostgreSQL and two model servers, visitors at work, and one of each killed: what is lost, and how long.

    python -m tests.bench.replicas [--visitors 12] [--minutes 2] [--think 0.6] [--bucket]

Visitors sign in, add and remove documents, list them and talk to the model, each under a name of their own. Meanwhile a Banyan, a
model server and the worker that runs a fine-tune are killed, and the database is stopped for ten seconds. An answer with another's name is a fault at once; at
the end each visitor's list, asked of every Banyan, is held against what was acknowledged. The model servers are Banyans that echo.
With --bucket each Banyan has a folder of its own, and originals lie in a bucket of moto's, which says 500 to writes for ten seconds, too;
there are no workers then, who need the one folder.
Needs PostgreSQL and HAProxy (Debian: apt-get install postgresql haproxy) and the models that the tests keep.
"""

import argparse
import json
import random
import re
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx

from chatbot.access.users import hash_password
from tests.bench.finetune.workers import Training, training
from tests.bench.killed import MODELS, call
from tests.chatbot.common import buckets
from tests.postgres import Cluster, cluster
from tests.running import ROOT, App, free_port, running

PASSWORD = "correct horse"
REPLICAS, SERVERS = 3, 2
OUTAGE = 10.0  # seconds


@dataclass(slots=True)
class Visitor:
    """What was acknowledged to one of them, and when they were told that something does not work."""

    name: str
    address: str
    think: float  # seconds between two pieces of work, in the mean
    there: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    worked: list[float] = field(default_factory=list)
    failed: list[tuple[float, str]] = field(default_factory=list)
    strangers: int = 0  # answers with other words than one's own

    def work(self, http: httpx.Client, over: threading.Event, seed: int) -> None:
        chance = random.Random(seed)
        while not over.wait(self.think * chance.uniform(0.3, 1.7)):
            try:
                self._step(http, chance)
                self.worked.append(time.monotonic())
            except (httpx.HTTPError, AssertionError, ValueError) as error:
                self.failed.append((time.monotonic(), f"{type(error).__name__}: {str(error)[:120]}"))
        http.close()

    def signed_in(self, address: str) -> httpx.Client:
        http = httpx.Client(base_url=address, timeout=60)
        answer = http.post("/login", data={"username": self.name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return http

    def _step(self, http: httpx.Client, chance: random.Random) -> None:
        if chance.random() < 0.4:
            answer = call(http, "chat", f"{self.name} " * chance.randrange(3, 300), [], None, "", None, 512)
            self.strangers += set(answer.split()) != {self.name}
            return
        if self.there and chance.random() < 0.3:
            id = self.there.pop()
            self.unsure.add(id)
            call(http, "remove_document", id)
            self.unsure.discard(id)
            self.gone.add(id)
            return
        text = " ".join(f"The oak {chance.random()} of {self.name} has {n} rings." for n in range(20))
        (path,) = http.post("/gradio_api/upload", files={"files": ("oak.md", text.encode())}).raise_for_status().json()
        found = call(http, "add_document", {"path": path, "orig_name": "oak.md", "meta": {"_type": "gradio.FileData"}})
        self.there.add(found["id"])
        assert self.there <= {one["id"] for one in call(http, "documents")}, "added, and not listed"

    def look(self, address: str) -> set[str]:
        """Compare what one Banyan lists with what was acknowledged; returns the ids."""
        with closing(self.signed_in(address)) as http:
            listed = {one["id"] for one in call(http, "documents")}
        assert self.there <= listed, f"{self.name} lost {self.there - listed}"
        assert not self.gone & listed, f"{self.name} has again {self.gone & listed}"
        return listed


@contextmanager
def balanced(apps: Sequence[App], folder: Path) -> Iterator[str]:
    """HAProxy as `deploy/haproxy.cfg` has it, before these apps."""
    port, text = free_port(), (ROOT / "deploy" / "haproxy.cfg").read_text("utf-8")
    servers = "".join(
        f"    server b{n} {app.address.removeprefix('http://')} cookie b{n}\n" for n, app in enumerate(apps)
    )
    text = re.sub(r"^    server-template .*\n", servers, text, flags=re.MULTILINE)
    text = re.sub(r"^resolvers.*\n(    .*\n)+|^    dynamic-cookie-key.*\n", "", text, flags=re.MULTILINE)
    (folder / "haproxy.cfg").write_text(text.replace("bind :8080", f"bind 127.0.0.1:{port}"))
    with subprocess.Popen(["haproxy", "-db", "-q", "-f", folder / "haproxy.cfg"]) as process:
        try:
            time.sleep(3)  # until its checks have found them
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def recovery(visitors: Sequence[Visitor], at: float, until: float) -> str:
    """How long each that failed after `at` took to work again, and how many requests failed."""
    failures = [one for visitor in visitors for one in visitor.failed if at <= one[0] < until]
    waits = [
        next((t for t in visitor.worked if t > max(f for f, _ in visitor.failed if at <= f < until)), until) - at
        for visitor in visitors
        if any(at <= f < until for f, _ in visitor.failed)
    ]
    longest = f", working again after {statistics.median(waits):.1f} s, at most {max(waits):.1f}" if waits else ""
    reasons = "".join(f"\n  {times} x {reason}" for reason, times in Counter(why for _, why in failures).most_common(4))
    return f"{len(failures)} requests of {len(waits)} visitors failed{longest}{reasons}"


def disturb(
    apps: Sequence[App],
    servers: Sequence[App],
    database: Cluster,
    minutes: float,
    bucket: buckets.Server | None,
    training: Training | None,
) -> dict[str, float]:
    """A Banyan dies, a model server dies, a worker dies if there are any, the bucket refuses writes if there is one, then the database goes
    and comes back; returns when, by monotonic seconds."""
    when, pause = {"nothing killed yet": time.monotonic()}, minutes * 60 / 9
    time.sleep(pause)
    for what, killed in (("a Banyan killed", apps[0]), ("a model server killed", servers[0])):
        when[what] = time.monotonic()
        killed.process.kill()
        killed.process.wait()
        time.sleep(2 * pause)
    if training:
        when["a worker killed"] = time.monotonic()
        print(f"the other worker goes on with the fine-tune after {training.lose():.1f} s")
        time.sleep(2 * pause)
    if bucket:
        when["the bucket says 500 for ten seconds"] = time.monotonic()
        bucket.failing(500, "InternalError", method="PUT")
        time.sleep(OUTAGE)
        bucket.well()
        time.sleep(pause)
    when["the database away for ten seconds"] = time.monotonic()
    database.stop(signal.SIGQUIT)
    time.sleep(OUTAGE)
    database.start()
    time.sleep(2 * pause)
    when["the end"] = time.monotonic()
    return when


def told(job: str, owner: Visitor, apps: Sequence[App]) -> list[str]:
    """How the fine-tune stands, as each of these Banyans says it to its owner."""
    said = []
    for app in apps:
        with closing(owner.signed_in(app.address)) as http:
            said.append(call(http, "job", job)["state"])
    return said


@contextmanager
def server(data: Path) -> Iterator[App]:
    data.mkdir(mode=0o700)
    (data / "models").symlink_to(MODELS)
    with running("--engine", "scripted", data=data) as app:
        yield app


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--think", type=float, default=0.6, help="seconds between two pieces of work of a visitor")
    parser.add_argument("--bucket", action="store_true", help="a folder for each Banyan, and a bucket for all")
    options = parser.parse_args()
    names = [f"visitor{n}" for n in range(options.visitors)]
    with tempfile.TemporaryDirectory() as place, cluster() as database, ExitStack() as stack:
        folder = Path(place)
        folders = [folder / f"data{n if options.bucket else ''}" for n in range(REPLICAS)]
        for data in dict.fromkeys(folders):
            data.mkdir(mode=0o700)
            (data / "models").symlink_to(MODELS)
        users = folder / "users.json"
        users.write_text(json.dumps(dict.fromkeys(names, hash_password(PASSWORD))))
        bucket = stack.enter_context(buckets.serving()) if options.bucket else None
        secret = {"BANYAN_DATABASE": database.url}
        if bucket:
            secret |= {"BANYAN_FILES": bucket.url("office"), **bucket.environment}
        servers = [stack.enter_context(server(folder / f"server{n}")) for n in range(SERVERS)]
        tokens = ",".join(f"{each.address}/v1" for each in servers)
        arguments = ("--engine", "remote", "--base-url", tokens, "--auth", str(users), "--training", "elsewhere")
        apps = [
            stack.enter_context(running(*arguments, data=data, environment=secret, seconds=300)) for data in folders
        ]
        address = stack.enter_context(balanced(apps, folder))
        visitors, over = [Visitor(name, address, options.think) for name in names], threading.Event()
        stack.callback(over.set)  # whatever happens, or the threads go on
        for app in apps:
            visitors[0].look(app.address)  # waits for its library
        with ThreadPoolExecutor(REPLICAS) as pool:  # a password costs a Banyan a third of a second, on purpose
            clients = list(pool.map(lambda one: one.signed_in(address), visitors))
        workers = None if bucket else stack.enter_context(training(folders[0], f"user:{names[0]}"))
        threads = [threading.Thread(target=one.work, args=(clients[n], over, n)) for n, one in enumerate(visitors)]
        for thread in threads:
            thread.start()
        when = disturb(apps, servers, database, options.minutes, bucket, workers)
        over.set()
        for thread in threads:
            thread.join()
        times = list(when.items())
        for (what, at), (_, until) in pairwise(times):
            print(f"{what}: {recovery(visitors, at, until)}")
        owned = [[one.look(app.address) for one in visitors] for app in apps[1:]]
        assert owned[0] == owned[1], "the Banyans show different documents"
        everything = [id for listed in owned[0] for id in listed]
        assert len(everything) == len(set(everything)), "somebody sees another's"
        if bucket:
            kept = {key.removeprefix("office/files/") for key in bucket.keys()}  # noqa: SIM118 (no dictionary)
            assert kept >= set(everything), "a document without its original"
            print(f"{len(kept)} originals in the bucket")
        if workers:
            workers.end()
            print(f"the fine-tune ended well: {told(workers.job.id, visitors[0], apps[1:])}")
        assert not sum(one.strangers for one in visitors), "somebody reads another's answer"
        done = sum(len(one.worked) for one in visitors)
        print(
            f"{done} pieces of work by {len(visitors)} visitors; {len(everything)} documents, none lost, none shown to another"
        )


if __name__ == "__main__":
    main()

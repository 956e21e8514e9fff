"""How many people a set of GPUs serves: a simulation of people who think, chat and ask documents, before vLLM servers.

    python -m tests.bench.engine.cluster [--people 200 400 800 1600 3200] [--gpus 1 2 4] [--minutes 10] [--token 0.013] [--each 0.0001] [--read 12000]

Each GPU is a server that reads and writes in steps, all its requests together: a step takes `--token` seconds, `--each` more for
each request that writes, and what it reads at `--read` tokens/s, `STEP` tokens a step at most. The defaults are an 8B model in bf16
on an A100: a public sweep of vLLM 0.23 (1,024 tokens in, 128 out) tells 75 tokens/s alone and 6.6 times that for eight (with
these figures 5.6); keys and values of a thousand tokens are read in 0.1 ms. Give what `vllm bench serve` tells of your own. A request goes to the server
with the least of them, as `--base-url A,B,C` does, and waits there while `PLACES` are at work.

Printed are the wait for a place and for the first token, in the middle and of 95 %, tokens/s that a reader sees, how many requests are
at work in a GPU, and for each set of GPUs the most people of whom 95 % see their first token within two seconds.
"""

import argparse
import heapq
import itertools
import random
import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

STEP = 2048  # tokens that are read in a step, vLLM's default of max_num_batched_tokens for serving
PLACES = 256  # requests at work in a server, its default of max_num_seqs there
THINK = 45.0  # seconds between an answer and the next question in the middle: reading 250 words takes a minute
SPREAD = 0.8  # of the logarithm of that
DOCUMENTS = 0.3  # share of questions that go to documents
PATIENT = 2.0  # seconds to a first token


@dataclass(frozen=True, slots=True)
class Pace:
    token: float
    each: float
    read: float


@dataclass(slots=True)
class Request:
    person: int
    came: float
    unread: int  # tokens of the prompt that no cache holds
    unwritten: int
    began: float = -1.0
    first: float = -1.0
    ended: float = -1.0
    tokens: int = 0


@dataclass(slots=True)
class Gpu:
    line: deque[Request] = field(default_factory=deque)
    at_work: list[Request] = field(default_factory=list)
    held: float = 0.0  # seconds times requests at work
    stepping: bool = False

    def step(self, now: float, pace: Pace) -> float:
        """Take in who waits, read and write once. Returns the seconds it takes."""
        while self.line and len(self.at_work) < PLACES:
            self.at_work.append(self.line.popleft())
            self.at_work[-1].began = now
        room, writing = STEP, 0
        for request in self.at_work:
            if request.unread:
                part = min(room, request.unread)
                request.unread, room = request.unread - part, room - part
            else:
                request.unwritten -= 1
                request.tokens += 1
                writing += 1
        took = pace.token + pace.each * writing + (STEP - room) / pace.read
        self.held += took * len(self.at_work)
        for request in self.at_work:
            if not request.unread and request.first < 0:
                request.first = now + took
        return took


def simulate(people: int, gpus: int, minutes: float, pace: Pace, seed: int = 0) -> tuple[list[Request], float]:
    """The requests that ended, and how many were at work in a GPU on average."""
    chance, servers, done = random.Random(seed), [Gpu() for _ in range(gpus)], list[Request]()
    order: Iterator[int] = itertools.count()
    events: list[tuple[float, int, Request | Gpu]] = []

    def later(when: float, what: Request | Gpu) -> None:
        heapq.heappush(events, (when, next(order), what))

    for person in range(people):
        later(chance.uniform(0, 2 * THINK), asked(person, chance))
    now, end = 0.0, 60 * minutes
    while events and now < end:
        now, _, what = heapq.heappop(events)
        if isinstance(what, Request):
            what.came, server = now, min(servers, key=lambda each: len(each.line) + len(each.at_work))
            server.line.append(what)
            if not server.stepping:
                server.stepping = True
                later(now, server)
            continue
        ended = [request for request in what.at_work if request.unwritten <= 0]
        what.at_work = [request for request in what.at_work if request.unwritten > 0]
        done += ended
        for request in ended:
            request.ended = now
            later(now + chance.lognormvariate(0, SPREAD) * THINK, asked(request.person, chance))
        what.stepping = bool(what.at_work or what.line)
        if what.stepping:
            later(now + what.step(now, pace), what)
    return done, sum(server.held for server in servers) / (gpus * end)


def asked(person: int, chance: random.Random) -> Request:
    """A question to the documents (five passages, a short answer), or a turn of a chat whose earlier turns are in the cache."""
    if chance.random() < DOCUMENTS:
        return Request(person, 0.0, chance.randrange(900, 1600), chance.randrange(40, 220))
    return Request(person, 0.0, chance.randrange(40, 800), chance.randrange(60, 600))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[200, 400, 800, 1600, 3200])
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--token", type=float, default=0.013)
    parser.add_argument("--each", type=float, default=0.0001)
    parser.add_argument("--read", type=float, default=12_000)
    chosen = parser.parse_args()
    speed = Pace(chosen.token, chosen.each, chosen.read)
    for gpus in chosen.gpus:
        served = 0
        for people in chosen.people:
            done, held = simulate(people, gpus, chosen.minutes, speed)
            firsts = sorted(request.first - request.came for request in done)
            waits = sorted(request.began - request.came for request in done)
            late = int(0.95 * len(done))
            pace = statistics.median(request.tokens / max(request.ended - request.first, 1e-9) for request in done)
            print(
                f"{gpus} GPUs, {people} people: {len(done) / chosen.minutes / 60:.1f} answers/s, waits {statistics.median(waits):.2f} / "
                f"{waits[late]:.2f} s, first token {statistics.median(firsts):.2f} / {firsts[late]:.2f} s, then {pace:.0f} tokens/s, {held:.0f} at work",
                flush=True,
            )
            served = people if firsts[late] <= PATIENT else served
        print(f"{gpus} GPUs: up to {served} of those")


if __name__ == "__main__":
    main()

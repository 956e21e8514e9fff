"""How long after Stop the engine's slot is free again: while it writes, and while it reads a long prompt.

python -m tests.bench.stopping --data FOLDER [--rounds 5]
"""

import argparse
import statistics
import time
from pathlib import Path
from threading import Event, Thread

from chatbot.engine.base import Engine, collect
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.types import Message, Sampling

LONG_ANSWER = Sampling(temperature=0, max_tokens=2000)


def seconds_to_stop(engine: Engine, prompt: str, after: float) -> float:
    """Stop a request `after` seconds from its start; returns the seconds until its slot is free."""
    stop = Event()
    chunks = engine.stream([Message("user", prompt)], LONG_ANSWER, stop=stop)
    worker = Thread(target=collect, args=(chunks,))
    worker.start()
    time.sleep(after)
    assert engine.load()["running"] == 1, "it ended before it was stopped"
    begin = time.perf_counter()
    stop.set()
    worker.join()
    assert engine.load()["running"] == 0
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    engine = build_engine(load(["--data", str(arguments.data)], {}), lambda step, fraction: None)
    for name, prompt, after in (
        ("writing", "Write a very long story about a tree.", 1.0),
        ("reading 6,000 tokens", "red blue green tree " * 1500, 1.0),
        ("reading them, deep inside", "red blue green tree " * 1500, 12.0),
    ):
        waits = [seconds_to_stop(engine, f"{number} {prompt}", after) for number in range(arguments.rounds)]
        print(f"{name}: median {statistics.median(waits):.3f} s, longest {max(waits):.3f} s")
    engine.close()


if __name__ == "__main__":
    main()

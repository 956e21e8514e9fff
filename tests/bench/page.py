"""What the page costs: tokens/s through its own event stream against the engine's, alone and for eight readers.

    python -m tests.bench.page [--rounds 3] [--tokens 256]

Both sides run in turn in one process against the same engine with the bundled model; medians and ratios are printed.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gradio_client import Client

from chatbot.engine.base import complete
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.store.store import Store
from chatbot.types import Message, Sampling
from chatbot.ui.page import build_page
from chatbot.ui.services import Services

PROMPT = "Write a long story about a tree."


def rate(readers: int, once: Callable[[int], int]) -> float:
    """Tokens per second of all readers together."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(readers) as pool:
        tokens = sum(pool.map(once, range(readers)))
    return tokens / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=256, help="length of an answer")
    parser.add_argument("--data", type=Path, default=Path("data"))
    arguments = parser.parse_args()
    settings = load(["--data", str(arguments.data)], {})
    engine = LoadingEngine(lambda _, progress: build_engine(settings, progress), settings.model)
    engine.start()
    engine.wait()
    page = build_page(Services(engine, Store(arguments.data / "bench.db"), lambda request: "bench"))
    page.queue(default_concurrency_limit=32)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    clients = [Client(address, verbose=False) for _ in range(8)]

    def through_page(reader: int) -> int:
        job = clients[reader].submit(PROMPT, None, None, "", 0.0, arguments.tokens, api_name="/chat")
        return engine.count_tokens(job.result())

    def through_engine(reader: int) -> int:
        sampling = Sampling(temperature=0, max_tokens=arguments.tokens)
        return complete(engine, [Message("user", PROMPT)], sampling).usage.completion

    through_page(0), through_engine(0)  # warm
    for readers in (1, 8):
        figures: dict[str, list[float]] = {"engine": [], "page": []}
        for _ in range(arguments.rounds):
            figures["engine"].append(rate(readers, through_engine))
            figures["page"].append(rate(readers, through_page))
        direct, paged = (statistics.median(figures[side]) for side in ("engine", "page"))
        print(f"{readers} readers: engine {direct:.1f} tokens/s, page {paged:.1f} tokens/s, ratio {paged / direct:.2f}")
    page.close()
    engine.close()


if __name__ == "__main__":
    main()

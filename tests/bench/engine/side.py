"""One side of a comparison, in a process of its own: our llama.cpp engine's servers, or the bare server of the same wheel.

    python -m tests.bench.engine.side {ours|bare} MODEL.gguf --threads 2 --of-a-token 1 --slots 4

Reads a JSON object a line from standard input and answers with one:
    {"read": 512, "write": 24}   -> {"read": tokens/s, "write": tokens/s}
    {"streams": 4, "read": 40, "write": 48}  -> {"rate": tokens/s of all together, "first": median seconds to the first token}
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from chatbot.engine.llamacpp import waiting

CONTEXT = 8192
Request = dict[str, Any]
Send = Callable[[Request], Iterator[float]]  # yields the time of each token of the answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", choices=("ours", "bare"))
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--of-a-token", type=int, help="of the bare server; ours chooses", default=2)
    parser.add_argument("--slots", type=int, default=4)
    chosen = parser.parse_args()
    send = ours(chosen) if chosen.side == "ours" else bare(chosen)
    for line in sys.stdin:
        asked = json.loads(line)
        done = streams(send, **asked) if "streams" in asked else alone(send, **asked)
        print(json.dumps(done), flush=True)


def ours(chosen: argparse.Namespace) -> Send:
    waiting.settle()
    from chatbot.engine.llamacpp.pool import BASE
    from chatbot.engine.llamacpp.team import team

    servers = team(chosen.gguf, BASE, CONTEXT, chosen.slots, chosen.threads)

    def send(request: Request) -> Iterator[float]:
        with servers.queue.ticket() as turn:
            list(turn.wait())
            with servers.slot(request["prompt"]) as slot:
                for record in slot.records(request):
                    if record.get("timings", {}).get("predicted_n"):
                        yield time.perf_counter()

    return send


def bare(chosen: argparse.Namespace) -> Send:
    """As it sets itself up, but for flash attention, threads and the room in the cache."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_parallel, params.n_ctx = str(chosen.gguf), chosen.slots, CONTEXT * chosen.slots
    params.cpuparams.n_threads, params.cpuparams_batch.n_threads = chosen.of_a_token, chosen.threads
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    params.cache_ram_mib, params.fit_params, params.verbosity = 0, False, -1
    server = xllamacpp.Server(params)

    def send(request: Request) -> Iterator[float]:
        times: list[float] = []

        def receive(record: Any) -> bool:
            parsed = json.loads(record) if isinstance(record, str | bytes) else record
            if parsed.get("timings", {}).get("predicted_n"):
                times.append(time.perf_counter())
            return False

        server.handle_completions(json.dumps(request), receive)
        yield from times

    return send


_fresh = count(1)


def request_of(read: int, write: int) -> Request:
    """Another beginning each time: nothing comes from a cache."""
    start = next(_fresh) * 104_729
    tokens = [1000 + (start + i * 7919) % 40000 for i in range(read)]
    return {
        "prompt": tokens,
        "max_tokens": write,
        "temperature": 0,
        "ignore_eos": True,
        "stream": True,
        "timings_per_token": True,
    }


def alone(send: Send, read: int, write: int) -> dict[str, float]:
    start = time.perf_counter()
    times = list(send(request_of(read, write)))
    return {"read": read / (times[0] - start), "write": (write - 1) / max(times[-1] - times[0], 1e-9)}


def streams(send: Send, streams: int, read: int, write: int) -> dict[str, float]:
    start = time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        all_times = list(pool.map(lambda _: list(send(request_of(read, write))), range(streams)))
    took = max(times[-1] for times in all_times) - start
    return {"rate": streams * write / took, "first": statistics.median(times[0] for times in all_times) - start}


if __name__ == "__main__":
    main()

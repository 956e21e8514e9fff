"""Sixteen visitors at once: first token, failures, mixed-up answers and memory.

    python -m tests.bench.visitors [--seconds 120] --data FOLDER

Each visitor has a word of their own, asks the model to repeat it, and checks that no other visitor's word ever comes.
"""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from openai import OpenAI

from tests.running import running

WORDS = "apple bridge candle desert engine forest guitar hammer island jungle kitten ladder magnet needle orange pencil"


def visit(address: str, word: str, end: float) -> tuple[list[float], int, int]:
    """(seconds to each first token, failures, answers that hold another visitor's word)"""
    client = OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=120)
    model = client.models.list().data[0].id
    first_tokens, failures, strangers = [], 0, 0
    others = set(WORDS.split()) - {word}
    while time.monotonic() < end:
        begin, text = time.monotonic(), ""
        try:
            question = f"Repeat this word three times: {word}"
            messages: Any = [{"role": "system", "content": "You repeat words."}, {"role": "user", "content": question}]
            chunks: Any = client.chat.completions.create(
                model=model,
                messages=messages,
                stream=True,
                max_tokens=40,
                temperature=0,
            )
            for chunk in chunks:
                piece = chunk.choices[0].delta.content if chunk.choices else None
                if piece and not text:
                    first_tokens.append(time.monotonic() - begin)
                text += piece or ""
        except Exception as error:
            print(f"{word}: {error}")
            failures += 1
        strangers += any(other in text.lower() for other in others)
    return first_tokens, failures, strangers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    begin = time.monotonic()
    with running(data=arguments.data) as app:
        print(f"ready after {time.monotonic() - begin:.1f} s")
        process = psutil.Process(app.process.pid)
        visit(app.address, "apple", time.monotonic() + 2)
        end = time.monotonic() + arguments.seconds
        memory = [process.memory_info().rss]
        with ThreadPoolExecutor(16) as pool:
            running_visits = [pool.submit(visit, app.address, word, end) for word in WORDS.split()]
            while time.monotonic() < end:
                time.sleep(arguments.seconds / 8)
                memory.append(process.memory_info().rss)
            visits = [each.result() for each in running_visits]
    waits = sorted(wait for first, _, _ in visits for wait in first)
    print(f"{len(waits)} answers, {sum(f for _, f, _ in visits)} failures, {sum(s for _, _, s in visits)} mixed up")
    print(f"first token: median {statistics.median(waits):.2f} s, p95 {waits[int(0.95 * len(waits))]:.2f} s")
    print(f"memory in MB, before and at eight times: {', '.join(f'{bytes / 2**20:.0f}' for bytes in memory)}")


if __name__ == "__main__":
    main()

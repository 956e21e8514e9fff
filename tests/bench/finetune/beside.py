"""Chats beside a training on the same cores: first token and tokens/s with the training under way and with it paused.

    python -m tests.bench.finetune.beside ROWS.jsonl[.gz] --data FOLDER [--rounds 8] [--tokens 96]

The app is the one that people start, the training a job that it queued, and a chat asks over `/v1`. Rounds alternate: the job
is stopped in its tracks (SIGSTOP) for one chat of each kind, and goes on (SIGCONT) for the next. Every prompt is new.
"""

import argparse
import os
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file
from openai import OpenAI

from finetune.jobs.folder import JobFolder
from tests.running import App, running

SHORT, LONG = 3, 60  # made-up words of a prompt, so that no part of it was read before

KNOBS = {"epochs": 100, "batch_size": 4, "accumulation": 1, "evaluation_share": 0, "save_steps": 10_000}


@dataclass(frozen=True, slots=True)
class Chat:
    """Tokens of the prompt, seconds to the first of the answer, tokens per second after it."""

    prompt: int
    first: float
    rate: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=96, help="length of an answer")
    options = parser.parse_args()
    with running(data=options.data) as app, training(app, options.data, options.rows) as job:
        client = OpenAI(base_url=f"{app.address}/v1", api_key="none", max_retries=0, timeout=300)
        model, asked = client.models.list().data[0].id, 0
        chats: dict[tuple[int, bool], list[Chat]] = {}
        for number in range(options.rounds):
            for beside in (True, False) if number % 2 else (False, True):
                with paused(job, not beside):
                    for words in (SHORT, LONG):
                        asked += 1
                        chats.setdefault((words, beside), []).append(chat(client, model, asked, words, options.tokens))
        rates = [line["tokens_per_second"] for line in job.read_progress() if line.get("tokens_per_second")]
    for words in (SHORT, LONG):
        report(chats[words, False], chats[words, True])
    print(f"the training meanwhile, pauses counted: {statistics.median(rates):.0f} tokens/s")


@contextmanager
def training(app: App, data: Path, rows: Path) -> Iterator[JobFolder]:
    """A job of the app that is past its first update; it is cancelled at the end."""
    client = Client(app.address, verbose=False)
    id = client.predict(
        handle_file(str(rows)),
        "beside",
        KNOBS,
        api_name="/train",
    )
    job = JobFolder(data / "jobs" / str(id))
    while not any("loss" in line for line in job.read_progress()):
        assert job.state() in ("queued", "running"), job.result()
        time.sleep(0.5)
    try:
        yield job
    finally:
        client.predict(id, api_name="/cancel_job")
        while job.state() == "running":
            time.sleep(0.5)


@contextmanager
def paused(job: JobFolder, wanted: bool) -> Iterator[None]:
    group = int(job.started()["pid"])
    if wanted:
        os.killpg(group, signal.SIGSTOP)
    try:
        time.sleep(1)
        yield
    finally:
        if wanted:
            os.killpg(group, signal.SIGCONT)


def chat(client: OpenAI, model: str, number: int, words: int, tokens: int) -> Chat:
    question = f"Story {number}. " + " ".join(f"word{number}x{at}" for at in range(words)) + " Write a long story."
    messages: Any = [{"role": "user", "content": question}]
    began, first, usage = time.perf_counter(), 0.0, None
    chunks: Any = client.chat.completions.create(
        model=model,
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=tokens,
        temperature=0,
    )
    for chunk in chunks:
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.perf_counter() - began
        usage = chunk.usage or usage
    assert usage
    return Chat(usage.prompt_tokens, first, (usage.completion_tokens - 1) / (time.perf_counter() - began - first))


def report(alone: list[Chat], beside: list[Chat]) -> None:
    print(f"prompt of {alone[0].prompt} tokens")
    for name, unit in (("first", "s to the first token"), ("rate", "tokens/s")):
        one, two = (statistics.median(getattr(each, name) for each in side) for side in (alone, beside))
        print(f"  alone {one:.2f}, beside {two:.2f} {unit} ({two / one:.2f}x)")


if __name__ == "__main__":
    main()

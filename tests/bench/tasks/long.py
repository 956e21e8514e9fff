"""What a summary of a long text costs: seconds, calls of the model, and tokens that it reads and writes.

python -m tests.bench.tasks.long FILE --data FOLDER [--model M] [--kilobytes 300] [--length medium]

The file is repeated, or cut, to the size.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from chatbot.engine.base import Engine
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.summarize.check import Summary
from chatbot.tasks.summarize.text import of_typed
from chatbot.tasks.summarize.work import summarize
from chatbot.types import Chunk, Message, Sampling, Usage


class Counting:
    """An engine that notes what it is asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.used: list[Usage] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        for chunk in self._engine.stream(messages, sampling, adapter=adapter, stop=stop):
            if chunk.usage:
                self.used.append(chunk.usage)
            yield chunk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--kilobytes", type=int, default=300)
    parser.add_argument("--length", default="medium")
    given = parser.parse_args()
    own, size = given.file.read_text("utf-8"), given.kilobytes * 1000
    text = (own * (1 + size // max(1, len(own))))[:size]
    settings = load(["--data", str(given.data), "--model", given.model], {})
    engine: Any = Counting(build_engine(settings, lambda step, fraction: None))
    began = time.monotonic()
    *_, last = summarize(engine, of_typed(text), length=given.length)
    assert isinstance(last, Summary)
    read, written = (sum(getattr(usage, name) for usage in engine.used) for name in ("prompt", "completion"))
    print(
        f"{len(text):,} characters: {time.monotonic() - began:.0f} s, {len(engine.used)} calls, {read:,} tokens read, "
        f"{written:,} written; {last.reached} of {last.of} sections, {last.size} of {last.wanted} words, "
        f"{'the most telling sentences' if last.condensed else 'all'} read"
    )
    engine.close()


if __name__ == "__main__":
    main()

"""What drafting from the text's own n-grams does to writing: thirty answers from documents, twenty edits of code, ten free texts.

    python -m tests.bench.engine.drafting MODEL.gguf [XQUAD_FOLDER] [--rounds 3]

Each request is written with drafts and without, in turn, by the likeliest words, and timed from its first token to its last. Printed
are the ratio of the two, in the middle and of all tokens together, and how many texts are the same. Targets: 1.3 x where an answer
repeats its prompt, never below 0.98 x elsewhere, the same text. The code is the standard library's.
"""

import argparse
import fnmatch
import heapq
import inspect
import statistics
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chatbot.engine.llamacpp import waiting
from chatbot.tasks.answer.prompt import messages
from chatbot.types import Message, Sampling
from retrieval.excerpts import excerpts
from retrieval.lab.answers import Collection
from tests.bench.documents.excerpts import lines

CODE = [
    *(statistics.fmean, statistics.mode, statistics.median_low, heapq.merge, heapq.nsmallest, heapq.nlargest),
    *(fnmatch.filter, fnmatch.translate, textwrap.dedent, textwrap.indent, textwrap.shorten, statistics.quantiles),
    *(statistics.multimode, statistics.median, statistics.covariance, statistics.harmonic_mean, statistics.pvariance),
    *(inspect.getdoc, inspect.cleandoc, inspect.getmodule),
]
EDIT = "Rename the function {0} to {0}_of in this code and change nothing else. Reply with the whole code.\n\n```python\n{1}```"
FREE = (
    "Write a letter to a friend about a week at the sea.",
    "Explain how a steam engine works.",
    "Tell a story of a fox who learns to read.",
    "Name ten ideas for a birthday party of a child of six.",
    "What should a beginner know about sailing?",
    "写一封信，邀请老师参加毕业典礼。",
    "介绍一下如何在家里种番茄。",
    "讲一个关于月亮和渔夫的故事。",
    "为一家小书店写一段介绍。",
    "学习一门新语言有哪些好方法？",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("xquad", type=Path, nargs="?", default=Path("../shared/data/dev"))
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    waiting.settle()
    from chatbot.engine.llamacpp.engine import LlamaCppEngine

    kinds = {"answers from documents": documents(chosen.xquad), "edits of code": edits(), "free writing": free()}
    with tempfile.TemporaryDirectory() as cache:
        engine = LlamaCppEngine(chosen.gguf, name="m", adapters=list, cache=Path(cache), context=4096, slots=1)
        for name, requests in kinds.items():
            compare(engine, name, requests, chosen.rounds)
        engine.close()


def documents(xquad: Path) -> list[Sequence[Message]]:
    """Fifteen questions in English and fifteen in Chinese with what bears on them, as the app sends them."""
    asked: list[Sequence[Message]] = []
    for language in ("en", "zh"):
        collection = Collection([row["context"] for row in lines(xquad, "paragraphs") if row["lang"] == language], None)
        rows = [row["question"] for row in lines(xquad, "questions") if row["lang"] == language]
        for question in rows[:: len(rows) // 15][:15]:
            asked.append(messages(question, excerpts(question, collection.search(question))))
    return asked


def edits() -> list[Sequence[Message]]:
    functions: list[Any] = CODE
    return [[Message("user", EDIT.format(each.__name__, inspect.getsource(each)))] for each in functions]


def free() -> list[Sequence[Message]]:
    return [[Message("user", text)] for text in FREE]


def compare(engine: Any, name: str, requests: Sequence[Sequence[Message]], rounds: int) -> None:
    """`rounds` times each request in both ways; a request's figure is the median of its rounds."""
    ratios, totals, same = [], [0.0, 0.0], 0
    for request in requests:
        found = [(written(engine, request, drafts=False), written(engine, request, drafts=True)) for _ in range(rounds)]
        plain, drafted = (statistics.median(each[side][1] for each in found) for side in (0, 1))
        same += len({text for pair in found for text, _ in pair}) == 1
        if plain and drafted:  # an answer of one token is not written in any time
            ratios.append(plain / drafted)
            totals = [totals[0] + plain, totals[1] + drafted]
    print(
        f"{name}: {len(requests)} requests, {statistics.median(ratios):.2f} x in the middle ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{totals[0] / totals[1]:.2f} x of all, the same text {same}",
        flush=True,
    )


def written(engine: Any, request: Sequence[Message], *, drafts: bool) -> tuple[str, float]:
    """The text, and seconds from its first token to its last."""
    from chatbot.engine.llamacpp import engine as module
    from chatbot.engine.llamacpp.server import Kind

    text, times = "", [0.0]
    with patch.object(module, "Kind", lambda lora=None, **_: Kind(lora, drafts=drafts)):
        for chunk in engine.stream(request, Sampling(temperature=0.0, max_tokens=256)):
            text += chunk.text
            if chunk.tokens:
                times.append(time.perf_counter())
    return text, times[-1] - times[1] if len(times) > 2 else 0.0


if __name__ == "__main__":
    main()

"""Thirty ordinary requests, fifteen in English and fifteen in Chinese, answered as the chat answers them.

    python -m tests.bench.requests MODEL [MODEL ...] [--models FOLDER] [--temperature 0.7] [--tokens 400] [--show]

MODEL is what `--model` takes. `requests.jsonl` beside this file says what a right answer must contain: of each list one, and
nothing of `must_not`; a Chinese request wants an answer with Chinese characters, unless it asks for another language.
"""

import argparse
import json
import re
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot.engine.base import Engine, collect
from chatbot.engine.llamacpp import waiting
from chatbot.engine.models.resolve import resolve
from chatbot.tasks import chat
from chatbot.types import Message, Sampling

REQUESTS = Path(__file__).with_name("requests.jsonl")
HAN = re.compile(r"[\u4e00-\u9fff]")


def is_right(request: dict[str, Any], answer: str) -> bool:
    wrong = any(word in answer for word in request.get("must_not", ()))
    return not wrong and all(any(word in answer for word in some) for some in request["must"])


def answered(engine: Engine, asked: str, sampling: Sampling) -> tuple[str, str]:
    """(answer, why it ended), as the chat asks: with no system prompt but the model's own."""
    found = collect(chat.reply(engine, [Message("user", asked)], sampling).chunks)
    return found.text, found.finish


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="+")
    parser.add_argument("--models", type=Path, default=Path("data/models"))
    parser.add_argument("--temperature", type=float, help="default: the model's own figures")
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    waiting.settle()
    for model in options.model:
        ask(model, options)


def ask(model: str, options: argparse.Namespace) -> None:
    from chatbot.engine.llamacpp.engine import LlamaCppEngine

    requests = [json.loads(line) for line in REQUESTS.read_text("utf-8").splitlines()]
    files = resolve(model, options.models, lambda step, fraction: None)
    assert files.gguf
    with tempfile.TemporaryDirectory() as cache:
        engine = LlamaCppEngine(
            files.gguf, name=files.name, traits=files.traits, adapters=list, cache=Path(cache), slots=1
        )
        sampling = files.traits.sampling if options.temperature is None else Sampling(options.temperature)
        right = dict.fromkeys(("en", "zh"), 0)
        start, cut = time.monotonic(), 0
        for seed in range(options.rounds):
            for request in requests:
                answer, finish = answered(
                    engine, request["ask"], replace(sampling, max_tokens=options.tokens, seed=seed)
                )
                good = is_right(request, answer)
                right[request["language"]] += good
                cut += finish == "length"
                if options.show:
                    print("+" if good else "-", request["ask"], "->", " ".join(answer.split())[:300])
        engine.close()
    asked = options.rounds * len(requests)
    seconds = (time.monotonic() - start) / asked
    print(f"{files.name}: {sum(right.values())} of {asked} right ({right}), {cut} cut, {seconds:.1f} s each")


if __name__ == "__main__":
    main()

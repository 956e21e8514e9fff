"""A question before each sentence of a summary, for which the sentence is the answer."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from threading import Event

from chatbot.common.errors import BanyanError
from chatbot.engine.base import Engine
from chatbot.tasks.batch import Answered, batch
from chatbot.tasks.questions.prompt import adds, asking, questions
from chatbot.tasks.summarize.check import Line
from chatbot.types import Sampling
from retrieval.types import Passage

SAMPLING = Sampling(temperature=0.0, max_tokens=64)


def asked(engine: Engine, lines: Sequence[Line], stop: Event) -> Iterator[tuple[int, tuple[Line, ...]]]:
    """(how many are done, the lines with their questions so far). One whose question says all that it says stays without."""
    prompts = [(asking(Passage(0, 0, len(line.text), line.text), 1), SAMPLING) for line in lines]
    found, done = list(lines), 0
    with closing(batch(engine, prompts, adapter=None, stop=stop)) as steps:  # type: ignore[type-var]
        for step in steps:
            if isinstance(step, Answered):
                done += 1
                if not isinstance(step.result, BanyanError):
                    found[step.at] = replace(lines[step.at], lead=_first(step.result.text, lines[step.at].text))
            yield done, tuple(found)


def _first(written: str, answer: str) -> str:
    return next((one for one in questions(written) if adds(one, answer)), "")

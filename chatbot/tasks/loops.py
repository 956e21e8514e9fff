"""Where an answer loops: a small model that has lost its thread says the same words until something stops it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from chatbot.types import Chunk, Message, Usage

# Of the 13 answers that the bundled model did not end within 900 tokens, of 60 (`tests/bench/requests.jsonl`, greedy and at 0.7), 11
# ended in loops of more than 1,000; of 1,006 real texts (code, documentation, XQuAD, Alpaca, DialogSum) none ended anywhere in
# one of more than 45, a dashed line. Between them lie tables of zeros, refrains and lines to be written ten times.
TIMES = 4  # that the same words follow each other at least
LENGTH = 400  # weight of all times together, in letters of an alphabet
TAIL = 3_000  # characters of the end that are looked at
LOOK = 60  # characters between looks
HEAVY = 2.5  # letters of an alphabet that a Han character, kana or Hangul syllable is worth

_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NUMBERED = re.compile(r"^\s*\d{1,4}\s*[.)、：:]\s*", re.MULTILINE)  # a list that says one thing under every number
_GAP = re.compile(r"\s+")


def until_it_loops(chunks: Iterator[Chunk], prompt: Callable[[], int], begun: str = "") -> Iterator[Chunk]:
    """The chunks of an answer that goes on from `begun`; where it loops the work is ended, with the finish "loop".

    `prompt` counts the prompt's tokens, which only the last chunk tells.
    """
    tail, made, fresh = begun, 0, 0
    with closing(chunks):  # type: ignore[type-var]
        for chunk in chunks:
            yield chunk
            tail, made, fresh = (tail + chunk.text)[-TAIL:], made + chunk.tokens, fresh + len(chunk.text)
            if fresh >= LOOK and not chunk.finish:
                fresh = 0
                if loops(tail):
                    yield Chunk(finish="loop", usage=Usage(prompt(), made))
                    return


def begun(history: Sequence[Message]) -> str:
    """What there is already of the answer that is to be gone on with."""
    return history[-1].content if history and history[-1].role == "assistant" else ""


def loops(text: str) -> bool:
    """Whether `text` ends in the same words over and over. Numbers of a list and the kind of white space do not count."""
    end = _GAP.sub(" ", _NUMBERED.sub("", text[-TAIL:])).rstrip()[::-1]
    repeated = (length for length, border in enumerate(_borders(end), 1) if length >= TIMES * (length - border))
    return _weight(end[: max(repeated, default=0)]) >= LENGTH


def _borders(text: str) -> list[int]:
    """Of each beginning of `text` the longest that is also its end (Knuth, Morris and Pratt, 1977): its length less that is
    the shortest period."""
    borders = [0] * len(text)
    border = 0
    for at in range(1, len(text)):
        while border and text[at] != text[border]:
            border = borders[border - 1]
        border += text[at] == text[border]
        borders[at] = border
    return borders


def _weight(text: str) -> float:
    """In letters of an alphabet."""
    return len(text) + (HEAVY - 1) * len(_DENSE.findall(text))

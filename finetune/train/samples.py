"""What the model answers to some held-out prompts while it learns."""

from collections.abc import Callable, Sequence
from typing import Any

from finetune.jobs.estimate import SAMPLED
from finetune.train.data import Row
from finetune.train.verdict import answers

Sampled = list[dict[str, Any]]
"""{"row", "prompt", "reference", "answer"} of each prompt."""
SHOWN = 400  # characters of a prompt or a reference


def sampler(rows: Sequence[Row], tokenizer: Any, most: int) -> Callable[[Any], Sampled]:
    """Of a model as it is now: greedy answers of at most `SAMPLED` tokens to the first rows that ask something and are no bad ones."""
    known = {row.example.row: row.example for row in rows if row.example.turns and row.example.liked is not False}
    asked = list(known.values())[:most]

    def sample(model: Any) -> Sampled:
        said = answers(model, tokenizer)(asked, SAMPLED) if asked else []
        return [
            {
                "row": one.row,
                "prompt": one.prompt[-1].content[:SHOWN],
                "reference": one.answer[:SHOWN],
                "answer": answer.strip(),
            }
            for one, answer in zip(asked, said, strict=True)
        ]

    return sample

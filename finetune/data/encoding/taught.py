"""An example -> what a training reads of it: an answer to give, or the better and the worse of two answers."""

from dataclasses import dataclass, replace

from finetune.data.encoding.masks import IGNORED, ChatEncoder, Encoded
from finetune.data.examples import Example, Fault
from finetune.spec.spec import Method


@dataclass(frozen=True, slots=True)
class Taught:
    """`rejected` is the worse answer where `encoded` is to be preferred to it: then both begin with the ids of the same prompt,
    and only what follows it is labelled."""

    encoded: Encoded
    rejected: Encoded | None = None

    @property
    def sides(self) -> tuple[Encoded, ...]:
        return (self.encoded, self.rejected) if self.rejected else (self.encoded,)


def taught(encoder: ChatEncoder, example: Example, method: Method, max_length: int | None = None) -> Taught | Fault:
    """By `method`; each answer is cut at the end to `max_length` tokens with its prompt."""
    if method == "dpo" and not example.rejected:
        return Fault(example.row, "no_preference", "The row has no worse answer beside the better one.")
    better = encoder.encode(example, max_length)
    if isinstance(better, Fault):
        return better
    if method == "sft" or not example.rejected:
        return Taught(better)
    worse = encoder.encode(replace(example, turns=(*example.prompt, example.rejected)), max_length)
    return worse if isinstance(worse, Fault) else _pair(example.row, encoder.question(example), better, worse)


def _pair(row: int, prompt: list[int], better: Encoded, worse: Encoded) -> Taught | Fault:
    first = len(prompt)
    if (
        better.input_ids[:first] != prompt[: len(better.input_ids)]
        or worse.input_ids[:first] != prompt[: len(worse.input_ids)]
    ):
        return Fault(
            row,
            "no_preference",
            "The model's template shows the prompt otherwise before the one answer than the other.",
        )
    if min(len(better.input_ids), len(worse.input_ids)) <= first:
        return Fault(
            row, "masked", f"Its prompt of {first} tokens fills max_length, so that no answer is left to learn."
        )
    if better.input_ids == worse.input_ids:
        return Fault(row, "same_answers", "Cut at max_length, the better and the worse answer are the same.")
    return Taught(_last(better, first), _last(worse, first))


def _last(encoded: Encoded, first: int) -> Encoded:
    """Labels of the answer alone, none of earlier ones."""
    return replace(encoded, labels=[IGNORED] * first + encoded.input_ids[first:])

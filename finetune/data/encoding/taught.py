"""An example -> what a training reads of it: an answer to give, the better and the worse of two answers, or a good or bad one."""

from dataclasses import dataclass, replace

from finetune.data.encoding.masks import IGNORED, ChatEncoder, Encoded
from finetune.data.examples import Example, Fault
from finetune.spec.spec import PAIRED, Learns, Method


@dataclass(frozen=True, slots=True)
class Taught:
    """`rejected` is the worse answer where `encoded` is to be preferred to it: then both begin with the ids of the same prompt,
    and only what follows it is labelled. So it is where `liked` says that `encoded` is a good answer, or a bad one."""

    encoded: Encoded
    rejected: Encoded | None = None
    liked: bool | None = None

    @property
    def sides(self) -> tuple[Encoded, ...]:
        return (self.encoded, self.rejected) if self.rejected else (self.encoded,)


def taught(
    encoder: ChatEncoder,
    example: Example,
    method: Method,
    max_length: int | None = None,
    learns: Learns = "answers",
) -> Taught | Fault:
    """By `method`; each answer is cut at the end to `max_length` tokens with its prompt. A bad answer is learnt from by `kto` alone."""
    found = _unfit(example, method) or encoder.encode(example, max_length)
    if isinstance(found, Fault):
        return found
    if method == "kto":
        return _judged(example, encoder.question(example), found)
    if method == "sft" or not example.rejected:
        return _answered(encoder, example, found, learns)
    worse = encoder.encode(replace(example, turns=(*example.prompt, example.rejected)), max_length)
    return worse if isinstance(worse, Fault) else _pair(example.row, encoder.question(example), found, worse)


def _unfit(example: Example, method: Method) -> Fault | None:
    if method in PAIRED and not example.rejected:
        return Fault(example.row, "no_preference", "The row has no worse answer beside the better one.")
    if method == "kto" and example.liked is None:
        return Fault(example.row, "no_label", "The row does not say whether its answer is a good or a bad one.")
    if method != "kto" and example.liked is False:
        return Fault(example.row, "bad_answer", "The row says that its answer is a bad one, which is not taught.")
    return None


def _answered(encoder: ChatEncoder, example: Example, encoded: Encoded, learns: Learns) -> Taught | Fault:
    """With other labels than those of all answers, where they are asked for."""
    if example.text or learns == "answers":
        return Taught(encoded)
    first = len(encoder.question(example)) if learns == "last" else 0
    return Taught(_last(encoded, first)) if first < len(encoded.input_ids) else _filled(example.row, first)


def _judged(example: Example, prompt: list[int], answer: Encoded) -> Taught | Fault:
    if answer.input_ids[: len(prompt)] != prompt[: len(answer.input_ids)]:
        return Fault(example.row, "template", "The model's template shows the prompt otherwise before this answer.")
    if len(answer.input_ids) <= len(prompt):
        return _filled(example.row, len(prompt))
    return Taught(_last(answer, len(prompt)), liked=example.liked)


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
        return _filled(row, first)
    if better.input_ids == worse.input_ids:
        return Fault(row, "same_answers", "Cut at max_length, the better and the worse answer are the same.")
    return Taught(_last(better, first), _last(worse, first))


def _filled(row: int, prompt: int) -> Fault:
    return Fault(row, "masked", f"Its prompt of {prompt} tokens fills max_length, so that no answer is left to learn.")


def _last(encoded: Encoded, first: int) -> Encoded:
    """Labels of what follows the first ids, none of earlier answers."""
    return replace(encoded, labels=[IGNORED] * first + encoded.input_ids[first:])

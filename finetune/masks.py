"""A chat -> token ids and labels: the loss runs over what the assistant says and the token that ends its turn.

The ids before the last answer are exactly those that serving feeds to the model (`chatbot.engine.prompt`): the rendering
of the turns before it with the generation prompt, tokenized as one text. Masks are found by rendering such prefixes, so
templates need no `{% generation %}` mark. Where a template shows an earlier answer otherwise than it was generated
(reasoning models drop their thoughts), that answer is not trained; where this holds for the last one, the row is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import InputError
from finetune.examples import Example, Fault, Turn
from finetune.turns import Unusable

IGNORED = -100
"""The label of a token without loss, as PyTorch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One training sequence. `labels[i]` is `input_ids[i]` or `IGNORED`; both end with the last answer's end of turn.

    `cut` counts the tokens beyond the length, `skipped` the answers that the template does not show as they were given.
    """

    input_ids: list[int]
    labels: list[int]
    cut: int = 0
    skipped: int = 0

    @property
    def trained(self) -> int:
        """Tokens with a loss."""
        return sum(label != IGNORED for label in self.labels)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a rendered example, as a page shades it."""

    text: str
    trained: bool


class ChatEncoder:
    """Encodes with a fast transformers tokenizer and its chat template; a tokenizer without one gets serving's plain
    layout. Raises `InputError` naming the model when its template cannot be masked."""

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise InputError(f"{_name(tokenizer)} has no fast tokenizer, which training needs to find the answers.")
        self._tokenizer = tokenizer
        self._plain = not tokenizer.chat_template
        self._has_system = self._plain or self._knows_system()
        added = {id: token for id, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._control = set(added) | set(tokenizer.all_special_ids)
        texts = {token.content for token in added.values()} | set(tokenizer.all_special_tokens)
        self._marks = re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))) or r"(?!)")
        self._apart = False
        self._probe()
        self._apart = self._falls_apart()

    def encode(self, example: Example, max_length: int | None = None) -> Encoded | Fault:
        """Ids and labels, cut at the end to `max_length` tokens; a `Fault` when the template refuses the row, when its
        text holds one of the model's control tokens, or when nothing is left to learn."""
        try:
            whole = self._text(example.text) if example.text else self._chat(example.turns)
        except Unusable as error:
            return Fault(example.row, error.code, str(error))
        length = len(whole.input_ids)
        if max_length is None or length <= max_length:
            return whole
        kept = Encoded(whole.input_ids[:max_length], whole.labels[:max_length], length - max_length, whole.skipped)
        if not kept.trained:
            reason = f"Its prompt fills all {max_length} tokens of max_length, so that no answer is left to learn."
            return Fault(example.row, "masked", reason)
        return kept

    def segments(self, encoded: Encoded) -> tuple[Segment, ...]:
        """The text of the sequence, parted where the loss begins and ends."""
        flags = [label != IGNORED for label in encoded.labels]
        ends = [at for at in range(1, len(flags) + 1) if at == len(flags) or flags[at] != flags[at - 1]]
        found, seen = list[Segment](), ""
        for end in ends:  # decoded from the start: some tokenizers drop the space of the first token they decode
            text = self._decode(encoded.input_ids[:end])
            found.append(Segment(text[len(seen) :], flags[end - 1]))
            seen = text
        return tuple(found)

    def prompt(self, turns: Sequence[Turn]) -> list[int]:
        """Ids up to and including the opening of the assistant's turn, as serving has them."""
        text = self._prompt_text(self._fitting(turns))
        return self._bos() + self._ids(text)

    # Encoding

    def _text(self, text: str) -> Encoded:
        self._refuse_marks(text)
        bos, eos = self._bos(), self._tokenizer.eos_token_id
        ids = self._ids(text) + ([] if eos is None else [eos])
        return Encoded(bos + ids, [IGNORED] * len(bos) + ids)

    def _chat(self, given: Sequence[Turn]) -> Encoded:
        for turn in given:
            self._refuse_marks(turn.content)
        turns = self._fitting(given)
        prompt, whole = self._prompt_text(turns[:-1]), self._whole_text(turns)
        if not whole.startswith(prompt):
            raise _unlike_serving()
        ids, starts, first = self._join(prompt, whole)
        spans, skipped = self._spans(turns, prompt, whole)
        labels = [IGNORED] * len(ids)
        for start, stop in spans[:-1]:
            begin = next(at for at, place in enumerate(starts) if place >= start)
            self._mark(ids, starts, labels, begin, whole, stop)
        end = self._mark(ids, starts, labels, first, whole, spans[-1][1])
        ids, labels = ids[:end], labels[:end]
        eos = self._tokenizer.eos_token_id
        if ids[-1] not in self._control and eos is not None:  # a template without an end of turn: the text just ends
            ids, labels = [*ids, eos], [*labels, eos]
        bos = self._bos()
        return Encoded(bos + ids, [IGNORED] * len(bos) + labels, skipped=skipped)

    def _join(self, prompt: str, whole: str) -> tuple[list[int], list[int], int]:
        """Ids of `whole` that begin with exactly those of `prompt`, the character where each begins, and how many are
        the prompt's."""
        head, tail = self._tokens(prompt), self._tokens(whole[len(prompt) :], len(prompt))
        joined = [*head[0], *tail[0]], [*head[1], *tail[1]], len(head[0])
        if self._apart:
            return joined
        ids, starts = self._tokens(whole)
        if ids[: len(head[0])] == head[0]:
            return ids, starts, len(head[0])
        if self._decode(joined[0]) != self._decode(ids):
            raise Unusable("tokens", "The tokens before the answer depend on how it begins; please trim its beginning.")
        return joined

    def _tokens(self, text: str, offset: int = 0) -> tuple[list[int], list[int]]:
        """Ids, and the character where each begins, counted from `offset`."""
        encoding = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return list(encoding["input_ids"]), [start + offset for start, _ in encoding["offset_mapping"]]

    def _falls_apart(self) -> bool:
        """Whether an answer has the same tokens alone as after its prompt, so that both need to be tokenized only once.
        Not so where the tokenizer puts a space before whatever it is given (SentencePiece)."""
        turns = [Turn("user", "What is it?"), Turn("assistant", "It is a banyan. \n 榕 2")]
        prompt, whole = self._prompt_text(turns[:-1]), self._whole_text(turns)
        return self._ids(whole) == self._ids(prompt) + self._ids(whole[len(prompt) :])

    def _spans(self, turns: Sequence[Turn], prompt: str, whole: str) -> tuple[list[tuple[int, int]], int]:
        """(first, last + 1) characters of every answer in `whole`, and how many answers it does not show as given."""
        spans, skipped = list[tuple[int, int]](), 0
        for at, turn in enumerate(turns):
            if turn.role != "assistant":
                continue
            last = at == len(turns) - 1
            before = prompt if last else self._prompt_text(turns[:at])
            answer = turn.content.strip()
            found = whole.find(answer, len(before)) if whole.startswith(before) else -1
            if found >= 0 and not whole[len(before) : found].strip():
                spans.append((len(before), found + len(answer)))
            elif last:
                raise _unlike_serving()
            else:
                skipped += 1
        return spans, skipped

    def _mark(self, ids: list[int], starts: list[int], labels: list[int], at: int, whole: str, stop: int) -> int:
        """Label the tokens from `at` to the character `stop`, and the control token that ends the turn; the place after."""
        begin = at
        while at < len(ids) and starts[at] < stop:
            at += 1
        end = next((place for place in range(at, len(ids)) if ids[place] in self._control), None)
        if end is not None and not whole[stop : starts[end]].strip():
            at = end + 1
        labels[begin:at] = ids[begin:at]
        return at

    # Rendering, as `chatbot.engine.prompt` does it

    def _fitting(self, turns: Sequence[Turn]) -> list[Turn]:
        if self._has_system or not turns or turns[0].role != "system":
            return list(turns)
        system, rest = turns[0].content, list(turns[1:])
        if rest and rest[0].role == "user":
            return [Turn("user", f"{system}\n\n{rest[0].content}"), *rest[1:]]
        return [Turn("user", system), *rest]

    def _prompt_text(self, turns: Sequence[Turn]) -> str:
        return f"{_plain_layout(turns)}\nAssistant:" if self._plain else self._render(turns, True)

    def _whole_text(self, turns: Sequence[Turn]) -> str:
        return _plain_layout(turns) if self._plain else self._render(turns, False)

    def _render(self, turns: Sequence[Turn], generation: bool) -> str:
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        try:
            text: str = self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=generation, enable_thinking=False
            )
        except Exception as error:  # a template is a program of the model's author: it may raise anything
            raise Unusable("template", f"The model's chat template refuses this conversation: {error}") from error
        return text

    def _knows_system(self) -> bool:
        probe = [Turn("system", "probe-of-system"), Turn("user", "x")]
        try:
            return "probe-of-system" in self._render(probe, True)
        except Unusable:
            return False

    def _probe(self) -> None:
        try:
            self._chat([Turn("user", "What is it?"), Turn("assistant", "It is a banyan.")])
        except Unusable as error:
            raise InputError(
                f"{_name(self._tokenizer)} cannot be taught here: its chat template does not show an answer after the "
                f"prompt it was given to. Please choose another model. ({error})"
            ) from error

    # Tokens

    def _refuse_marks(self, text: str) -> None:
        if found := self._marks.search(text):
            raise Unusable("control_token", f"The text holds {found[0]}, which is a control token of the model.")

    def _ids(self, text: str) -> list[int]:
        return self._tokens(text)[0]

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def _bos(self) -> list[int]:
        """What stands before the plain layout; a chat template writes it by itself."""
        bos = self._tokenizer.bos_token_id
        return [bos] if self._plain and bos is not None else []


def encode(tokenizer: Any, turns: Sequence[Turn], max_length: int) -> tuple[list[int], list[int]]:
    """Ids and labels of one conversation. For many, keep a `ChatEncoder`. Raises `InputError` where it gives a `Fault`."""
    found = ChatEncoder(tokenizer).encode(Example(1, tuple(turns)), max_length)
    if isinstance(found, Fault):
        raise InputError(found.reason)
    return found.input_ids, found.labels


def _plain_layout(turns: Sequence[Turn]) -> str:
    labels = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(f"{labels[turn.role]}{turn.content}" for turn in turns)


def _unlike_serving() -> Unusable:
    return Unusable(
        "template",
        "The model's chat template shows this answer otherwise than the model would give it (does it hold reasoning, or "
        "does the template change its text?).",
    )


def _name(tokenizer: Any) -> str:
    return Path(str(getattr(tokenizer, "name_or_path", ""))).name or "The model"

"""A chat -> token ids and labels: the loss runs over what the assistant says and the token that ends its turn.

The ids before the last answer are exactly those that serving feeds to the model (`chatbot.engine.text.prompt`): the rendering
of the turns before it with the generation prompt, tokenized as one text. Masks are found by rendering such prefixes, so
templates need no `{% generation %}` mark. Where a template shows an earlier answer otherwise than it was generated
(reasoning models drop their thoughts), that answer is not trained; where this holds for the last one, the row is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatbot.common.errors import InputError
from finetune.data.encoding.rendering import Rendering
from finetune.data.encoding.tokens import Tokenization, Tokens
from finetune.data.examples import Call, Example, Fault, Turn
from finetune.data.layouts.parts import Unusable

IGNORED = -100
"""The label of a token without loss, as PyTorch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One training sequence. `labels[i]` is `input_ids[i]` or `IGNORED`; both end with the last answer's end of turn.

    `cut` counts the tokens beyond the length, `skipped` the answers that the template does not show as they were given,
    `spelled` the control tokens that the row spells out, which are learnt as text.
    """

    input_ids: list[int]
    labels: list[int]
    cut: int = 0
    skipped: int = 0
    spelled: int = 0

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
        name = _name(tokenizer)
        if not getattr(tokenizer, "is_fast", False):
            raise InputError(
                f"{name} has no fast tokenizer, which training needs to find the answers. Please choose another model.",
                kind="no_fast_tokenizer",
                model=name,
            )
        self._tokens, self._text = Tokenization(tokenizer), Rendering(tokenizer)
        self._apart = False
        self._probe(name)
        self._apart = self._falls_apart()

    def encode(self, example: Example, max_length: int | None = None) -> Encoded | Fault:
        """Ids and labels, cut at the end to `max_length` tokens; a `Fault` when the template refuses the row, or when
        nothing is left to learn. A plain text stays whole: it is learnt in `blocks`; of a preference this is the better answer."""
        try:
            whole = self._plain_text(example.text) if example.text else self._chat(example.turns, example.tools)
        except Unusable as error:
            return Fault(example.row, error.code, str(error))
        length = len(whole.input_ids)
        if max_length is None or length <= max_length or example.text:
            return whole
        ids, labels = whole.input_ids[:max_length], whole.labels[:max_length]
        kept = replace(whole, input_ids=ids, labels=labels, cut=length - max_length)
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
            text = self._tokens.decode(encoded.input_ids[:end])
            found.append(Segment(text[len(seen) :], flags[end - 1]))
            seen = text
        return tuple(found)

    def prompt(self, turns: Sequence[Turn], tools: str = "", *, thinking: bool = False) -> list[int]:
        """Ids up to and including the opening of the assistant's turn, as serving has them."""
        text = self._text.prompt(self._text.fitting(self._hidden(turns)), self._tokens.hidden(tools), thinking=thinking)
        return self._tokens.bos + self._tokens.ids(text)

    def question(self, example: Example) -> list[int]:
        """Ids of what an example asks: all before its last answer."""
        return self.prompt(example.prompt, example.tools, thinking=bool(example.turns[-1].thought))

    def _plain_text(self, text: str) -> Encoded:
        hidden, bos = self._tokens.hidden(text), self._tokens.bos
        ids = self._tokens.ids(hidden) + self._tokens.eos
        return Encoded(bos + ids, [IGNORED] * len(bos) + ids, spelled=self._tokens.marks(hidden))

    def _chat(self, given: Sequence[Turn], plain_tools: str = "") -> Encoded:
        turns, tools = self._text.fitting(self._hidden(given)), self._tokens.hidden(plain_tools)
        self._text.require(turns, tools)
        prompt = self._text.prompt(turns[:-1], tools, thinking=bool(turns[-1].thought))
        whole = self._text.whole(turns, tools)
        if not whole.startswith(prompt):
            raise _unlike_serving()
        tokens, first = self._join(prompt, whole)
        spans, skipped = self._spans(turns, tools, prompt, whole)
        labels = [IGNORED] * len(tokens.ids)
        for start, stop in spans[:-1]:
            begin = next(at for at, place in enumerate(tokens.starts) if place >= start)
            self._label(tokens, labels, begin, whole, stop)
        end = self._label(tokens, labels, first, whole, spans[-1][1])
        ids, labels = tokens.ids[:end], labels[:end]
        if not self._tokens.is_control(ids[-1]):  # a template without an end of turn: the text just ends
            ids, labels = ids + self._tokens.eos, labels + self._tokens.eos
        bos = self._tokens.bos
        return Encoded(bos + ids, [IGNORED] * len(bos) + labels, skipped=skipped, spelled=self._tokens.marks(whole))

    def _hidden(self, turns: Sequence[Turn]) -> list[Turn]:
        hidden = self._tokens.hidden
        return [
            replace(
                turn,
                content=hidden(turn.content),
                thought=hidden(turn.thought),
                calls=tuple(Call(call.name, hidden(call.arguments)) for call in turn.calls),
            )
            for turn in turns
        ]

    def _join(self, prompt: str, whole: str) -> tuple[Tokens, int]:
        """Tokens of `whole` that begin with exactly those of `prompt`, and how many are the prompt's."""
        head, tail = self._tokens.read(prompt), self._tokens.read(whole[len(prompt) :], len(prompt))
        joined, first = head + tail, len(head.ids)
        if self._apart:
            return joined, first
        tokens = self._tokens.read(whole)
        if tokens.ids[:first] == head.ids:
            return tokens, first
        if self._tokens.decode(joined.ids) != self._tokens.decode(tokens.ids):
            raise Unusable("tokens", "The tokens before the answer depend on how it begins; please trim its beginning.")
        return joined, first

    def _spans(self, turns: Sequence[Turn], tools: str, prompt: str, whole: str) -> tuple[list[tuple[int, int]], int]:
        """(first, last + 1) characters of every answer in `whole` that is taught, and how many of those it does not show as
        given."""
        spans, skipped = list[tuple[int, int]](), 0
        for at, turn in enumerate(turns):
            if turn.role != "assistant" or not turn.taught:
                continue
            last = at == len(turns) - 1
            before = prompt if last else self._text.prompt(turns[:at], tools, thinking=bool(turn.thought))
            stop = self._stop(turns[: at + 1], tools, before, whole)
            if stop is not None:
                spans.append((len(before), stop))
            elif last:
                raise _unlike_serving()
            else:
                skipped += 1
        return spans, skipped

    def _stop(self, turns: Sequence[Turn], tools: str, before: str, whole: str) -> int | None:
        """Where the last of `turns` ends in `whole`, before the mark of its end; None where it is not shown as it was given."""
        turn = turns[-1]
        if not whole.startswith(before):
            return None
        if not turn.calls and not turn.thought:
            answer = turn.content.strip()
            found = whole.find(answer, len(before))
            return found + len(answer) if found >= 0 and not whole[len(before) : found].strip() else None
        shown = self._text.whole(turns, tools).rstrip()
        said = self._tokens.without_end(shown[len(before) :])
        parts = [turn.content.strip(), turn.thought.strip(), *(call.name for call in turn.calls)]
        whole_turn = whole.startswith(shown) and all(part in said for part in parts)
        return len(before) + len(said) if whole_turn else None

    def _label(self, tokens: Tokens, labels: list[int], at: int, whole: str, stop: int) -> int:
        """Label the tokens from `at` to the character `stop`, and the control token that ends the turn; the place after."""
        ids, starts, begin = tokens.ids, tokens.starts, at
        while at < len(ids) and starts[at] < stop:
            at += 1
        end = next((place for place in range(at, len(ids)) if self._tokens.is_control(ids[place])), None)
        if end is not None and not whole[stop : starts[end]].strip():
            at = end + 1
        labels[begin:at] = ids[begin:at]
        return at

    def _falls_apart(self) -> bool:
        """Whether an answer has the same tokens alone as after its prompt, so that both need to be tokenized only once.
        Not so where the tokenizer puts a space before whatever it is given (SentencePiece)."""
        turns = [Turn("user", "What is it?"), Turn("assistant", "It is a banyan. \n 榕 2")]
        prompt, whole = self._text.prompt(turns[:-1]), self._text.whole(turns)
        return self._tokens.ids(whole) == self._tokens.ids(prompt) + self._tokens.ids(whole[len(prompt) :])

    def _probe(self, name: str) -> None:
        try:
            self._chat([Turn("user", "What is it?"), Turn("assistant", "It is a banyan.")])
        except Unusable as error:
            raise InputError(
                f"{name} cannot be taught here: its chat template does not show an answer after the prompt it was given "
                f"to. Please choose another model. ({error})",
                kind="template_untaught",
                model=name,
            ) from error


def blocks(encoded: Encoded, length: int) -> list[Encoded]:
    """A plain text in pieces of at most so many tokens, none of which is lost; what is no longer stays as it is. A last piece of
    one token, before which there is nothing to foretell it by, belongs to no piece."""
    starts = range(0, max(1, len(encoded.input_ids) - 1), length)
    return [Encoded(encoded.input_ids[at : at + length], encoded.labels[at : at + length]) for at in starts]


def encode(tokenizer: Any, turns: Sequence[Turn], max_length: int) -> tuple[list[int], list[int]]:
    """Ids and labels of one conversation. For many, keep a `ChatEncoder`. Raises `InputError` where it gives a `Fault`."""
    found = ChatEncoder(tokenizer).encode(Example(1, tuple(turns)), max_length)
    if isinstance(found, Fault):
        raise InputError(found.reason, kind=f"fault.{found.code}")
    return found.input_ids, found.labels


def _unlike_serving() -> Unusable:
    return Unusable(
        "template",
        "The model's chat template shows this answer otherwise than the model would give it (does it hold reasoning, or "
        "does the template change its text?).",
    )


def _name(tokenizer: Any) -> str:
    return Path(str(getattr(tokenizer, "name_or_path", ""))).name or "The model"

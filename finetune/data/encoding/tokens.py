"""Text -> token ids, where only the chat template may write control tokens.

As in serving (`chatbot.engine.text.controls`), the text of a control token in what a row says is text: a row that quotes
`<|im_end|>` would else teach the model to end turns, or to speak as somebody else.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MARK_BYTES = 12


@dataclass(frozen=True, slots=True)
class Tokens:
    """`starts[i]` is the character of the hidden text where `ids[i]` begins."""

    ids: list[int]
    starts: list[int]

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.ids + other.ids, self.starts + other.starts)


class Tokenization:
    """Around a fast transformers tokenizer. What a row says goes through `hidden` before it is rendered."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        special = {id: str(token) for id, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._control = set(special) | set(tokenizer.all_special_ids)
        self._spellings = sorted(set(special.values()), key=lambda text: (-len(text), text))
        self._spelled = re.compile("|".join(map(re.escape, self._spellings)) or r"(?!)")
        self._mark = secrets.token_hex(MARK_BYTES)
        self._marked = re.compile(rf"{self._mark}(\d+);")

    def hidden(self, text: str) -> str:
        """`text` with marks for the control tokens that it spells, which no chat template takes for its own."""
        return self._spelled.sub(lambda found: f"{self._mark}{self._spellings.index(found[0])};", text)

    def marks(self, text: str) -> int:
        """Control tokens that a hidden text spells."""
        return len(self._marked.findall(text))

    def read(self, hidden: str, offset: int = 0) -> Tokens:
        """Tokens of a hidden text, their places counted from `offset`."""
        tokens, place = Tokens([], []), 0
        for found in self._marked.finditer(hidden):
            tokens += self._read(hidden[place : found.start()], offset + place)
            spelled = self._tokenizer(
                self._spellings[int(found[1])], add_special_tokens=False, split_special_tokens=True
            )["input_ids"]
            tokens += Tokens(list(spelled), [offset + found.start()] * len(spelled))
            place = found.end()
        return tokens + self._read(hidden[place:], offset + place)

    def _read(self, text: str, offset: int) -> Tokens:
        if not text:
            return Tokens([], [])
        encoding = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return Tokens(list(encoding["input_ids"]), [start + offset for start, _ in encoding["offset_mapping"]])

    def without_end(self, text: str) -> str:
        """A turn as its template shows it, without the control token at its end."""
        end = next((spelling for spelling in self._spellings if spelling and text.endswith(spelling)), "")
        return text.removesuffix(end).rstrip()

    def ids(self, hidden: str) -> list[int]:
        return self.read(hidden).ids

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def is_control(self, id: int) -> bool:
        return id in self._control

    @property
    def bos(self) -> list[int]:
        """What stands before the plain layout; a chat template writes it by itself."""
        bos = None if self._tokenizer.chat_template else self._tokenizer.bos_token_id
        return [] if bos is None else [bos]

    @property
    def eos(self) -> list[int]:
        eos = self._tokenizer.eos_token_id
        return [] if eos is None else [eos]

"""A held-out split that is the same on every machine and moves no row when others are added."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from finetune.data.examples import Example, Split

FEW = 8  # groups that a verdict should have at least, where the data allow it
GREETING = 12  # characters, normalised: "good morning" says nothing of what a conversation is about
_WORD = re.compile(r"[^\W_]+")


def normalised(text: str) -> str:
    """Words alone: compatibility forms, case, punctuation and white space make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(folded)) or " ".join(folded.split())


def group_of(example: Example) -> int:
    """64 bits of the normalised prompt: what the user says before the first answer that is learnt, or the whole plain text. A
    greeting alone is no prompt: what the user says next belongs to it.

    Rows of one group are always on the same side, so that no prompt is both taught and asked.
    """
    asked = ""
    for turn in example.turns:
        if turn.role == "assistant" and turn.taught and len(asked) >= GREETING:
            break
        if turn.role == "user":
            asked = f"{asked}\n{normalised(turn.content)}".strip()
    return digest(normalised(asked or example.text))


def held_out(groups: Iterable[int], share: float, seed: int) -> frozenset[int]:
    """The groups that are kept from training: those whose hash with the seed falls into `share`.

    Small sets hold out at least eight groups, or a quarter of them where that is less; fewer than four hold out none.
    """
    distinct = set(groups)
    if not share or len(distinct) < 4:
        return frozenset()
    ranked = sorted((_place(group, seed), group) for group in distinct)
    taken = sum(place < share for place, _ in ranked)
    taken = min(max(taken, FEW), max(taken, len(distinct) // 4), len(distinct) // 2)
    return frozenset(group for _, group in ranked[:taken])


@dataclass(frozen=True, slots=True)
class Sides:
    """Which rows judge and which teach: as the file says (`declared`), else by the groups that are held out."""

    declared: bool
    groups: frozenset[int]

    def holds_out(self, example: Example) -> bool:
        return self.held(group_of(example), example.split)

    def held(self, group: int, split: Split) -> bool:
        return split == "validation" if self.declared else group in self.groups


def sides(rows: Iterable[tuple[int, Split]], share: float, seed: int) -> Sides:
    """Of (group, split) of every usable row. A file that says of some rows that they validate, and of others not, is obeyed."""
    known = list(rows)
    splits = {split for _, split in known}
    if "validation" in splits and len(splits) > 1:
        return Sides(True, frozenset())
    return Sides(False, held_out((group for group, _ in known), share, seed))


def digest(text: str) -> int:
    """64 bits of a text, the same in every process."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest())


def _place(group: int, seed: int) -> float:
    mixed = blake2b(group.to_bytes(8), digest_size=8, key=seed.to_bytes(8)).digest()
    return int.from_bytes(mixed) / 2**64

"""A held-out split that is the same on every machine and moves no row when others are added."""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

from finetune.data.examples import Example

FEW = 8  # groups that a verdict should have at least, where the data allow it
_WORD = re.compile(r"[^\W_]+")


def normalised(text: str) -> str:
    """Words alone: compatibility forms, case, punctuation and white space make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(folded)) or " ".join(folded.split())


def group_of(example: Example) -> int:
    """64 bits of the normalised prompt: what the user says before the first answer, or the whole plain text.

    Rows of one group are always on the same side, so that no prompt is both taught and asked.
    """
    asked: list[str] = []
    for turn in example.turns:
        if turn.role == "assistant":
            break
        if turn.role == "user":
            asked.append(turn.content)
    return digest(normalised("\n".join(asked) or example.text))


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


def digest(text: str) -> int:
    """64 bits of a text, the same in every process."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest())


def _place(group: int, seed: int) -> float:
    mixed = blake2b(group.to_bytes(8), digest_size=8, key=seed.to_bytes(8)).digest()
    return int.from_bytes(mixed) / 2**64

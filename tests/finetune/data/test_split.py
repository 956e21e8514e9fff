"""The held-out split: the same everywhere, stable when rows are added, and never the same prompt on both sides."""

import pytest

from finetune.data.examples import Example, Turn
from finetune.data.split import FEW, group_of, held_out, normalised


def asked(prompt: str, answer: str = "Yes.", system: str = "") -> Example:
    turns = (Turn("user", prompt), Turn("assistant", answer))
    return Example(1, (Turn("system", system), *turns) if system else turns)


GROUPS = [group_of(asked(f"What is {number}?")) for number in range(2_000)]


def test_it_is_the_same_in_every_process_and_version() -> None:
    assert GROUPS[0] == 5_337_295_426_849_589_874
    assert sorted(held_out(GROUPS[:20], 0.2, 7))[:2] == [5_183_845_749_132_443_928, 6_691_605_662_635_646_710]


def test_the_share_is_kept_and_the_seed_changes_the_rows() -> None:
    first, second = held_out(GROUPS, 0.1, 0), held_out(GROUPS, 0.1, 1)
    assert 150 < len(first) < 250
    assert first == held_out(reversed(GROUPS * 3), 0.1, 0)
    assert len(first & second) < 50


def test_no_row_moves_when_others_are_added() -> None:
    before, after = held_out(GROUPS[:1_000], 0.1, 0), held_out(GROUPS, 0.1, 0)
    assert before == after & set(GROUPS[:1_000])


@pytest.mark.parametrize(("size", "few"), [(0, 0), (1, 0), (3, 0), (4, 1), (8, 2), (20, 5), (40, FEW), (100, FEW)])
def test_small_sets_hold_out_enough_and_never_most(size: int, few: int) -> None:
    kept = held_out(GROUPS[:size], 0.02, 0)
    assert few <= len(kept) <= max(few, size // 2)
    assert len(held_out(GROUPS[:size], 0.5, 0)) <= size // 2
    assert not held_out(GROUPS[:size], 0, 0)


@pytest.mark.parametrize(
    "other",
    [asked("what IS\n  0"), asked("What is 0?", "No."), asked("What is ０?"), asked("What is 0?", system="Be brief.")],
)
def test_prompts_that_differ_in_looks_only_stand_together(other: Example) -> None:
    assert group_of(other) == GROUPS[0]


def test_prompts_that_differ_in_words_do_not() -> None:
    assert len(set(GROUPS)) == len(GROUPS)
    signs = ["?", "!", "👍", "👎", "你好", "你们好", "a b", "ab"]
    assert len({normalised(sign) for sign in signs}) == len(signs)
    assert group_of(Example(1, text="One text.")) != group_of(Example(1, text="Another text."))


def test_rows_of_one_conversation_stand_apart_by_what_leads_to_the_answer_that_each_teaches() -> None:
    """So are corrections of a chat: each row has the talk so far, of which the last answer is learnt."""
    begun = (Turn("user", "What is the sea?"), Turn("assistant", "Water.", taught=False))
    rows = [Example(n, (*begun, Turn("user", f"And {n}?"), Turn("assistant", "Arrr."))) for n in range(12)]
    groups = [group_of(row) for row in rows]
    assert len(set(groups)) == 12 and len(held_out(groups, 0.1, 0)) == 3
    taught = [Example(n, (begun[0], Turn("assistant", "Water."), *row.turns[2:])) for n, row in enumerate(rows)]
    assert len({group_of(row) for row in taught}) == 1, "its first answer is learnt: one prompt on both sides"

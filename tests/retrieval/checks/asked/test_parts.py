import pytest

from retrieval.checks.asked.parts import left_out


@pytest.mark.parametrize(
    ("question", "said", "count"),
    [
        ("Who planted the orchard, and when?", "Maria Lindqvist", 1),
        ("Who planted the orchard, and when?", "In 1998", 1),
        ("Who planted the orchard, and when?", "The orchard was planted in 1998 by Maria Lindqvist.", 0),
        ("When was it opened and how many people came?", "12 May 2019", 1),
        ("How much does it cost? Where can I buy it?", "12 euros", 1),
        ("果园是谁建立的，什么时候建立的？", "林玛丽", 1),
        ("果园是谁建立的，什么时候建立的？", "1998年由林玛丽建立", 0),
        ("Who planted the orchard?", "In 1998", 0),  # one part: of that types.answers tells
        ("When did Tom, who lives in Rome, marry?", "In 1998", 0),
        ("Who are Tom and Ann?", "two teachers", 0),
    ],
)
def test_a_part_that_a_sentence_leaves_out_is_told(question: str, said: str, count: int) -> None:
    assert len(left_out(question, said)) == count

"""Records that notice a damaged disk."""

import json
from typing import Any

import pytest

from chatbot.common import summed

RECORD: dict[str, Any] = {"name": "oaks 橡树", "rows": 12, "rate": 1e-4, "by": {1: None, 2: [True, 0.5]}}


def test_what_was_written_is_read_again() -> None:
    assert summed.record(summed.text(RECORD)) == json.loads(json.dumps(RECORD))


def test_every_flipped_bit_is_noticed_or_makes_no_difference() -> None:
    written = summed.text(RECORD).encode()
    expected = summed.record(written)
    for bit in range(8 * len(written)):
        turned = bytearray(written)
        turned[bit // 8] ^= 1 << bit % 8
        try:
            found = summed.record(bytes(turned))
        except ValueError:
            continue
        found = {key: value for key, value in found.items() if key in RECORD}  # the sum's own name may have changed
        assert found == expected, bit


@pytest.mark.parametrize("text", ['{"task": "sentiment"}', "[1, 2]"])
def test_what_has_no_sum_is_believed(text: str) -> None:
    assert summed.record(text) == json.loads(text)

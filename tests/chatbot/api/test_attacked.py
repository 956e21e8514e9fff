"""Whatever comes to /v1 is answered in the protocol's form: `tests/bench/attacks/bodies.py` sends thousands."""

import pytest

from chatbot.common.errors import InputError
from chatbot.types import Sampling
from tests.bench.attacks.bodies import attacked, wrong


def test_a_request_with_something_changed_is_answered_and_tells_no_code() -> None:
    statuses, faults = attacked(144, seed=3)
    assert faults == []
    assert statuses[200] > 5 < statuses[400], "some are honest still, and some are not"


def test_the_look_at_an_answer_sees_what_is_wrong() -> None:
    assert wrong(500, "application/json", '{"error": {"message": "x"}}')
    assert wrong(400, "application/json", '{"error": {"message": "Traceback (most recent call last)"}}')
    assert wrong(200, "text/event-stream", "oops\n")
    assert not wrong(200, "text/event-stream", 'data: {"a": 1}\n\ndata: [DONE]\n')


def test_a_number_that_no_float_holds_is_out_of_bounds_as_any_other() -> None:
    with pytest.raises(InputError, match=r"between 1 and 131072, not 1e\+308"):
        Sampling(max_tokens=10**400)

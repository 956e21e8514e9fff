"""What long work is doing is a code with its figures, all the way from a child to the page."""

import ast
from string import Formatter

import pytest

from chatbot.common.child import Child
from chatbot.common.step import SENTENCES, Step
from tests.chatbot.sources import FILES, nodes


def told() -> set[tuple[str, frozenset[str]]]:
    """The codes in the source, each with the names of the figures it is told with."""
    found = (node for path in FILES for node in nodes(path))
    calls = [node for node in found if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Step"]
    return {
        (str(call.args[0].value), frozenset(str(figure.arg) for figure in call.keywords))
        for call in calls
        if isinstance(call.args[0], ast.Constant)
    }


def test_every_code_is_told_somewhere_and_always_with_the_figures_of_its_sentence() -> None:
    names = {
        code: frozenset(name for _, name, _, _ in Formatter().parse(said) if name) for code, said in SENTENCES.items()
    }
    assert told() == {*names.items()}


def test_a_step_is_its_english_sentence() -> None:
    assert str(Step("preparing", name="oak")) == f"{Step('preparing', name='oak')}" == "Preparing oak"
    assert Step("preparing", name="oak") != Step("preparing", name="ash")


def test_a_step_without_its_figures_or_an_unknown_one_is_a_mistake_where_it_is_made() -> None:
    with pytest.raises(KeyError, match="name"):
        Step("preparing")
    with pytest.raises(KeyError, match="sleeping"):
        Step("sleeping")  # type: ignore[arg-type]


def test_a_child_tells_it_as_it_is() -> None:
    heard: list[tuple[Step, float | None]] = []
    child = Child("tests.chatbot.common.stepping")
    try:
        assert child.ask({}, lambda step, fraction: heard.append((step, fraction))) == "done"
    finally:
        child.close()
    assert heard == [(Step("embedding", count=12), 0.5)]

"""Whatever can go wrong before a person is said in every language: an error has a kind, and each language has its words."""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from string import Formatter
from typing import TypeVar, get_args

import pytest

from chatbot.common import errors
from chatbot.common.errors import BanyanError
from chatbot.common.rejected import REASONS
from chatbot.types import _QUOTAS as PLURALS
from chatbot.ui.strings.words import ENGLISH, FOLDER, read
from finetune.data.examples import FaultCode
from finetune.data.findings.notices import NOTICES
from finetune.jobs.records import Cause
from retrieval.reading import flags
from tests.chatbot.sources import FILES, ROOT, nodes

STRINGS = read(FOLDER)
OTHERS = [language for language in STRINGS if language != ENGLISH]
COMMAND_LINE = {"SettingsError", "UsageError"}  # printed where somebody started a command, before there is a page
FOR_PROGRAMS = "chatbot/api/"  # /v1 speaks English, as the protocol's clients expect
REFUSED = {
    f"refused_{code}": code
    for code in ("no_rows", "all_masked", "unmapped", "none_usable", "no_preferences", "no_labels", "one_sided")
}
Node = TypeVar("Node", bound=ast.AST)


def every(kind: type[Node]) -> list[tuple[str, Node]]:
    """(file, node) of all of the product's nodes of this kind."""
    return [
        (path.relative_to(ROOT).as_posix(), node) for path in FILES for node in nodes(path) if isinstance(node, kind)
    ]


@cache
def classes() -> dict[str, str]:
    """Every class of errors, wherever it is defined, with the kind that it gives all of its own; empty: none."""
    found = {
        name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, BanyanError)
    }
    kinds = {name: kind.kind for name, kind in found.items()}
    defined = [node for _, node in every(ast.ClassDef)]
    while fresh := [c for c in defined if c.name not in kinds and any(ast.unparse(b) in kinds for b in c.bases)]:
        kinds |= {c.name: own_kind(c) for c in fresh}
    return kinds


def own_kind(node: ast.ClassDef) -> str:
    for line in node.body:
        if isinstance(line, ast.Assign) and "kind" in map(ast.unparse, line.targets):
            return str(ast.literal_eval(line.value))
    return ""


def why_not() -> list[str]:
    """The codes of why nothing can be trained, from where each is said."""
    return [str(ast.literal_eval(call.args[0])) for _, call in every(ast.Call) if class_of(call) == "NoTraining"]


def kept() -> set[str]:
    """Kinds that are written into a result without an error."""
    pairs = [pair for _, node in every(ast.Dict) for pair in zip(node.keys, node.values, strict=True)]
    named = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "kind"]
    return {str(value.value) for value in named if isinstance(value, ast.Constant)}


SHAPES: dict[str, Callable[[], Iterable[str]]] = {  # kinds that an f-string makes: from what
    "training_{}": why_not,
    "refused_{}": REFUSED.values,
    "fault.{}": lambda: get_args(FaultCode),
    "quota_{}": lambda: PLURALS,
}


@cache
def raised() -> list[tuple[str, ast.Call]]:
    """(file, call) of every error that is made in the product."""
    return [(name, call) for name, call in every(ast.Call) if class_of(call) in classes()]


def class_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


@cache
def kinds() -> dict[str, list[ast.Call]]:
    """Every kind that stands in the source as it is, with the calls that give it."""
    found: dict[str, list[ast.Call]] = defaultdict(list)
    for _, call in raised():
        if class_of(call) in COMMAND_LINE | {"RejectedFile"}:
            continue
        if (kind := keyword(call, "kind")) is not None:
            for each in named(kind):
                found[each].append(call)
        elif own := classes()[class_of(call)]:
            found[own].append(call)
    return found


def named(kind: ast.expr) -> list[str]:
    if isinstance(kind, ast.IfExp):
        return named(kind.body) + named(kind.orelse)
    if isinstance(kind, ast.JoinedStr):
        shape = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in kind.values)
        return [shape.format(code) for code in SHAPES[shape]()]
    return [str(ast.literal_eval(kind))]


def test_every_error_that_a_person_may_see_has_a_kind() -> None:
    without = [
        f"{name}:{call.lineno}"
        for name, call in raised()
        if class_of(call) not in COMMAND_LINE | {"RejectedFile"}
        and not name.startswith(FOR_PROGRAMS)
        and not classes()[class_of(call)]
        and keyword(call, "kind") is None
    ]
    assert without == []


def standing() -> set[str]:
    return kinds().keys() | kept()


def test_the_reasons_of_a_rejected_file_are_kinds_of_their_own() -> None:
    assert standing() & REASONS.keys() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_words_for_all_that_can_happen_and_for_nothing_else(language: str) -> None:
    wanted = standing() | REASONS.keys()
    wanted |= {f"fault.{code}" for code in get_args(FaultCode)} | {f"flag.{code}" for code in flags.TEXTS}
    wanted |= {f"cause.{cause}" for cause in get_args(Cause) if cause}
    assert len(wanted) > 250
    assert {key.removeprefix("error.") for key in STRINGS[language] if key.startswith("error.")} == wanted


def figures(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_the_figures_of_the_words_are_given_at_every_raise(language: str) -> None:
    """What comes out of a dictionary is not sure to be there, but for the words of the data doctor, which all have theirs."""
    for kind, calls in kinds().items():
        wanted = figures(STRINGS[language][f"error.{kind}"])
        for call in calls:
            given = (
                {str(word.arg) for word in call.keywords} | {"said"} | figures(NOTICES.get(REFUSED.get(kind, ""), ""))
            )
            given |= {"knob"} if "name" in given else set()
            assert wanted <= given, f"{kind}, line {call.lineno}"


@pytest.mark.parametrize("language", OTHERS)
def test_the_figures_of_words_about_files_are_those_of_the_english(language: str) -> None:
    english = {f"error.{code}": words for code, words in REASONS.items()}
    english |= {f"error.flag.{code}": words for code, words in flags.TEXTS.items()}
    english |= {f"error.fault.{code}": "" for code in get_args(FaultCode)}
    english |= {f"ft_notice_{code}": words for code, words in NOTICES.items() if code not in REFUSED.values()}
    for key, words in english.items():
        assert figures(STRINGS[language][key]) <= figures(words), key

"""Whatever can go wrong before a person is said in every language: an error has a kind, and each language has its words."""

import ast
from collections import defaultdict
from pathlib import Path
from string import Formatter
from typing import get_args

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

ROOT = Path(__file__).parents[4]
STRINGS = read(FOLDER)
OTHERS = [language for language in STRINGS if language != ENGLISH]
COMMAND_LINE = {"SettingsError", "UsageError"}  # printed where somebody started a command, before there is a page
FOR_PROGRAMS = "chatbot/api/"  # /v1 speaks English, as the protocol's clients expect
REFUSED = {
    f"refused_{code}": code
    for code in ("no_rows", "all_masked", "unmapped", "none_usable", "no_preferences", "no_labels", "one_sided")
}
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
    for path in [
        ROOT / "app.py",
        *(p for top in ("chatbot", "retrieval", "finetune") for p in (ROOT / top).rglob("*.py")),
    ]
}


def classes() -> dict[str, str]:
    """Every class of errors, wherever it is defined, with the kind that it gives all of its own; empty: none."""
    found = {
        name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, BanyanError)
    }
    kinds = {name: kind.kind for name, kind in found.items()}
    defined = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while fresh := [c for c in defined if c.name not in kinds and any(ast.unparse(b) in kinds for b in c.bases)]:
        kinds |= {c.name: own_kind(c) for c in fresh}
    return kinds


def own_kind(node: ast.ClassDef) -> str:
    for line in node.body:
        if isinstance(line, ast.Assign) and "kind" in map(ast.unparse, line.targets):
            return str(ast.literal_eval(line.value))
    return ""


CLASSES = classes()
NODES = [node for tree in TREES.values() for node in ast.walk(tree)]


def why_not() -> list[str]:
    """The codes of why nothing can be trained, from where each is said."""
    said = [node for node in NODES if isinstance(node, ast.Call) and ast.unparse(node.func) == "NoTraining"]
    return [str(ast.literal_eval(call.args[0])) for call in said]


def kept() -> set[str]:
    """Kinds that are written into a result without an error."""
    pairs = [pair for node in NODES if isinstance(node, ast.Dict) for pair in zip(node.keys, node.values, strict=True)]
    named = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "kind"]
    return {str(value.value) for value in named if isinstance(value, ast.Constant)}


SHAPES = {  # kinds that an f-string makes: from what
    "training_{}": why_not(),
    "refused_{}": [*REFUSED.values()],
    "fault.{}": [*get_args(FaultCode)],
    "quota_{}": [*PLURALS],
}


def raised() -> list[tuple[str, ast.Call]]:
    """(file, call) of every error that is made in the product."""
    return [
        (name, node)
        for name, tree in sorted(TREES.items())
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and class_of(node) in CLASSES
    ]


def class_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


def kinds() -> dict[str, list[ast.Call]]:
    """Every kind that stands in the source as it is, with the calls that give it."""
    found: dict[str, list[ast.Call]] = defaultdict(list)
    for _, call in raised():
        if class_of(call) in COMMAND_LINE | {"RejectedFile"}:
            continue
        if (kind := keyword(call, "kind")) is not None:
            for each in named(kind):
                found[each].append(call)
        elif CLASSES[class_of(call)]:
            found[CLASSES[class_of(call)]].append(call)
    return found


def named(kind: ast.expr) -> list[str]:
    if isinstance(kind, ast.IfExp):
        return named(kind.body) + named(kind.orelse)
    if isinstance(kind, ast.JoinedStr):
        shape = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in kind.values)
        return [shape.format(code) for code in SHAPES[shape]]
    return [str(ast.literal_eval(kind))]


def test_every_error_that_a_person_may_see_has_a_kind() -> None:
    without = [
        f"{name}:{call.lineno}"
        for name, call in raised()
        if class_of(call) not in COMMAND_LINE | {"RejectedFile"}
        and not name.startswith(FOR_PROGRAMS)
        and not CLASSES[class_of(call)]
        and keyword(call, "kind") is None
    ]
    assert without == []


KINDS = kinds()
STANDING = KINDS.keys() | kept()


def test_the_reasons_of_a_rejected_file_are_kinds_of_their_own() -> None:
    assert STANDING & REASONS.keys() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_words_for_all_that_can_happen_and_for_nothing_else(language: str) -> None:
    wanted = STANDING | REASONS.keys()
    wanted |= {f"fault.{code}" for code in get_args(FaultCode)} | {f"flag.{code}" for code in flags.TEXTS}
    wanted |= {f"cause.{cause}" for cause in get_args(Cause) if cause}
    assert len(wanted) > 250
    assert {key.removeprefix("error.") for key in STRINGS[language] if key.startswith("error.")} == wanted


def figures(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_the_figures_of_the_words_are_given_at_every_raise(language: str) -> None:
    """What comes out of a dictionary is not sure to be there, but for the words of the data doctor, which all have theirs."""
    for kind, calls in KINDS.items():
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

"""Whatever can go wrong before a person is said in every language: an error has a kind, and each language has its words."""

import ast
from collections import defaultdict
from pathlib import Path
from string import Formatter

import pytest

from chatbot.common import errors
from chatbot.common.errors import BanyanError
from chatbot.common.rejected import REASONS
from chatbot.ui.strings.words import ENGLISH, FOLDER, read
from finetune.data.check import _NOTICES as NOTICES

ROOT = Path(__file__).parents[4]
STRINGS = read(FOLDER)
OTHERS = [language for language in STRINGS if language != ENGLISH]
COMMAND_LINE = {"SettingsError", "UsageError"}  # printed where somebody started a command, before there is a page
FOR_PROGRAMS = "chatbot/api/"  # /v1 speaks English, as the protocol's clients expect
MADE = {f"training_{code}" for code in ("gguf", "off", "remote", "scripted", "space")}  # kinds made from other codes
MADE |= {"child_failed", "stopped_early"}  # said over a pipe, and in a result
MADE |= {f"refused_{code}" for code in ("no_rows", "all_masked", "unmapped", "none_usable") if code in NOTICES}


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
        if class_of(call) in COMMAND_LINE:
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
    return [kind.value] if isinstance(kind, ast.Constant) and isinstance(kind.value, str) else []


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


@pytest.mark.parametrize("language", OTHERS)
def test_every_kind_has_its_words_in_every_language(language: str) -> None:
    wanted = {*kinds(), *MADE} - {""}
    assert len(wanted) > 200
    assert sorted(kind for kind in wanted if f"error.{kind}" not in STRINGS[language]) == []
    assert sorted(code for code in REASONS if f"error.{code}" not in STRINGS[language]) == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_words_are_kept_for_what_cannot_happen(language: str) -> None:
    told = {key.removeprefix("error.") for key in STRINGS[language] if key.startswith("error.")}
    plain = {kind for kind in told if "." not in kind}  # sections below it belong to causes, faults and warnings
    assert sorted(plain - {*kinds(), *MADE, *REASONS}) == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_figures_of_the_words_are_given_at_every_raise(language: str) -> None:
    for kind, calls in kinds().items():
        wanted = {name for _, name, _, _ in Formatter().parse(STRINGS[language][f"error.{kind}"]) if name}
        for call in calls:
            given = {word.arg for word in call.keywords}
            if None not in given:  # else they come in a dictionary
                assert wanted - {"said", "knob"} <= given, f"{kind}, line {call.lineno}"

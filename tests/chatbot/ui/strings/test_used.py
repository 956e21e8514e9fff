"""Every string is used, and every string that is asked for is there. Keys made by f-strings are made here once more, from
what makes them in the code."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import get_args

from chatbot.engine.adapters.purpose import TASKS
from chatbot.tasks.answer import check as answer
from chatbot.tasks.answer.routes.kinds import Kind
from chatbot.tasks.classify.tables.records import Fault
from chatbot.tasks.summarize import check as summarize
from chatbot.tasks.summarize.work import LENGTHS
from chatbot.tasks.translate.check import Code
from chatbot.ui.chat.layout import CARDS
from chatbot.ui.chat.sampling import SAMPLING
from chatbot.ui.chat.sidebar import VOICE
from chatbot.ui.classify import examples as classify_examples
from chatbot.ui.classify import render as classify_render
from chatbot.ui.classify import render_rows
from chatbot.ui.documents.shelf.layout import WITH
from chatbot.ui.extract import examples as extract_examples
from chatbot.ui.extract import render as extract_render
from chatbot.ui.finetune.questions.layout import COLUMNS
from chatbot.ui.help.render import IDEAS
from chatbot.ui.models.cards import State
from chatbot.ui.parts.tasks.reading import SOURCES
from chatbot.ui.strings.words import ENGLISH, FOLDER, read
from chatbot.ui.summarize import examples as summarize_examples
from chatbot.ui.summarize import render as summarize_render
from chatbot.ui.summarize.render_forms import MARKS, POINT
from chatbot.ui.tour.render import STEPS
from chatbot.ui.translate import layout as translate_layout
from finetune.data.findings.notices import NOTICES
from finetune.data.findings.report import Taught
from finetune.jobs.folder import JobState
from finetune.spec.presets import PRESETS
from finetune.spec.spec import KNOBS
from finetune.verdict.metrics import METRICS
from finetune.verdict.verdict import Outcome
from retrieval.store.originals import Step
from retrieval.types import Unit
from tests.chatbot.sources import FILES, ROOT, nodes

UI = ROOT / "chatbot" / "ui"
STRINGS = read(FOLDER)[ENGLISH]
KEYS = [key for key in STRINGS if not key.startswith("language.")]
REFUSED = (
    "no_rows",
    "all_masked",
    "unmapped",
    "none_usable",
    "no_preferences",
    "no_labels",
    "one_sided",
)  # notices that are told as errors


@cache
def page() -> list[ast.AST]:
    """All nodes of the page's source."""
    return [node for path in FILES if path.is_relative_to(UI) and path.parent != FOLDER for node in nodes(path)]


def called(name: str) -> list[ast.Call]:
    return [
        n
        for n in page()
        if isinstance(n, ast.Call) and name in (getattr(n.func, "attr", ""), getattr(n.func, "id", ""))
    ]


def tasks(part: str) -> set[str]:
    """What begins the keys of the strings of a part that the tasks' tabs share."""
    given = (argument for call in called(part) for argument in call.args[:2] if isinstance(argument, ast.Constant))
    return {str(argument.value) for argument in given} - {ENGLISH}


def runs() -> Iterator[tuple[str, str]]:
    for call in called("run_and_stop"):
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        yield ast.literal_eval(call.args[1]), named.get("run", "run")


EXAMPLES: dict[str, Iterable[str]] = {
    "tr": translate_layout.EXAMPLES,
    "sum": summarize_examples.EXAMPLES,
    "sen": classify_examples.EXAMPLES,
    "ext": extract_examples.EXAMPLES,
}
SCORES = [
    *METRICS,
    "loss",
    "perplexity",
    "general_loss",
    "preference_margin",
    "preference_accuracy",
    "liked_margin",
    "bad_loss",
]


@cache
def made() -> dict[str, list[str | tuple[str, str]]]:
    """What the code makes -> what it fills in."""
    found: dict[str, Iterable[str | tuple[str, str]]] = {
        "{}_{}": list(runs()),
        "{}_stop": tasks("run_and_stop"),
        "{}_text": tasks("typed_box") | tasks("build_reading"),
        "{}_text_hint": tasks("typed_box") | tasks("build_reading"),
        "{}_example_{}": [
            (task, name) for task in tasks("example_buttons") | tasks("build_reading") for name in EXAMPLES[task]
        ],
        "{}_from_{}": [(task, name) for task in tasks("build_reading") for name in SOURCES],
        **{f"{{}}_{part}": tasks("build_reading") for part in ("source", "file", "documents")},
        "{}_past": tasks("past"),
        "{}_past_{}": [(task, act) for task in tasks("past") for act in ("open", "remove")],
        "{}_welcome": tasks("welcome"),
        "{}_welcome_more": tasks("welcome"),
        "{}_info": [*SAMPLING, "not_supported", "contradicted", "related"],
        "job_{}": ["replace", "keep_both"],
        "route_{}": {*get_args(Kind)} - {"passages"},
        "note_{}": filter(None, get_args(answer.Note)),
        "doc_{}": ["use_all", "use_none"],
        "col_with_{}": WITH,
        "one_{}": get_args(Unit),
        "unit_{}": get_args(Unit),
        "single_{}": get_args(Unit),
        "step_{}": [*get_args(Step), "waiting"],
        "quoted_{}": {*get_args(answer.Reason)} - {"", "asked"},
        "sum_{}": LENGTHS,
        "sum_form_{}": summarize_render.FORMS,
        "sum_mark_{}": [mark or POINT for mark in MARKS],
        "sum_quoted_{}": filter(None, get_args(summarize.Reason)),
        "ext_rows_{}": extract_render.ROWS,
        "ext_template_{}": [*extract_render.TEMPLATES, extract_render.OWN],
        "ext_fields_{}": extract_render.TEMPLATES,
        "sen_from_{}": classify_render.SOURCES,
        "sen_allow_{}": classify_render.ALLOWED,
        "sen_label_{}": render_rows.OURS,
        "sen_out_{}": get_args(Fault),
        "tr_{}": ["look", "fetch", "both", "resume", "remove"],
        "tr_{}_label": ["look", "fetch", "both", "resume", "remove"],
        "tr_flag_{}": get_args(Code),
        "ft_{}": ["stop", "resume", "retry", "remove", "zip", "gguf", "merge"],
        "ft_notice_{}": NOTICES.keys() - REFUSED,
        "ft_outcome_{}": [outcome.replace(" ", "_") for outcome in get_args(Outcome)],
        "ft_preset_{}": PRESETS,
        "ftq_column_{}": COLUMNS,
        "ft_method_{}": get_args(Taught),
        "ft_score_{}": SCORES,
        "ft_state_{}": get_args(JobState),
        "what_{}": [*SCORES, "held_out", "lora"],
        "adapter_does_{}": TASKS,
        "mo_{}": get_args(State),
        "card_{}": CARDS,
        "help_{}": [idea.name for idea in IDEAS],
        "help_{}_text": [idea.name for idea in IDEAS],
        "help_{}_picture": [idea.name for idea in IDEAS if idea.pictured],
        "tour_{}": [step.name for step in STEPS],
        "voice_{}": VOICE,
        "month_{}": [str(number) for number in range(1, 13)],
        "knob_{}": [knob.name for knob in KNOBS],
        "knob_{}_why": [knob.name for knob in KNOBS],
    }
    return {pattern: [*of] for pattern, of in found.items()}


def used() -> set[str]:
    return {
        pattern.format(*((value,) if isinstance(value, str) else value))
        for pattern, of in made().items()
        for value in of
    }


def patterns() -> set[str]:
    """The f-strings of the page that could make a key, with {} for what is filled in."""
    found = set()
    for node in page():
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            shape = re.compile("".join("(.+)" if part is None else re.escape(str(part)) for part in parts))
            if any(parts) and any(shape.fullmatch(key) for key in KEYS):
                found.add("".join("{}" if part is None else str(part) for part in parts))
    return found


def test_every_string_is_used() -> None:
    constants = {node.value for node in page() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert [key for key in KEYS if key not in constants | used()] == []


def test_every_maker_of_keys_is_known_and_makes_keys_that_are_there() -> None:
    assert patterns() == made().keys()
    assert used() - set(KEYS) == set()


def test_every_string_that_is_asked_for_by_name_is_there() -> None:
    asked = {key for call in called("text") for key in named(call.args[0])}
    assert len(asked) > 100
    assert asked - STRINGS.keys() == set()


def named(key: ast.expr) -> set[str]:
    """The keys that an argument may be, as far as they stand there as they are."""
    if isinstance(key, ast.IfExp):
        return named(key.body) | named(key.orelse)
    return {str(key.value)} if isinstance(key, ast.Constant) else set()

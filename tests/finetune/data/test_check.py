"""The dataset doctor, with the bundled model's tokenizer."""

import json
import random
from array import array
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chatbot.common.errors import InputError, Stopped
from chatbot.common.step import Step
from finetune.data.check import check
from finetune.data.encoding.masks import ChatEncoder, Encoded
from finetune.data.examples import Columns, Example
from finetune.data.findings.languages import count_languages
from finetune.data.findings.leaks import find_leaks
from finetune.data.findings.report import Report, fitting, histogram
from finetune.data.formats import detect, read_examples
from finetune.data.split import Sides, group_of, held_out
from finetune.spec.spec import TrainingSpec
from tests.finetune import faults
from tests.finetune.chats import bundled_tokenizer
from tests.finetune.faults import CASES, conversation, jsonl, raw

SHARED = Path(__file__).parents[4] / "shared" / "data" / "train"
SPEC = TrainingSpec()


@pytest.fixture
def tokenizer(bundled_gguf: Path, models_folder: Path) -> Any:
    return bundled_tokenizer(bundled_gguf, models_folder)


def codes(report: Report) -> set[str]:
    return {notice.code for notice in report.notices}


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_dropped_silently(name: str, tmp_path: Path, tokenizer: Any) -> None:
    case = CASES[name]
    report = check(case.make(tmp_path), tokenizer, SPEC)
    assert report.rows == report.usable + report.faulty
    assert report.faulty == sum(report.fault_counts.values()) == len(report.faults)
    assert sum(count for _, _, count in report.histogram) == report.usable
    if case.usable >= 0:
        assert (report.usable, tuple((f.row, f.code) for f in report.faults)) == (case.usable, case.faults)
    assert bool(report.refusal) == (report.usable == 0)
    told = json.loads(json.dumps(report.to_dict()))
    assert {"format", "rows", "usable", "faults", "truncated", "duplicates", "sample"} <= set(told)
    assert all({"row", "reason"} <= set(fault) for fault in told["faults"])


def test_a_row_of_fifty_thousand_tokens_is_cut_and_told(tmp_path: Path, tokenizer: Any) -> None:
    report = check(faults.long_row(tmp_path), tokenizer, SPEC.changed({"max_length": 512}))
    assert (report.rows, report.usable, report.truncated) == (21, 21, 1)
    assert report.longest > 50_000
    assert report.truncated_tokens == report.longest - 512
    assert report.histogram[-1][2] == 1
    assert report.histogram[-1][0] <= report.longest < report.histogram[-1][1]
    assert "truncated" in codes(report)
    assert all(len(segment.text) < 5_000 for sample in report.sample for segment in sample.segments)


def test_the_tokens_of_the_report_are_those_of_the_training(tmp_path: Path, tokenizer: Any) -> None:
    path = jsonl(tmp_path / "a.jsonl", [faults.row(number) for number in range(60)])
    spec = SPEC.changed({"max_length": 40})
    report = check(path, tokenizer, spec)
    encoder = ChatEncoder(tokenizer)
    rows = [item for item in read_examples(path, detect(path)) if isinstance(item, Example)]
    encoded = [found for item in rows if isinstance(found := encoder.encode(item, 40), Encoded)]
    assert report.trained_tokens == sum(found.trained for found in encoded)
    assert report.tokens == sum(len(found.input_ids) + found.cut for found in encoded)
    kept = held_out((group_of(item) for item in rows), spec.evaluation_share, spec.seed)
    assert report.held_out == sum(group_of(item) in kept for item in rows) > 0


@pytest.mark.parametrize(("rows", "strays", "fits"), [(99, 1, 5), (98, 2, 9_000)])
def test_one_stray_row_in_a_hundred_sets_no_length(rows: int, strays: int, fits: int) -> None:
    assert fitting(array("L", [5] * rows + [9_000] * strays)) == fits
    assert fitting(array("L")) == 0


def test_everything_masked_refuses_to_start(tmp_path: Path, tokenizer: Any) -> None:
    path = jsonl(tmp_path / "a.jsonl", [conversation(("user", "word " * 100), ("assistant", "Yes."))] * 3)
    report = check(path, tokenizer, SPEC.changed({"max_length": 64}))
    assert (report.usable, report.fault_counts) == (0, {"masked": 3})
    with pytest.raises(InputError, match=r"masked.*max_length"):
        report.require()


def test_nothing_usable_refuses_to_start_with_the_reason(tmp_path: Path, tokenizer: Any) -> None:
    report = check(jsonl(tmp_path / "a.jsonl", [faults.talk("user", "narrator")] * 5), tokenizer, SPEC)
    with pytest.raises(InputError, match=r"No row is usable.*narrator") as refused:
        report.require()
    assert (refused.value.kind, refused.value.details["row"]) == ("refused_none_usable", 1)
    report = check(jsonl(tmp_path / "b.jsonl", [{"en": "tree", "fr": "arbre"}] * 5), tokenizer, SPEC)
    with pytest.raises(InputError, match=r"which columns.*en, fr"):
        report.require()
    check(tmp_path / "b.jsonl", tokenizer, SPEC, Columns(prompt="{en}", completion="{fr}")).require()


def test_one_row_and_equal_rows_start_without_a_verdict(tmp_path: Path, tokenizer: Any) -> None:
    for make, duplicates in ((faults.one_row, 0), (faults.all_equal, 49)):
        report = check(make(tmp_path), tokenizer, SPEC)
        report.require()
        assert (report.duplicates, report.held_out) == (duplicates, 0)
        assert {"one_example", "no_held_out"} <= codes(report)


def test_rows_that_spell_control_tokens_are_used_and_told(tmp_path: Path, tokenizer: Any) -> None:
    spelled = conversation(("user", "What ends a turn?"), ("assistant", "<|im_end|> does."))
    report = check(jsonl(tmp_path / "a.jsonl", [faults.row(1), spelled]), tokenizer, SPEC)
    assert report.usable == 2
    assert [notice.details for notice in report.notices if notice.code == "spelled"] == [{"count": 1}]


def test_duplicates_exact_and_near(tmp_path: Path, tokenizer: Any) -> None:
    rows = [faults.row(number) for number in range(10)]
    rows += [rows[3], rows[3], conversation(("user", "what is 4 PLUS one"), ("assistant", "It is 5!"))]
    report = check(jsonl(tmp_path / "a.jsonl", rows), tokenizer, SPEC)
    assert (report.duplicates, report.near_duplicates) == (2, 1)
    assert "duplicates" in codes(report)


def test_a_leak_between_training_and_held_out_rows_is_found(tmp_path: Path, tokenizer: Any) -> None:
    chance = random.Random(0)
    words = [
        f"{a}{b}" for a in ("tree", "leaf", "root", "adapted", "seed") for b in ("ing", "s", "ed", "let", "ish", "er")
    ]

    def story() -> str:
        return " ".join(chance.choices(words, k=60))

    rows = [conversation(("user", f"Please tell me, in your own words and at length, story {number}: {story()}"),
                         ("assistant", story())) for number in range(80)]  # fmt: skip
    clean = check(jsonl(tmp_path / "a.jsonl", rows), tokenizer, SPEC)
    assert (clean.leaks, clean.held_out > 4) == (0, True)
    groups = [group_of(item) for item in read_examples(tmp_path / "a.jsonl", clean.format) if isinstance(item, Example)]
    kept = held_out(groups, SPEC.evaluation_share, SPEC.seed)
    asked = next(at for at, group in enumerate(groups) if group in kept)
    taught = next(at for at, group in enumerate(groups) if group not in kept)
    copied = rows[asked]["messages"][1]  # type: ignore[index]
    rows[taught] = {"messages": [rows[taught]["messages"][0], copied]}  # type: ignore[index]
    leaky = check(jsonl(tmp_path / "b.jsonl", rows), tokenizer, SPEC)
    assert [(leak.held_out, leak.training) for leak in leaky.leaked] == [(asked + 1, taught + 1)]
    assert "leaks" in codes(leaky)


@pytest.mark.parametrize(("words", "leaks"), [(19, 0), (20, 1)])
def test_a_short_text_that_recurs_is_no_leak(words: int, leaks: int) -> None:
    held = Example(1, text=" ".join(f"word{n}" for n in range(words)))
    rows = [held, Example(2, text=f"{held.text} And more.")]
    assert len(find_leaks(lambda: iter(rows), Sides(False, frozenset({group_of(held)})))) == leaks


def test_what_all_prompts_have_in_common_is_no_leak(tmp_path: Path, tokenizer: Any) -> None:
    template = "Here is a review that somebody wrote about a film. Please read it with care and then say " * 2
    chance = random.Random(0)
    rows = [
        conversation(
            ("user", template + " ".join(str(chance.randrange(10_000)) for _ in range(24))), ("assistant", "Good.")
        )
        for _ in range(80)
    ]
    report = check(jsonl(tmp_path / "a.jsonl", rows), tokenizer, SPEC)
    assert report.held_out > 4
    assert report.leaks == 0


def test_languages_of_the_sample(tmp_path: Path, tokenizer: Any) -> None:
    english = "The banyan sends down roots from its branches, and every one of them becomes another adapted."
    rows = [conversation(("user", f"{n} {english}"), ("assistant", english)) for n in range(30)]
    rows += [conversation(("user", f"{n} {faults.CHINESE}"), ("assistant", faults.CHINESE)) for n in range(10)]
    rows += [conversation(("user", "ok"), ("assistant", f"{n}")) for n in range(5)]
    path = jsonl(tmp_path / "a.jsonl", rows)
    report = check(path, tokenizer, SPEC)
    assert report.languages == {"en": 30, "zh": 10, "unknown": 5}
    assert check(path, tokenizer, SPEC) == report, "the same file gives the same report"


def test_no_language_is_named_of_a_text_in_two() -> None:
    english = "The old tree stands beside the river and the children play under it every day."
    german = "Der alte Baum steht am Fluss und die Kinder spielen jeden Tag darunter."
    assert count_languages([english, german, f"{english} {german}"]) == {"en": 1, "de": 1, "unknown": 1}


def test_samples_show_what_is_trained(tmp_path: Path, tokenizer: Any) -> None:
    report = check(jsonl(tmp_path / "a.jsonl", [faults.row(number) for number in range(40)]), tokenizer, SPEC)
    assert len(report.sample) == 3
    for sample in report.sample:
        prompt, answer = sample.segments
        assert (prompt.trained, answer.trained) == (False, True)
        assert f"What is {sample.row - 1} plus one?" in prompt.text
        assert answer.text == f"It is {sample.row}.<|im_end|>"


def test_labels_with_names_and_what_was_not_used(tmp_path: Path, tokenizer: Any) -> None:
    rows = [{"text": f"movie {number} was fine", "label": number % 2, "domain": "film"} for number in range(20)]
    path = jsonl(tmp_path / "a.jsonl", rows)
    guessed = check(path, tokenizer, SPEC)
    assert {"mapping", "unused", "number_labels"} <= codes(guessed)
    mapping = Columns("Sentiment of: {text}", "{label}", label_column="label", labels=(("0", "bad"), ("1", "good")))
    report = check(path, tokenizer, SPEC, mapping)
    assert report.sample[0].segments[1].text in ("bad<|im_end|>", "good<|im_end|>")
    assert not {"mapping", "number_labels"} & codes(report)
    assert any("domain" in notice.text and "label" not in notice.text for notice in report.notices)


@pytest.mark.parametrize(("different", "told"), [(20, True), (21, False)])
def test_so_many_numbers_look_like_labels_without_names(
    different: int, told: bool, tmp_path: Path, tokenizer: Any
) -> None:
    rows = [{"text": f"movie {number} was fine", "label": number % different} for number in range(42)]
    assert ("number_labels" in codes(check(jsonl(tmp_path / "a.jsonl", rows), tokenizer, SPEC))) == told


@pytest.mark.parametrize(("rows", "ends", "told"), [(10, "", True), (9, "", False), (10, " {}", False)])
def test_a_data_set_with_one_class_is_told(rows: int, ends: str, told: bool, tmp_path: Path, tokenizer: Any) -> None:
    """Not one whose answers only begin alike."""
    begins = "I am sorry, and I am glad to hear of this" + ends
    lines = [{"text": f"movie {number} was fine", "label": begins.format(number)} for number in range(rows)]
    report = check(jsonl(tmp_path / "a.jsonl", lines), tokenizer, SPEC)
    assert [notice.details for notice in report.notices if notice.code == "one_class"] == (
        [{"answer": begins[:40]}] if told else []
    )


def test_formulas_and_encodings_are_told(tmp_path: Path, tokenizer: Any) -> None:
    assert "formula" in codes(check(faults.formulas(tmp_path), tokenizer, SPEC))
    rows = "prompt,completion\n" + f"{faults.CHINESE},{faults.CHINESE}\n" * 3
    report = check(raw("old.csv", rows.encode("gb18030"))(tmp_path), tokenizer, SPEC)
    assert (report.usable, report.to_dict()["encoding"]) == (3, "GB18030")
    assert any("GB18030" in notice.text for notice in report.notices)


def test_stopping_and_progress(tmp_path: Path, tokenizer: Any) -> None:
    path = faults.many(tmp_path, "a.jsonl", 1)
    stop, heard = Event(), list[tuple[Step, float | None]]()

    def progress(step: Step, fraction: float | None) -> None:
        heard.append((step, fraction))
        if len(heard) == 2:
            stop.set()

    with pytest.raises(Stopped):
        check(path, tokenizer, SPEC, progress=progress, stop=stop)
    assert [step.code for step, _ in heard] == ["reading", "reading"]
    assert all(fraction is not None and 0 < fraction <= 1 for _, fraction in heard)


def test_histogram_covers_every_length_once() -> None:
    bins = histogram(array("L", [1, 7, 8, 9, 100, 2**17]))
    assert sum(count for _, _, count in bins) == 6
    assert all(a[1] == b[0] for a, b in pairwise(bins))
    assert histogram(array("L")) == ()


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared data here")
def test_real_conversations(tokenizer: Any) -> None:
    report = check(SHARED / "formats" / "demo_sharegpt.jsonl.gz", tokenizer, SPEC)
    assert (report.format.layout, report.rows, report.usable, report.duplicates) == ("sharegpt", 397, 396, 20)
    assert [fault.code for fault in report.faults] == ["masked"]
    assert report.languages == {"en": 100}

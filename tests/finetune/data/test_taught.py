"""A better and a worse answer as a preference is trained: one prompt, two answers, and what cannot be one."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.common.errors import InputError
from finetune.data.check import check
from finetune.data.encoding.masks import IGNORED, ChatEncoder
from finetune.data.encoding.taught import Taught, taught
from finetune.data.examples import Example, Fault, Turn
from finetune.data.findings.report import Report
from finetune.spec.presets import preset
from finetune.spec.spec import LEARNS, Method, TrainingSpec
from tests.finetune.chats import tokenizer_like
from tests.finetune.faults import jsonl
from tests.tiny import make_tokenizer

PAIR = Example(
    3,
    (
        Turn("user", "Is it a tree?"),
        Turn("assistant", "It is."),
        Turn("user", "How many trunks?"),
        Turn("assistant", "Very many."),
    ),
    rejected=Turn("assistant", "Go away."),
)


@pytest.mark.parametrize("name", ["smollm", "llama3", "mistral", "gemma", "plain"])
def test_both_answers_stand_behind_one_prompt_and_nothing_else_is_labelled(
    name: str, bundled_gguf: Path, models_folder: Path
) -> None:
    tokenizer = tokenizer_like(name, bundled_gguf, models_folder)
    encoder = ChatEncoder(tokenizer)
    found = taught(encoder, PAIR, "dpo")
    assert isinstance(found, Taught)
    assert found.rejected
    asked = encoder.question(PAIR)
    for side, answer in zip(found.sides, ("Very many.", "Go away."), strict=True):
        assert side.input_ids[: len(asked)] == asked, "as serving has it"
        assert side.labels == [IGNORED] * len(asked) + side.input_ids[len(asked) :]
        said = tokenizer.decode(side.input_ids[len(asked) :], skip_special_tokens=True)
        assert said.strip() == answer


def test_by_answers_the_better_one_is_learnt_with_those_before_it() -> None:
    encoder = ChatEncoder(make_tokenizer())
    found = taught(encoder, PAIR, "sft")
    assert found == Taught(encoder.encode(replace(PAIR, rejected=None)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("example", "length", "code"),
    [
        (replace(PAIR, rejected=None), None, "no_preference"),
        (Example(3, text="Banyans have trunks."), None, "no_preference"),
        (replace(PAIR, rejected=Turn("assistant", "Very many. Really")), 56, "same_answers"),
        (PAIR, 38, "masked"),
    ],
)
def test_what_teaches_no_preference_is_refused_by_row_and_reason(
    example: Example, length: int | None, code: str
) -> None:
    encoder = ChatEncoder(make_tokenizer())
    found = taught(encoder, example, "dpo", length)
    assert isinstance(found, Fault), len(encoder.question(PAIR))
    assert (found.row, found.code) == (3, code)


def test_the_data_choose_how_they_teach(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    kinds = {
        "dpo": '{"prompt": "How many trunks have %d?", "chosen": "Many more.", "rejected": "No."}\n',
        "sft": '{"prompt": "How many trunks have %d?", "completion": "Many more."}\n',
        "text": '{"text": "A banyan is one tree with %d trunks."}\n',
    }
    for method, row in kinds.items():
        path = tmp_path / f"{method}.jsonl"
        path.write_text("".join(row % number for number in range(8)), "utf-8")
        report = check(path, tokenizer, TrainingSpec())
        assert (report.method, report.usable, report.faulty) == (method, 8, 0)
        told = [notice.code for notice in report.notices]
        assert ("preferences" in told, "texts" in told) == (method == "dpo", method == "text")
    pairs = tmp_path / "dpo.jsonl"
    assert check(pairs, tokenizer, TrainingSpec(method="orpo")).method == "dpo", "pairs all the same"
    only = check(pairs, tokenizer, TrainingSpec(method="sft"))
    assert (only.method, "better_only" in [notice.code for notice in only.notices]) == ("sft", True)
    both = check(pairs, tokenizer, TrainingSpec())
    assert both.tokens > 1.5 * only.tokens > 0, "of both answers"
    assert both.sample[0].rejected[0].text.startswith("No.")
    refused = check(tmp_path / "sft.jsonl", tokenizer, TrainingSpec(method="dpo"))
    assert refused.refusal
    assert refused.refusal.code == "no_preferences"


def test_a_preset_for_pairs_takes_smaller_steps_and_no_packing() -> None:
    plain, pairs = preset("balanced", 200, 20_000), preset("balanced", 200, 20_000, method="dpo")
    assert (plain.method, pairs.method) == ("sft", "dpo")
    assert pairs.learning_rate < plain.learning_rate
    with pytest.raises(InputError) as refused:
        pairs.changed({"packing": True})
    assert refused.value.kind == "knob_packed_pairs"


LABELLED: dict[str, list[object]] = {
    "label": [True, False],
    "kto_tag": ["true", "false"],
    "标签": [1, 0],
    "Label": ["1.0", "0.0"],
    "thumbs_up": ["👍", "👎"],
    "feedback": ["good", "bad"],
}


@pytest.mark.parametrize("name", LABELLED)
def test_answers_that_are_called_good_or_bad_teach_by_that(name: str, tmp_path: Path) -> None:
    good, bad = LABELLED[name]
    rows = [{"prompt": f"How many trunks have {n}?", "completion": "Many." if n % 3 else "No.", name: good if n % 3 else bad}
            for n in range(12)]  # fmt: skip
    path = jsonl(tmp_path / "a.jsonl", rows)
    report = check(path, make_tokenizer(), TrainingSpec())
    assert (report.method, report.usable, report.faulty) == ("kto", 12, 0)
    told = {notice.code: notice.details for notice in report.notices}
    assert told["good_and_bad"] == {"good": 8, "bad": 4}
    assert "unused" not in told
    bad_ones = [sample for sample in report.sample if sample.rejected]
    assert all(sample.rejected[0].text.startswith("No.") for sample in bad_ones)
    alone = check(path, make_tokenizer(), TrainingSpec(method="sft"))
    assert (alone.method, alone.usable, alone.fault_counts) == ("sft", 8, {"bad_answer": 4})


def test_a_table_of_right_and_wrong_answers_does_not_teach_the_wrong_ones(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("question,answer,label\n" + "".join(f"Tree {n}?,Yes {n}.,{n % 2}\n" for n in range(12)), "utf-8")
    report = check(table, make_tokenizer(), TrainingSpec())
    assert (report.method, report.usable) == ("kto", 12)
    reviews = tmp_path / "b.csv"
    reviews.write_text("text,label\n" + "".join(f"A film {n}.,{n % 2}\n" for n in range(12)), "utf-8")
    assert check(reviews, make_tokenizer(), TrainingSpec()).method == "sft", "here the label is what is taught"


def test_labels_that_are_of_one_kind_or_say_something_else(tmp_path: Path) -> None:
    def found(labels: list[object], method: Method = "auto") -> Report:
        rows = [{"prompt": f"Tree {n}?", "completion": "Yes.", "label": one} for n, one in enumerate(labels * 4)]
        return check(jsonl(tmp_path / "a.jsonl", rows), make_tokenizer(), TrainingSpec(method=method))

    assert (found([True, True]).method, found([True, True]).usable) == ("sft", 8)
    only_bad = found([False, False])
    assert (only_bad.usable, only_bad.fault_counts) == (0, {"bad_answer": 8})
    assert found([0, 1, 2]).fault_counts == {}, "classes, and no thumbs"
    one_sided = found([True, True], "kto")
    assert one_sided.refusal
    assert one_sided.refusal.code == "one_sided"
    some = found([True, False, None], "kto")
    assert (some.usable, some.fault_counts) == (8, {"no_label": 4})
    none = check(
        jsonl(tmp_path / "b.jsonl", [{"prompt": "x", "completion": "y"}] * 4),
        make_tokenizer(),
        TrainingSpec(method="kto"),
    )
    assert none.refusal
    assert none.refusal.code == "no_labels"


def test_a_job_keeps_what_a_row_says_of_its_answer() -> None:
    row = replace(PAIR, rejected=None, liked=False)
    assert Example.from_dict(3, row.to_dict()) == row
    assert Example.from_dict(3, PAIR.to_dict()).liked is None


def test_of_a_conversation_all_answers_the_last_one_or_everything_is_learnt() -> None:
    encoder = ChatEncoder(make_tokenizer())
    plain = replace(PAIR, rejected=None)
    answers, last, everything = (taught(encoder, plain, "sft", None, learns) for learns in LEARNS)
    assert isinstance(answers, Taught)
    assert isinstance(last, Taught)
    assert isinstance(everything, Taught)
    assert everything.encoded.labels == everything.encoded.input_ids
    first = len(encoder.question(plain))
    assert last.encoded.labels == [IGNORED] * first + answers.encoded.labels[first:]
    assert last.encoded.trained < answers.encoded.trained < everything.encoded.trained
    cut = taught(encoder, plain, "sft", first, "last")
    assert isinstance(cut, Fault)
    assert cut.code == "masked"

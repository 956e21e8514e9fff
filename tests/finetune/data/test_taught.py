"""A better and a worse answer as a preference is trained: one prompt, two answers, and what cannot be one."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.common.errors import InputError
from finetune.data.check import check
from finetune.data.encoding.masks import IGNORED, ChatEncoder
from finetune.data.encoding.taught import Taught, taught
from finetune.data.examples import Example, Fault, Turn
from finetune.spec.presets import preset
from finetune.spec.spec import TrainingSpec
from tests.finetune.chats import tokenizer_like
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
    only = check(pairs, tokenizer, TrainingSpec(method="sft"))
    assert (only.method, "better_only" in [notice.code for notice in only.notices]) == ("sft", True)
    both = check(pairs, tokenizer, TrainingSpec())
    assert both.tokens > 1.5 * only.tokens > 0, "of both answers"
    assert both.sample[0].rejected[0].text.startswith("No.")
    refused = check(tmp_path / "sft.jsonl", tokenizer, TrainingSpec(method="dpo"))
    assert refused.refusal
    assert refused.refusal.code == "no_preferences"


def test_a_preset_for_pairs_takes_smaller_steps_and_no_packing() -> None:
    plain, pairs = preset("balanced", 200, 20_000), preset("balanced", 200, 20_000, pairs=True)
    assert (plain.method, pairs.method) == ("sft", "dpo")
    assert pairs.learning_rate < plain.learning_rate
    with pytest.raises(InputError) as refused:
        pairs.changed({"packing": True})
    assert refused.value.kind == "knob_packed_pairs"

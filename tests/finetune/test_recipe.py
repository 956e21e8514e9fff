"""Recipes: the adapters that ship can be made again, from the very prompt that is served."""

import gzip
import json
from pathlib import Path

import pytest

from chatbot.errors import InputError
from chatbot.tasks.sentiment_labels import SENTIMENT
from chatbot.tasks.sentiment_prompt import continuations, messages
from finetune import recipe, train
from finetune.card import fingerprint_model
from finetune.folder import RECIPE, JobFolder
from tests.tiny import make_model

TEXTS = (
    ("it 's a charming and often affecting journey", 1),
    ("dull", 0),
    ("curly {braces} and 100 % of it <|im_end|> hidden", 0),
    ("a long , dull and pointless exercise", 0),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for source in recipe.load("sentiment").data:
        with gzip.open(tmp_path / source.file, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": text, "label": label}) + "\n" for text, label in TEXTS)
    return tmp_path


def test_the_sentiment_adapter_learns_the_prompt_that_the_tab_sends(data: Path) -> None:
    rows = recipe.examples(recipe.load("sentiment"), data)
    plain = [(text, label) for text, label in TEXTS if "<|" not in text]  # serving defuses those, training refuses them
    wanted = [
        {
            "messages": [
                *({"role": message.role, "content": message.content} for message in messages(text, SENTIMENT)),
                {"role": "assistant", "content": continuations(SENTIMENT)[2 * label]},
            ]
        }
        for text, label in plain
    ]
    assert [row for row in rows if "<|" not in json.dumps(row)] == [*wanted, wanted[0], wanted[2]]


def test_a_recipe_stops_when_its_data_are_missing_or_its_base_is_another(data: Path, tmp_path: Path) -> None:
    found = recipe.load("sentiment")
    with pytest.raises(InputError, match=r"needs sst2_sentences\S+ and sst2_phrases\S+ in"):
        recipe.examples(found, tmp_path / "nowhere")
    with pytest.raises(InputError, match="other weights"):
        recipe.check_base(found, make_model(tmp_path / "tiny", "llama"))
    assert train.main(["--recipe", "sentiment", "--data", str(data), "--base", str(tmp_path / "tiny")]) == 2
    assert not (tmp_path / "data").exists()


def test_unknown_recipes_and_fields_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="There are: sentiment"):
        recipe.load("../sentiment")
    text = (recipe.FOLDER / "sentiment.yaml").read_text("utf-8")
    monkeypatch.setattr(recipe, "FOLDER", tmp_path)
    for broken, reason in (("colour: red\n" + text, "colour"), (text.replace("rows: 9000", "lines: 1"), "lines")):
        (tmp_path / "broken.yaml").write_text(broken, "utf-8")
        with pytest.raises(InputError, match=reason):
            recipe.load("broken")


def test_a_recipe_makes_an_adapter_and_its_card_names_the_sources(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(tmp_path / "tiny", "llama")
    text = (recipe.FOLDER / "sentiment.yaml").read_text("utf-8")
    own = recipe.load("sentiment").base_fingerprint
    monkeypatch.setattr(recipe, "FOLDER", tmp_path / "recipes")
    (tmp_path / "recipes").mkdir()
    mine = text.replace(own, fingerprint_model(model))
    (tmp_path / "recipes" / "sentiment.yaml").write_text(mine, "utf-8")
    command = ["--recipe", "sentiment", "--data", str(data), "--base", str(model), "--folder", str(tmp_path / "out")]
    changes = {"steps": 3, "rank": 2, "eval_steps": 3, "batch_size": 2, "learning_rate": 0.01}
    assert train.main([*command, *(part for name, n in changes.items() for part in ("--set", f"{name}={n}"))]) == 0
    (job,) = (tmp_path / "out" / "jobs").iterdir()
    assert (JobFolder(job).path / RECIPE).read_text("utf-8") == mine
    result = JobFolder(job).result()
    assert result
    assert result.adapter == f"sentiment-{job.name[:8]}"  # the plain name is the shipped one's
    card = (tmp_path / "out" / "adapters" / result.adapter / "README.md").read_text("utf-8")
    for source in recipe.load("sentiment").data:
        assert f"{source.source} (licence: {source.licence})" in card
    assert "never shown a neutral text" in card
    assert "python -m finetune.train --recipe sentiment" in card


def test_what_stands_in_the_tenth_for_calibration_is_not_learnt(data: Path) -> None:
    kept = next(
        text
        for n in range(100)
        if recipe.is_aside(text := f"the plot number {n} is a long , dull and pointless exercise")
    )
    found = recipe.load("sentiment")
    with gzip.open(data / found.aside, "at", encoding="utf-8") as file:
        file.write(json.dumps({"text": kept, "label": 0}) + "\n")
    learnt = {row["messages"][1]["content"] for row in recipe.examples(found, data)}
    assert kept not in learnt
    assert "a long , dull and pointless exercise" not in learnt
    assert "it 's a charming and often affecting journey" in learnt

"""Recipes: the adapters that ship can be made again, from the very prompt that is served."""

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.common.errors import InputError
from chatbot.common.fingerprint import fingerprint_model
from chatbot.engine.adapters import folders as adapters
from chatbot.tasks.answer import prompt as answer_prompt
from chatbot.tasks.classify.labels import SENTIMENT
from chatbot.tasks.classify.prompt import continuations, messages
from chatbot.tasks.summarize import prompt as summarize_prompt
from chatbot.types import Message
from finetune.data.examples import Columns, Example, Turn
from finetune.jobs.folder import RECIPE, JobFolder
from finetune.recipes import excerpted, extracts, recipe
from finetune.train import command as train
from retrieval.types import Hit, Passage
from tests.tiny import make_model

TEXTS = (
    ("it 's a charming and often affecting journey", 1),
    ("dull", 0),
    ("curly {braces} and 100 % of it <|im_end|> hidden", 0),
    ("a long , dull and pointless exercise", 0),
)
RIVERS = (
    ("Ems", 371, "Emden"),
    ("Elbe", 1094, "Cuxhaven"),
    ("Oder", 866, "Stettin"),
    ("Main", 525, "Mainz"),
    ("Inn", 518, "Passau"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for source in recipe.load("sentiment_small").data:
        with gzip.open(tmp_path / source.file, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": text, "label": label}) + "\n" for text, label in TEXTS)
    return tmp_path


def test_the_small_sentiment_adapter_learns_the_prompt_that_the_tab_sends(data: Path) -> None:
    rows = recipe.examples(recipe.load("sentiment_small"), data)
    plain = [(text, label) for text, label in TEXTS if "<|" not in text]  # the tab defuses those
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


def two_languages(folder: Path) -> None:
    """The files of the recipes `sentiment_first` and `sentiment`, each with some texts."""
    reviews = [{"text": f"{n} 号房间很干净，早餐也好吃", "label": 1, "domain": "hotel"} for n in range(60)]
    kept = [{"text": f"第 {n} 章很无聊", "label": 0, "domain": "shop:book"} for n in range(9)]
    write(folder / "zh_sentiment.train.jsonl.gz", [*reviews, *kept, {**reviews[0], **kept[0], "domain": "takeaway"}])
    for file in ("sst2_sentences", "sst2_phrases"):
        write(folder / f"{file}.train.jsonl.gz", [{"text": text, "label": label} for text, label in TEXTS])
    paragraph = {"context": "The worst flood fell on Bern. " + " ".join(FACTS[:1]) + " It was awful."}
    write(folder / "squad_v11_rest.paragraphs.train.jsonl.gz", [paragraph])
    write(folder / "zh_qa_drcd_cmrctrial.train.jsonl.gz", [{"context": FACTS[1] + "短。"}] * 2)
    pairs = [
        {"en": "The train leaves at half past nine.", "zh": "火车九点半开。"},
        {"en": "I hate this train.", "zh": "我讨厌。"},
    ]
    for file in ("wmt17-20_flores", "tatoeba"):
        write(folder / f"mt_en_zh.{file}.train.jsonl.gz", pairs)


FACTS = ("The river flows through five cantons and one lake.", "这条河流经五个省和一个湖泊。")


@pytest.mark.parametrize("name", ["sentiment_first", "sentiment"])
def test_the_sentiment_adapter_learns_two_languages_and_what_is_neutral(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    two_languages(tmp_path)
    found = recipe.load(name)
    data = tuple(replace(source, skip=0) for source in found.data)  # a few rows stand for thousands
    rows = recipe.examples(replace(found, data=data), tmp_path)
    asked = {row["messages"][1]["content"]: row["messages"] for row in rows}
    for text, said in asked.items():
        plain = [as_sent(messages(text, SENTIMENT)), {"role": "assistant", "content": said[2]["content"]}]
        assert "<|" in text or said == [*plain[0], plain[1]]
    told = {text: said[2]["content"] for text, said in asked.items()}
    assert {text for text, label in told.items() if label == "neutral"} == {
        *FACTS,
        "The train leaves at half past nine.",
        "火车九点半开。",
    }
    assert told[TEXTS[0][0]] == "positive"
    assert not [
        text for text in told if "无聊" in text
    ]  # whole domains are for measuring, and so is what stands in them
    left = recipe.left_out(found, tmp_path, "zh_sentiment.train.jsonl.gz")
    assert [row.prompt[-1].content for row in left] == [f"第 {n} 章很无聊" for n in range(9)]
    aside = {row.prompt[-1].content for row in recipe.kept_aside(found, tmp_path, "zh_sentiment.train.jsonl.gz")}
    assert aside
    assert not aside & set(told)
    assert not [text for text in aside if "无聊" in text]


def test_the_second_sentiment_recipe_takes_other_texts_than_the_first() -> None:
    first, further = recipe.load("sentiment_first"), recipe.load("sentiment")
    assert further.start == first.name
    assert further.aside == first.aside
    for before, after in zip(first.data[1:], further.data[1:], strict=True):
        assert replace(before, skip=0, rows=0) == replace(after, skip=0, rows=0)
        assert after.skip >= before.skip + before.rows


def as_sent(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def write(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def test_the_summary_adapter_learns_the_prompt_that_the_tab_sends(tmp_path: Path) -> None:
    found = recipe.load("summarize_small")
    told = "Patient: My knee hurts.\nDoctor: Since when?\nPatient: Since I fell, three days ago."
    short, long = "Knee pain for three days after a fall.", " ".join(["pain"] * 58)
    write(tmp_path / found.data[0].file, [{"document": told, "summary": short}])
    write(tmp_path / found.data[1].file, [{"dialogue": told, "summary": long}])
    rows = [row["messages"] for row in recipe.examples(found, tmp_path)]
    assert [row[:2] for row in rows] == [as_sent(summarize_prompt.messages(told, words)) for words in (8, 58)]
    assert [row[2]["content"] for row in rows] == [short, long]


def test_the_summary_adapter_of_two_languages_learns_their_prompts_and_to_keep_to_the_text(tmp_path: Path) -> None:
    found = recipe.load("summarize")
    for source in found.data:
        write(tmp_path / source.file, [])
    write(tmp_path / found.data[0].file, [{"document": "Trees grow.", "summary": "They grow."}])
    english = "Oaks are trees. Oaks and beeches grow in the woods of the north. Some oaks grow old. Foxes sleep."
    chinese = "橡树是树。橡树和山毛榉长在北方的树林里。有的橡树长得很老。狐狸在那里睡觉。"
    write(tmp_path / found.data[2].file, [{"context": english, "qas": []}] * 3)
    write(tmp_path / found.data[3].file, [{"context": chinese, "question": "?", "answers": []}] * 3)
    write(tmp_path / found.data[4].file, [{"abstract": chinese, "title": "论橡树"}])
    rows = [row["messages"] for row in recipe.examples(found, tmp_path)]
    sent = [("Trees grow.", 2), (english, 5), (chinese, 5)]
    assert [row[:2] for row in rows[:3]] == [as_sent(summarize_prompt.messages(*one)) for one in sent]
    assert [row[2]["content"] for row in rows] == [
        "They grow.",
        "Some oaks grow old. Foxes sleep.",
        "橡树是树。有的橡树长得很老。",
        "论橡树",
    ]
    assert "标题" in rows[3][1]["content"]


def test_an_extract_is_made_of_sentences_that_share_most_with_the_text_and_at_most_a_third_of_it() -> None:
    text = " ".join(
        ["Oaks grow in northern woods.", "A fox sleeps there.", "Oaks in woods grow acorns.", "It rains.", "Owls call."]
    )
    (kept,) = extracts.extracted([{"context": text}, {"context": text}])
    assert kept["summary"] == "Oaks grow in northern woods."
    assert 3 * len(kept["summary"].split()) <= len(text.split())
    assert (kept["words"], kept["characters"]) == ("5", "10")
    assert list(extracts.extracted([{"context": "One. Two. Three."}])) == [], "nothing to leave out"
    led = "Oaks grow under bright skies. Oaks in gardens grow. Rain fell hard today. Owls call each night."
    (kept,) = extracts.extracted([{"context": led}])
    assert kept["summary"] == "Oaks grow under bright skies.", "the first, though another shares a little more"


def test_a_tenth_of_the_texts_is_kept_to_measure_summaries_on(tmp_path: Path) -> None:
    found = recipe.load("summarize_small")
    for source, column in zip(found.data, ("document", "dialogue"), strict=True):
        write(tmp_path / source.file, [{column: f"Text {n} of many.", "summary": "Many texts."} for n in range(99)])
    learnt = {row["messages"][1]["content"] for row in recipe.examples(found, tmp_path)}
    kept = {row.prompt[-1].content for file in found.aside for row in recipe.kept_aside(found, tmp_path, file)}
    assert not learnt & kept
    assert len(learnt | kept) == 99
    assert 2 < len(kept) < 25


def test_the_answer_adapter_learns_the_prompt_of_document_answers(tmp_path: Path) -> None:
    found = recipe.load("answer_small_first")
    further = recipe.load("answer_small")
    assert further.start == found.name
    assert [source.columns for source in further.data] == [found.data[0].columns]
    texts = [f"The river {name} is {length} km long and ends at {place}." for name, length, place in RIVERS]
    paragraphs = [
        {"title": "Rivers", "context": text, "qas": [[f"How long is the {name}?", f"{length} km", 0]]}
        for text, (name, length, _) in zip(texts, RIVERS, strict=True)
    ]
    single = {"title": "Lone", "context": "A text.", "question": "What?", "answers": ["A text"], "answerable": True}
    write(tmp_path / found.data[0].file, paragraphs)
    write(tmp_path / found.data[1].file, [single, {**single, "question": "Who?", "answerable": False}])
    rows = [row["messages"] for row in recipe.examples(found, tmp_path)]
    for row in rows:
        shown = re.findall(r"^\[\d\] (.+)$", row[1]["content"], re.MULTILINE)
        question = re.findall(r"^Question: (.+)$", row[1]["content"], re.MULTILINE)[0]
        hits = [Hit(Passage(page=1, start=0, end=len(text), text=text), score=1.0) for text in shown]
        assert row[:2] == as_sent(answer_prompt.messages(question, hits))
        held = row[2]["content"] != excerpted.NOT_FOUND
        assert held == (row[2]["content"].casefold() in " ".join(shown).casefold())
    answers = [row[2]["content"] for row in rows]
    found_there = [answer for answer in answers if answer != excerpted.NOT_FOUND]
    assert sorted(found_there) == sorted([f"{length} km" for _, length, _ in RIVERS] + ["A text"])
    assert 0 < len(answers) - len(found_there) < len(RIVERS)  # some are asked what is not there


def test_the_answer_adapter_learns_the_prompt_of_excerpts_in_two_languages(tmp_path: Path) -> None:
    found = recipe.load("answer_first")
    rivers = [{"title": "Rivers", "context": text, "qas": qas} for text, qas in zip(*told_of_rivers(), strict=True)]
    write(tmp_path / found.data[0].file, rivers)
    chinese = [
        {
            "context": f"{name}是德国的一条河。它全长{length}公里，流入北海。",
            "question": f"{name}全长多少公里？",
            "answers": [f"{length}公里"],
        }
        for name, length in (("埃姆斯河", 371), ("易北河", 1094), ("奥得河", 866), ("美因河", 525), ("因河", 518))
    ]
    write(tmp_path / found.data[1].file, chinese)
    rows = [row["messages"] for row in recipe.examples(found, tmp_path)]
    answers = []
    for system, asked, answered in rows:
        shown = re.findall(r"^\[\d\] (.+)$", asked["content"], re.MULTILINE)
        question = re.findall(r"^(?:Question: |问题：)(.+)$", asked["content"], re.MULTILINE)[0]
        hits = [Hit(Passage(page=1, start=0, end=len(text), text=text), score=1.0) for text in shown]
        assert [system, asked] == as_sent(answer_prompt.messages(question, hits))
        assert (answered["content"] in " ".join(shown)) == (answered["content"] != answer_prompt.NOT_FOUND)
        answers.append(answered["content"])
    right = {f"{length} km" for _, length, _ in RIVERS} | {f"{length}公里" for _, length, _ in RIVERS}
    assert {*answers} <= {*right, answer_prompt.NOT_FOUND}
    found_there = [answer for answer in answers if answer in right]
    assert len(found_there) == len({*found_there})  # each is asked once
    assert {answer[-2:] for answer in found_there} == {"km", "公里"}


def told_of_rivers() -> tuple[list[str], list[list[list[Any]]]]:
    """Paragraphs about rivers, and to each one question with its answer."""
    texts = [f"The {name} is a river. It is {length} km long and ends at {place}." for name, length, place in RIVERS]
    return texts, [[[f"How long is the {name}?", f"{length} km", 0]] for name, length, _ in RIVERS]


def test_of_what_was_taken_out_of_the_search_the_adapter_learns_to_say_so() -> None:
    texts, asked = told_of_rivers()
    rivers = [
        {"title": "Rivers", "context": text, "qas": [[f"{question} ({n})", answer, 0]]}
        for n in range(9)
        for text, ((question, answer, _),) in zip(texts, asked, strict=True)
    ]
    rows = list(excerpted.excerpted(rivers))
    missing = [row for row in rows if row["answer"] == excerpted.NOT_FOUND]
    assert 0 < len(missing) < len(rows) / 4
    for row in missing:
        name = row["question"].split()[-2].strip("?")
        assert f"The {name} is" not in row["passages"]


def test_of_the_questions_a_third_is_taken_and_of_these_a_ninth_has_no_answer() -> None:
    texts = [f"River {n} is {100 + n} km long. It ends at the sea of {n}." for n in range(12)]
    rivers = [
        {"context": texts[n % 12], "question": f"How long is river {n % 12}? ({n})", "answers": [f"{100 + n % 12} km"]}
        for n in range(1200)
    ]
    rows = list(excerpted.excerpted(rivers))
    assert len(rows) / len(rivers) == pytest.approx(1 / 3, abs=0.04)
    assert sum(row["answer"] == excerpted.NOT_FOUND for row in rows) / len(rows) == pytest.approx(1 / 9, abs=0.04)


def test_what_goes_on_from_answer_takes_other_questions() -> None:
    first, further = recipe.load("answer_first"), recipe.load("answer")
    assert further.start == first.name
    for before, after in zip(first.data, further.data, strict=True):
        assert replace(before, skip=0, rows=0) == replace(after, skip=0, rows=0)
        assert after.skip >= before.skip + before.rows


def test_a_second_recipe_takes_the_rows_that_the_first_left(tmp_path: Path) -> None:
    first, further = recipe.load("answer_small_first").data[0], recipe.load("answer_small").data[0]
    assert (first.file, first.prepare, first.group) == (further.file, further.prepare, further.group)
    assert further.skip == first.rows
    found = [
        recipe._Read(Example(n, (Turn("user", f"{n}?"), Turn("assistant", "Yes."))), f"passage {n // 2}")
        for n in range(20)
    ]
    plain = replace(first, columns=Columns("{q}", "{a}"))
    taken = [
        {row.example.row for row in recipe._chosen(replace(plain, skip=skip, rows=rows), found)}
        for skip, rows in ((0, 7), (7, 5), (12, 0))
    ]
    assert [len(rows) for rows in taken] == [7, 5, 8]
    assert len(set.union(*taken)) == 20


def test_a_recipe_that_goes_on_asks_for_what_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_model(tmp_path / "tiny", "llama")
    found = recipe.load("answer_small")
    monkeypatch.setattr(recipe, "FOLDER", tmp_path / "recipes")
    (tmp_path / "recipes").mkdir()
    text = found.text.replace(found.base_fingerprint, fingerprint_model(model)).replace("skip: 7000", "skip: 0")
    (tmp_path / "recipes" / "answer_small.yaml").write_text(text, "utf-8")
    write(
        tmp_path / found.data[0].file,
        [{"title": "Rivers", "context": "The Ems is long.", "qas": [["How is the Ems?", "long", 0]]}],
    )
    command = [
        "--recipe",
        "answer_small",
        "--data",
        str(tmp_path),
        "--base",
        str(model),
        "--folder",
        str(tmp_path / "out"),
    ]
    assert train.main(command) == 2
    assert "Please run --recipe answer_small_first with the same --folder first" in capsys.readouterr().err


def test_a_recipe_stops_when_its_data_are_missing_or_its_base_is_another(data: Path, tmp_path: Path) -> None:
    found = recipe.load("sentiment_small")
    with pytest.raises(InputError, match=r"needs sst2_sentences\S+ and sst2_phrases\S+ in"):
        recipe.examples(found, tmp_path / "nowhere")
    with pytest.raises(InputError, match="other weights"):
        recipe.check_base(found, make_model(tmp_path / "tiny", "llama"))
    assert train.main(["--recipe", "sentiment_small", "--data", str(data), "--base", str(tmp_path / "tiny")]) == 2
    assert not (tmp_path / "data").exists()


def test_unknown_recipes_and_fields_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"There are: .*sentiment"):
        recipe.load("../sentiment")
    text = (recipe.FOLDER / "sentiment_small.yaml").read_text("utf-8")
    monkeypatch.setattr(recipe, "FOLDER", tmp_path)
    for broken, reason in (("colour: red\n" + text, "colour"), (text.replace("rows: 9000", "lines: 1"), "lines")):
        (tmp_path / "broken.yaml").write_text(broken, "utf-8")
        with pytest.raises(InputError, match=reason):
            recipe.load("broken")


def test_a_recipe_makes_an_adapter_and_its_card_names_the_sources(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(tmp_path / "tiny", "llama")
    text = (recipe.FOLDER / "sentiment_small.yaml").read_text("utf-8")
    text = text.replace("name: sentiment_small", "name: sentiment")  # as it ships
    own = recipe.load("sentiment_small").base_fingerprint
    monkeypatch.setattr(recipe, "FOLDER", tmp_path / "recipes")
    (tmp_path / "recipes").mkdir()
    mine = "languages: en-de, de-en\n" + text.replace(own, fingerprint_model(model))
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
    assert adapters.check(tmp_path / "out" / "adapters" / result.adapter).details["languages"] == "en-de, de-en"


def test_what_stands_in_the_tenth_for_calibration_is_not_learnt(data: Path) -> None:
    kept = next(
        text
        for n in range(100)
        if recipe.is_aside(text := f"the plot number {n} is a long , dull and pointless exercise")
    )
    found = recipe.load("sentiment_small")
    with gzip.open(data / found.aside[0], "at", encoding="utf-8") as file:
        file.write(json.dumps({"text": kept, "label": 0}) + "\n")
    learnt = {row["messages"][1]["content"] for row in recipe.examples(found, data)}
    assert kept not in learnt
    assert "a long , dull and pointless exercise" not in learnt
    assert "it 's a charming and often affecting journey" in learnt

"""The sentiment tab without a browser: what programs get, and that nothing said in a text or a file becomes part of the page."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file

from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import SavedResult
from chatbot.tasks.classify.calibration import Calibration
from chatbot.tasks.classify.evidence import Part, Weighing
from chatbot.tasks.classify.judge import Classifier, Judgement
from chatbot.tasks.classify.labels import SENTIMENT, Label, parse
from chatbot.tasks.classify.result import Result
from chatbot.tasks.classify.tables.kept import outcome
from chatbot.tasks.classify.tables.rows import Judged
from chatbot.tasks.classify.tables.seen import LONGEST, SHOWN, Seen, SeenRow
from chatbot.tasks.classify.tables.table import read_table
from chatbot.ui.classify import render as render_sentiment
from chatbot.ui.classify.examples import EXAMPLES
from chatbot.ui.classify.render_rows import named
from chatbot.ui.strings.words import Language, languages
from tests.chatbot.ui.documents.test_tab import EVIL, Elements
from tests.running import App, running

pytestmark = pytest.mark.slow

RESULT = Result(
    "good, not bad",
    "positive",
    (("negative", 0.2), ("neutral", 0.1), ("positive", 0.7)),
    (Label("negative"), Label("neutral"), Label("positive")),
    "model",
    parts=(Part(0, 5, 0.4, 1.6), Part(6, 9, 0.004, 0.02), Part(10, 13, -0.1, -0.4)),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running("--engine", "scripted", data=tmp_path_factory.mktemp("data")) as app:
        yield connected(app)


def connected(app: App) -> Client:
    return Client(app.address, verbose=False)


# For programs


def test_a_text_for_programs(client: Client) -> None:
    found: dict[str, Any] = client.predict("I love it", api_name="/sentiment")
    assert list(found["scores"]) == ["negative", "neutral", "positive"]
    assert sum(found["scores"].values()) == pytest.approx(1)
    assert found["label"] in found["scores"]
    assert [word for word, _ in found["evidence"]] == ["I", "love", "it"]
    assert (found["model"], found["adapter"], found["calibrated"]) == ("scripted", None, False)
    own = client.predict("I love it", "spam, not spam", api_name="/sentiment")
    assert list(own["scores"]) == ["spam", "not spam"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("",), "empty"),
        (("x", "one"), "at least two"),
        (("x", "a, a"), "twice"),
        (("x", "", "nobody"), "no adapter named nobody"),
    ],
)
def test_what_cannot_be_judged_is_told(client: Client, arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(Exception, match=why):
        client.predict(*arguments, api_name="/sentiment")


def test_a_file_for_programs(client: Client, tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text('id,review\n1,"fine, really"\n2,bad\n', "utf-8")
    path = client.predict(handle_file(tmp_path / "reviews.csv"), api_name="/sentiment_file")
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["review"]) for row in rows] == [("1", "fine, really"), ("2", "bad")]
    assert all(row["predicted_label"] for row in rows)
    assert list(rows[0])[3:] == ["p_negative", "p_neutral", "p_positive"]
    with pytest.raises(Exception, match="id, review"):
        client.predict(handle_file(tmp_path / "reviews.csv"), "text", api_name="/sentiment_file")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(Exception, match="no CSV file"):
        client.predict(handle_file(tmp_path / "binary.txt"), api_name="/sentiment_file")


# For people


@pytest.mark.parametrize("language", languages())
def test_nothing_that_a_text_a_label_or_a_file_says_becomes_part_of_the_page(
    language: Language, tmp_path: Path
) -> None:
    evil = Result(
        EVIL, EVIL, ((EVIL, 0.9), ("x", 0.1)), (Label(EVIL, EVIL), Label("x")), EVIL, EVIL, 5, 0.8, 2, EVIL,
        (Part(0, 9, 0.5, 1.0), Part(10, len(EVIL), -0.5, -1.0)),
    )  # fmt: skip
    (tmp_path / "t.csv").write_text(f'{EVIL},b\n"{EVIL}",c\n'.replace('"alert(1)"', "'alert(1)'"), "utf-8")
    table = read_table(tmp_path / "t.csv", f"{EVIL}.csv")
    engine = ScriptedEngine(model=EVIL)
    judge = Classifier(engine, parse("a, b"), EVIL, Calibration(1.0, (0.0, 0.0), 0), calibrated=False)
    judged = Judged({0: Judgement(EVIL, ((EVIL, 1.0),))}, {1: "empty"})
    for shown in (
        render_sentiment.result(evil, language),
        render_sentiment.result(evil, language, Weighing(1, 2)),
        render_sentiment.past([SavedResult(EVIL, EVIL, 0.0, evil.to_dict())], language),
        render_sentiment.past(
            [SavedResult(EVIL, EVIL, 0.0, {"file": EVIL, "outcome": {"done": 1, "total": 2}})], language
        ),
        render_sentiment.table_head(table, language),
        render_sentiment.rows_progress(judged, 2, 5.0, language),
        render_sentiment.rows_done(
            outcome(table, judged, judge, EVIL, (SeenRow(0, EVIL, (EVIL, "x"), 0.5, EVIL),)), language
        ),
    ):
        elements = Elements(shown)
        assert not elements.tags & {"img", "script"}
        assert not any(name.startswith("on") for name in elements.attributes)


def test_our_labels_are_told_in_the_pages_language_and_peoples_own_are_theirs() -> None:
    shown = render_sentiment.result(RESULT, "zh")
    assert '<h2 class="by-sen-label by-hue by-sen-is-positive">积极</h2>' in shown
    assert re.findall(r"<span>(\w+)</span><b>", shown) == ["积极", "消极", "中性"]
    assert "positive" not in re.sub(r"<[^>]*>", "", shown)
    assert named("spam", "zh") == "spam"


def test_evidence_is_told_by_more_than_colour_and_to_screen_readers_too() -> None:
    shown = render_sentiment.result(RESULT, "en")
    marks = re.findall(r'<mark class="by-sen-(\w+) by-sen-(\d)">(.*?)</mark>', shown)
    assert marks == [("for", "4", "good,"), ("against", "2", "bad"), ("for", "3", "speaks for positive"),
                     ("against", "3", "speaks against it")]  # fmt: skip
    assert re.findall(r"<td>(.*?)</td>", shown) == [
        "good,",
        "−40.0 points",
        "bad",
        "+10.0 points",
        "not",
        "−0.400 points",
    ]
    assert "Not calibrated" in shown
    assert "Not calibrated" not in render_sentiment.result(Result.from_dict(RESULT.to_dict() | {"fitted": 9}), "en")


def test_rows_without_a_label_are_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "x\n" * 40, "utf-8")
    table = read_table(tmp_path / "t.csv", "t.csv")
    judge = Classifier(ScriptedEngine(), parse("a, b"), None, Calibration(1.0, (0.0, 0.0), 0), calibrated=False)
    found = outcome(table, Judged({}, dict.fromkeys(range(40), "empty")), judge)
    shown = render_sentiment.rows_done(found, "en")
    assert "no text: 40 (row 1, row 2," in shown
    assert "row 11" not in shown


def test_each_row_is_seen_with_its_label_in_a_colour_and_says_where_the_model_does_not_know_its_language(
    tmp_path: Path,
) -> None:
    foreign = "Le train est parti à l'heure et nous sommes arrivés avant tout le monde."
    (tmp_path / "t.csv").write_text(
        f"text\nThe train left on time and we arrived early.\n{foreign}\n\n{'It was a long day. ' * 20}\n"
    )
    table = read_table(tmp_path / "t.csv", "t.csv")
    engine = ScriptedEngine(model="oak")
    judge = Classifier(engine, SENTIMENT, None, Calibration(1.0, (0.0, 0.0, 0.0), 0), calibrated=False)
    known = (("negative", 0.1), ("neutral", 0.2), ("positive", 0.7))
    labels = {0: "positive", 1: "negative", 3: "neutral"}
    judged = Judged({at: Judgement(label, known) for at, label in labels.items()}, {2: "empty"})
    seen = Seen(table, "text", judged, frozenset({"en"}), scored=True).rows()
    assert [(row.place, row.foreign, row.sure) for row in seen] == [(0, "", 0.7), (1, "fr", 0.1), (3, "", 0.2)]
    assert len(seen[2].text) == LONGEST
    shown = render_sentiment.rows_done(outcome(table, judged, judge, "", seen), "en")
    assert "1 of the rows below seem to be in French, which oak was not made for" in shown
    assert shown.count("French: oak was not made for it") == 1
    body = shown.partition("<tbody>")[2]
    assert re.findall(r'<td data-value="(\d+)">(\d+)</td>', body) == [("0", "1"), ("1", "2"), ("3", "4")]
    assert re.findall(r"by-sen-is-(\w+)\">(\w+)<", body) == [(label, label) for label in labels.values()]
    assert shown.count('aria-sort="ascending"') == 1 and shown.count("data-sort") == 4
    unscored = Seen(table, "text", judged, None, scored=False).rows()
    assert [(row.foreign, row.sure) for row in unscored] == [("", None)] * 3
    assert render_sentiment.rows_done(outcome(table, judged, judge, "", unscored), "en").count("data-sort") == 3
    old = render_sentiment.rows_done(outcome(table, judged, judge, "fr"), "en")
    assert "seems to be in French" in old and "<tbody>" not in old, "a table that was kept before rows were"


def test_of_a_long_table_the_first_rows_are_seen_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text\n" + "fine\n" * (SHOWN + 5))
    table = read_table(tmp_path / "t.csv", "t.csv")
    judge = Classifier(ScriptedEngine(), parse("a, b"), None, Calibration(1.0, (0.0, 0.0), 0), calibrated=False)
    judged = Judged({at: Judgement("a", (("a", 0.9), ("b", 0.1))) for at in reversed(range(SHOWN + 5))})
    seen = Seen(table, "text", judged, None, scored=True).rows()
    assert [row.place for row in seen] == [*range(SHOWN)]
    shown = render_sentiment.rows_done(outcome(table, judged, judge, "", seen), "en")
    assert f"The first {SHOWN} of {SHOWN + 5} rows" in shown and shown.count("by-other-1") == SHOWN + 1


def test_every_example_can_be_judged() -> None:
    for text, labels in EXAMPLES.values():
        assert text.strip()
        assert len(parse(labels)) >= 2
    assert json.dumps(RESULT.to_dict())

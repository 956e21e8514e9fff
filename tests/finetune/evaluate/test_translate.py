"""Scores of translations, from the command as people run it."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette

from chatbot.api.routes import routes
from chatbot.common.errors import InputError
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import LoadState
from finetune.evaluate import command, translate
from finetune.evaluate.translate import read_rows, score
from tests.chatbot.serving import serving

PAIRS = [
    {"en": "one tree", "de": ["ein Baum", "einen Baum"]},
    {"en": "two old trees stand there", "de": "dort stehen zwei alte Bäume"},
]
ANSWERS = {"one tree": "einen Baum", "two old trees stand there": "zwei alte Bäume stehen dort"}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(pair) + "\n" for pair in PAIRS), "utf-8")
    return path


def test_a_server_is_asked_with_the_prompt_of_the_task(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = ScriptedEngine(lambda messages: ANSWERS[messages[-1].content])
    with serving(Starlette(routes=list(routes(engine, state=lambda: LoadState("ready"))))) as address:
        assert command.main(["translate", "--data", str(pairs), "--server", f"{address}/v1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["from"], told["into"], told["rows"]) == ("en", "de", 2)
    assert engine.prompts[0][0].content == translate.SYSTEM.format(source="English", target="German")
    scores = told["scores"]
    assert 40 < scores["chrf"]["score"] < 100
    assert scores["chrf"]["interval"][0] <= scores["chrf"]["score"] <= scores["chrf"]["interval"][1] + 1
    assert "tok:13a" in scores["bleu"]["signature"]
    assert told["copying the source"]["chrf"] < scores["chrf"]["score"]


def test_answers_that_are_there_are_scored_and_any_reference_counts(pairs: Path, tmp_path: Path) -> None:
    rows, source, target = read_rows(pairs, None)
    assert (source, target) == ("en", "de")
    perfect = score(rows, ["einen Baum", "dort stehen zwei alte Bäume"], target)
    assert perfect["chrf"]["score"] == 100
    assert "tok:zh" in score(rows, ["一", "二"], "zh-hans")["bleu"]["signature"]


@pytest.mark.parametrize(
    ("line", "columns", "told"),
    [
        ('{"a": "x", "b": "y"}', None, "--columns SOURCE TARGET"),
        ('{"a": "x"}', ("a", "b"), "Row 1 has no translation in the column b"),
        ('{"b": "x"}', ("a", "b"), "Row 1 has no text in the column a"),
        ("not json", ("a", "b"), "one JSON object a line"),
        ("", ("a", "b"), "has no rows"),
    ],
)
def test_rows_that_do_not_fit_are_named(line: str, columns: tuple[str, str] | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(InputError, match=told):
        read_rows(path, columns)

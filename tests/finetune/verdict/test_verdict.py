"""Metrics on known pairs, intervals, and verdicts that follow from them."""

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chatbot.ui.finetune import render_verdict
from finetune.data.examples import Example, Turn
from finetune.jobs.folder import JobFolder
from finetune.verdict import metrics
from finetune.verdict.intervals import EXACT, FEWEST, paired_interval
from finetune.verdict.labels import by_class, labels_of, told
from finetune.verdict.scores import Losses
from finetune.verdict.verdict import Pair, general_rows, is_stuck, judge
from tests.finetune.jobs_for_tests import ROWS, make_job, spec
from tests.tiny import make_model

pytestmark = pytest.mark.slow

SAME = Losses((2.0,) * 30, (10,) * 30)


@pytest.mark.parametrize(
    ("metric", "prediction", "reference", "expected"),
    [
        (metrics.exact_match, "The Eiffel Tower!", "eiffel tower", 1.0),
        (metrics.exact_match, "Eiffel", "eiffel tower", 0.0),
        (metrics.f1, "the tall Eiffel Tower", "Eiffel Tower", 0.8),
        (metrics.f1, "北京大学", "北京", 2 * 2 / 6),
        (metrics.f1, "", "x", 0.0),
        (metrics.exact_match, "《红楼梦》。", "红楼梦", 1.0),
        (metrics.exact_match, "瑞典 公司", "瑞典公司", 1.0),
        (metrics.exact_match, "两支球队", "两支", 0.0),
        (metrics.f1, "308分", "308", 2 * 1 / 3),
        (metrics.rouge_l, "308分", "308", 2 * 1 / 3),
        (metrics.rouge_l, "the cat sat on a mat", "the cat is on the mat", 2 * 4 / 12),
        (metrics.rouge_l, "今天天气好", "今天天气很好", 2 * 5 / 11),
        (metrics.chrf, "a banyan", "a banyan", 1.0),
        (metrics.accuracy, "Positive.", "positive", 1.0),
        (metrics.accuracy, "not positive", "positive", 0.0),
        (metrics.accuracy, "Positive, because it praises.", "positive", 1.0),
    ],
)
def test_metrics_of_known_pairs(metric: metrics.Metric, prediction: str, reference: str, expected: float) -> None:
    assert metric(prediction, reference) == pytest.approx(expected)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    chance, held = random.Random(0), 0
    for _ in range(200):
        before = [chance.gauss(0, 1) for _ in range(60)]
        after = [value + 0.3 + chance.gauss(0, 0.5) for value in before]
        found = paired_interval(before, after, draws=400)
        held += found.low <= 0.3 <= found.high
    assert 0.90 <= held / 200 <= 0.99


@pytest.mark.parametrize("rows", [2, 3, FEWEST, 8, 17, 40, EXACT])
@pytest.mark.parametrize("kind", ["normal", "label"])
def test_where_nothing_changed_no_more_than_one_run_in_twenty_is_called_a_change(rows: int, kind: str) -> None:
    """Runs of a model against itself: rows differ by chance, by some nats or by whole answers."""
    chance, runs, called = np.random.default_rng(rows), 200, 0
    for _ in range(runs):
        tokens = chance.integers(1, 60, rows) if kind == "normal" else np.ones(rows)
        nats = chance.normal(size=rows) * tokens**0.5
        found = nats if kind == "normal" else chance.choice([-1.0, 0.0, 1.0], p=[0.2, 0.6, 0.2], size=rows)
        called += paired_interval([0.0] * rows, found.tolist(), tokens.tolist(), draws=400).certain
    assert called <= 0.05 * runs + 3 * (0.05 * 0.95 * runs) ** 0.5, "three standard errors of so many runs"


def test_too_few_rows_tell_nothing_however_they_differ() -> None:
    for rows in range(1, FEWEST):
        found = paired_interval([9.0] * rows, [1.0] * rows)
        assert not found.certain
        assert math.isinf(found.low)
    assert paired_interval([9.0] * FEWEST, [1.0] * FEWEST).certain
    few = judge("chat", Losses((9.0,) * 5, (3,) * 5), Losses((1.0,) * 5, (3,) * 5), (SAME, SAME))
    assert (few.outcome, few.sentence.startswith("Too few to tell: ")) == ("too few to tell", True)


@pytest.mark.parametrize(
    ("answer", "stuck"),
    [("!" * 40, True), ("no no no no no no no no no no no no ", True), ("", True), ("哈" * 30, True), ("A banyan has many trunks.", False),
     ("Ha ha ha, that is a good one, and I will tell it to others.", False), ("A line ends here.\n" + "-" * 12, False)],
)  # fmt: skip
def test_an_answer_that_says_the_same_over_and_over_is_stuck(answer: str, stuck: bool) -> None:
    assert is_stuck(answer) == stuck


def test_an_adapter_that_got_stuck_is_worse_whatever_its_loss() -> None:
    before = Losses(tuple(20.0 + n for n in range(40)), (10,) * 40)
    lower = Losses(tuple(nats - 5 for nats in before.nats), before.tokens)
    pairs = [Pair(n, "?", "A tree.", "It is a tree.", "!" * 60 if n % 4 else "A tree.") for n in range(8)]
    found = judge("chat", before, lower, (SAME, SAME), pairs)
    assert (found.outcome, found.stuck) == ("worse", 6)
    assert "the same over and over in 6 of 8 answers" in found.sentence
    same = [Pair(pair.row, "?", "A tree.", pair.after, pair.after) for pair in pairs]
    assert judge("chat", before, lower, (SAME, SAME), same).outcome == "better", "the base was no better"


def test_what_the_doctor_warned_of_stands_in_the_verdict() -> None:
    found = judge("chat", SAME, SAME, (SAME, SAME), warnings=[("leaks", 3), ("duplicates", 9)])
    assert "3 held-out rows repeat text of training rows" in found.sentence
    assert "9 rows repeat others" in found.sentence
    assert "3" in render_verdict.outcome(found.to_dict(), "zh")


def test_labels_stand_beside_what_guessing_gives_and_the_bare_model_is_told_them() -> None:
    rows = [Example(n, (Turn("user", f"Film {n}"), Turn("assistant", "good" if n % 3 else "bad"))) for n in range(9)]
    assert labels_of(rows) == ("good", "bad")
    assert labels_of(rows[:3]) == (), "three rows show no classes"
    assert labels_of([Example(n, (Turn("user", "?"), Turn("assistant", f"Text {n}"))) for n in range(30)]) == ()
    asked = told(rows[0], ("good", "bad")).prompt[-1].content
    assert asked == "Film 0\n\nAnswer with one of: good, bad"
    found = by_class([row.answer for row in rows], ["Good."] * 9, [row.answer for row in rows])
    assert (found.label, round(found.majority, 3)) == ("good", 0.667)
    assert [(one.label, one.rows, one.before, one.after) for one in found.classes] == [
        ("good", 6, 6, 6),
        ("bad", 3, 0, 3),
    ]
    verdict = judge("sentiment", SAME, SAME, (SAME, SAME), labels=found)
    assert "always saying good would be right in 66.7%" in verdict.sentence
    assert "<td>bad</td><td>0</td><td>3</td><td>3</td>" in render_verdict.scores(verdict.to_dict(), "zh")


def test_a_chat_is_judged_by_its_held_out_loss() -> None:
    chance = random.Random(0)
    before = Losses(tuple(20 + chance.random() for _ in range(40)), (10,) * 40)
    lower = Losses(tuple(nats - 2 - chance.random() for nats in before.nats), before.tokens)
    assert judge("chat", before, lower, (SAME, SAME)).outcome == "better"
    worse = judge("chat", lower, before, (SAME, SAME))
    assert worse.outcome == "worse"
    assert worse.sentence.startswith("Worse: held-out loss ")
    noise = Losses(tuple(nats + chance.gauss(0, 1) for nats in before.nats), before.tokens)
    assert judge("chat", before, noise, (SAME, SAME)).outcome == "no change"
    json.dumps(worse.to_dict(), allow_nan=False)


def test_other_tasks_are_judged_by_their_metric_whatever_the_loss() -> None:
    pairs = [Pair(n, "?", "positive", "negative" if n % 3 else "positive", "positive") for n in range(30)]
    worse_loss = Losses((4.0,) * 30, (10,) * 30)
    found = judge("sentiment", SAME, worse_loss, (SAME, SAME), pairs)
    assert (found.outcome, found.decided_by) == ("better", "accuracy")
    assert len(found.examples) == 10


def test_forgetting_is_told_beside_the_verdict() -> None:
    chance = random.Random(0)
    general = Losses(tuple(30 + chance.random() for _ in range(32)), (10,) * 32)
    risen = Losses(tuple(nats + 3 for nats in general.nats), general.tokens)
    before = Losses(tuple(20 + chance.random() for _ in range(30)), (10,) * 30)
    after = Losses(tuple(nats - 5 for nats in before.nats), before.tokens)
    found = judge("chat", before, after, (general, risen))
    assert found.outcome == "better"
    assert found.forgot
    assert "it forgets" in found.sentence


@pytest.mark.parametrize(("risen", "forgot"), [(0.04, False), (0.06, True)])
def test_a_twentieth_of_a_nat_is_not_called_forgetting(risen: float, forgot: bool) -> None:
    general = Losses((30.0,) * 32, (10,) * 32)
    after = Losses(tuple(nats + 10 * risen for nats in general.nats), general.tokens)
    assert judge("chat", SAME, SAME, (general, after)).forgot == forgot


def test_nothing_held_out_is_not_judged() -> None:
    assert judge("chat", Losses((), ()), Losses((), ()), (SAME, SAME)).outcome == "not judged"


def test_the_general_set_is_everyday_and_whole() -> None:
    rows = general_rows()
    assert len(rows) >= 30
    assert all(row.answer and row.prompt for row in rows)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Path]]:
    from finetune.train.command import run

    folder = tmp_path_factory.mktemp("trained")
    model = make_model(folder / "model", "llama")
    job = make_job(folder, model, spec(steps=20))
    assert run(job, device="cpu").state == "succeeded"
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS[:6]), "utf-8")
    yield folder / "adapters" / "trunks", model, rows


def test_the_command_compares_an_adapter_with_its_base(trained: tuple[Path, Path, Path]) -> None:
    adapter, model, rows = trained
    command = [
        sys.executable,
        "-m",
        "finetune.evaluate",
        adapter,
        "--base",
        model,
        "--data",
        rows,
        "--max-tokens",
        "8",
    ]
    child = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    found = json.loads(child.stdout)
    assert found["outcome"] == "better"
    assert len(found["examples"]) == 6


def test_an_adapter_alone_is_judged_on_what_its_job_held_out(trained: tuple[Path, Path, Path], tmp_path: Path) -> None:
    adapter, _, _ = trained
    [job] = (adapter.parent.parent / "jobs").iterdir()
    judged = JobFolder(job).result()
    assert judged
    command = [sys.executable, "-m", "finetune.evaluate", str(adapter), "--max-tokens", "8"]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(child.stdout)
    assert found["scores"][0]["rows"] == judged.verdict["scores"][0]["rows"] > 0
    assert found["scores"][0]["after"] == pytest.approx(judged.verdict["scores"][0]["after"], abs=1e-3)
    child = subprocess.run([*command[:3], str(tmp_path)], capture_output=True, text=True, check=False)
    assert (child.returncode, "--data" in child.stderr) == (2, True)


def test_the_command_scores_a_task_on_pairs(trained: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, model, _ = trained
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"en": "one tree", "de": "ein Baum"}\n{"en": "two trees", "de": "zwei Bäume"}\n', "utf-8")
    command = [sys.executable, "-m", "finetune.evaluate", "translate", "--data", pairs, "--base", model]
    command += ["--prompt", "Translate: {en}", "--completion", "{de}", "--max-tokens", "8"]
    child = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    scores = json.loads(child.stdout)["scores"]
    assert {"chrf", "bleu"} == set(scores)


def test_preferences_are_judged_by_their_margin_and_texts_by_their_perplexity() -> None:
    """Of pairs the better answer's loss stands first."""
    pairs = 12
    before = Losses((20.0, 19.0) * pairs, (10, 8) * pairs)
    after = Losses((22.0, 30.0) * pairs, (10, 8) * pairs)
    found = judge("chat", before, after, (SAME, SAME), kind="dpo")
    scores = {score.name: score for score in found.scores}
    margin, right, loss = (scores[name] for name in ("preference_margin", "preference_accuracy", "loss"))
    assert (margin.before, margin.after, margin.rows) == (-1.0, 8.0, pairs)
    assert (right.before, right.after) == (0.0, 1.0)
    assert (loss.before, loss.after) == (2.0, 2.2), "of the better answers alone, which became less likely, too"
    assert (found.outcome, found.decided_by) == ("better", "preference_margin")
    assert "0% of pairs before, 100% after" in found.sentence
    assert judge("chat", after, before, (SAME, SAME), kind="dpo").outcome == "worse"
    shown = found.to_dict() | {"decided_by": "preference_margin"}
    assert "0%" in render_verdict.sentence(shown, "zh")

    texts = judge("chat", SAME, Losses((1.0,) * 30, (10,) * 30), (SAME, SAME), kind="text")
    perplexity = texts.scores[0]
    assert (texts.outcome, texts.decided_by) == ("better", "perplexity")
    assert perplexity.after == pytest.approx(math.exp(0.1))
    assert perplexity.low is not None
    assert perplexity.high is not None
    assert perplexity.low <= perplexity.after - perplexity.before <= perplexity.high < 0

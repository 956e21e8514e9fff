"""Corrected labels become rows to learn from, each owner's own."""

import json
from pathlib import Path

import pytest

from chatbot.common.errors import InputError
from chatbot.store.store import Store
from chatbot.tasks.classify import taught
from chatbot.tasks.classify.judge import Judgement
from chatbot.tasks.classify.labels import SENTIMENT, parse
from chatbot.tasks.classify.prompt import messages
from chatbot.tasks.classify.tables.rows import Judged
from chatbot.tasks.classify.tables.table import read_table


def test_the_least_sure_rows_come_first(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text\none\ntwo\nthree\n" + "more\n" * 100)
    sure = {0: 0.9, 1: 0.4, 2: 0.6, **dict.fromkeys(range(3, 103), 0.95)}
    judged = Judged({at: Judgement("a", (("a", p), ("b", 1 - p))) for at, p in sure.items()})
    rows = taught.doubtful(read_table(path, "t.csv"), "text", judged)
    assert [text for text, _ in rows[:3]] == ["two", "three", "one"]
    assert len(rows) == taught.SHOWN


def test_what_is_kept_is_what_the_task_itself_asks(tmp_path: Path) -> None:
    store = Store(tmp_path / "b.db")
    labels = parse("refund: wants money\nother")
    kept = taught.keep(
        store, "ann", "t.csv", labels, [["pay me", "REFUND "], ["hello", "other"], ["later", ""], ["", "other"]]
    )
    assert kept == taught.count(store, "ann") == 2
    taught.keep(store, "ann", "t.csv", labels, [["hello", "refund"]])
    taught.keep(store, "ann", "s.csv", SENTIMENT, [["hello", "neutral"]])
    rows = [json.loads(line)["messages"] for line in taught.lines(store, "ann")]
    asked = [
        [{"role": m.role, "content": m.content} for m in messages("pay me", labels)],
        {"role": "assistant", "content": "refund"},
    ]
    assert rows[0] == [*asked[0], asked[1]]
    assert [row[-1]["content"] for row in rows] == ["refund", "refund", "neutral"], "the latest label of a text counts"
    assert taught.lines(store, "eve") == []
    for wrong, kind in (([["x", "nothing"]], "taught_label"), ([["x", ""]], "taught_none")):
        with pytest.raises(InputError) as refused:
            taught.keep(store, "ann", "t", labels, wrong)
        assert refused.value.kind == kind
    store.close()

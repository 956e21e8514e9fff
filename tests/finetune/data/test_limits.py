"""Small files that would be worked on for minutes are given up, most of them before any work."""

import time
from pathlib import Path

import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from chatbot.common.errors import InputError
from finetune.data.check import check
from finetune.data.encoding.masks import Encoded, Segment
from finetune.data.formats import detect, read_examples
from finetune.data.rows import tables
from finetune.spec.spec import TrainingSpec
from tests.finetune import faults
from tests.finetune.faults import jsonl


def parquet(path: Path, count: int, text: str = "the same") -> Path:
    """Equal rows: however many, a few kilobytes."""
    columns = {"prompt": [text] * count, "completion": [text] * count}
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")
    return path


def test_rows_beyond_the_limit_are_told_before_any_is_read(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", 500_000)
    assert path.stat().st_size < 100_000
    begin = time.monotonic()
    with pytest.raises(InputError, match="more than 100,000 rows") as refused:
        next(iter(read_examples(path, detect(path), most=100_000)))
    assert refused.value.kind == "data_rows"
    assert time.monotonic() - begin < 5


def test_what_unpacks_to_too_much_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "a.parquet", 5_000, text="x" * 10_000)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(tables, "MAX_BYTES", 2**20)
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        list(read_examples(path, detect(path)))


def test_a_check_that_takes_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.data.check.ChatEncoder", lambda tokenizer: Encoder())
    path = jsonl(tmp_path / "a.jsonl", [faults.row(number) for number in range(1_000)])
    begin = time.monotonic()
    with pytest.raises(InputError, match=r"more than 0.5 seconds") as refused:
        check(path, None, TrainingSpec(), seconds=0.5)
    assert refused.value.kind == "check_too_long"
    assert time.monotonic() - begin < 5


def test_rows_that_repeat_each_other_are_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.data.check.ChatEncoder", lambda tokenizer: Encoder())
    report = check(parquet(tmp_path / "a.parquet", 2_000), None, TrainingSpec(), seconds=5.0)
    assert (report.usable, report.duplicates) == (2_000, 1_999)


class Encoder:
    """As slow as a row that means harm."""

    def encode(self, *_: object) -> Encoded:
        time.sleep(0.05)
        return Encoded([1], [1])

    def segments(self, encoded: Encoded) -> tuple[Segment, ...]:
        return ()

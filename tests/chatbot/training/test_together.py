"""Several files as one data set, and a file that judges whatever it is called."""

import json
from pathlib import Path

import pytest

from chatbot.common.errors import InputError, StoreFull
from chatbot.training.together import together
from finetune.data.examples import Example
from finetune.data.formats import detect, read_examples


def rows(path: Path, *numbers: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    lines = [{"prompt": f"How many trunks have {n} trees?", "completion": f"{3 * n}."} for n in numbers]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def sides(path: Path) -> list[tuple[str, str]]:
    found = list(read_examples(path, detect(path, path.name)))
    assert all(isinstance(item, Example) for item in found)
    return [(item.answer, item.split) for item in found if isinstance(item, Example)]


def test_files_are_read_one_after_another_also_those_of_one_name(tmp_path: Path) -> None:
    files = [
        rows(tmp_path / "a" / "data.jsonl", 1),
        rows(tmp_path / "b" / "data.jsonl", 2),
        rows(tmp_path / "test.jsonl", 3),
    ]
    made = together(files, tmp_path / "all.zip")
    assert sides(made) == [("3.", ""), ("6.", ""), ("9.", "validation")]


def test_the_file_that_judges_is_told_by_its_place_and_not_by_its_name(tmp_path: Path) -> None:
    learnt, judging = rows(tmp_path / "test-data.jsonl", 1, 2), rows(tmp_path / "train.jsonl", 3)
    made = together([learnt], tmp_path / "all.zip", judging=judging)
    assert sides(made) == [("3.", "train"), ("6.", "train"), ("9.", "validation")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("more.zip", "zip_in_zip"),
        ("more.tar.gz", "zip_in_zip"),
        ("more.tgz", "zip_in_zip"),
        ("notes.txt", "mixed_files"),
        ("n.md.gz", "mixed_files"),
    ],
)
def test_what_would_be_left_out_without_a_word_is_refused(name: str, kind: str, tmp_path: Path) -> None:
    other = tmp_path / name
    other.write_bytes(b"Banyans have trunks.")
    with pytest.raises(InputError) as refused:
        together([rows(tmp_path / "data.jsonl", 1), other], tmp_path / "all.zip")
    assert refused.value.kind == kind


def test_a_full_disk_is_called_that(tmp_path: Path) -> None:
    files = [rows(tmp_path / f"{name}.jsonl", *range(200)) for name in ("a", "b")]
    with pytest.raises(StoreFull):
        together(files, Path("/dev/full"))

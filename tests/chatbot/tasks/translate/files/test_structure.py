"""Nothing but the text of a file changes: trees compared node by node, placeholders as a multiset, on real files."""

import io
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from lxml import etree
from markdown_it import MarkdownIt
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from chatbot.tasks.translate.files import plain, web
from chatbot.tasks.translate.files.markdown import reader as markdown
from chatbot.tasks.translate.files.marked import PLACEHOLDER
from chatbot.tasks.translate.files.spans import replaced
from tests.chatbot.tasks.pseudo import ENGINES, shouted, translated, translations

ROOT = Path(__file__).resolve().parents[5]
KINDS = pytest.mark.parametrize("kind", ENGINES)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


# Markdown

HOSTILE = """---
title: Not a heading
---

# Tools & *tricks*

Setext heading with `code`
==========================

> A quote that runs
> over two lines, with **bold
> over a break** and a [link](https://a.example/x_(y) "a title").

1. First item with `pip install {name}`
2. Second item: \\*not emphasis\\* &amp; an entity, ~~gone~~
   - [ ] a task of {{count}} things
   - [x] a done one[^1]

| left | right \\| middle |
|:-----|-----:|
| `a|b` | ![a picture](pic.png) of *trees* |

![badge](https://b.example/badge.svg) Hard break here\\
and a second line{SPACES}
and a third <kbd>Ctrl</kbd> <https://auto.example>.

    indented code stays

```python
print("code stays %s" % name)
```

<div align="center">words in HTML</div>

Snake_case_words, 2 * 3 * 4, a_b and <3 stay text. See [reference][ref] and [ref].

[ref]: https://c.example "Title"
[^1]: A footnote.
""".replace("{SPACES}", "  ")


def markdown_tree(text: str) -> list[tuple[str, ...]]:
    """Every token but text, in order; inside a line, where words may move, as a multiset."""
    found: list[tuple[str, ...]] = []
    body = text[text.index("\n---", 4) + 4 :] if text.startswith("---") else text
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body):
        if token.type == "inline":
            kept = [
                (child.type, str(sorted(child.attrs.items())), child.content if child.type == "code_inline" else "")
                for child in token.children or []
                if child.type not in ("text", "softbreak")
            ]
            found += sorted(kept)
        else:
            content = token.content if token.type in ("fence", "code_block") else ""
            content = "".join(re.findall("<[^>]*>", token.content)) if token.type == "html_block" else content
            found.append((token.type, token.tag, token.info, str(sorted(token.attrs.items())), content))
    return found


def translated_markdown(text: str, kind: str) -> str:
    spans = markdown.spans(text)
    targets = [one.text for one in translations([span.segment for span in spans], kind)]
    return markdown.written(text, list(zip(spans, targets, strict=True)))


@KINDS
@pytest.mark.parametrize("name", ["README.md", "hostile"])
def test_markdown_keeps_its_tree(kind: str, name: str) -> None:
    source = HOSTILE if name == "hostile" else (ROOT / name).read_text("utf-8")
    result = translated_markdown(source, kind)
    assert result != source
    assert markdown_tree(result) == markdown_tree(source)
    assert placeholders(result) == placeholders(source)


def test_what_is_text_in_markdown_is_translated_and_what_is_code_is_not() -> None:
    result = translated_markdown(HOSTILE, "careful")
    for there in (
        "# TOOLS & *TRICKS*",
        "SETEXT HEADING WITH `code`",
        '[LINK](https://a.example/x_(y) "a title")',
        "A_B AND <3 STAY",
        "title: NOT A HEADING",
        '<div align="center">WORDS IN HTML</div>',
        "![BADGE](https://b.example/badge.svg)",
        "[REFERENCE][ref] AND [REF][ref]",
        "<kbd>Ctrl</kbd>",
    ):
        assert there in result
    for kept in (
        "indented code stays",
        'print("code stays %s" % name)',
        "[ref]: https://c.example",
    ):
        assert kept in result


def test_an_address_in_angle_brackets_is_no_text() -> None:
    (one,) = markdown.spans("See <https://a.org> or <ann@a.org>.")
    assert one.segment.text == "See <1>https://a.org</1> or <2>ann@a.org</2>."
    assert one.segment.kept == {1, 2}


def test_markdown_whose_translation_is_the_source_stays_byte_for_byte() -> None:
    spans = markdown.spans(HOSTILE)
    assert markdown.written(HOSTILE, [(span, span.segment.text) for span in spans]) == HOSTILE


DIALECTS = [  # what generators of sites read: (source, with its words shouted)
    ("> [!NOTE]\n> Read it first.", "> [!NOTE]\n> READ IT FIRST."),
    ("> [!tip]- Our *title*\n> Body", "> [!tip]- OUR *TITLE*\n> BODY"),
    (":::tip My title\nText here.\n:::", ":::tip MY TITLE\nTEXT HERE.\n:::"),
    (":::note[Your title]{.x}\nText.\n:::", ":::note[YOUR TITLE]{.x}\nTEXT.\n:::"),
    ("```{note} A title\n:class: old tree\nText *here*.\n\n- item\n```\n\nEnd.", "```{note} A TITLE\n:class: old tree\nTEXT *HERE*.\n\n- ITEM\n```\n\nEND."),
    ("````{py:function} area(r)\nText.\n```python\nx = a\n```\n````", "````{py:function} area(r)\nTEXT.\n```python\nx = a\n```\n````"),
    ("```{code-block} python\nx = stays\n```", "```{code-block} python\nx = stays\n```"),
    (":::{warning} A title\n:class: old tree\nText.\n:::", ":::{warning} A TITLE\n:class: old tree\nTEXT.\n:::"),
    ('!!! note "Read"\n    Some text\n\n    - item', '!!! note "READ"\n    SOME TEXT\n\n    - ITEM'),
    ('=== "Linux"\n\n    === "In"\n\n        Text', '=== "LINUX"\n\n    === "IN"\n\n        TEXT'),
    ("{{% tip %}}\nText {{< ref \"/a\" >}}\n{{% /tip %}}", "{{% tip %}}\nTEXT {{< ref \"/a\" >}}\n{{% /tip %}}"),
    ("Go {{< x \"" + "long words " * 20 + "\" >}} on", "GO {{< x \"" + "long words " * 20 + "\" >}} ON"),
    ("## Words here {#an-id .cl}", "## WORDS HERE {#an-id .cl}"),
    ("[Get it](#){ .md-button } now", "[GET IT](#){ .md-button } NOW"),
    ("Press ++ctrl+c++ or ++\"Key\"++", "PRESS ++ctrl+c++ OR ++\"Key\"++"),
    ("The $E = mc^2$ and \\(x_i\\) cost $5 and $6", "THE $E = mc^2$ AND \\(x_i\\) COST $5 AND $6"),
    ("$$\nx \\text{ where}\n$$\nText", "$$\nx \\text{ where}\n$$\nTEXT"),
    ("\\begin{align}\nabc &= d\n\\end{align}\n\nText", "\\begin{align}\nabc &= d\n\\end{align}\n\nTEXT"),
    ("See {n, plural, one {# item} other {# items}}", "SEE {n, plural, one {# item} other {# items}}"),
    ("See $t(common.key) and :rocket: there", "SEE $t(common.key) AND :rocket: THERE"),
    ("[^note]: A note\n[^2]: More", "[^note]: A NOTE\n[^2]: MORE"),
    ("Term\n: Its meaning\n: Other", "TERM\n: ITS MEANING\n: OTHER"),
    ("+++\ntitle = \"My \\\"post\\\"\"\ndraft = true\n+++\nText", "+++\ntitle = \"MY \\\"POST\\\"\"\ndraft = true\n+++\nTEXT"),
    ("---\ntitle: It's here\ntags: [a]\ndescription: >-\n  Some\n  more\n---\nText",
     "---\ntitle: IT'S HERE\ntags: [a]\ndescription: >-\n  SOME MORE\n---\nTEXT"),
    ('+++\ndescription = """\n  A "small" tree\n  of mine"""\nweight = 1\n+++\nText', '+++\ndescription = """\n  A \\"SMALL\\" TREE\n  OF MINE"""\nweight = 1\n+++\nTEXT'),
    ("See {{ site.url }}/docs/a.html now", "SEE {{ site.url }}/docs/a.html NOW"),
    ("<details>\n<summary>Open</summary>\n\nText\n\n</details>", "<details>\n<summary>OPEN</summary>\n\nTEXT\n\n</details>"),
    ("> <table>\n> <tr><td>A cell</td></tr>\n> </table>", "> <table>\n> <tr><td>A CELL</td></tr>\n> </table>"),
    ("See the [user\nguide] and ![a tree].\n\n[user guide]: x\n[a tree]: y",
     "SEE THE [USER GUIDE][user guide] AND ![A TREE][a tree].\n\n[user guide]: x\n[a tree]: y"),
    ("import Tabs from '@theme/Tabs';\n\nText {/* a comment */} here", "import Tabs from '@theme/Tabs';\n\nTEXT {/* a comment */} HERE"),
    ('{\n  "title": "My post",\n  "tags": ["a"]\n}\n\nText', '{\n  "title": "MY POST",\n  "tags": ["a"]\n}\n\nTEXT'),
    ("{{< highlight go >}}\nfmt.Print()\n\nmore()\n{{< /highlight >}}\n\nText", "{{< highlight go >}}\nfmt.Print()\n\nmore()\n{{< /highlight >}}\n\nTEXT"),
    ("{% highlight ruby %}\nputs a\n{% endhighlight %}\nText", "{% highlight ruby %}\nputs a\n{% endhighlight %}\nTEXT"),
    ("{::comment}\nKept\n{:/comment}\n\nText", "{::comment}\nKept\n{:/comment}\n\nTEXT"),
    ("Seen %%not seen%% here, 50%% off %%\n\n%%\nhidden\nlines\n%%\n\nText", "SEEN %%not seen%% HERE, 50%% OFF %%\n\n%%\nhidden\nlines\n%%\n\nTEXT"),
    ("As @smith2020 and @fig-tree say, #garden/trees grow. ^block-id", "AS @smith2020 AND @fig-tree SAY, #garden/trees GROW. ^block-id"),
    ("| One verse\n|   and the next\n\nText", "| ONE VERSE\n|   AND THE NEXT\n\nTEXT"),
    ("/// note | Title\n    open: true\nText\n///", "/// note | TITLE\n    open: true\nTEXT\n///"),
    ("<<< @/a/snippet.js{2}\n\nText", "<<< @/a/snippet.js{2}\n\nTEXT"),
    ("![bg left:40% 80%](a.png) ![w:200px](b.png) ![a tree](c.png)", "![bg left:40% 80%](a.png) ![w:200px](b.png) ![A TREE](c.png)"),
    ("-# small words\n\n#NoHead here", "-# SMALL WORDS\n\n#NOHEAD HERE"),
    ('::: {.callout-tip title="Mind it" icon=false}\nText\n:::', '::: {.callout-tip title="MIND IT" icon=false}\nTEXT\n:::'),
    ("See [[A page#part|these words]], [[Home]], ![[a.png|300]] and [[Go home|go-home]].",
     "SEE [[A page#part|THESE WORDS]], [[Home]], ![[a.png|300]] AND [[Go home|go-home]]."),
    ("| a |\n|--|\n| [[Page\\|its words]] |", "| A |\n|--|\n| [[Page\\|ITS WORDS]] |"),
    ("Text\n\n<svg width='1'>\n<title>A tree</title>\n<text x='1'>Some <tspan>words</tspan></text></svg>\n", "TEXT\n\n<svg width='1'>\n<title>A TREE</title>\n<text x='1'>SOME <tspan>WORDS</tspan></text></svg>\n"),
    ("---\nhero:\n  text: A tree\n  link: /a\n---\nText", "---\nhero:\n  text: A TREE\n  link: /a\n---\nTEXT"),
]  # fmt: skip
MDX = """import Tabs from '@theme/Tabs';

<Tabs
  items={['one', 'two']}>
<Tab label="Apple">

This is **ripe** for {props.name}.

</Tab>
</Tabs>

    Indented words are text.
"""


@pytest.mark.parametrize(("source", "shouting"), DIALECTS, ids=[one[0][:24] for one in DIALECTS])
def test_signs_of_site_generators_stay_and_the_words_beside_them_are_translated(source: str, shouting: str) -> None:
    assert translated_markdown(source, "careful") == shouting
    spans = markdown.spans(source)
    assert markdown.written(source, [(span, span.segment.text) for span in spans]) == source


def test_mdx_keeps_its_imports_components_and_expressions(tmp_path: Path) -> None:
    path = tmp_path / "page.mdx"
    path.write_text(MDX, "utf-8")
    shouting = MDX.replace("This is **ripe** for", "THIS IS **RIPE** FOR")
    assert translated(path)[0].decode() == shouting.replace("Indented words are text", "INDENTED WORDS ARE TEXT")


# HTML

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Fish &amp; chips</title>
<style>p { color: red }</style><script>if (a < b) { say("stays") }</script></head>
<body data-x='1'>
<!-- a comment stays -->
<h1>A <em>very</em> old page</h1>
<p>Text with <a href="/x?a=1&amp;b=2">a <b>bold</b> link</a>, <code>code</code>&nbsp;and <img src=a.png alt="A"> a picture.<br>Next line {name}
<ul><li>unclosed <i>item<li>second item &lt;b&gt;</ul>
<table><tr><td>cell one<td translate="no">stays too</table>
<pre>  pre   stays </pre><p class="notranslate">brand stays</p><p>%d trees cost 5 &lt; 6 and <1> more
<p><span lang="fr">reste en français</span> then words<button>Press me</button><noscript>Switch it on</noscript><select><option>Pick one</select>
</body></html>"""


def html_tree(text: str) -> list[tuple[str, tuple[tuple[str, str | None], ...], str]]:
    found = []
    for node in LexborHTMLParser(text).root.traverse(include_text=False):  # type: ignore[union-attr]
        attributes = {key: value for key, value in node.attributes.items() if (node.tag, key) != ("html", "lang")}
        attributes |= dict.fromkeys(attributes.keys() & {"alt", "title", "aria-label", "placeholder"}, "words")
        attributes |= {"content": "words"} if "content" in attributes else {}
        found.append((str(node.tag), tuple(sorted(attributes.items())), str(node.parent.tag) if node.parent else ""))
    return found


@KINDS
def test_html_keeps_its_tree(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    result = translated(path, kind)[0].decode("utf-8")
    assert html_tree(result) == html_tree(PAGE)
    assert placeholders(LexborHTMLParser(result).text()) == placeholders(LexborHTMLParser(PAGE).text())
    for kept in (
        'say("stays")',
        "color: red",
        "a comment stays",
        "  pre   stays ",
        "stays too",
        "brand stays",
        "reste en français",
    ):
        assert kept in result


def test_html_text_is_translated_with_its_entities_and_the_page_says_its_language(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    result = translated(path)[0].decode("utf-8")
    for there in ("<title>FISH &amp; CHIPS</title>", "A <em>VERY</em> OLD PAGE", "A <b>BOLD</b> LINK", "SECOND ITEM &lt;B&gt;",
                  '<html lang="de">', "PRESS ME", "SWITCH IT ON", "PICK ONE", "<code>code</code>&nbsp;AND"):  # fmt: skip
        assert there in result


def test_attributes_without_quotes_get_some_around_their_translation(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<input type=submit value='Send it'><img alt=Tree src=a.png>", "utf-8")
    assert translated(path)[0] == b"<input type=submit value='SEND IT'><img alt=\"TREE\" src=a.png>"
    spans = web.spans("<img alt=Tree>")
    assert (
        web.written("<img alt=Tree>", [(spans[0], 'Ein "alter" Baum')], "de")
        == '<img alt="Ein &quot;alter&quot; Baum">'
    )


DRAWING = """<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" aria-label="Trees by year"><title>All trees</title><desc>Oaks &amp; more</desc>
<metadata>No words</metadata><style><![CDATA[ text { fill: red } ]]></style><script>let a = "stays"</script>
<g><text x="1"><tspan x="1" y="2">The first&#160;line</tspan><tspan x="1" y="3">and another</tspan></text><path d="M0 0"/><text>42</text>
<text translate="no">Brand stays</text></g><foreignObject><p>Words of a page</p></foreignObject></svg>
"""


@pytest.mark.parametrize("name", ["a.svg", "a.html"])
def test_the_words_of_a_drawing_are_translated_and_nothing_else_of_it(name: str, tmp_path: Path) -> None:
    """Also where it stands within a sentence of a page."""
    source = DRAWING if name == "a.svg" else f"<p>An icon {DRAWING.partition('?>')[2].strip()} is here.</p>"
    path = tmp_path / name
    path.write_text(source, "utf-8")
    result = translated(path)[0].decode()
    expected = source
    for words in ("Trees by year", "All trees", "Oaks", "more", "and another", "Words of a page", "An icon", "is here"):
        expected = expected.replace(words, words.upper())
    first = "THE FIRST\xa0LINE" if name == "a.svg" else "THE FIRST&nbsp;LINE"  # XML knows no such entity
    assert result == expected.replace("The first&#160;line", first)
    spans = web.spans(source)
    assert web.written(source, [(span, span.segment.text) for span in spans], "de") == source


def test_a_real_page_keeps_its_5000_elements(shared_data: Path) -> None:
    source = (shared_data / "docs" / "test_wikipedia.html").read_text("utf-8")
    spans = web.spans(source)
    result = replaced(source, [(span, shouted(span.segment.text)) for span in spans], web.escape)
    assert len(spans) > 1000
    assert html_tree(result) == html_tree(source)


def test_a_page_in_another_encoding_stays_in_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes('<meta charset="windows-1252"><p>Un café très ordinaire</p>'.encode("cp1252"))
    result, source = translated(path)
    assert source.segments[0].text == "Un café très ordinaire"
    assert "UN CAFÉ TRÈS ORDINAIRE" in result.decode("cp1252")


# Word


def word(path: Path, *, picture: bool = True) -> Path:
    document = docx.Document()
    document.add_heading("The orchard", 1)
    paragraph = document.add_paragraph("It was ")
    paragraph.add_run("planted").bold = True
    paragraph.add_run(" in ")
    paragraph.add_run("1998").italic = True
    paragraph.add_run(" by {name}, see ")
    link = OxmlElement("w:hyperlink")
    link.set(
        qn("r:id"),
        document.part.relate_to(
            "https://a.example/x?y=1",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
            is_external=True,
        ),
    )
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "the handbook"
    run.append(text)
    link.append(run)
    paragraph._p.append(link)
    paragraph.add_run(".\tAfter a tab")
    paragraph.add_run().add_break()
    paragraph.add_run("and after a break.")
    for words in ("twelve hives", "two presses"):
        document.add_paragraph(words, style="List Bullet")
    table = document.add_table(2, 2)
    for row, cells in zip(table.rows, (("Fruit", "Tons"), ("apples of the north", "12")), strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    if picture:
        image = io.BytesIO()
        Image.new("RGB", (8, 8)).save(image, "PNG")
        image.seek(0)
        document.add_picture(image)
    document.sections[0].header.paragraphs[0].text = "A header of the orchard"
    document.sections[0].footer.paragraphs[0].text = "Page footer"
    document.save(str(path))
    return path


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        return {name: container.read(name) for name in container.namelist()}


def word_tree(xml: bytes) -> list[tuple[Any, ...]]:
    """Every element with its attributes and depth; of `w:t` not its text, nor whether its spaces count."""
    found = []
    for element in etree.fromstring(xml).iter():
        attributes = {key: value for key, value in element.attrib.items() if not key.endswith("}space")}
        text = "" if element.tag == f"{W}t" else (element.text or "").strip()
        found.append((element.tag, tuple(sorted(attributes.items())), sum(1 for _ in element.iterancestors()), text))
    return found


@KINDS
def test_word_keeps_every_part_and_every_element(kind: str, tmp_path: Path, shared_data: Path) -> None:
    for path in (word(tmp_path / "orchard.docx"), shared_data / "docs" / "test.docx"):
        before, after = parts(path.read_bytes()), parts(translated(path, kind)[0])
        assert list(before) == list(after)
        for name, content in before.items():
            if re.fullmatch(r"word/(?:document|header\d*|footer\d*)\.xml", name):
                assert word_tree(after[name]) == word_tree(content), name
            else:
                assert after[name] == content, name


@KINDS
def test_word_formatting_stays_on_its_words(kind: str, tmp_path: Path) -> None:
    document = docx.Document(io.BytesIO(translated(word(tmp_path / "orchard.docx"), kind)[0]))
    paragraph = document.paragraphs[1]
    bold = [run.text for run in paragraph.runs if run.bold]
    assert "PLANTED" in "".join(bold)
    assert [run.text for run in paragraph.runs if run.italic] == ["1998"]
    assert "THE HANDBOOK" in paragraph.hyperlinks[0].text
    assert "{name}" in paragraph.text
    assert document.tables[0].rows[1].cells[1].text == "12"


def test_word_text_is_translated_everywhere(tmp_path: Path) -> None:
    result, _ = translated(word(tmp_path / "orchard.docx"))
    document = docx.Document(io.BytesIO(result))
    assert document.paragraphs[0].text == "THE ORCHARD"
    assert (
        document.paragraphs[1].text
        == "IT WAS PLANTED IN 1998 BY {name}, SEE THE HANDBOOK.\tAFTER A TAB\nAND AFTER A BREAK."
    )
    assert [p.text for p in document.paragraphs[2:4]] == ["TWELVE HIVES", "TWO PRESSES"]
    assert document.tables[0].rows[1].cells[0].text == "APPLES OF THE NORTH"
    assert document.sections[0].header.paragraphs[0].text == "A HEADER OF THE ORCHARD"


# Subtitles and plain text

SUBTITLES = """1
00:00:01,000 --> 00:00:04,000
<i>It was a long day,</i>
and nobody came home.

2
00:00:05,500 --> 00:00:07,000 X1:10 Y1:20
- Who is there?
- {\\an8}It is me, 007.

3
00:00:08,000 --> 00:00:09,000

4
00:01:00,000 --> 00:01:02,000
♪ 2001 ♪
"""


@KINDS
def test_subtitles_keep_numbers_times_styles_and_lines(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    path.write_text(SUBTITLES.replace("\n", "\r\n"), "utf-8", newline="")
    data = translated(path, kind)[0]
    assert data.count(b"\r\n") == data.count(b"\n") >= SUBTITLES.count("\n")
    result = data.decode().replace("\r\n", "\n")
    fixed = re.compile(r"^\d+$|-->.*|<[^>]*>|\{\\[^}]*\}|007|2001", re.MULTILINE)
    assert fixed.findall(result) == fixed.findall(SUBTITLES)
    if kind == "careful":
        assert data.count(b"\n") == SUBTITLES.count("\n")
        assert "<i>IT WAS A LONG DAY,</i>\nAND NOBODY CAME HOME." in result


def test_plain_text_keeps_lines_indents_and_marks_and_a_broken_paragraph_its_width() -> None:
    text = "TITLE of it\n\n  * one thing {x}\n  * two things\n\t12345\n\n" + (
        "This paragraph was broken by hand so that it would fit into a\nnarrow column, as mails and manuals do; it is one "
        "paragraph\nand reads as one.\n"
    )
    spans = plain.spans(text)
    assert [span.segment.text for span in spans][:3] == ["TITLE of it", "one thing {x}", "two things"]
    result = plain.written(text, [(span, shouted(span.segment.text)) for span in spans])
    assert result.split("\n")[:7] == [
        "TITLE OF IT",
        "",
        "  * ONE THING {x}",
        "  * TWO THINGS",
        "\t12345",
        "",
        result.split("\n")[6],
    ]
    assert len(spans) == 4
    assert max(map(len, result.split("\n"))) <= 80
    assert result.count("\n") == text.count("\n")


# PDF


def test_a_pdf_comes_back_as_word_with_its_headings_and_pages(tmp_path: Path) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "report.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    for page in ("first", "second"):
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 760, f"The {page} chapter")
        canvas.setFont("Helvetica", 11)
        for line, words in enumerate(
            (
                "This is a paragraph that goes on over more than one line of the",
                "page, as paragraphs do, and costs 48,000 euros in all of it.",
            )
        ):
            canvas.drawString(72, 720 - 14 * line, words)
        canvas.showPage()
    canvas.save()
    result, source = translated(path)
    assert source.ending == ".docx"
    document = docx.Document(io.BytesIO(result))
    texts = [paragraph.text for paragraph in document.paragraphs if paragraph.text.strip()]
    assert texts[0] == "THE FIRST CHAPTER"
    assert any("OVER MORE THAN ONE LINE OF THE PAGE" in one and "48,000" in one for one in texts)
    assert sum("w:br" in p._p.xml and 'type="page"' in p._p.xml for p in document.paragraphs) == 1


# Input that means harm


@pytest.mark.parametrize(
    "text", ["a" * 300_000 + "1", " " * 300_000, "(" * 300_000, "a." * 150_000, "<" * 100_000, "[" * 50_000 + "a"]
)
def test_endless_runs_of_one_thing_are_read_in_linear_time(text: str) -> None:
    """An expression that goes back over what it has read would not come to an end here."""
    plain.spans(text)
    web.spans(text[:100_000])
    markdown.spans(text[:20_000])

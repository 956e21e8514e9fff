"""reStructuredText, AsciiDoc and LaTeX: their own text back is the same file, and only words change."""

from pathlib import Path

import pytest

from tests.chatbot.tasks.translate.files.test_formats import opened, shouting

RST = """\
.. _start:

=====
Title
=====

A paragraph over
two lines with ``code``, *stress*, a `link <https://a.org/x>`_, :ref:`words <start>` and :func:`run`::

    never = this

- one item
  that goes on
- another, see [1]_ and name_

.. note:: Short words here
   that go on.
   :alt: kept

.. code-block:: python

   print("stays")

.. figure:: a.png
   :alt: What it shows

   Its caption here

:param x: the number
    of trees
:type: int

Term
    Its meaning

====  ======
key   value
====  ======

.. [1] A footnote of words.
.. a comment of words

Head
----
Last words.
"""
ADOC = """\
= Title of it
Ada Lovelace <ada@a.org>
v1.0, 2024-01-01
:toc: left

Some *bold* words with `code`, {name} and https://a.org[a link]
on two lines.

.Caption here
[source,python]
----
print("stays")
----

NOTE: Mind the gap, +
then go.footnote:[Not far.]

* first item
** second <<start,over here>>
CPU:: the middle part

|===
|Name |Worth
|fast |slow one
|===

// a comment
image::a.png["A tree, green",300]
"""
TEX = r"""\documentclass{article}
\title{All \emph{about} trees}
\newcommand{\oak}{Quercus}
\begin{document}
\section*{First part}\label{sec:one}
Some words, $x^2$ of \textbf{bold trees}~\cite{ada} and 5\,\% more % a comment
on two lines.

\begin{equation}
  a = b
\end{equation}
\begin{itemize}
  \item One thing \& another
  \item[b)] See \href{https://a.org}{this page}.
\end{itemize}
\begin{tabular}{ll}
  Name & Worth \\ \hline
  fast & slow one \\
\end{tabular}
\begin{lstlisting}
stays = True
\end{lstlisting}
\begin{figure}\includegraphics[width=2cm]{a.png}\caption{What it shows}\end{figure}
\end{document}
"""
CASES = [
    ("a.rst", RST, ["=====\nTITLE\n=====", "A PARAGRAPH OVER TWO LINES WITH ``code``, *STRESS*, A `LINK <https://a.org/x>`_, :ref:`WORDS <start>` AND "
     ":func:`run`::\n\n    never = this", "- ONE ITEM THAT GOES ON\n- ANOTHER, SEE [1]_ AND name_\n", '.. note:: SHORT WORDS HERE THAT GO ON.', 'print("stays")',
     ":alt: WHAT IT SHOWS\n\n   ITS CAPTION HERE\n", ":param x: THE NUMBER OF TREES\n:type: INT", "TERM\n    ITS MEANING", "====  ======\nKEY   VALUE\n====  ======", ".. [1] A FOOTNOTE OF WORDS.\n.. a comment of words",
     "HEAD\n----\nLAST WORDS."]),
    ("a.adoc", ADOC, ["= TITLE OF IT\nAda Lovelace <ada@a.org>\nv1.0, 2024-01-01\n", ":toc: left\n", "SOME *BOLD* WORDS WITH `code`, {name} AND https://a.org[A LINK] ON TWO LINES.\n", ".CAPTION HERE\n[source,python]\n----\nprint(\"stays\")\n----",
     "NOTE: MIND THE GAP, +\nTHEN GO.footnote:[NOT FAR.]", "* FIRST ITEM\n** SECOND <<start,OVER HERE>>\nCPU:: THE MIDDLE PART", "|NAME |WORTH\n|FAST |SLOW ONE\n", "// a comment\nimage::a.png[\"A TREE, GREEN\",300]"]),
    ("a.tex", TEX, [r"\title{ALL \emph{ABOUT} TREES}", r"{\oak}{Quercus}", r"\section*{FIRST PART}\label{sec:one}", r"SOME WORDS, $x^2$ OF \textbf{BOLD TREES}", r"~\cite{ada} AND 5\,\% MORE % a comment",
     r"\item ONE THING \& ANOTHER", r"\item[b)] SEE \href{https://a.org}{THIS PAGE}.", "NAME & WORTH \\\\ \\hline\n  FAST & SLOW ONE \\\\", "stays = True", r"\includegraphics[width=2cm]{a.png}\caption{WHAT IT SHOWS}"]),
    ("b.rst", ".. |name| replace:: A banyan\n\n.. toctree::\n   :caption: More pages\n\n   intro\n\n-o FILE, --out=FILE  Where it goes.\n\nText.\n",
     [".. |name| replace:: A BANYAN\n", ":caption: MORE PAGES\n\n   intro\n", "-o FILE, --out=FILE  WHERE IT GOES.\n"]),
    ("b.tex", "\\begin{frame}{A title}\n\\item[Some term] Words\n\\section[Short form]{Long form}\n\\begin{theorem}[Of trees]\nThey grow.\n\\end{theorem}\n\\end{frame}\n",
     ["\\begin{frame}{A TITLE}\n\\item[SOME TERM] WORDS\n\\section[SHORT FORM]{LONG FORM}\n\\begin{theorem}[OF TREES]\nTHEY GROW.\n"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "there"), CASES, ids=[name for name, *_ in CASES])
def test_light_markup_keeps_all_but_words(name: str, source: str, there: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(source, "utf-8")
    result = shouting(path).decode("utf-8")
    for piece in there:
        assert piece in result


def test_tables_made_of_lists_and_the_texts_of_functions_are_translated(tmp_path: Path) -> None:
    path = tmp_path / "a.rst"
    table = ".. list-table:: Its title\n   :header-rows: 1\n\n   * - Name\n     - Meaning\n   * - ``x``\n     - What it is\n\n"
    path.write_text(
        f"{table}.. py:function:: area(r)\n   :no-index:\n\n   Gives the area.\n\n   :param r: the radius\n", "utf-8"
    )
    result = shouting(path).decode()
    assert (
        ".. list-table:: ITS TITLE\n   :header-rows: 1\n\n   * - NAME\n     - MEANING\n   * - ``x``\n     - WHAT IT IS\n"
        in result
    )
    path.write_text(
        "* - a word\n  -\n    - an item of it\n    - more\n\n.. meta::\n   :description lang=en: What it is\n", "utf-8"
    )
    assert [one.text for one in opened(path).segments] == ["a word", "an item of it", "more", "What it is"]
    assert ".. py:function:: area(r)\n   :no-index:\n\n   GIVES THE AREA.\n\n   :param r: THE RADIUS\n" in result


VALUES = '''\
.. csv-table:: Its title
   :header: "Name of it", Price
   :widths: 20, 10

   "A *small* tree, ""old""", 2.99
   Plain words, "Over two
   lines of it"
   ``code``, "Here:

   - one item
   - and more"

.. csv-table:: From afar
   :file: trees.csv

   "Not, shown"

Behind it.
'''


def test_the_cells_of_tables_behind_commas_are_translated(tmp_path: Path) -> None:
    path = tmp_path / "a.rst"
    path.write_text(VALUES, "utf-8")
    result = shouting(path).decode()
    for piece in (':: ITS TITLE\n   :header: "NAME OF IT", PRICE\n   :widths: 20, 10\n\n', '   "A *SMALL* TREE, ""OLD""", 2.99\n',
                  '   PLAIN WORDS, "OVER TWO LINES OF IT"\n', '   ``code``, "HERE:\n\n   - ONE ITEM\n   - AND MORE"\n', '   "Not, shown"\n\nBEHIND IT.\n'):  # fmt: skip
        assert piece in result
    found = opened(path)
    said = {"Plain words": "Wörter, schlichte"}
    texts = [said.get(one.text, one.text) for one in found.segments]
    assert found.write(texts, "de").decode() == VALUES.replace("Plain words", '"Wörter, schlichte"')


GRID = """\
+--------+---------------+
| Head   | Other         |
+========+===============+
| Cell   | A *longer*    |
| b      | cell of words |
+--------+---------------+
| - item | ``code``      |
+--------+---------------+
"""
SIMPLE = """\
  =====  =====  ======
  Left   Both   Right
  =====  =====  ======
  one           the
                first
  two    x|y    last

  =====  =====  ======
"""
SPANS = "+---+---+\n| a word   |\n+---+---+\n| b | c |\n+---+---+\n"


def test_tables_are_drawn_anew_around_what_their_cells_say(tmp_path: Path) -> None:
    path = tmp_path / "a.rst"
    path.write_text(f"{GRID}\nBetween.\n\n{SIMPLE}\n{SPANS}", "utf-8")
    same = opened(path)
    texts = [segment.text for segment in same.segments]
    assert texts == ["Head", "Other", "Cell b", "A <1>longer</1> cell of words", "Between.",
                     "Left", "Both", "Right", "one", "the first", "two", "x|y", "last"]  # fmt: skip
    new = dict(zip(texts, texts, strict=True)) | {
        "Head": "一个很长的标题", "A <1>longer</1> cell of words": "<1>多</1>字", "the first": "the very first", "Left": "L",
    }  # fmt: skip
    result = opened(path).write([new[text] for text in texts], "zh").decode()
    assert (
        result
        == """\
+----------------+---------------+
| 一个很长的标题 | Other         |
+================+===============+
| Cell           | *多*\\ 字      |
| b              |               |
+----------------+---------------+
| - item         | ``code``      |
+----------------+---------------+

Between.

  =====  =====  ==============
  L      Both   Right
  =====  =====  ==============
  one           the very first
  two    x|y    last

  =====  =====  ==============

"""
        + SPANS
    )


def test_lines_around_a_title_grow_with_it_and_formatting_keeps_its_room(tmp_path: Path) -> None:
    path = tmp_path / "a.rst"
    path.write_text("Tree\n====\n\nPress **here** now.\n", "utf-8")
    found = opened(path)
    assert (
        found.write(["一棵大树", "按<1>这里</1>继续。"], "zh").decode()
        == "一棵大树\n========\n\n按\\ **这里**\\ 继续。\n"
    )
    path.write_text("Press *here* and ``x`` now.\n", "utf-8")
    assert opened(path).write(["按<1>这里</1>和<2>x</2>。"], "zh").decode() == "按\\ *这里*\\ 和\\ ``x``。\n"
    path = tmp_path / "a.adoc"
    path.write_text("Press *here* or _there_, not in *all* of my_own_words.\n", "utf-8")
    texts = ["按<1>这里</1>或<2>那里</2>， <3>全部</3> my_own_words。"]
    assert opened(path).write(texts, "zh").decode() == "按**这里**或__那里__， *全部* my_own_words。\n"


def test_what_would_be_a_command_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a.tex"
    path.write_text("Half of it costs five dollars.\n", "utf-8")
    assert opened(path).write(["50 % von A & B_1 kosten $5."], "de") == b"50 \\% von A \\& B\\_1 kosten \\$5.\n"

"""What the page says that it reads and translates comes from the tables."""

import pytest

from chatbot.tasks.translate.files import kinds as translated
from chatbot.ui.documents.shelf import render
from chatbot.ui.parts import kinds
from retrieval.reading.kinds import READERS, Reader


def test_the_lists_are_worded_in_the_language() -> None:
    assert kinds.readable("en") == (
        "PDF, DOCX, PPTX, XLSX, HTML, Markdown, TXT, SRT/VTT, EML, IPYNB, ODT, ODS, ODP, CSV, PNG, JPEG, EPUB, JSON, source code"
    )
    assert kinds.readable("zh").endswith("、EPUB、JSON、源代码")
    assert (
        kinds.translatable("zh")
        == "DOCX、PPTX、XLSX、HTML、SVG、Markdown、MDX、TXT、RST、AsciiDoc、LaTeX、SRT、VTT、ASS、EPUB、ODT、ODS、ODP、PO、XLIFF、strings.xml、.strings、ARB、JSON、YAML、IPYNB、PDF"
    )
    assert (
        translated.translatable()
        == "DOCX, PPTX, XLSX, HTML, SVG, Markdown, MDX, TXT, RST, AsciiDoc, LaTeX, SRT, VTT, ASS, EPUB, ODT, ODS, ODP, PO, XLIFF, strings.xml, .strings, ARB, JSON, YAML, IPYNB or PDF"
    )


def test_a_row_more_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Reader("tally", "tally", "TALLY", "a tally sheet", ("tally",))
    monkeypatch.setattr(kinds, "READERS", (*READERS, tally))
    assert "源代码、TALLY。" in render.document_list([], set(), None, "zh")

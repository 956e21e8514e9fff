"""The table of translatable kinds: whole, and one row is all it takes to add one."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.child import read
from chatbot.tasks.translate.files.kinds import KINDS, Translatable
from retrieval.reading.kinds import READERS

CHILD = """
import sys
from pathlib import Path
from types import ModuleType
from chatbot.common.limited import Limits
from chatbot.tasks.translate.files import __main__, kinds
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.files.opened import Opened

def opened(path, name, limits):
    rows = path.read_text().splitlines()
    return Opened(".csv", tuple(map(Segment, rows)), lambda targets, code: "\\n".join(targets).encode())

module = sys.modules["chatbot.tasks.translate.files.rows"] = ModuleType("rows")
module.opened = opened
kinds.KINDS += (kinds.Translatable("csv", "rows", ("CSV",)),)
__main__.main(Limits(), Path(sys.argv[1]), "trees.csv", None, "de")
"""


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row.kind)
def test_each_row_has_its_module_and_is_a_kind_that_is_read(row: Translatable) -> None:
    assert callable(import_module(f"chatbot.tasks.translate.files.{row.module}").opened)
    assert row.kind in {reader.kind for reader in READERS}


def test_one_row_makes_a_kind(tmp_path: Path) -> None:
    trees = tmp_path / "x"
    trees.write_text("oak,old\nash,young\n", "utf-8")
    with pytest.raises(RejectedFile, match=r"is a table of values, .* DOCX, PPTX, XLSX, HTML, .* IPYNB or PDF\."):
        read(trees, "trees.csv")
    child = [sys.executable, "-c", CHILD, str(trees)]
    said = subprocess.run(child, capture_output=True, text=True, check=True, timeout=60).stdout
    first, second, *_ = map(json.loads, said.splitlines())
    assert first == {"kind": "csv", "ending": ".csv", "doubts": ""}
    assert [text for text, *_ in second["segments"]] == ["oak,old", "ash,young"]

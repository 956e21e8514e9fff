"""The table of readers: whole, and one row is all it takes to add one."""

import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading import kinds
from retrieval.reading.kinds import READERS, Magic, Packed, Reader, Text
from retrieval.reading.sniff import sniff

TALLY = Reader("tally", "tally", "TALLY", "a tally sheet", ("tally",), Magic(b"||||/"), "slide")
CHILD = """
import sys
from pathlib import Path
from types import ModuleType
from chatbot.common.limited import Limits
from retrieval.reading import __main__, kinds

def read(path, name, pages, limits):
    pages.begin()
    pages.add(f"{path.read_bytes().count(b'|')} strokes")

module = sys.modules["retrieval.reading.tally"] = ModuleType("tally")
module.read = read
kinds.READERS += (kinds.Reader("tally", "tally", "TALLY", "a tally sheet", ("tally",), kinds.Magic(b"||||/"), "slide"),)
__main__.main(Limits(), Path(sys.argv[1]), "sheep.tally")
"""


@pytest.mark.parametrize("row", READERS, ids=lambda row: row.kind)
def test_each_row_has_its_reader(row: Reader) -> None:
    assert callable(import_module(f"retrieval.reading.{row.module}").read)


def test_no_two_rows_claim_the_same() -> None:
    endings = [ending for row in READERS for ending in row.endings]
    assert len(set(endings)) == len(endings)
    assert len({row.kind for row in READERS}) == len(READERS)


def test_one_row_makes_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are known by content and by name, it is named to those who bring others, and the child reads it."""
    sheep = tmp_path / "x"
    sheep.write_bytes(b"||||/ ||||/ ||")
    assert sniff(sheep, "sheep.bin", Limits()) == "text"
    monkeypatch.setattr(kinds, "READERS", (*READERS, TALLY))
    assert sniff(sheep, "sheep.bin", Limits()) == sniff(sheep, "sheep.tally", Limits()) == "tally"
    assert kinds.unit("tally") == "slide"
    with pytest.raises(RejectedFile, match="looks like a tally sheet, not a PDF"):
        sniff(sheep, "sheep.pdf", Limits())
    (tmp_path / "y").write_bytes(b"\x7fELF")
    with pytest.raises(RejectedFile, match="looks like a program, not a tally sheet"):
        sniff(tmp_path / "y", "y.tally", Limits())
    with pytest.raises(RejectedFile, match=r"one of: PDF, .* JSON, source code or TALLY\."):
        sniff(tmp_path / "y", "y", Limits())
    child = [sys.executable, "-c", CHILD, str(sheep)]
    said = subprocess.run(child, capture_output=True, text=True, check=True, timeout=60).stdout
    assert '"kind": "tally"' in said
    assert '"text": "10 strokes"' in said


def test_a_row_for_a_container_and_one_for_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = Reader("kite", "kite", "KITE", "a kite", ("kite",), Packed("tail.txt", b"long"))
    verse = Reader("verse", "verse", "VERSE", "verse", ("verse",), Text(opens=(b"o muse",)))
    monkeypatch.setattr(kinds, "READERS", (*READERS, packed, verse))
    for name, content, kind in (("a", "long\n", "kite"), ("b", "short", None), ("c", "long" + 200 * " ", None)):
        with zipfile.ZipFile(tmp_path / name, "w") as container:
            container.writestr("tail.txt", content)
        if kind:
            assert sniff(tmp_path / name, name, Limits()) == kind
        else:
            with pytest.raises(RejectedFile, match="is a zip archive"):
                sniff(tmp_path / name, name, Limits())
    (tmp_path / "ode").write_bytes(b"\n O Muse, sing.")
    assert sniff(tmp_path / "ode", "ode", Limits()) == "verse"
    assert sniff(tmp_path / "ode", "ode.txt", Limits()) == "text", "a name that tells the kind counts first"

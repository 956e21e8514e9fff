"""Hostile and broken files: each ends in its own clear reason, and nothing else is hurt."""

import os
import signal
import subprocess
import zipfile
from contextlib import nullcontext
from pathlib import Path
from random import Random

import pytest

from chatbot.common.limited import Limits, run
from chatbot.common.rejected import REASONS
from retrieval.reading.office.container import check
from retrieval.reading.readers import RejectedFile, read
from tests.retrieval import hazards

pytestmark = pytest.mark.slow

ZIPPED = ["docx", "pptx", "xlsx", "epub"]


def rejected(folder: Path, content: bytes, name: str, limits: Limits | None = None) -> RejectedFile:
    with pytest.raises(RejectedFile) as caught:
        read(hazards.write(folder, "5f3a", content), name, limits)
    assert caught.value.code in REASONS
    assert "5f3a" not in str(caught.value) and str(folder) not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", ZIPPED)
def test_the_honest_container_is_read(kind: str, tmp_path: Path) -> None:
    assert "An honest" in read(hazards.write(tmp_path, "x", hazards.container(kind)), f"a.{kind}").pages[0].text


@pytest.mark.parametrize("kind", ZIPPED)
@pytest.mark.parametrize("bomb", hazards.BOMBS)
def test_bombs(bomb: str, kind: str, tmp_path: Path) -> None:
    error = rejected(tmp_path, hazards.BOMBS[bomb](kind), f"a.{kind}")
    word = {"high_ratio": "times its size", "too_much": "MB", "many_entries": "files", "nested": "archives within"}
    assert error.code == "bomb" and word[bomb] in str(error)


@pytest.mark.parametrize(("more", "bomb"), [(0, False), (1, True)])
def test_eight_megabytes_are_no_bomb_however_well_they_pack(more: int, bomb: bool, tmp_path: Path) -> None:
    path = tmp_path / "x"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("blank.bin", bytes((8 << 20) + more))
    with pytest.raises(RejectedFile, match="times its size") if bomb else nullcontext():
        check(path, Limits())


@pytest.mark.parametrize("kind", ZIPPED)
def test_entities_and_names_that_climb(kind: str, tmp_path: Path) -> None:
    assert "entity" in str(rejected(tmp_path, hazards.entity_bomb(kind), f"a.{kind}"))
    assert "leads out" in str(rejected(tmp_path, hazards.climbing(kind), f"a.{kind}"))


def test_pdfs_that_cannot_be_opened(tmp_path: Path) -> None:
    whole = hazards.pdf([f"page {k}" for k in range(30)])
    assert rejected(tmp_path, hazards.encrypted_pdf(), "a.pdf").code == "encrypted"
    for length in (20, 300, len(whole) // 2, len(whole) - 200):
        assert rejected(tmp_path, whole[:length], "a.pdf").code == "damaged"
    saved = read(hazards.write(tmp_path, "x", whole[:-20]), "a.pdf")
    assert len(saved.pages) == 30 and [flag.code for flag in saved.warnings] == ["repaired"]


def test_pypdf_reads_what_pdfium_cannot_open(tmp_path: Path) -> None:
    broken = hazards.pdf(["page one", "page two"]).replace(b"/Root", b"/Roto")
    saved = read(hazards.write(tmp_path, "x", broken), "a.pdf")
    assert [page.text for page in saved.pages] == ["page one", "page two"]
    assert [flag.code for flag in saved.warnings] == ["fallback"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (hazards.pdf(["x"]), "a.docx", "wrong_type"),
        (hazards.pdf(["x"]), "a.txt", "wrong_type"),
        (hazards.office("docx"), "a.pdf", "wrong_type"),
        (hazards.office("xlsx"), "a.docx", "wrong_type"),
        (b"only text", "a.pdf", "wrong_type"),
        (b"only text", "a.epub", "wrong_type"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a.md", "wrong_type"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a.png", "damaged"),
        (Random(1).randbytes(5000), "a.bin", "unsupported"),
        (Random(2).randbytes(50_000), "a.csv", "wrong_type"),
        (bytes(range(256)) * 4, "a.txt", "wrong_type"),
        (bytes(9000), "a.txt", "wrong_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", "unsupported"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "a.docx",
            "encrypted",
        ),
        (b"", "a.txt", "empty"),
        (b" \n\t ", "a.txt", "no_text"),
        (hazards.pdf(["", ""]), "a.pdf", "no_text"),
        (b"PK\x03\x04" + bytes(100), "a.docx", "damaged"),
        (hazards.office("docx")[:9000], "a.docx", "damaged"),
        (bytes(4000), "a.docx", "damaged"),
        (hazards.nested_html(), "a.html", "unsafe"),
        (
            hazards.with_parts(hazards.office("docx"), {"word/document.xml": b"<broken"}, replace=True),
            "a.docx",
            "damaged",
        ),
    ],
)
def test_every_lie_has_its_reason(content: bytes, name: str, code: str, tmp_path: Path) -> None:
    error = rejected(tmp_path, content, name)
    assert error.code == code
    assert name in str(error)


@pytest.mark.parametrize("page", ["<p {}>x", "<p {}='1'>x", "<i {}=1></i>"])
def test_attributes_without_end(page: str, tmp_path: Path) -> None:
    """One element with all of them, or each with its own."""
    names = [f"a{k}" for k in range(100_000)]
    one = page.format(" ".join(names)) if "=" not in page else "".join(page.format(name) for name in names)
    assert "different attributes" in str(rejected(tmp_path, one.encode(), "a.html"))


def test_a_pdf_of_five_thousand_pages_is_read(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf([f"This is page {k}." for k in range(1, 5001)]))
    found = read(path, "a.pdf")
    assert len(found.pages) == 5000 and found.pages[-1].text == "This is page 5000."


def test_a_line_of_fifty_megabytes(tmp_path: Path) -> None:
    error = rejected(tmp_path, b"word " * (10 << 20), "a.txt")
    assert error.code == "too_large" and "20000000" in str(error)


def test_the_last_cell_of_a_sheet(tmp_path: Path) -> None:
    found = read(hazards.write(tmp_path, "x", hazards.far_cell()), "a.xlsx")
    assert "far away" in found.pages[0].text and sum(len(page.text) for page in found.pages) < 100
    wide = read(hazards.write(tmp_path, "x", hazards.far_cell(rows=3000)), "a.xlsx", Limits(cells=100_000))
    assert [flag.code for flag in wide.warnings] == ["cells_left_out"]


def test_json_deeper_than_the_stack(tmp_path: Path) -> None:
    found = read(hazards.write(tmp_path, "x", hazards.deep_json()), "a.json")
    assert [flag.code for flag in found.warnings] == ["not_valid"]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.txt", "a\0b.txt", "😀名前.txt", "x" * 5000 + ".txt", "\u202etxt.exe", "\ud800.txt", "..", ""],
)
def test_names_are_only_shown(name: str, tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", b"Some honest text.")
    assert read(path, name).pages[0].text == "Some honest text."
    error = rejected(tmp_path, b"", name)
    assert not set("\0\n\u202e\ud800") & set(str(error)) and len(str(error)) < 300


def test_a_child_killed_from_outside(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf(["a page"] * 800))

    def kill(done: int, total: int | None) -> None:
        if done > 1:
            return
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            pid, parent, *command = line.split()
            if parent == str(os.getpid()) and "retrieval.reading" in command:
                os.kill(int(pid), signal.SIGKILL)

    with pytest.raises(RejectedFile) as caught:
        read(path, "a.pdf", progress=kill)
    assert caught.value.code == "crashed"
    assert read(path, "a.pdf", Limits()).pages[0].text == "a page"


def test_too_slow_and_too_hungry(tmp_path: Path) -> None:
    slow = b"<p>words" * 200_000
    assert rejected(tmp_path, slow, "a.html", Limits(seconds=0.8)).code == "timeout"
    worked = rejected(tmp_path, slow, "a.html", Limits().lasting(1))
    assert (worked.code, worked.details["seconds"]) == ("timeout", 1), "of work, not of waiting for a busy machine"
    assert (Limits().cpu_seconds, Limits().lasting(30)) == (30, Limits()), (
        "what a stranger can send is worked on so long"
    )
    hungry = b"[" + b'"word",' * 2_000_000 + b"1]"
    assert rejected(tmp_path, hungry, "a.json", Limits(memory_bytes=150 << 20)).code == "memory"


def test_what_the_child_may_not(tmp_path: Path) -> None:
    """Connections, programs and files are refused in the child itself."""
    tried = (
        "import json, os, pathlib, socket, subprocess, sys; from chatbot.common.limited import Limits; from chatbot.common.confine import confine, say\n"
        "confine(Limits()); refused = []\n"
        "for what in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: subprocess.run(['true']), lambda: os.system('true'),"
        f" lambda: pathlib.Path({str(tmp_path / 'new')!r}).write_text('x')):\n"
        "    try: what()\n"
        "    except OSError as e: refused.append(type(e).__name__)\n"
        "say(refused=refused, secret=os.environ.get('BANYAN_SECRET'), end=True)\n"
    )
    (tmp_path / "tries.py").write_text(tried)
    os.environ["BANYAN_SECRET"] = "s3cret"
    os.environ["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    try:
        (record,) = run("tries", [], Limits(), given={})
    finally:
        del os.environ["BANYAN_SECRET"], os.environ["PYTHONPATH"]
    assert record["refused"] == ["PermissionError", "PermissionError", "PermissionError", "OSError"]
    assert record["secret"] is None


def test_a_child_that_babbles_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "babble.py").write_text("while True: print('no json at all', flush=True)")
    os.environ["PYTHONPATH"] = str(tmp_path)
    try:
        with pytest.raises(RejectedFile) as caught:
            list(run("babble", [], Limits(seconds=20), given={}))
    finally:
        del os.environ["PYTHONPATH"]
    assert caught.value.code == "crashed"

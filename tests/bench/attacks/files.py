"""Honest files with something changed, thousands of them, given to every reader of documents and to the doctor of data sets.

python -m tests.bench.attacks.files --count 2000 --base MODEL_FOLDER

Each is read in a process of its own with the limits of the app, forked from one that has imported the readers already. A fault
is a process that dies, takes longer than its limit, or ends with anything but a text, a report or a reason in words. Half of
the changes to a container are made to one of its members, which is packed again, so that they come past its checksums.
"""

import argparse
import gzip
import io
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from chatbot.common.confine import confine
from chatbot.common.errors import InputError
from chatbot.common.limited import Limits
from chatbot.common.rejected import REASONS
from retrieval.reading.kinds import READERS
from tests.bench.attacks.mutate import damaged
from tests.retrieval import hazards

LIMITS = Limits()
GRACE = 20.0  # seconds on top of the limit, for a machine that is busy
ROWS = [
    {"messages": [{"role": "user", "content": f"How many rings has oak {n}?"}, {"role": "assistant", "content": f"{n}."}]}
    for n in range(12)
]  # fmt: skip
PAIRS = [{"prompt": f"How old is oak {n}?", "completion": f"{n} years."} for n in range(12)]
PAGE = "<html><head><title>Oaks</title></head><body><h1>Oaks</h1><p>An oak.</p><table><tr><td>1</td></tr></table></body></html>"


def documents(folder: Path) -> list[str]:
    """One of each kind. Returns the names."""
    made: dict[str, bytes] = {
        **{f"a.{kind}": hazards.office(kind) for kind in ("docx", "pptx", "xlsx")},
        "a.epub": hazards.container("epub"),
        "a.pdf": hazards.pdf(["The oak has\nnine rings.", "And more."]),
        "plain.pdf": hazards.pdf(["The oak has\nnine rings."], pageCompression=0),
        **{f"a.{kind}": opened(kind) for kind in ("odt", "ods", "odp")},
        "a.html": PAGE.encode(),
        "a.md": b"# Oaks\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n\n```py\nx = 1\n```\n",
        "a.txt": "Eine Eiche.\n\n一棵橡树。\n".encode(),
        "a.srt": b"1\n00:00:01,000 --> 00:00:02,000\nAn oak.\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo.\n",
        "a.eml": b"From: a@b.c\nSubject: Oaks\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" + PAGE.encode(),
        "a.ipynb": json.dumps({"nbformat": 4, "metadata": {}, "cells": [
            {"cell_type": "markdown", "source": ["# Oaks"]}, {"cell_type": "code", "source": "x = 1", "outputs": [{"output_type": "stream", "text": "1"}]}]}).encode(),
        "a.csv": b"tree;rings\noak;9\nfig;12\n",
        "a.json": json.dumps(ROWS).encode(),
        "a.py": b"def rings():\n    return 9\n",
    }  # fmt: skip
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return list(made)


def opened(kind: str) -> bytes:
    """A small OpenDocument file."""
    body = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}[kind]
    space = "urn:oasis:names:tc:opendocument:xmlns"
    inner = {
        "odt": "<text:h>Oaks</text:h><text:p>An oak.</text:p>",
        "ods": '<table:table table:name="a"><table:table-row><table:table-cell><text:p>oak</text:p></table:table-cell></table:table-row></table:table>',
        "odp": '<draw:page draw:name="a"><draw:frame><draw:text-box><text:p>An oak.</text:p></draw:text-box></draw:frame></draw:page>',
    }[kind]
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:text="{space}:text:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:draw="{space}:drawing:1.0"><office:body><office:{body}>{inner}</office:{body}></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", f"application/vnd.oasis.opendocument.{body}")
        packed.writestr("content.xml", content)
    return out.getvalue()


def data_sets(folder: Path) -> list[str]:
    """One of each container. Returns the names."""
    import openpyxl
    import pyarrow  # type: ignore[import-untyped]
    import pyarrow.parquet  # type: ignore[import-untyped]

    lines = "\n".join(map(json.dumps, ROWS)).encode()
    made = {
        "d.jsonl": lines,
        "d.json": json.dumps(ROWS).encode(),
        "d.csv": ("prompt,completion\n" + "".join(f'"{r["prompt"]}",{r["completion"]}\n' for r in PAIRS)).encode(),
        "d.txt": b"\n\n".join(f"The oak {n} has {n} rings.".encode() for n in range(12)),
        "d.jsonl.gz": gzip.compress(lines),
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "d.zip", "w") as packed:
        packed.writestr("train.jsonl", lines)
    table = pyarrow.Table.from_pylist(PAIRS)
    pyarrow.parquet.write_table(table, folder / "d.parquet")
    with pyarrow.ipc.new_file(str(folder / "d.arrow"), table.schema) as sink:
        sink.write_table(table)
    book = openpyxl.Workbook()
    for row in [("prompt", "completion"), *((r["prompt"], r["completion"]) for r in PAIRS)]:
        book.active.append(row)
    book.save(folder / "d.xlsx")
    return [*made, "d.zip", "d.parquet", "d.arrow", "d.xlsx"]


def altered(content: bytes, chance: random.Random) -> bytes:
    if content.startswith(b"PK") and chance.random() < 0.5:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            name = chance.choice(packed.namelist())
            return hazards.with_parts(content, {name: damaged(packed.read(name), chance)}, replace=True)
    return damaged(content, chance)


def read(path: Path) -> str:
    """How the reading of it ended."""
    from retrieval.reading import __main__ as reading

    said = io.StringIO()
    sys.stdout = said
    confine(LIMITS)
    reading.main(LIMITS, path, path.name)
    last = json.loads(said.getvalue().splitlines()[-1])
    if "end" in last:
        return "read"
    code = str(last["rejected"]["code"])
    return code if code in REASONS else f"FAULT: no reason {last}"


def examined(path: Path, tokenizer: Any) -> str:
    """How the doctor's look at it ended."""
    from finetune.data.check import check
    from finetune.spec.spec import TrainingSpec

    try:
        check(path, tokenizer, TrainingSpec(), name=path.name, seconds=30.0)
    except InputError as error:
        return error.kind or f"FAULT: an error of no kind: {error}"
    except Exception as error:  # the child would tell its type and nothing that helps
        return f"FAULT: {type(error).__name__}: {error}"[:300]
    return "examined"


def alone(work: Callable[[], str], seconds: float) -> str:
    """What it returns, in a process of its own."""
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.close(reader)
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
        os.write(writer, work().encode()[:4000])
        os._exit(0)
    os.close(writer)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(round(seconds))
    with os.fdopen(reader, "rb") as told:
        said = told.read().decode()
    _, status = os.waitpid(child, 0)
    signal.alarm(0)
    if os.WIFSIGNALED(status):
        return f"FAULT: killed by signal {os.WTERMSIG(status)}"
    return said or f"FAULT: it ended with {os.WEXITSTATUS(status)} and said nothing"


def made(make: Callable[[Path], list[str]], folder: Path) -> list[str]:
    """The names of what `make` made, in a process of its own: libraries with threads are not to be forked after."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(make, (folder,))


def attacked(folder: Path, count: int, seed: int, tokenizer: Any) -> tuple[Counter[str], list[str]]:
    """How many ended how, and the faults in words; the files of those stay in `folder`."""
    chance, ends, faults = random.Random(seed), Counter[str](), list[str]()
    names = made(documents, folder) + (made(data_sets, folder) if tokenizer else [])
    for number in range(count):
        name = names[number % len(names)]
        path = folder / f"{number}-{name}"
        path.write_bytes(altered((folder / name).read_bytes(), chance))
        doctor = name.startswith("d.")
        work = (lambda: examined(path, tokenizer)) if doctor else (lambda: read(path))  # noqa: B023
        began = time.monotonic()
        end = alone(work, LIMITS.cpu_seconds + GRACE)
        ends[end.partition(":")[0]] += 1
        if end.startswith("FAULT"):
            faults.append(f"{path.name}, {time.monotonic() - began:.1f} s: {end}")
        else:
            path.unlink()
    return ends, faults


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base", help="folder of a model whose tokenizer the doctor counts with; without it no doctor")
    options = parser.parse_args()
    tokenizer = None
    if options.base:
        from transformers import AutoTokenizer

        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        tokenizer = AutoTokenizer.from_pretrained(options.base, local_files_only=True)
    for row in READERS:
        import_module(f"retrieval.reading.{row.module}")
    began, folder = time.monotonic(), Path(tempfile.mkdtemp())
    ends, faults = attacked(folder, options.count, options.seed, tokenizer)
    print("\n".join(faults))
    print(f"{options.count} files in {time.monotonic() - began:.0f} s, {len(faults)} faults, kept in {folder}")
    print(dict(ends.most_common()))


if __name__ == "__main__":
    main()

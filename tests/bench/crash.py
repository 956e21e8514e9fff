"""Kill -9 at random moments of adding and removing, and look at what is left.

    python -m tests.bench.crash [--rounds 1000] [--seed 0]

A child process adds and removes documents and writes down what was acknowledged. After every kill the library is opened
again: no acknowledged document may be lost, none may be half there, no removed one may be back. Files are read in process
and embedded by hashes, since it is the store that is tried; with caches from the first passage on, they are tried too.
"""

import argparse
import hashlib
import multiprocessing
import os
import random
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from retrieval.library import Library
from retrieval.reading import readers
from retrieval.reading.readers import Reading
from retrieval.search import owner_index
from retrieval.text.split import split
from retrieval.types import Page
from tests.retrieval.cheap import WordHashes

OWNER = "ada"


@dataclass(frozen=True, slots=True)
class Loss:
    """A promise that was broken, in words."""

    round: int
    what: str


def crash(folder: Path, rounds: int, seed: int = 0) -> tuple[int, list[Loss]]:
    """Kill `rounds` times. Returns how many changes were acknowledged, and every loss."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["retrieval.library", "tests.retrieval.cheap"])
    dice = random.Random(seed)
    journal, losses = folder / "journal", list[Loss]()
    folder.mkdir(parents=True, exist_ok=True)
    journal.touch()
    for number in range(rounds):
        child = context.Process(target=_work, args=(folder, dice.random()))
        size = journal.stat().st_size
        child.start()
        enough = size + dice.randint(1, 50)  # bytes: up to some four lines, by the child's clock rather than ours
        while journal.stat().st_size < enough and child.is_alive():
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.03))
        died = child.exitcode
        child.kill()
        child.join()
        if died is not None:
            losses.append(Loss(number, f"the child ended by itself with {died}"))
        losses += [Loss(number, what) for what in faults(folder)]
    return sum(line.startswith(("added", "removed")) for line in journal.read_text().splitlines()), losses


def faults(folder: Path) -> list[str]:
    """Open the library, compare it with the journal, and say what is wrong."""
    present, doubtful = _promised(folder / "journal")
    library = Library(folder / "data", WordHashes())
    found = {int(document.name): document for document in library.list(OWNER)}
    wrong = [f"{n} was acknowledged and is lost" for n in present - doubtful - found.keys()]
    wrong += [f"{n} was removed and is back" for n in found.keys() - present - doubtful]
    for n, document in found.items():
        text = _text(n)
        passages = library.passages(OWNER, document.id)
        if [page.text for page in library.pages(OWNER, document.id)] != [text] or document.passages != len(passages):
            wrong.append(f"{n} has other pages")
        if [p.text for p in passages] != [p.text for p in split([Page(1, text)])]:
            wrong.append(f"{n} has other passages")
        original = library.original(OWNER, document.id).read_bytes()
        if original != text.encode() or hashlib.sha256(original).hexdigest() != document.sha256:
            wrong.append(f"{n} has another original")
    for n in random.Random(len(found)).sample(sorted(found), min(3, len(found))):
        hits = library.search(OWNER, f"word{n}w", limit=1)
        if not hits or hits[0].passage.document != found[n].id or hits[0].dense is None:
            wrong.append(f"{n} is not found")
    kept = {path.name for path in (folder / "data" / "files").iterdir()}
    if kept != {document.id for document in found.values()}:
        wrong.append("files and documents differ")
    library.close()
    with sqlite3.connect(folder / "data" / "library.db") as database:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            wrong.append("the database is damaged")
        if database.execute("PRAGMA foreign_key_check").fetchall():
            wrong.append("rows without an owner")
    with (folder / "journal").open("a") as journal:  # what was in doubt is known now
        journal.writelines(f"{'added' if n in found else 'removed'} {n}\n" for n in doubtful)
    return wrong


def _promised(journal: Path) -> tuple[set[int], set[int]]:
    """The numbers of documents that must be there, and of those under way when the child was killed."""
    present, doubtful = set[int](), set[int]()
    for line in journal.read_text().splitlines():
        word, _, number = line.partition(" ")
        n = int(number)
        (doubtful.add if word in ("adding", "removing") else doubtful.discard)(n)
        if word == "added":
            present.add(n)
        elif word == "removed":
            present.discard(n)
    return present, doubtful


def _text(n: int) -> str:
    """One to some thirty passages, always the same for the same number."""
    dice = random.Random(n)
    sentences = [
        f"Sentence {i} of word{n}w tells of {dice.choice(['figs', 'rain', 'roots'])}."
        for i in range(dice.randint(1, 500))
    ]
    return " ".join(sentences)


def _work(folder: Path, seed: float) -> None:
    """Add and remove until killed. A line reaches the journal in one write, before and after each change."""
    readers.read = _plainly
    owner_index.CACHED = 1
    dice = random.Random(seed)
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND)
    library = Library(folder / "data", WordHashes())
    here = {int(document.name): document.id for document in library.list(OWNER)}
    last = max((int(line.split()[1]) for line in (folder / "journal").read_text().splitlines()), default=0)
    while True:
        if here and dice.random() < min(0.9, len(here) / 20):
            n = dice.choice(sorted(here))
            os.write(journal, f"removing {n}\n".encode())
            library.remove(OWNER, here.pop(n))
            os.write(journal, f"removed {n}\n".encode())
        else:
            n = last = last + 1
            upload = folder / "upload"
            upload.write_text(_text(n))
            os.write(journal, f"adding {n}\n".encode())
            here[n] = library.add(OWNER, upload, str(n)).id
            os.write(journal, f"added {n}\n".encode())


def _plainly(path: Path, *arguments: object, **options: object) -> Reading:
    return Reading("text", (Page(1, path.read_text()),))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.crash")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        changes, losses = crash(Path(folder), options.rounds, options.seed)
    for loss in losses:
        print(f"round {loss.round}: {loss.what}")
    print(f"{options.rounds} kills, {changes} acknowledged changes, {len(losses)} losses")


if __name__ == "__main__":
    main()

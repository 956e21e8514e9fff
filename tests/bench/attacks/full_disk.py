"""A disk that is full, or that can only be read, at each write of what Banyan keeps: told in words, and nothing half there after.

python -m tests.bench.attacks.full_disk --steps 200

Needs to mount a tmpfs, as root may. Each step gives a folder with everything in it so many kilobytes of room, or none to write at all,
and adds a document, a message and a fine-tune. What fails must fail by an error for people that says so; with room again the
same must work, what was acknowledged be there, and nothing lie aside.
"""

import argparse
import gc
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot.common.disk import LEFT
from chatbot.common.errors import BanyanError, StoreError
from retrieval.library import Library
from tests.bench.attacks import flips
from tests.retrieval.cheap import WordHashes

ROOM = 65_536  # kilobytes of the disk while it is not full


@contextmanager
def disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}k", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def sized(folder: Path, how: str) -> None:
    gc.collect()  # a file that a failure left open for writing keeps the disk writable
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def work(folder: Path, upload: Path) -> dict[str, str]:
    """How each kind of write ended."""
    kinds: dict[str, Callable[[], object]] = {
        "document": lambda: _added(folder / "library", upload),
        "message": lambda: flips.make_conversations(folder / "conversations"),
        "job": lambda: flips.make_jobs(folder / "jobs"),
    }
    return {kind: ended(write) for kind, write in kinds.items()}


def _added(folder: Path, upload: Path) -> None:
    library = Library(folder, WordHashes())
    try:
        library.add("ada", upload, upload.name)
    finally:
        library.close()


def ended(write: Callable[[], object]) -> str:
    try:
        write()
    except StoreError as error:
        return error.kind
    except BanyanError as error:
        return f"FAULT: {error.kind} {error}"
    except Exception as error:  # whoever asked would be told nothing
        return f"FAULT: {type(error).__name__}: {error}"[:200]
    return "done"


def one(folder: Path, chance: random.Random, number: int) -> tuple[dict[str, str], list[str]]:
    upload = folder.parent / f"upload-{number}.txt"
    upload.write_text(" ".join(f"Oak {n} of {number} is full of rain." for n in range(chance.randrange(2_000))))
    used = shutil.disk_usage(folder).used // 1024
    sized(folder, "ro" if chance.random() < 0.2 else f"size={used + chance.randrange(400)}k")
    ends = work(folder, upload)
    sized(folder, f"rw,size={ROOM}k")
    again = work(folder, upload)
    upload.unlink()
    faults = [f"{kind}: {end}" for kind, end in ends.items() if end.startswith("FAULT")]
    faults += [f"{kind} with room again: {end}" for kind, end in again.items() if end != "done"]
    library = Library(folder / "library", WordHashes())
    names = [document.name for document in library.list("ada") if document.status != "rejected"]
    library.close()
    left = [path.name for pattern in LEFT for path in folder.rglob(pattern)]
    return ends, faults + [f"{upload.name} is there {names.count(upload.name)} times"] * (
        names.count(upload.name) != 1
    ) + left


def attacked(steps: int, seed: int = 0) -> tuple[Counter[str], list[str]]:
    flips.prepare()
    chance, ends, faults = random.Random(seed), Counter[str](), list[str]()
    with disk() as folder:
        flips.make_library(folder / "library")
        for kind in ("conversations", "jobs"):
            (folder / kind).mkdir()
        for number in range(steps):
            found, wrong = one(folder, chance, number)
            ends.update(f"{kind}: {end.partition(':')[0]}" for kind, end in found.items())
            faults += [f"step {number}: {what}" for what in wrong]
            for kind in ("conversations", "jobs"):
                shutil.rmtree(folder / kind)
                (folder / kind).mkdir()
    return ends, faults


def main() -> None:
    parser: Any = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ends, faults = attacked(options.steps, options.seed)
    print("\n".join(faults))
    print(f"{options.steps} steps, {len(faults)} faults: {dict(ends.most_common())}")


if __name__ == "__main__":
    main()

"""One bit flipped in what Banyan keeps, a thousand times: never a wrong answer, always a notice or something made anew.

python -m tests.bench.attacks.flips --count 1000

Each time a bit of one file is turned and what it belongs to is opened again: the library's database and the files of its index, the
conversations, a fine-tune's folder, an adapter. Then the same is asked as before. It must be answered as before (the bit did not
matter, or the thing was made anew), or refused by an error for people. Anything else is a fault.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot.common import summed
from chatbot.common.errors import BanyanError
from chatbot.common.fingerprint import fingerprint
from chatbot.engine.adapters import folders
from chatbot.engine.adapters.format import CONFIG, WEIGHTS
from chatbot.store.conversations import DAMAGED
from chatbot.store.store import Store
from chatbot.types import Message
from finetune.jobs.jobs import Jobs
from finetune.jobs.queue import new_folder
from finetune.jobs.records import Base, Meta
from finetune.spec.spec import TrainingSpec
from retrieval.library import Library
from retrieval.reading import readers
from retrieval.reading.readers import Reading
from retrieval.search import owner_index
from retrieval.types import Page
from tests.lora import write_adapter
from tests.retrieval.cheap import WordHashes

WORDS = ("fig", "rain", "root", "oak", "monsoon")


def library(folder: Path) -> Any:
    """Whatever is said of each word, and by which document."""
    opened = Library(folder, WordHashes())
    try:
        opened.mend()
        return [
            [(hit.passage.text, _name(opened, hit.passage.document)) for hit in opened.search("ada", word)]
            for word in WORDS
        ]
    finally:
        opened.close()


def make_library(folder: Path) -> None:
    opened = Library(folder, WordHashes())
    for number in range(12):
        path = folder.parent / "upload"
        path.write_text(
            " ".join(f"The {WORDS[(number + n) % 5]} number {n} of {number} has {n * number} rings." for n in range(60))
        )
        opened.add("ada", path, f"{number}.txt")
    opened.search("ada", WORDS[0])
    opened.close()


def _name(opened: Library, id: str) -> str:
    return opened.get("ada", id).name


def conversations(folder: Path) -> Any:
    store = Store(folder / "banyan.db")
    try:
        return [
            [turn.message.content for turn in store.conversation("ada", one.id).turns]
            for one in store.conversations("ada")
        ]
    finally:
        store.close()


def make_conversations(folder: Path) -> None:
    store = Store(folder / "banyan.db")
    for number in range(20):
        id = store.create("ada", title=f"Oaks {number}")
        for at in range(6):
            store.append(
                "ada", id, Message("assistant" if at % 2 else "user", f"Oak {at} has {number * at} rings. " * 8), at=at
            )
    store.close()


def jobs(folder: Path) -> Any:
    runner = Jobs(folder / "jobs", adapters=folder / "adapters")
    return [{**asdict(job), "created": 0} for job in runner.of("ada")] if runner.bases() else []


def make_jobs(folder: Path) -> None:
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    meta = Meta("ada", "oaks", 0.0, Base(str(folder), "tiny", "f00d"), str(folder / "adapters"), source="a.jsonl")
    new_folder(folder / "jobs", meta, TrainingSpec(), [row] * 8)


def adapters(folder: Path) -> Any:
    found = {}
    for one in sorted((folder / "adapters").iterdir()):
        adapter = folders.check(one)
        found[adapter.name] = ({**asdict(adapter), "path": ""}, (one / WEIGHTS).read_bytes())
    return found


def make_adapters(folder: Path) -> None:
    made = write_adapter(folder / "adapters" / "oaks", layers=2, targets=("q_proj",))
    digests = {name: fingerprint(made / name) for name in (CONFIG, WEIGHTS)}
    (made / folders.CARD).write_text(summed.text({"task": "answer", "sha256": digests}))


KINDS: dict[str, tuple[Callable[[Path], None], Callable[[Path], Any]]] = {
    "library": (make_library, library),
    "conversations": (make_conversations, conversations),
    "jobs": (make_jobs, jobs),
    "adapters": (make_adapters, adapters),
}


def flipped(path: Path, chance: random.Random) -> int:
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    return at


def prepare() -> None:
    """Files are read in this process, and there are caches from the first passage on."""
    readers.read = _plainly
    owner_index.CACHED = 1


def attacked(count: int, seed: int = 0) -> tuple[Counter[str], list[str]]:
    prepare()
    chance, ends, faults = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as base:
        honest = {}
        for kind, (make, ask) in KINDS.items():
            (Path(base) / kind / "data").mkdir(parents=True)
            make(Path(base) / kind / "data")
            honest[kind] = ask(Path(base) / kind / "data")
        for number in range(count):
            kind = list(KINDS)[number % len(KINDS)]
            ends[f"{kind}: {one(Path(base), kind, chance, honest[kind], faults)}"] += 1
    return ends, faults


def one(base: Path, kind: str, chance: random.Random, honest: Any, faults: list[str]) -> str:
    """How one flip ended."""
    folder = base / "now"
    shutil.copytree(base / kind / "data", folder)
    try:
        places = [
            path for path in folder.rglob("*") if path.is_file() and path.stat().st_size and "files" not in path.parts
        ]
        path = chance.choice(places)
        at = flipped(path, chance)
        try:
            said = KINDS[kind][1](folder)
        except BanyanError as error:
            return f"refused ({error.kind})"
        except Exception as error:
            faults.append(f"{path.relative_to(folder)} at {at}: {type(error).__name__}: {error}"[:300])
            return "FAULT"
        if said == honest:
            return "as before"
        if kind == "conversations" and _but_for_damaged(said, honest):
            return "said to be damaged"
        if isinstance(said, list) and not said and kind == "jobs":
            return "left out"
        faults.append(f"{path.relative_to(folder)} at {at}: {_difference(honest, said)}")
        return "FAULT"
    finally:
        shutil.rmtree(folder)


def _but_for_damaged(said: Any, honest: Any) -> bool:
    """Whether nothing else is said than before, but for what is said to be damaged."""
    turns = {text for texts in honest for text in texts} | {DAMAGED}
    return len(said) == len(honest) and all(set(texts) <= turns for texts in said)


def _difference(one: Any, other: Any) -> str:
    a, b = str(one), str(other)
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f"…{a[max(0, at - 40) : at + 60]}… became …{b[max(0, at - 40) : at + 60]}…"


def _plainly(path: Path, *arguments: object, **options: object) -> Reading:
    """In this process: it is not the reading that is tried."""
    return Reading("text", (Page(1, path.read_text()),))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    ends, faults = attacked(options.count, options.seed)
    print("\n".join(faults))
    print(
        f"{options.count} flips in {time.monotonic() - began:.0f} s, {len(faults)} faults: {dict(ends.most_common())}"
    )


if __name__ == "__main__":
    main()

"""What slots and adapters cost on `llamacpp`: memory of a process of its own, in MB, with the weights mapped and so not counted.

    python -m tests.bench.engine.memory MODEL.gguf ADAPTER_FOLDER [--slots 1 4 8] [--context 8192]

Each slot has read 1,000 tokens of its own. An adapter's servers have slots of their own, and go when nobody uses them.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from chatbot.engine.llamacpp import waiting

THREADS, READ = 2, 1000


def held() -> float:
    """Memory of this process that no file backs (proc(5), RssAnon)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def measure(gguf: Path, adapter: Path, slots: int, context: int) -> None:
    waiting.settle()
    from chatbot.engine.gguf.adapter import convert_adapter
    from chatbot.engine.gguf.files import read_header
    from chatbot.engine.llamacpp.server import Kind
    from chatbot.engine.llamacpp.team import team

    with TemporaryDirectory() as folder:
        lora = convert_adapter(adapter, read_header(gguf), Path(folder))
        told, teams = [held()], []
        for kind in (Kind(), Kind(lora)):
            teams.append(servers := team(gguf, kind, context, slots, THREADS))
            for number in range(slots):
                prompt = [100 + number, *range(1000, 1000 + READ)]
                with servers.slot(prompt) as slot:
                    list(slot.records({"prompt": prompt, "stream": True, "max_tokens": 1}))
            told.append(held())
    print(f"{slots} slots: the base's {told[1] - told[0]:.0f} MB, an adapter's beside it {told[2] - told[1]:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--context", type=int, default=8192)
    given = parser.parse_args()
    if len(given.slots) == 1:
        measure(given.gguf, given.adapter, given.slots[0], given.context)
        return
    for slots in given.slots:
        arguments = [str(given.gguf), str(given.adapter), "--slots", str(slots), "--context", str(given.context)]
        subprocess.run([sys.executable, "-m", "tests.bench.engine.memory", *arguments], check=True)


if __name__ == "__main__":
    main()

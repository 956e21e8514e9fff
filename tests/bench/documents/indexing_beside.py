"""Ten files of a hundred pages indexed while somebody chats: what each costs the other.

    python -m tests.bench.documents.indexing_beside --data FOLDER [--files 10] [--pages 100] [--tokens 96]

The app is the one that people start; the files are PDFs of SQuAD's paragraphs (beside the repository), handed in at once over
`/add_document`, and a chat asks over `/v1`, again and again until the last one is indexed, and then alone. Every prompt is new.
The aim: a chat keeps at least half of its speed.
"""

import argparse
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

from gradio_client import Client, handle_file
from openai import OpenAI

from tests.bench.documents.search import rows
from tests.bench.finetune.beside import SHORT, Chat, chat, report
from tests.retrieval.hazards import pdf
from tests.running import running

LINES = 44  # of a page


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=96, help="length of an answer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(data=options.data) as app:
        files = list(written(Path(folder), options.files, options.pages))
        client = OpenAI(base_url=f"{app.address}/v1", api_key="none", max_retries=0, timeout=300)
        library = Client(app.address, verbose=False)
        model, asked = client.models.list().data[0].id, 0

        def ask() -> Chat:
            nonlocal asked
            asked += 1
            return chat(client, model, asked, SHORT, options.tokens)

        began = time.perf_counter()
        jobs = [library.submit(handle_file(str(file)), api_name="/add_document") for file in files]
        beside = []
        while not all(job.done() for job in jobs):
            beside.append(ask())
        took = time.perf_counter() - began
        alone = [ask() for _ in range(8)]
        records = [job.result() for job in jobs]
        for record in records:
            library.predict(record["id"], api_name="/remove_document")
    report(alone, beside)
    print(f"slowest of {len(beside)} chats meanwhile: {min(each.rate for each in beside):.1f} tokens/s", end=", ")
    print(f"longest wait for a first token {max(each.first for each in beside):.2f} s")
    passages = sum(record["passages"] for record in records)
    print(
        f"{[record['status'] for record in records]}, {sum(record['pages'] for record in records)} pages, "
        f"{passages} passages in {took:.0f} s"
    )


def written(folder: Path, files: int, pages: int) -> Iterator[Path]:
    """Files that are all different."""
    text = " ".join(row["context"] for row in rows("train/squad_v11_rest.paragraphs.train")[: 6 * files * pages])
    lines = textwrap.wrap(text, 90)
    for number in range(files):
        own = lines[number * pages * LINES : (number + 1) * pages * LINES]
        path = folder / f"file {number}.pdf"
        path.write_bytes(pdf(["\n".join(own[at : at + LINES]) for at in range(0, len(own), LINES)]))
        yield path


if __name__ == "__main__":
    main()

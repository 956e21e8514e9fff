"""From `python app.py` to a page, a loaded model and a first token, next to an empty Gradio app.

    python -m tests.bench.start --data FOLDER [--rounds 3]

FOLDER is a warm data folder (the bundled model is in it). Both are started in turn; medians in seconds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.running import running

EMPTY = """
import sys, gradio as gr
with gr.Blocks(analytics_enabled=False) as page: gr.Markdown("empty")
page.launch(server_port=int(sys.argv[1]), quiet=True, ssr_mode=False)
"""


def empty_app(port: int) -> float:
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", EMPTY, str(port)], stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
                return time.perf_counter() - begin
            except OSError:
                time.sleep(0.05)
    finally:
        process.kill()
        process.wait()


def banyan(data: Path) -> tuple[float, float, float]:
    begin = time.perf_counter()
    with running(data=data, ready=False) as app:
        while True:
            try:
                urllib.request.urlopen(app.address, timeout=5).read()
                break
            except OSError:
                time.sleep(0.05)
        page = time.perf_counter() - begin
        while app.health()["status"] == "loading":
            time.sleep(0.05)
        ready = time.perf_counter() - begin
        body = {
            "model": app.health()["model"],
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 1,
        }
        request = urllib.request.Request(
            f"{app.address}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=60).read()
        return page, ready, time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    empties, ours = [], []
    for number in range(arguments.rounds):
        empties.append(empty_app(7900 + number))
        ours.append(banyan(arguments.data))
    page, ready, token = (statistics.median(column) for column in zip(*ours, strict=True))
    print(f"empty Gradio app: page {statistics.median(empties):.1f} s")
    print(f"Banyan: page {page:.1f} s, model ready {ready:.1f} s, first token {token:.1f} s")


if __name__ == "__main__":
    main()

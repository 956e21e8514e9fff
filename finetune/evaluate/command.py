"""Scores on the command line: an adapter against its base, or how well a task is done.

    python -m finetune.evaluate ADAPTER_FOLDER [--base MODEL_FOLDER] [--data held_out.jsonl]
    python -m finetune.evaluate translate --data pairs.jsonl --base MODEL_FOLDER \
        --prompt "Translate into German: {en}" --completion "{de}"
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.common.errors import UsageError
from finetune.data.examples import Columns, Example
from finetune.evaluate.asked import printed
from finetune.evaluate.own import held_out_rows, job_of
from finetune.spec.spec import TASKS


def main(arguments: Sequence[str]) -> int:
    """Print the scores as JSON; returns the exit status."""
    if arguments[:1] == ["translate"] and "--prompt" not in arguments:
        from finetune.evaluate import translate

        return translate.main(arguments[1:])
    if arguments[:1] == ["summarize"] and "--prompt" not in arguments:
        from finetune.evaluate import summarize

        return summarize.main(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m finetune.evaluate", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("what", help="an adapter's folder, or a task: " + ", ".join(TASKS))
    parser.add_argument("--data", type=Path, help="rows with answers: JSONL, CSV ...; default: what its job held out")
    parser.add_argument("--base", default="", help="the base model's transformers folder; default: that of its job")
    parser.add_argument("--prompt", default="", help="template over the columns, such as 'Translate: {en}'")
    parser.add_argument("--completion", default="", help="template of the reference, such as '{de}'")
    parser.add_argument("--rows", type=int, default=100, help="rows at most")
    parser.add_argument("--max-tokens", type=int, default=128)
    return printed(_run, parser.parse_args(arguments))


def _run(options: argparse.Namespace) -> dict[str, Any]:
    from finetune.train import verdict

    if options.what in TASKS:
        if not (options.data and options.base):
            raise UsageError(f"To score {options.what}, give rows with --data and the model's folder with --base.")
        return verdict.score_base(options.base, options.what, _rows(options), options.max_tokens)
    adapter = Path(options.what)
    base = options.base or job_of(adapter).meta().base.folder
    rows = _rows(options) if options.data else held_out_rows(job_of(adapter), base)[: options.rows]
    return verdict.score_adapter(adapter, base, rows, options.max_tokens).to_dict()


def _rows(options: argparse.Namespace) -> list[Example]:
    from finetune.data.formats import detect, read_examples

    columns = Columns(prompt=options.prompt, completion=options.completion) if options.prompt else None
    format = detect(options.data, options.data.name)
    found = [row for row in read_examples(options.data, format, columns) if isinstance(row, Example)]
    if not found:
        raise UsageError(f"{options.data.name} has no usable row. Its columns: {', '.join(format.columns) or 'none'}.")
    return found[: options.rows]

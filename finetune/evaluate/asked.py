"""What the evaluations of the tasks' answers have in common on the command line: who answers, and how it ends."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbot.common.errors import BanyanError


def asking_parser(task: str, about: str, data: str) -> argparse.ArgumentParser:
    """A parser with `--data` and the options that say who answers."""
    parser = argparse.ArgumentParser(
        prog=f"python -m finetune.evaluate {task}", description=about.split("\n\n", maxsplit=1)[0]
    )
    parser.add_argument("--data", type=Path, required=True, help=data)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--server", default="", help="an OpenAI-compatible server, such as http://127.0.0.1:7860/v1")
    who.add_argument("--base", default="", help="a model's transformers folder")
    who.add_argument("--answers", default="", help="the column of answers that are there already")
    parser.add_argument("--model", default="", help="the server's model or adapter; its first one without")
    parser.add_argument("--key", default="", help="the server's key")
    parser.add_argument("--rows", type=int, default=200, help="rows at most")
    return parser


def printed(evaluate: Callable[[argparse.Namespace], dict[str, Any]], options: argparse.Namespace) -> int:
    """Print what `evaluate` finds as JSON, or why it cannot; returns the exit status."""
    try:
        print(json.dumps(evaluate(options), ensure_ascii=False, indent=2))
    except BanyanError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    return 0

"""The fields of a dataclass as options of the command line and variables of the environment."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, get_args

from chatbot.common.errors import SettingsError

PREFIX = "BANYAN_"
Told: TypeAlias = dict[str, tuple[str, str]]
"""By the name of a field: its value as a text, and who says so."""


def option(default: Any, text: str, **extra: object) -> Any:
    """A field with what `--help` says of it; one that is `hidden` is no option."""
    return field(default=default, metadata={"help": text, **extra})


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    return PREFIX + name.upper()


def from_command_line(settings: type, arguments: Sequence[str]) -> Told:
    """`--help` prints and exits; faults raise `SettingsError`."""
    given = vars(_parser(settings).parse_args(list(arguments)))
    return {name: (text, flag(name)) for name, text in given.items()}


def from_environment(settings: type, environment: Mapping[str, str]) -> Told:
    """Raises `SettingsError` for a variable of ours that is none."""
    ours = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
    known = {variable(name): name for name in _visible(settings)}
    if unknown := sorted(set(ours) - set(known)):
        raise SettingsError(f"{', '.join(unknown)} is no setting of Banyan. There are: {', '.join(sorted(known))}.")
    given = {known[name]: text for name, text in ours.items() if text != "" or known[name] == "api_key"}
    return {name: (text, variable(name)) for name, text in given.items()}


def converted(settings: type, name: str, text: str, source: str) -> object:
    """The value as the field has it. Raises `SettingsError` with its `source`."""
    kinds = next(get_args(f.type) or (f.type,) for f in fields(settings) if f.name == name)
    if int in kinds:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{source} takes a whole number, not {text!r}.") from None
    return Path(text) if Path in kinds else text


def _visible(settings: type) -> list[str]:
    return [f.name for f in fields(settings) if not f.metadata.get("hidden")]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}. `python app.py --help` lists the options.")


def _parser(settings: type) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python app.py",
        description="Banyan: chat with a language model that you can teach.",
        epilog="Each option can be set in the environment instead; the command line wins.",
        allow_abbrev=False,
    )
    for f in fields(settings):
        if f.name not in _visible(settings):
            continue
        default = "" if f.default is None else f"; default {f.default}" if f.default != "" else ""
        choices = f.metadata.get("choices")
        metavar = "{" + ",".join(choices()) + "}" if choices else f.metadata.get("metavar", "N")
        help_text = f"{f.metadata['help']} [{variable(f.name)}{default}]"
        parser.add_argument(flag(f.name), default=argparse.SUPPRESS, metavar=metavar, help=help_text.replace("%", "%%"))
    return parser

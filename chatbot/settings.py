"""Settings: the only reader of the environment and of the command line.

Each option of `python app.py` has an environment variable: `--data` is `BANYAN_DATA`. The command line wins over the
environment, the environment over the defaults. On a Hugging Face Space (`SPACE_ID` is set) the defaults follow the Space.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn, get_args

from chatbot.common.database.door import Place, checked
from chatbot.common.errors import InputError, SettingsError
from chatbot.common.system.mounts import is_bucket
from chatbot.engine import registry
from chatbot.types import Quotas

PREFIX = "BANYAN_"
SHORTEST_KEY = 16  # characters: 64 bits in hexadecimal digits, the least of a session's id (OWASP ASVS 4.0.3, 3.2.2)
SPACE_DISK = Path("/data")  # where a Space with a disk of its own keeps what must outlive a restart


def _option(default: Any, text: str, **extra: object) -> Any:
    return field(default=default, metadata={"help": text, **extra})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside. Raises `SettingsError` when values are impossible or contradict."""

    model: str = _option(
        "auto",
        "the base model: small, standard or large, by what this machine can do (auto); a folder or a .gguf file; of the hub a "
        "model such as Qwen/Qwen3-4B or a file such as owner/name:file.gguf",
        metavar="M",
    )
    engine: str = _option("auto", "what runs the model", choices=registry.names)
    host: str = _option("127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in", metavar="H")
    port: int = _option(7860, "port of the page, the API and /health", low=0, high=65535)
    data: Path = _option(Path("data"), "folder for the database, models and adapters", metavar="FOLDER")
    database: str = _option(
        "",
        "for several Banyans that share the data folder: postgresql://name:password@host/database; better set in the environment "
        "(default: SQLite in the data folder)",
        metavar="URL",
        secret=True,
    )
    embedder: str = _option(
        "bundled",
        "what finds passages by meaning: 'bundled' (multilingual-e5-small, 100 languages), 'all-MiniLM-L6-v2' (English; faster), a folder, or a hub id of a sentence-transformers model",
        metavar="M",
    )
    context: int | None = _option(
        None,
        "tokens one conversation may use (default: what the model was made for, at most 8192)",
        low=256,
        high=1_048_576,
    )
    slots: int | None = _option(
        None,
        "how many answers are written at the same time; others wait in line (default: 4; local engine 16, with a GPU 32)",
        low=1,
        high=256,
    )
    cache_mib: int | None = _option(
        None,
        "for the local engine: MiB for what it remembers of all conversations together; requests beyond that wait "
        "(default: a quarter of the memory, or most of what the GPU has left)",
        low=16,
        high=2**24,
    )
    threads: int | None = _option(None, "CPU threads for the model (default: all cores)", low=1, high=1024)
    exact: str = _option(
        "off",
        "for the llamacpp engine: on makes answers the same to the last bit alone, beside others and from the cache, and reads "
        "long prompts at two thirds of the speed",
        choices=lambda: ("off", "on"),
    )
    device: str = _option("auto", "for the local engine: auto, cpu, cuda, cuda:1 ...", metavar="D")
    quantize: str = _option(
        "none", "for the local engine: weights in 4 or 8 bit", choices=lambda: ("none", "nf4", "int8")
    )
    base_url: str | None = _option(
        None,
        "for the remote engine: http://server:port/v1; several with commas between, which have the same model, share the requests",
        metavar="URL",
    )
    remote_key: str | None = _option(
        None, "for the remote engine: its API key; better set in the environment", metavar="KEY", secret=True
    )
    api_key: str | None = _option(
        None, "clients of /v1 must send this key; better set in the environment", metavar="KEY", secret=True
    )
    auth: Path | None = _option(
        None, "users.json of those who may sign in; make entries with python -m chatbot.users NAME", metavar="FILE"
    )
    quotas: str = _option(
        "",
        "what one person may keep and ask for, such as documents=500,megabytes=512,adapters=5,jobs=10,uploads=500,rows=20000,"
        "seconds=30,requests=16; what is not named stays",
        metavar="LIST",
    )
    training: str = _option(
        "auto",
        "whether people may fine-tune; auto: yes, but not on a Hugging Face Space; elsewhere: yes, and python -m finetune.worker "
        "trains, here or on other machines",
        choices=lambda: ("auto", "on", "off", "elsewhere"),
    )
    notify: str = _option(
        "",
        "address that is told of each training's end, as JSON with name, state, verdict and a text, which chats' webhooks read",
        metavar="URL",
        secret=True,
    )
    report: str = _option(
        "off",
        "where the curves of trainings are reported to besides the page; its library is installed apart, and what it keeps lies in "
        "reports/ of the data folder",
        choices=lambda: ("off", "tensorboard", "trackio", "mlflow", "wandb"),
    )
    web: str = _option(
        "auto",
        "whether a web address may be added as a document, which this server then fetches from the public web; auto: yes, but not on "
        "a server for others: with --auth, behind a proxy, at another --host or on a Hugging Face Space",
        choices=lambda: ("auto", "on", "off"),
    )
    hosts: str = _option(
        "",
        "names under which a proxy serves the page, such as banyan.example.org,localhost; others are refused then",
        metavar="NAMES",
    )
    root_path: str = _option("", "path under which a proxy serves the page, such as /banyan", metavar="P")
    space: bool = field(default=False, metadata={"hidden": True})  # found out, not set

    def __post_init__(self) -> None:
        _check_bounds(self)
        _check_contradictions(self)

    @property
    def names(self) -> frozenset[str]:
        """Those of `hosts`."""
        return frozenset(name.strip().lower() for name in self.hosts.split(",") if name.strip())

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine reach it, as far as `host` and `hosts` tell."""
        return not self.hosts and not self.space and self.host in ("127.0.0.1", "::1", "localhost")

    @property
    def fetches_pages(self) -> bool:
        """What `web` stands for."""
        return self.web == "on" or (self.web == "auto" and self.is_local and not (self.auth or self.root_path))

    def place(self, name: str) -> Place:
        """Where the tables are that SQLite keeps in the file `name`."""
        return self.database or self.data / name

    @property
    def quota(self) -> Quotas:
        """Those of `quotas`. Raises `SettingsError`."""
        given = dict(part.strip().partition("=")[::2] for part in self.quotas.split(",") if part.strip())
        try:
            return Quotas(**{name: int(value) for name, value in given.items()})
        except (TypeError, ValueError, InputError):
            known = ", ".join(f"{one.name}={getattr(Quotas(), one.name)}" for one in fields(Quotas))
            raise SettingsError(f"--quotas (BANYAN_QUOTAS) is a list such as {known}, not {self.quotas!r}.") from None

    def __repr__(self) -> str:
        shown = (
            f"{f.name}={'***' if f.metadata.get('secret') and getattr(self, f.name) else repr(getattr(self, f.name))}"
            for f in fields(self)
        )
        return f"Settings({', '.join(shown)})"


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    return PREFIX + name.upper()


def load(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of the command line and the environment. `--help` prints and exits; faults raise `SettingsError`."""
    values = _space_defaults(environment) | _from_environment(environment)
    given = vars(_parser().parse_args(list(arguments)))
    values |= {name: _convert(name, text, flag(name)) for name, text in given.items()}
    settings = Settings(**values)  # type: ignore[arg-type]
    if settings.space and not settings.database and is_bucket(settings.data):
        raise SettingsError(
            f"{settings.data} is a storage bucket, on which a database comes to harm. Leave --data away (conversations then go with "
            "each restart of the Space), or keep them in PostgreSQL (BANYAN_DATABASE)."
        )
    return settings


def _visible() -> list[str]:
    return [f.name for f in fields(Settings) if not f.metadata.get("hidden")]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}. `python app.py --help` lists the options.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python app.py",
        description="Banyan: chat with a language model that you can teach.",
        epilog="Each option can be set in the environment instead; the command line wins.",
        allow_abbrev=False,
    )
    for f in fields(Settings):
        if f.name not in _visible():
            continue
        default = "" if f.default is None else f"; default {f.default}" if f.default != "" else ""
        choices = f.metadata.get("choices")
        metavar = "{" + ",".join(choices()) + "}" if choices else f.metadata.get("metavar", "N")
        help_text = f"{f.metadata['help']} [{variable(f.name)}{default}]"
        parser.add_argument(flag(f.name), default=argparse.SUPPRESS, metavar=metavar, help=help_text.replace("%", "%%"))
    return parser


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    ours = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
    known = {variable(name): name for name in _visible()}
    if unknown := sorted(set(ours) - set(known)):
        raise SettingsError(f"{', '.join(unknown)} is no setting of Banyan. There are: {', '.join(sorted(known))}.")
    given = {known[name]: text for name, text in ours.items() if text != "" or known[name] == "api_key"}
    return {name: _convert(name, text, variable(name)) for name, text in given.items()}


def _space_defaults(environment: Mapping[str, str]) -> dict[str, object]:
    if not environment.get("SPACE_ID"):
        return {}
    host = environment.get("GRADIO_SERVER_NAME", "0.0.0.0")  # noqa: S104 - a Space is reached through its proxy only
    port = _convert("port", environment.get("GRADIO_SERVER_PORT", "7860"), "GRADIO_SERVER_PORT")
    disk: dict[str, object] = (
        {"data": SPACE_DISK} if not is_bucket(SPACE_DISK) and os.access(SPACE_DISK, os.W_OK) else {}
    )
    return {"host": host, "port": port, "space": True, **disk}


def _convert(name: str, text: str, source: str) -> object:
    kinds = next(get_args(f.type) or (f.type,) for f in fields(Settings) if f.name == name)
    if int in kinds:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{source} takes a whole number, not {text!r}.") from None
    return Path(text) if Path in kinds else text


def _check_bounds(settings: Settings) -> None:
    for f in fields(settings):
        value, names = getattr(settings, f.name), f"{flag(f.name)} ({variable(f.name)})"
        choices, low, high = (f.metadata.get(key) for key in ("choices", "low", "high"))
        if choices and value not in choices():
            raise SettingsError(f"{names} is one of {', '.join(choices())}, not {value!r}.")
        if low is not None and value is not None and not low <= value <= high:
            raise SettingsError(f"{names} must lie between {low} and {high}, not {value}.")


def _check_contradictions(settings: Settings) -> None:
    s = settings
    _check_engines(s)
    _ = s.quota
    checked(s.place("any"))
    if s.auth and not s.auth.is_file():
        raise SettingsError(
            f"--auth (BANYAN_AUTH): there is no file {s.auth}. Make one with python -m chatbot.users NAME."
        )
    if s.api_key is not None and len(s.api_key) < SHORTEST_KEY:
        raise SettingsError(
            f"--api-key (BANYAN_API_KEY) has {len(s.api_key)} characters; {SHORTEST_KEY} are the least that nobody guesses. "
            "Make one with: openssl rand -hex 16"
        )
    if s.notify and not s.notify.startswith(("http://", "https://")):
        raise SettingsError("--notify (BANYAN_NOTIFY) is an address that begins with https:// or http://.")
    if s.root_path and not s.root_path.startswith("/"):
        raise SettingsError("--root-path (BANYAN_ROOT_PATH) starts with a slash, such as /banyan.")


def _check_engines(settings: Settings) -> None:
    for offer in registry.ENGINES:
        given = (name for name in offer.flags if getattr(settings, name) not in (_default(name), ""))
        if settings.engine not in ("auto", offer.name) and (name := next(given, None)):
            raise SettingsError(
                f"{flag(name)} ({variable(name)}) is for --engine {offer.name}, "
                f"but --engine ({variable('engine')}) is {settings.engine}."
            )
        if fault := offer.fault(settings):
            raise SettingsError(fault)


def _default(name: str) -> object:
    return next(f.default for f in fields(Settings) if f.name == name)

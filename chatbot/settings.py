"""Settings: the only reader of the environment and of the command line.

Each option of `python app.py` has an environment variable: `--data` is `BANYAN_DATA`. The command line wins over the
environment, the environment over the defaults. On a Hugging Face Space (`SPACE_ID` is set) the defaults follow the Space.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from chatbot import space
from chatbot.common.bucket.address import Address
from chatbot.common.database.door import Place, checked
from chatbot.common.errors import InputError, SettingsError
from chatbot.engine import registry
from chatbot.options import converted, flag, from_command_line, from_environment, option, variable
from chatbot.types import Quotas

SHORTEST_KEY = 16  # characters: 64 bits in hexadecimal digits, the least of a session's id (OWASP ASVS 4.0.3, 3.2.2)
_SAFE = re.compile(
    r"https://\w|http://(127\.0\.0\.1|localhost|\[::1\])[:/]"
)  # nobody on the way can answer in its place


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside. Raises `SettingsError` when values are impossible or contradict."""

    model: str = option(
        "auto",
        "the base model: small, standard or large, by what this machine can do (auto); a folder or a .gguf file; of the hub a "
        "model such as Qwen/Qwen3-4B or a file such as owner/name:file.gguf",
        metavar="M",
    )
    engine: str = option("auto", "what runs the model", choices=registry.names)
    host: str = option("127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in", metavar="H")
    port: int = option(7860, "port of the page, the API and /health", low=0, high=65535)
    data: Path = option(Path("data"), "folder for the database, models and adapters", metavar="FOLDER")
    database: str = option(
        "",
        "for several Banyans that share the data folder: postgresql://name:password@host/database; better set in the environment "
        "(default: SQLite in the data folder)",
        metavar="URL",
        secret=True,
    )
    files: str = option(
        "",
        "an S3-compatible bucket such as s3://banyan/office, in which documents' originals and the adapters are kept, for several "
        "Banyans that share no folder; found and entered as AWS's tools do (default: the data folder)",
        metavar="URL",
    )
    embedder: str = option(
        "bundled",
        "what finds passages by meaning: 'bundled' (multilingual-e5-small, 100 languages), 'all-MiniLM-L6-v2' (English; faster), a folder, or a hub id of a sentence-transformers model",
        metavar="M",
    )
    context: int | None = option(
        None,
        "tokens one conversation may use (default: what the model was made for, at most 8192)",
        low=256,
        high=1_048_576,
    )
    slots: int | None = option(
        None,
        "how many answers are written at the same time; others wait in line (default: 4; local engine 16, with a GPU 32)",
        low=1,
        high=256,
    )
    cache_mib: int | None = option(
        None,
        "for the local engine: MiB for what it remembers of all conversations together; requests beyond that wait "
        "(default: a quarter of the memory, or most of what the GPU has left)",
        low=16,
        high=2**24,
    )
    threads: int | None = option(None, "CPU threads for the model (default: all cores)", low=1, high=1024)
    exact: str = option(
        "off",
        "for the llamacpp engine: on makes answers the same to the last bit alone, beside others and from the cache, and reads "
        "long prompts at two thirds of the speed",
        choices=lambda: ("off", "on"),
    )
    device: str = option("auto", "for the local engine: auto, cpu, cuda, cuda:1 ...", metavar="D")
    quantize: str = option(
        "none", "for the local engine: weights in 4 or 8 bit", choices=lambda: ("none", "nf4", "int8")
    )
    base_url: str | None = option(
        None,
        "for the remote engine: http://server:port/v1; several with commas between, which have the same model, share the requests",
        metavar="URL",
    )
    remote_key: str | None = option(
        None, "for the remote engine: its API key; better set in the environment", metavar="KEY", secret=True
    )
    api_key: str | None = option(
        None, "clients of /v1 must send this key; better set in the environment", metavar="KEY", secret=True
    )
    auth: Path | None = option(
        None, "users.json of those who may sign in; make entries with python -m chatbot.users NAME", metavar="FILE"
    )
    oidc: str = option(
        "",
        "a provider of OpenID Connect at which people sign in, such as https://login.example.org/realms/house; its redirect address is "
        "the page's with /login/oidc/done behind it",
        metavar="URL",
    )
    oidc_client: str = option("", "the client id that the provider has given Banyan", metavar="ID")
    oidc_secret: str = option(
        "", "the client secret that goes with it; better set in the environment", metavar="SECRET", secret=True
    )
    oidc_admins: str = option(
        "",
        "who of them runs this server: groups, verified addresses or subjects (sub), with commas between",
        metavar="LIST",
    )
    quotas: str = option(
        "",
        "what one person may keep and ask for, such as documents=500,megabytes=512,adapters=5,jobs=10,uploads=500,rows=20000,"
        "seconds=30,requests=16; what is not named stays",
        metavar="LIST",
    )
    training: str = option(
        "auto",
        "whether people may fine-tune; auto: yes, but not on a Hugging Face Space; elsewhere: yes, and python -m finetune.worker "
        "trains, here or on other machines",
        choices=lambda: ("auto", "on", "off", "elsewhere"),
    )
    notify: str = option(
        "",
        "address that is told of each training's end, as JSON with name, state, verdict and a text, which chats' webhooks read",
        metavar="URL",
        secret=True,
    )
    report: str = option(
        "off",
        "where the curves of trainings are reported to besides the page; its library is installed apart, and what it keeps lies in "
        "reports/ of the data folder",
        choices=lambda: ("off", "tensorboard", "trackio", "mlflow", "wandb"),
    )
    web: str = option(
        "auto",
        "whether a web address may be added as a document, which this server then fetches from the public web; auto: yes, but not on "
        "a server for others: with --auth, behind a proxy, at another --host or on a Hugging Face Space",
        choices=lambda: ("auto", "on", "off"),
    )
    hosts: str = option(
        "",
        "names under which a proxy serves the page, such as banyan.example.org,localhost; others are refused then",
        metavar="NAMES",
    )
    log_requests: str = option(
        "off",
        "on: a line in the log for each request, with method, path, status, seconds and who is signed in",
        choices=lambda: ("off", "on"),
    )
    root_path: str = option("", "path under which a proxy serves the page, such as /banyan", metavar="P")
    space: bool = field(default=False, metadata={"hidden": True})  # found out, not set
    zero_gpu: bool = field(default=False, metadata={"hidden": True})

    def __post_init__(self) -> None:
        _check_bounds(self)
        _check_contradictions(self)

    @property
    def names(self) -> frozenset[str]:
        """Those of `hosts`."""
        return frozenset(_listed(self.hosts.lower()))

    @property
    def admins(self) -> frozenset[str]:
        """Those of `oidc_admins`."""
        return frozenset(_listed(self.oidc_admins))

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine reach it, as far as `host` and `hosts` tell."""
        return not self.hosts and not self.space and self.host in ("127.0.0.1", "::1", "localhost")

    @property
    def forgets(self) -> bool:
        """Whether what is kept goes with the next restart: a Space keeps nothing but what lies on a disk of its own."""
        return self.space and not self.database and not self.data.absolute().is_relative_to(space.DISK)

    @property
    def fetches_pages(self) -> bool:
        """What `web` stands for."""
        people = self.auth or self.oidc or self.root_path
        return self.web == "on" or (self.web == "auto" and self.is_local and not people)

    def place(self, name: str) -> Place:
        """Where the tables are that SQLite keeps in the file `name`."""
        return self.database or self.data / name

    @property
    def quota(self) -> Quotas:
        """Those of `quotas`. Raises `SettingsError`."""
        given = dict(part.partition("=")[::2] for part in _listed(self.quotas))
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


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def load(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of the command line and the environment. `--help` prints and exits; faults raise `SettingsError`."""
    told = {name: (text, "the Space") for name, text in space.defaults(environment).items()}
    told |= from_environment(Settings, environment) | from_command_line(Settings, arguments)
    values = {name: converted(Settings, name, *given) for name, given in told.items()}
    found = {"space": space.is_here(environment), "zero_gpu": space.lends_gpus(environment)}
    settings = Settings(**values, **found)  # type: ignore[arg-type]
    if settings.space and not settings.database:
        space.require_no_bucket(settings.data)
    return settings


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
    if s.files:
        Address.of(s.files)
    if s.auth and not s.auth.is_file():
        raise SettingsError(
            f"--auth (BANYAN_AUTH): there is no file {s.auth}. Make one with python -m chatbot.users NAME."
        )
    if (s.oidc or s.oidc_client or s.oidc_secret or s.oidc_admins) and not (
        s.oidc_client and s.oidc_secret and _SAFE.match(s.oidc)
    ):
        raise SettingsError(
            "--oidc (BANYAN_OIDC) is an address that begins with https://, and goes with --oidc-client and --oidc-secret "
            "(BANYAN_OIDC_CLIENT, BANYAN_OIDC_SECRET)."
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

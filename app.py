"""Banyan: settings -> engine, library, jobs -> page. Run it with `python app.py`; `--help` explains every setting."""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

from chatbot.common.errors import BanyanError, StoreUnavailable
from chatbot.common.step import Progress, Step
from chatbot.engine import registry
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.offer import NoTraining
from chatbot.engine.servers import Servers
from chatbot.settings import Settings, load
from chatbot.store.home import PRIVATE, hold

log = logging.getLogger("banyan")
SERVERS = "servers.json"  # in the data folder


def main(arguments: list[str]) -> int:
    """Run the app until it is interrupted; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    for chatty in ("httpx", "httpcore", "asyncio", "gguf", "faiss.loader", "sentence_transformers", "mcp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    os.umask(PRIVATE)  # files of this process, and of its children, are nobody else's
    try:
        settings = load(arguments)
        serve(settings, block=True)
    except BanyanError as error:
        print(f"banyan: {error}", file=sys.stderr)
        return 2
    return 0


def serve(settings: Settings, *, block: bool) -> Callable[[], None]:
    """Open the page, then load the model behind it. Returns what shuts everything down; with `block`, when that is done.

    Raises `SettingsError` and `StoreError`, also where another app uses the folder. A model that cannot be loaded is told on the page instead.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read by gradio when it is imported
    # Its queue sums up its last 10,000 events with pandas behind every one, for a report that nobody here sees.
    os.environ |= {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9)}
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ["GRADIO_TEMP_DIR"] = str((settings.data / "uploads").resolve())  # where it looks for files at any time
    from chatbot.access.oidc.people import People
    from chatbot.access.users import SCHEMA, Users
    from chatbot.common.database.door import opened
    from chatbot.ui.launch import launch
    from chatbot.ui.page import build_page

    held = hold(settings.data, shared=bool(settings.database))
    accounts = opened(settings.place("access.db"), SCHEMA)
    people = People(accounts, settings.admins) if settings.oidc else None
    users = Users.load(settings.auth, accounts, people) if settings.auth or settings.oidc else None
    services = build_services(settings, users)
    if not settings.database:  # else another app may hold some of them
        services.uploads.empty()
    registry.prepare(settings)
    page = build_page(services)
    address = launch(page, settings, services, users)
    log.info("Banyan is at %s", address)
    services.start()

    def shut_down() -> None:
        page.close()
        services.close()
        accounts.close()
        held.close()

    if block:
        try:
            page.block_thread()
        finally:
            shut_down()
    return shut_down


def build_services(settings: Settings, users: Any = None) -> Any:
    """What the handlers of the page share; nothing of it has started yet."""
    from chatbot.access import owner as access
    from chatbot.access.admin import Admins
    from chatbot.access.uploads import Uploads
    from chatbot.engine.adapters.mirror import Mirror
    from chatbot.engine.models.speeds import Speeds
    from chatbot.store.store import Store
    from chatbot.tasks.classify.tables.kept import KeptTables
    from chatbot.tasks.translate.jobs import Translations
    from chatbot.ui.documents.intake import Intake
    from chatbot.ui.documents.opening import OpeningLibrary
    from chatbot.ui.parts.runs import Runs
    from chatbot.ui.services import Services
    from retrieval.web.door import Web

    bucket = build_bucket(settings)
    store = Store(settings.place("banyan.db"))
    engine = build_engine(settings, users)
    library = OpeningLibrary(lambda progress: build_retrieval(settings, progress, bucket))
    training = build_training(settings, engine)
    uploads = Uploads(settings.data / "uploads")
    return Services(
        engine,
        store,
        access.owner_of,
        settings.data / "adapters",
        mirror=Mirror(settings.data / "adapters", bucket),
        runs=Runs(store.stops),
        library=library,
        intake=Intake(library, free=uploads.free, quotas=settings.quota, web=Web() if settings.fetches_pages else None),
        training=training,
        translations=Translations(settings.data / "translations"),
        tables=KeptTables(store, settings.data / "tables"),
        models=build_models(settings, engine, training),
        servers=Servers(settings.data / SERVERS),
        speeds=Speeds(settings.data / "models" / "speeds.json"),
        admins=Admins(users, space=settings.space),
        uploads=uploads,
        quotas=settings.quota,
        forgets=settings.forgets,
        signs_in=users is not None,
        is_user=users.knows if users else lambda name: False,
        groups_of=lambda owner: users.groups(owner.removeprefix("user:")) if users else frozenset(),
    )


def build_bucket(settings: Settings) -> Any:
    """What keeps the files; None where that is the data folder. One that does not answer now may do so later. Raises `StoreError`
    where it refuses."""
    from chatbot.common.bucket.bucket import Bucket

    if not settings.files:
        return None
    bucket = Bucket(settings.files)
    try:
        bucket.require()
    except StoreUnavailable as error:
        log.warning("%s", error)
    return bucket


def build_models(settings: Settings, engine: LoadingEngine, training: Any) -> Any:
    """What may be fetched and removed; None where a server of its own runs the model."""
    from chatbot.engine.models.fetches import Fetches

    if not registry.choose(settings)[0].fetches:
        return None
    return Fetches(settings.data / "models", lambda: [*engine.in_use(), *training.jobs.bases()])


def wanted(settings: Settings, model: str) -> Settings:
    """Those with which a model is served, which may be one of a server that was named on the page. Raises `StoreError`."""
    server = Servers(settings.data / SERVERS).of(model)
    if server is None:
        return replace(settings, model=model)
    return replace(
        settings, engine="remote", base_url=server.address, remote_key=server.key or None, model=server.model
    )


def reachable(settings: Settings, model: str) -> Settings:
    """As `wanted`. Raises what a server says that does not answer now, so that what answers here stays."""
    Servers(settings.data / SERVERS).require(model)
    return wanted(settings, model)


def build_engine(settings: Settings, users: Any = None) -> LoadingEngine:
    """What stands for the model of the settings, and for any other that is put in its place. `users` know who is in a group."""
    from chatbot.engine.models import catalogue
    from chatbot.engine.models.resolve import resolve

    def fetch(reference: str, progress: Progress, stop: Event) -> None:
        if registry.choose(reachable(settings, reference))[0].fetches:
            resolve(reference, settings.data / "models", progress, stop)

    fetches = registry.choose(settings)[0].fetches  # what runs on another server is that server's choice
    model = catalogue.settle(settings.model) if fetches else settings.model
    if model != settings.model:
        log.info("Model: %s, which suits this machine. --model chooses another.", catalogue.CATALOGUE[model].title)
    return LoadingEngine(
        lambda reference, progress: registry.build_engine(reachable(settings, reference), progress),
        model,
        fetch=fetch,
        otherwise=catalogue.otherwise,
        members=lambda group: [f"user:{name}" for name in users.members(group)] if users else (),
    )


def build_retrieval(settings: Settings, progress: Progress, bucket: Any = None) -> Any:
    """The library with its embedder in memory; what another one embedded is embedded anew."""
    from chatbot.tasks.answer.work import Retrieval
    from retrieval.checks.gate import Gate
    from retrieval.library import Library
    from retrieval.reading.readers import Limits
    from retrieval.search.available import available

    embedder = available(settings.embedder, settings.data / "models", progress)
    limits = Limits().lasting(settings.quota.seconds)
    library = Library(settings.data, embedder, limits=limits, place=settings.place("library.db"), bucket=bucket)
    library.reembed(progress=lambda done, total: progress(Step("embedding", count=total), done / total))
    library.mend(progress=lambda step, fraction: progress(Step("checking", name="library.db"), fraction))
    return Retrieval(library, Gate.load(embedder), embedder)


def build_training(settings: Settings, served: LoadingEngine) -> Any:
    """Fine-tuning of the model that is served, with its jobs, which go on from where they stand."""
    from chatbot.access.owner import SCRIPT
    from chatbot.common.system.devices import gpus
    from chatbot.training.base import TrainingBase, no_training
    from chatbot.training.notice import teller
    from chatbot.training.training import Training, quietly
    from finetune.jobs.estimate import Estimator
    from finetune.jobs.jobs import Jobs
    from finetune.spec.reports import require

    require(settings.report)
    adapters, jobs = settings.data / "adapters", settings.data / "jobs"
    devices = [str(index) for index in range(gpus())] or ["cpu"]
    ours = () if settings.training in ("off", "elsewhere") else devices
    see, tell = quietly(served.refresh), teller(jobs, settings.notify) if settings.notify else None

    def ended(id: str) -> None:
        see(id)
        if tell:
            tell(id)

    runner = Jobs(
        jobs,
        adapters=adapters,
        devices=ours,
        threads=settings.threads,
        ended=ended,
        report=settings.report.removeprefix("off"),
        commons=[] if settings.auth or not settings.is_local else [f"guest:{SCRIPT}"],
    )
    estimator = Estimator(jobs / "probes.json", device=devices[0], threads=settings.threads)

    def why_not(model: str) -> NoTraining | None:
        served = wanted(settings, model)
        engine, _ = registry.choose(served)
        return no_training(settings.training, space=settings.space, engine=engine.no_training(served))

    base = TrainingBase(lambda: served.reference, settings.data / "models", no_training=why_not)
    return Training(base, runner, estimator, adapters, settings.quota)


def command() -> int:
    """`banyan`, where it was installed."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(command())

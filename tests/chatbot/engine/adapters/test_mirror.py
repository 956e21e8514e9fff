"""Two Banyans with a folder of adapters each and one bucket: what one has both have, and no adapter is lost or half there."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NamedTuple

import pytest

from chatbot.common.bucket.bucket import Bucket
from chatbot.common.errors import AdapterError, StoreError, StoreUnavailable
from chatbot.engine.adapters import mirror as module
from chatbot.engine.adapters.folders import OWNER, check, find
from chatbot.engine.adapters.format import WEIGHTS
from chatbot.engine.adapters.mirror import Mirror
from chatbot.types import Adapter
from tests.chatbot.common.buckets import Server
from tests.lora import write_adapter


class Two(NamedTuple):
    here: Mirror
    there: Mirror
    server: Server
    place: Path

    @property
    def folders(self) -> tuple[Path, Path]:
        return self.place / "here", self.place / "there"

    def install(self, mirror: Mirror, name: str = "oak", seed: int = 0, owner: str = "user:ada") -> Adapter:
        made = write_adapter(
            self.place / "uploads" / f"{name}{seed}{owner[-3:]}", rank=2, seed=seed, card={"task": "chat"}
        )
        folder = self.folders[mirror is self.there]
        return mirror.install(list(made.iterdir()), name, folder, owner=owner, shared=True, fit=lambda adapter: None)

    def settled(self) -> list[list[str]]:
        """The names on both sides after a round each."""
        for mirror in (self.here, self.there):
            mirror.settle()
        return [[adapter.name for adapter in find([folder])] for folder in self.folders]


@pytest.fixture
def two(tmp_path: Path, s3: Server) -> Iterator[Two]:
    url = s3.url("office")
    yield Two(Mirror(tmp_path / "here", Bucket(url)), Mirror(tmp_path / "there", Bucket(url)), s3, tmp_path)


def weights(folder: Path, name: str = "oak") -> bytes:
    return (folder / name / WEIGHTS).read_bytes()


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".aside")]


def test_what_is_added_here_is_there_and_goes_with_its_removal(two: Two) -> None:
    two.install(two.here)
    assert two.server.keys() == {"office/adapters/oak.zip"}
    assert two.settled() == [["oak"], ["oak"]]
    here, there = two.folders
    assert weights(here) == weights(there)
    assert check(there / "oak").by == "user:ada"
    two.there.remove(check(there / "oak"))
    assert two.server.keys() == set()
    assert two.settled() == [[], []]


def test_who_may_use_it_is_the_same_everywhere(two: Two) -> None:
    adapter = two.install(two.here)
    two.settled()
    assert check(two.folders[1] / "oak").owner == ""
    two.here.share(adapter, False)
    two.settled()
    assert check(two.folders[1] / "oak").owner == "user:ada"


def test_what_a_fine_tune_publishes_goes_up_by_itself_and_again_when_it_is_changed(two: Two) -> None:
    here, there = two.folders
    made = write_adapter(here / "elm", rank=2)
    (made / OWNER).write_text(json.dumps({"owner": "user:ada", "job": "j1", "shared": False}))
    assert two.settled() == [["elm"], ["elm"]]
    write_adapter(here / "elm", rank=2, seed=7)
    assert weights(here, "elm") != weights(there, "elm")
    two.settled()
    assert weights(here, "elm") == weights(there, "elm")


def test_a_round_without_news_moves_nothing_and_says_so(two: Two) -> None:
    two.install(two.here)
    assert two.here.settle()
    assert two.there.settle()
    two.server.asked.clear()
    assert not two.here.settle()
    assert not two.there.settle()
    assert [asked.split()[0] for asked in two.server.asked] == ["GET", "GET"]  # two lists


def test_the_running_app_is_told_within_seconds(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND", 0.05)
    stop, told = Event(), Event()
    two.there.start(stop, told.set)
    try:
        two.install(two.here)
        assert told.wait(20)
        assert [adapter.name for adapter in find([two.folders[1]])] == ["oak"]
    finally:
        stop.set()


@pytest.mark.parametrize("fault", [(500, "InternalError"), (403, "AccessDenied")])
def test_what_a_person_does_is_in_the_bucket_or_undone(two: Two, fault: tuple[int, str]) -> None:
    kept = two.install(two.here, "elm")
    two.server.failing(*fault)
    with pytest.raises(StoreError, match="The bucket that keeps the files"):
        two.install(two.here)
    with pytest.raises(StoreError, match="The bucket that keeps the files"):
        two.here.share(kept, False)
    with pytest.raises(StoreError, match="The bucket that keeps the files"):
        two.here.remove(kept)
    two.server.well()
    assert two.settled() == [["elm"], ["elm"]]
    assert check(two.folders[1] / "elm").owner == ""
    assert [left_over(folder) for folder in two.folders] == [[], []]


def test_a_bucket_that_is_away_takes_no_adapter_away(two: Two) -> None:
    two.install(two.here)
    two.settled()
    for fault in ((500, "InternalError"), (403, "AccessDenied"), (404, "NoSuchBucket")):
        two.server.failing(*fault)
        with pytest.raises(StoreError):
            two.there.settle()
        assert [adapter.name for adapter in find([two.folders[1]])] == ["oak"]


def test_one_that_breaks_off_leaves_none_half_there(two: Two) -> None:
    two.install(two.here)
    two.server.failing(500, "InternalError", method="GET")
    lists = iter([True])
    fault = two.server.fault
    two.server.fault = lambda asked: None if next(lists, False) else fault(asked)
    with pytest.raises(StoreUnavailable):
        two.there.settle()
    assert not (two.folders[1] / "oak").exists()
    assert left_over(two.folders[1]) == []
    two.server.well()
    assert two.settled() == [["oak"], ["oak"]]


def test_of_two_with_one_name_the_second_is_told_and_neither_is_lost(two: Two) -> None:
    two.install(two.here)
    with pytest.raises(AdapterError, match="already"):
        two.install(two.there, seed=5, owner="user:bob")
    assert two.settled() == [["oak"], ["oak"]]
    assert check(two.folders[1] / "oak").by == "user:ada"


def test_two_fine_tunes_of_one_name_both_stay(two: Two) -> None:
    for number, folder in enumerate(two.folders):
        made = write_adapter(folder / "oak", rank=2, seed=number)
        (made / OWNER).write_text(json.dumps({"owner": f"user:{number}", "job": f"j{number}", "shared": False}))
    two.settled()  # the first one goes up, the second makes way
    two.settled()  # and goes up, too
    first, second = two.settled()
    assert first == second
    assert len(first) == 2
    assert sorted(check(two.folders[0] / name).by for name in first) == ["user:0", "user:1"]


def test_the_same_folder_on_both_sides_is_one_adapter(two: Two) -> None:
    """As where each has got it by a copy of the data folder, or the folder is shared after all."""
    for folder in two.folders:
        write_adapter(folder / "oak", rank=2)
    assert two.settled() == [["oak"], ["oak"]]
    assert len(two.server.keys()) == 1


def test_another_bucket_takes_nothing_away(two: Two) -> None:
    two.install(two.here)
    moved = Mirror(two.folders[0], Bucket(two.server.url("other")))
    moved.settle()
    assert two.server.keys() == {"office/adapters/oak.zip", "other/adapters/oak.zip"}


def test_what_is_no_adapter_in_the_bucket_is_left_out_and_said_once(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    evil = two.place / "evil.zip"
    evil.write_bytes(b"PK no zip at all")
    bucket = Bucket(two.server.url("office"))
    bucket.put(evil, "adapters/evil.zip")
    bucket.put(evil, "adapters/../../evil.zip")
    two.install(two.here)
    assert two.settled() == [["oak"], ["oak"]]
    assert two.settled() == [["oak"], ["oak"]]
    assert sum("evil stays as it is" in line for line in caplog.messages) == 2  # one for each Banyan
    assert sorted(path.name for path in two.place.iterdir() if "evil" in path.name) == ["evil.zip"]


def test_without_a_bucket_it_is_the_folder_alone(tmp_path: Path) -> None:
    made = write_adapter(tmp_path / "up" / "oak", rank=2)
    mirror = Mirror()
    added = mirror.install(
        list(made.iterdir()), "oak", tmp_path / "a", owner="user:ada", shared=False, fit=lambda a: None
    )
    mirror.share(added, True)
    assert sorted(path.name for path in (tmp_path / "a" / "oak").iterdir()) == sorted(
        [*(p.name for p in made.iterdir()), OWNER]
    )
    mirror.remove(check(tmp_path / "a" / "oak"))
    assert list((tmp_path / "a").iterdir()) == []

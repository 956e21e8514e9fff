"""An S3-compatible bucket: whole files under keys, put, fetched, listed and removed.

An object is there as a whole or not at all, and who lists the bucket after a put sees it (S3 is strongly consistent since 2020).
fsspec's s3fs finds the server and the credentials as AWS's own tools do. Every request has a time limit; what may pass, such as
a 500 or silence, is asked again after a pause that doubles, in one place for all of them: what botocore and s3fs would
repeat by themselves is off, else four tries became sixteen.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from chatbot.common import disk
from chatbot.common.bucket.address import Address
from chatbot.common.bucket.faults import Gone, Taken, away, faults, passing, told

TRIES = 4
PAUSE = 0.5  # seconds before the second try, twice as many before each one after it
REACH = 5.0  # seconds for a connection
SILENCE = 15.0  # seconds without a byte
LIMIT = 30.0  # seconds for one try, and one more for each MiB that it carries
MIB = 2**20
WHOLE = 64 * MIB  # what is sent in one request; larger files in parts
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """An object: `version` is another when its bytes are others, `since` is in seconds since 1970 by the bucket's clock."""

    version: str
    size: int
    since: float


class Bucket:
    """Safe from any thread. Raises `StoreUnavailable` when the bucket does not answer in time, `StoreError` when it refuses."""

    def __init__(self, url: str) -> None:
        import s3fs

        self.address = Address.of(url)
        self._files: Any = s3fs.S3FileSystem(
            config_kwargs={
                "connect_timeout": REACH,
                "read_timeout": SILENCE,
                "retries": {"total_max_attempts": 1},
                "user_agent_extra": "banyan",
            },
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        self._files.retries = 1

    def require(self) -> None:
        """Raises `StoreError` where it may not be listed, or is not there."""
        self._asked(lambda: self._page("", {"MaxKeys": 1}))

    def put(self, path: Path, key: str, *, new: bool = False) -> str:
        """The file under `key`, in place of what is there; its version. With `new`, raises `Taken` where something is."""
        size = path.stat().st_size
        only = {"IfNoneMatch": "*"} if new else {}

        def send() -> str:
            if size > WHOLE:  # which tells no version: it is looked up
                mode = "create" if new else "overwrite"
                self._files.put_file(str(path), self._path(key), mode=mode, timeout=_limit(size))
                return str(self._files.info(self._path(key), timeout=LIMIT)["ETag"]).strip('"')
            done = self._call("put_object", {"Key": self._key(key), "Body": path.read_bytes(), **only}, size)
            return str(done["ETag"]).strip('"')

        return self._asked(send)

    def fetch(self, key: str, target: Path, size: int = 0) -> None:
        """The object's bytes as the file `target`, whole or not at all. Raises `Gone` where there is none."""
        limit = _limit(size)

        def receive() -> None:
            with disk.aside(target) as made:
                self._files.get_file(self._path(key), str(made), timeout=limit)

        self._asked(receive, target.parent)

    def listed(self, under: str, *, patient: bool = True) -> dict[str, Held]:
        """What is there, by the rest of its key behind `under`; `patient` as in `remove`."""
        found: dict[str, Held] = {}
        further: dict[str, object] = {}
        while True:
            page = self._asked(partial(self._page, under, further), tries=None if patient else 1)
            for one in page.get("Contents", ()):
                held = Held(str(one["ETag"]).strip('"'), int(one["Size"]), one["LastModified"].timestamp())
                found[str(one["Key"]).removeprefix(self._key(under))] = held
            if not page.get("IsTruncated"):
                return found
            further = {"ContinuationToken": page["NextContinuationToken"]}

    def remove(self, key: str, *, patient: bool = True) -> None:
        """Also where there is none. One try only, unless `patient`: for who asks again later."""
        self._asked(lambda: self._call("delete_object", {"Key": self._key(key)}), tries=None if patient else 1)

    def _page(self, under: str, further: dict[str, object]) -> Any:
        return self._call("list_objects_v2", {"Prefix": self._key(under), **further})

    def _call(self, method: str, values: dict[str, object], size: int = 0) -> Any:
        return self._files.call_s3(method, Bucket=self.address.bucket, timeout=_limit(size), **values)

    def _key(self, key: str) -> str:
        return self.address.prefix + key

    def _path(self, key: str) -> str:
        return f"{self.address.bucket}/{self._key(key)}"

    def _asked(self, ask: Callable[[], T], folder: Path | None = None, tries: int | None = None) -> T:
        """`folder` is where it writes on this machine."""
        pause = PAUSE
        for left in reversed(range(tries or TRIES)):
            try:
                return ask()
            except faults() as error:
                if not passing(error):
                    raise told(error, str(self.address), folder) from error
                log.warning("The bucket %s does not answer as it should: %s", self.address, error)
                if not left:
                    raise away(error) from error
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (an order, not a secret)
            pause *= 2
        raise AssertionError


def _limit(size: int) -> float:
    return LIMIT + size / MIB


__all__ = ["Bucket", "Gone", "Held", "Taken"]

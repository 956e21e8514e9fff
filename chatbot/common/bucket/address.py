"""Which bucket a setting names: s3://BUCKET/PREFIX."""

import re
from typing import NamedTuple

from chatbot.common.errors import SettingsError
from chatbot.common.system.extras import lacking

_URL = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(\w[\w.-]*(?:/\w[\w.-]*)*)?/?)?", re.ASCII
)  # names as S3 has them


class Address(NamedTuple):
    """`prefix` is empty or ends with a slash."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Raises `SettingsError` for what is no address, and where what reads buckets is not installed."""
        if not (found := _URL.fullmatch(url)):
            raise SettingsError(
                "--files (BANYAN_FILES) is a bucket such as s3://banyan/office. Its address and credentials belong in the environment, "
                "as AWS's tools have them: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE."
            )
        if lacking("bucket"):
            raise SettingsError('--files (BANYAN_FILES) needs s3fs. Install it with: pip install ".[bucket]"')
        name, prefix = found.groups()
        return cls(name, f"{prefix}/" if prefix else "")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

"""Small records in JSON that notice a damaged disk: `crc32` is the sum of everything else that they say.

A record without one, which somebody wrote by hand or an earlier version wrote, is believed. Who edits one by hand takes its sum out.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

SUM = "crc32"


def text(record: Mapping[str, Any]) -> str:
    """The record as JSON, with its sum."""
    written = json.loads(json.dumps(record))  # as it will be read again: a number as a name becomes a text
    return json.dumps({**written, SUM: _sum(written)}, ensure_ascii=False, indent=1)


def record(text: str | bytes) -> Any:
    """What `text` holds, without the sum. Raises `ValueError` where it is no JSON, or not what was written."""
    value = json.loads(text)
    if isinstance(value, dict) and SUM in value:
        told = value.pop(SUM)
        if told != _sum(value):
            raise ValueError(f'it is damaged on the disk (who edited it by hand takes the line "{SUM}" out)')
    return value


def _sum(record: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(record, sort_keys=True).encode())

"""A data set of the Hugging Face hub -> a file of rows: its id, a part of it, and no more of it than that.

python -m finetune.data.hub      reads requests, one JSON object a line; see `chatbot.common.child`

It is read by `datasets`, as it streams, which runs no code of a repository. A folder that is laid out like a repository is read in
the same way, where a program and not a person names it.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from chatbot.common import disk
from chatbot.common.child import serve
from chatbot.common.errors import HubUnavailable, InputError
from chatbot.common.hub import is_id
from chatbot.common.step import Progress, Step
from finetune.data.rows.source import MAX_BYTES, MAX_ROWS
from finetune.data.rows.tables import named

CONFIG = re.compile(r"[\w.-]+")
PART = re.compile(r"(?P<name>[\w.-]+?)(?:\[(?P<first>-?\d+%?)?:(?P<end>-?\d+%?)?\])?")
EVERY = 500  # rows between two words of how far it is


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a split; a bound is a row, "10%", or counted from the end, as `datasets` writes it."""

    split: str
    first: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`id` is owner/name, or a folder; `config` "" for the only one."""

    id: str
    config: str
    parts: tuple[Part, ...]


def wanted_of(id: str, split: str = "") -> Wanted:
    """From "owner/name" or "owner/name:config", and a split such as "train", "train[:1000]" or "train[:80%]+test[:100]"; "train" where
    none is named. Raises `InputError`."""
    name, _, config = id.strip().partition(":")
    if not is_id(name) or (config and not CONFIG.fullmatch(config)):
        raise InputError(
            f"{id[:80]!r} is no data set of the hub. It is called owner/name, or owner/name:config.",
            kind="hub_dataset",
            name=id[:80],
        )
    return Wanted(name, config, parts_of(split))


def parts_of(split: str) -> tuple[Part, ...]:
    """Raises `InputError`."""
    found = [PART.fullmatch(one.strip()) for one in (split.strip() or "train").split("+")]
    if not all(found):
        raise InputError(
            f"{split[:80]!r} is no split. Write train, train[:1000], train[10%:20%] or train[:500]+test[:100].",
            kind="hub_split",
            name=split[:80],
        )
    return tuple(Part(one["name"], one["first"] or "", one["end"] or "") for one in found if one)


def write(wanted: Wanted, target: Path, most: int = MAX_ROWS, progress: Progress = lambda step, fraction: None) -> int:
    """Write the rows as JSON lines to `target` and return how many; of several splits, each row says which it is of.

    Raises `InputError` for what is not there or too much, and `HubUnavailable`.
    """
    count = 0
    step = Step("fetching_hub", name=wanted.id)
    try:
        with target.open("w", encoding="utf-8") as file:
            for count, row in enumerate(rows(wanted), 1):
                file.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
                _require_room(count, file.tell() if count % EVERY == 0 else 0, most)
                if count % EVERY == 0:
                    progress(step, None)
    except OSError as error:
        if disk.is_full(error):
            raise disk.full(target.parent) from error
        raise _unreached() from error
    if not count:
        raise InputError("That part of the data set has no rows.", kind="data_no_rows")
    return count


def _require_room(rows: int, size: int, most: int) -> None:
    if rows > most or size > MAX_BYTES:
        limit = f"{MAX_BYTES / 2**20:,.0f} MiB"
        raise InputError(
            f"That part has more than {most:,} rows or {limit}. Take less of it, such as train[:1000].",
            kind="hub_large",
            rows=f"{most:,}",
            size=limit,
        )


def _refused(wanted: Wanted, error: ValueError) -> InputError:
    reason = str(error)[:300]
    return InputError(f"{wanted.id} cannot be read so: {reason}", kind="hub_refused_part", reason=reason)


def _plain(value: object) -> str:
    """What JSON has no word for: a time as a person writes it, and nothing of a picture's bytes."""
    return "" if isinstance(value, bytes) else str(value)


def _unreached() -> HubUnavailable:
    return HubUnavailable("The hub cannot be reached. Check the network and try again.", kind="hub_unreached")


def rows(wanted: Wanted) -> Iterator[dict[str, Any]]:
    """As they come. Raises what `write` raises."""
    for part in wanted.parts:
        data = _opened(wanted, part)
        first, end = _bounds(part, data)
        classes = {name: one.names for name, one in (data.features or {}).items() if hasattr(one, "int2str")}
        try:
            for row in islice(data, first, end):
                yield named(row, classes) | ({"split": part.split} if len(wanted.parts) > 1 else {})
        except ValueError as error:  # Arrow's, too: a file of it is not what its name says
            raise _refused(wanted, error) from error


def _opened(wanted: Wanted, part: Part) -> Any:
    from datasets import load_dataset
    from datasets.exceptions import DatasetNotFoundError

    try:
        data = load_dataset(wanted.id, wanted.config or None, split=part.split, streaming=True)
        return data.decode(False) if data.features else data  # pictures and sounds stay where they are
    except DatasetNotFoundError as error:
        raise InputError(
            f"There is no public data set {wanted.id} on the hub.", kind="hub_no_dataset", name=wanted.id
        ) from error
    except ValueError as error:  # no such config or split: it says which there are
        raise _refused(wanted, error) from error
    except (ConnectionError, OSError) as error:
        raise _unreached() from error


def _bounds(part: Part, data: Any) -> tuple[int, int | None]:
    """Rows from the start."""
    if not any("%" in bound or bound.startswith("-") for bound in (part.first, part.end)):
        return int(part.first or 0), int(part.end) if part.end else None
    known = (data.info.splits or {}).get(part.split)
    if known is None or not known.num_examples:
        raise InputError(
            f"{part.split} does not say how many rows it has, so no share of it can be taken. Name rows, such as {part.split}[:1000].",
            kind="hub_no_count",
            name=part.split,
        )
    return _row(part.first or "0", known.num_examples), _row(part.end or "100%", known.num_examples)


def _row(bound: str, count: int) -> int:
    number = round(int(bound[:-1]) * count / 100) if bound.endswith("%") else int(bound)
    return min(max(number + count if bound.startswith("-") else number, 0), count)


def _handle(request: dict[str, Any], progress: Progress) -> int:
    wanted, target = wanted_of(request["id"], request["split"]), Path(request["target"])
    progress(Step("fetching_hub", name=wanted.id), None)
    with tempfile.TemporaryDirectory() as empty:  # an id is never a folder that happens to be called like it
        os.chdir(empty)
        try:
            return write(wanted, target, request["most"], progress)
        finally:
            os.chdir(target.parent)


if __name__ == "__main__":
    os.environ.pop("HF_HUB_OFFLINE", None)  # this child is there to fetch
    serve(_handle)

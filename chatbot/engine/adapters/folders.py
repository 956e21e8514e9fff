"""LoRA adapters on disk: find the folders, check them before anything loads them.

A folder is data from a stranger until `check` has passed it. Beside PEFT's files (`chatbot.engine.adapters.format`),
`banyan.json` may say the `task`, the `languages` it translates ("en-de, de-en"), the `verdict` of the evaluation and the
`base_fingerprint` of the weights it was trained on, the `sha256` of PEFT's files, `owner.json` whose it is, and whether it is
`shared` with everybody or with `groups`.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.format import CONFIG, WEIGHTS, check_weights, read_config, read_json, refuse_pickles
from chatbot.types import Adapter

CARD = "banyan.json"
OWNER = "owner.json"
NAME = re.compile(r"\w[\w.-]{0,63}")

log = logging.getLogger(__name__)


def find(folders: Sequence[Path]) -> list[Adapter]:
    """Every usable adapter that is a direct subfolder of `folders`, by name; of equal names the first folder's counts.

    What cannot be used is logged with its reason and left out; `check` raises that reason.
    """
    found: dict[str, Adapter] = {}
    for folder in _candidates(folders):
        try:
            adapter = check(folder)
        except AdapterError as error:
            log.warning("adapter %s left out: %s", folder.name, error)
            continue
        if adapter.name in found:
            log.warning("adapter %s left out: another folder has one of that name", adapter.name)
            continue
        found[adapter.name] = adapter
    return [found[name] for name in sorted(found)]


def check(folder: Path) -> Adapter:
    """Read the adapter in `folder` as if it meant harm. Raises `AdapterError` with the reason it cannot be used."""
    if not NAME.fullmatch(folder.name):
        raise AdapterError(
            f"An adapter's folder name may hold letters, digits, dots, dashes and underscores, 64 at most; "
            f"{folder.name[:80]!r} does not fit.",
            kind="adapter_name",
            name=folder.name[:80],
        )
    refuse_pickles(path.name for path in folder.glob("adapter_model.*"))
    card = read_json(folder, CARD) if (folder / CARD).exists() else {}
    known = digests if isinstance(digests := card.get("sha256"), dict) else {}
    config = read_config(folder, _text(known, CONFIG))
    targets, rank = check_weights(folder, _text(known, WEIGHTS))
    by, owner, groups = _belongs(folder)
    pairs = {"languages": languages} if (languages := _text(card, "languages")) else {}
    return Adapter(
        name=folder.name,
        base=_text(config, "base_model_name_or_path"),
        task=_text(card, "task"),
        verdict=_text(card, "verdict"),
        path=str(folder),
        rank=rank,
        owner=owner,
        by=by,
        base_fingerprint=_text(card, "base_fingerprint"),
        groups=groups,
        details={"targets": ", ".join(targets), "alpha": f"{config.get('lora_alpha', 8):g}"} | pairs,
    )


def visible(adapters: Iterable[Adapter], owner: str) -> list[Adapter]:
    """Those that `owner` may see and use: the shared ones, their own, and those of their groups."""
    return [adapter for adapter in adapters if adapter.owner in ("", owner) or owner in adapter.readers]


def job_of(adapter: Adapter) -> str:
    """The id of the run that made it; empty where it came from elsewhere. Raises `AdapterError`."""
    folder = Path(str(adapter.path))
    return _text(read_json(folder, OWNER), "job") if (folder / OWNER).exists() else ""


def _candidates(folders: Sequence[Path]) -> Iterator[Path]:
    for parent in folders:
        if parent.is_dir():
            yield from sorted(child for child in parent.iterdir() if (child / CONFIG).is_file())


def _belongs(folder: Path) -> tuple[str, str, frozenset[str]]:
    """(who brought it, who may see it, in which groups others may), each empty where there is nobody."""
    values = read_json(folder, OWNER) if (folder / OWNER).exists() else {}
    by, groups = _text(values, "owner"), values.get("groups")
    if values.get("shared") is True:
        return by, "", frozenset()
    return by, by, frozenset(one for one in groups if isinstance(one, str)) if isinstance(groups, list) else frozenset()


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""

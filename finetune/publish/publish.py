"""A finished job -> an adapter people can choose: a checked folder with its card, a zip, or a repository on the hub."""

import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatbot.common import disk
from chatbot.common.errors import AdapterError, HubUnavailable, InputError
from chatbot.types import alike
from finetune.jobs.folder import RESUME, JobFolder, write
from finetune.publish.card import CARD, WEIGHTS, Acceptance, write_card

__all__ = [
    "Acceptance",
    "check_name",
    "pack",
    "place",
    "publish",
    "push",
    "share",
    "write_card",
]

NAME = re.compile(r"\w[\w.-]{0,63}")
OWNER = "owner.json"
SHIPPED: Path = Path(__file__).resolve().parents[1] / "adapters"
EXPORTED = ("adapter_config.json", WEIGHTS, "README.md", CARD)


def check_name(name: str) -> str:
    """Names are folder names: letters, digits, dots, dashes, underscores, 64 at most. Raises `InputError` for others."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be an adapter's name. Use letters, digits, dots, dashes and underscores, 64 at most.",
            kind="adapter_name",
            name=name[:80],
        )
    return name


def publish(job: JobFolder, acceptance: Acceptance, verdict: Mapping[str, Any], note: str = "") -> str:
    """Copy `job.adapter` with its card under the adapters' folder; returns the name it got there.

    The job's name is taken when it is free, else the job's id is added to it. The folder appears as a whole, by one
    rename. Raises `AdapterError`, `StoreFull` or `StoreError`.
    """
    acceptance.require()
    write_card(job, acceptance, verdict, note)
    return place(job)


def place(job: JobFolder) -> str:
    """As `publish`, of an adapter that was accepted and has its card."""
    meta = job.meta()
    folder = Path(meta.adapters)
    try:
        disk.sweep(folder)
        with disk.scratch(folder) as bench:
            made = bench / "new"
            made.mkdir()
            for name in EXPORTED:
                shutil.copyfile(job.adapter / name, made / name)
            owner = {"owner": meta.owner, "job": job.id, "shared": meta.shared}
            (made / OWNER).write_text(json.dumps(owner), "utf-8")
            return _take_name(made, folder, meta.name, job.id)
    except OSError as error:
        raise disk.told(error, folder, RESUME) from error


def share(folder: Path, job: str, shared: bool) -> None:
    """Let everybody use the adapter that `job` published at `folder`, or its owner alone. Raises `StoreError`."""
    try:
        values = json.loads((folder / OWNER).read_text("utf-8"))
    except (OSError, ValueError):
        return  # the adapter was removed
    if values.get("job") == job:
        write(folder / OWNER, json.dumps(values | {"shared": shared}))


def pack(folder: Path, target: Path) -> Path:
    """The adapter as a zip at `target`, without what only this server needs to know. Raises `AdapterError`, `StoreFull` or
    `StoreError`."""
    if not (folder / WEIGHTS).is_file():
        raise AdapterError("This adapter has no weights on disk. It may have been removed.", kind="adapter_gone")
    with disk.writing(target.parent), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in EXPORTED:
            if (folder / name).is_file():
                archive.write(folder / name, f"{folder.name}/{name}")
    return target


def push(folder: Path, repository: str, token: str, *, private: bool = True) -> str:
    """Upload the adapter to `repository` ("user/name") on the hub; returns its address. The token is used, never kept.

    Raises `HubUnavailable` or `InputError`.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi(token=token)
    try:
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository, folder_path=folder, allow_patterns=list(EXPORTED), commit_message="Add a LoRA adapter"
        )
    except HFValidationError as error:
        raise InputError(
            f"{repository[:80]!r} is no repository's name. It looks like user/name.",
            kind="repository_name",
            name=repository[:80],
        ) from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no answer")
        raise HubUnavailable(
            f"The hub refused the upload ({status}). Check the token and its right to write.",
            kind="hub_refused",
            status=str(status),
        ) from None
    except OSError as error:
        raise HubUnavailable(
            "The model hub cannot be reached. Check the network and try again.", kind="hub_unreached"
        ) from error
    return str(address)


def _take_name(made: Path, folder: Path, name: str, id: str) -> str:
    for candidate in (name, f"{name[:55]}-{id[:8]}"):
        if _is_taken(folder, candidate, id) or _comes_with_banyan(folder, candidate):
            continue
        disk.place(made, folder / candidate, over=True)  # what is there is an earlier attempt of this very job
        return candidate
    raise AdapterError(
        f"There is an adapter called {name} already. Please remove it or train under another name.",
        kind="adapter_exists",
        name=name,
    )


def _comes_with_banyan(folder: Path, name: str) -> bool:
    return folder.parent != SHIPPED and alike(name) in {alike(path.name) for path in SHIPPED.glob("*/*")}


def _is_taken(folder: Path, name: str, id: str) -> bool:
    """Also by a name that people would take for it."""
    like = [path for path in folder.iterdir() if alike(path.name) == alike(name)]
    return any(path.name != name or _belongs_elsewhere(path, id) for path in like)


def _belongs_elsewhere(path: Path, id: str) -> bool:
    if not path.exists():
        return False
    try:
        return bool(json.loads((path / OWNER).read_text("utf-8")).get("job") != id)
    except (OSError, ValueError, AttributeError):
        return True

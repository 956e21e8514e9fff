"""What a Hugging Face Space settles: where it is reached, what outlives a restart, who signs in."""

import os
from collections.abc import Mapping
from pathlib import Path

from chatbot.common.errors import SettingsError
from chatbot.common.system.mounts import is_bucket

DISK = Path("/data")  # where a Space with a disk of its own keeps what must outlive a restart


def is_here(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("SPACE_ID"))


def defaults(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings by their names, as texts; none elsewhere."""
    if not is_here(environment):
        return {}
    found = {
        "host": environment.get("GRADIO_SERVER_NAME", "0.0.0.0"),  # noqa: S104 - it is reached through its proxy only
        "port": environment.get("GRADIO_SERVER_PORT", "7860"),
    }
    if not is_bucket(DISK) and os.access(DISK, os.W_OK):
        found["data"] = str(DISK)
    return found | _sign_in(environment)


def lends_gpus(environment: Mapping[str, str]) -> bool:
    """Whether this is a Space with ZeroGPU, as the package `spaces` tells it."""
    return environment.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")


def require_no_bucket(data: Path) -> None:
    """Raises `SettingsError`."""
    if is_bucket(data):
        raise SettingsError(
            f"{data} is a storage bucket, on which a database comes to harm. Leave --data away (conversations then go with "
            "each restart of the Space), or keep them in PostgreSQL (BANYAN_DATABASE)."
        )


def _sign_in(environment: Mapping[str, str]) -> dict[str, str]:
    """What a Space with `hf_oauth: true` is told. Its admin is whoever it belongs to."""
    told = {
        "oidc": environment.get("OPENID_PROVIDER_URL", ""),
        "oidc_client": environment.get("OAUTH_CLIENT_ID", ""),
        "oidc_secret": environment.get("OAUTH_CLIENT_SECRET", ""),
    }
    return {**told, "oidc_admins": environment["SPACE_ID"].partition("/")[0]} if all(told.values()) else {}

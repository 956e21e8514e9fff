"""A server that speaks the OpenAI protocol, wherever --base-url names one."""

import time
from urllib.parse import urlsplit

from chatbot.common.errors import InputError
from chatbot.common.step import Progress, Step
from chatbot.engine.base import Engine
from chatbot.engine.offer import NoTraining, Offer, Wanted

ELSEWHERE = NoTraining(
    "remote",
    "Training is not possible here: the model runs on another server. Take a model of this machine in the Models tab, or start "
    "Banyan with --engine local or llamacpp, to train; then serve the adapter there.",
)


def _fault(wanted: Wanted) -> str:
    if wanted.engine == "remote" and not wanted.base_url:
        return "--engine remote needs --base-url (BANYAN_BASE_URL), such as http://127.0.0.1:8000/v1."
    if wanted.base_url and not all(map(_is_address, wanted.base_url.split(","))):
        return (
            "--base-url (BANYAN_BASE_URL) must look like http://server:port/v1, or several of them with commas between."
        )
    if wanted.remote_key and not wanted.base_url:
        return "--remote-key (BANYAN_REMOTE_KEY) is of use only with --base-url (BANYAN_BASE_URL)."
    return ""


def _is_address(url: str) -> bool:
    parts = urlsplit(url.strip())
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _build(wanted: Wanted, progress: Progress) -> Engine:
    """A server that is not up yet is waited for: whatever starts both together starts them in no order."""
    from chatbot.common.errors import BanyanError
    from chatbot.engine.models.catalogue import AUTO
    from chatbot.engine.remote.engine import RemoteEngine
    from chatbot.engine.remote.pool import EVERY, may_pass

    assert wanted.base_url  # _fault saw to it
    progress(Step("asking", url=wanted.base_url), None)
    model = None if wanted.model in AUTO else wanted.model
    while True:
        try:
            return RemoteEngine(
                wanted.base_url,
                model=model,
                api_key=wanted.remote_key,
                context=wanted.context,
                adapters=wanted.data / "adapters",
            )
        except BanyanError as error:
            if not may_pass(error):
                raise
            progress(Step("waiting_server", url=wanted.base_url, reason=str(error)), None)
            time.sleep(EVERY)


def look(address: str, key: str, model: str) -> tuple[str, str]:
    """(address of the API, model) of a server that is asked now. Raises `InputError` for an address that is none,
    `EngineUnavailable` where nobody answers, what the server says of a wrong key, `ModelNotFound` where it has other models."""
    from chatbot.engine.remote.engine import RemoteEngine

    parts = urlsplit(address.strip())
    if not _is_address(address) or parts.username or parts.query or parts.fragment or "," in address:
        raise InputError(
            "The server's address must look like http://host:8000/v1; the key has a field of its own.",
            kind="remote_address",
        )
    engine = RemoteEngine(address.strip(), model=model.strip() or None, api_key=key or None)
    try:
        return engine.url, engine.model
    finally:
        engine.close()


OFFER = Offer(
    "remote",
    build=_build,
    picked=lambda wanted: "--base-url names a server" if wanted.base_url else "",
    flags=("base_url", "remote_key"),
    fault=_fault,
    fetches=False,
    no_training=lambda wanted: ELSEWHERE,
)

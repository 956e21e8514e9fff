"""The door to the web: the only place from which the server fetches an address that somebody typed.

A name is resolved once, each of its addresses is checked, and the connection goes to one that was: a name that changes its mind
meanwhile (DNS rebinding) changes nothing. So is each redirect. No proxy is asked, no cookie kept, no password sent.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from threading import Event

import anyio.to_thread
import httpx

from chatbot.common.errors import InputError, Stopped
from retrieval.web.addresses import Address, is_public
from retrieval.web.kinds import called, ending, settle

Report = Callable[[float | None], None]
"""Called with the fraction that has come (None: unknown)."""
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

LOOK = 0.1  # seconds between looks at the clock and the stop event
PATIENCE = 15.0  # seconds until a server must let us in or send something: half of what people wait for a page
HEADERS = {
    "user-agent": "Mozilla/5.0 (compatible; Banyan)",
    "accept": "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5",
    "accept-encoding": "gzip",  # unpacks to a thousand times its size at most, which is counted
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """`bytes` are counted as they are when unpacked, `seconds` from the first step to the last."""

    bytes: int = 50 * 2**20
    seconds: float = 60.0
    redirects: int = 5


async def resolved(host: str, port: int) -> Sequence[Address]:
    """All addresses of a name, those of the older internet first. Raises `OSError`."""
    look = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await anyio.to_thread.run_sync(look, abandon_on_cancel=True)
    addresses = dict.fromkeys(ip_address(where[0]) for *_, where in found)
    return sorted(addresses, key=lambda address: address.version)


class Web:
    """Safe to use from any thread. `may_connect` decides on each address and port, before anything is sent there."""

    def __init__(
        self,
        may_connect: Callable[[Address, int], bool] = is_public,
        *,
        bounds: Bounds | None = None,
        resolve: Resolve = resolved,
    ) -> None:
        self._may_connect, self._bounds, self._resolve = may_connect, bounds or Bounds(), resolve

    def fetch(self, address: str, path: Path, *, report: Report | None = None, stop: Event | None = None) -> str:
        """Write what is there to `path`, and return what the document is called. Raises `InputError` and `Stopped`."""
        url = parsed(address)
        followed = self._followed(url, path, report or (lambda fraction: None))
        return asyncio.run(self._bounded(followed, url, stop or Event()))

    async def _bounded(self, work: Coroutine[None, None, str], url: httpx.URL, stop: Event) -> str:
        """Its end, unless it takes too long or is stopped, in whatever step."""
        task, until = asyncio.create_task(work), time.monotonic() + self._bounds.seconds
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK)
            if not task.done() and (stop.is_set() or time.monotonic() > until):
                task.cancel()
                await asyncio.wait({task})
                if stop.is_set():
                    raise Stopped("Fetching was stopped. Nothing was kept of this page.", kind="fetching_stopped")
                raise _slow(url, self._bounds.seconds)
        return task.result()

    async def _followed(self, url: httpx.URL, path: Path, report: Report) -> str:
        for _ in range(self._bounds.redirects + 1):
            addresses = await self._addresses(url)
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
                response = await _sent(client, url, addresses)
                try:
                    if not response.has_redirect_location:
                        return await self._saved(response, url, path, report)
                    url = parsed(str(url.join(response.headers["location"])))
                finally:
                    await response.aclose()
        raise InputError(
            f"{url.host} sends from one address to the next without end.", kind="web_redirects", host=url.host
        )

    async def _addresses(self, url: httpx.URL) -> Sequence[Address]:
        """Those of the host, if all may be connected to: a name that stands for both is no honest one."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(url.raw_host.decode("ascii"), port)
        except (OSError, UnicodeError) as error:
            raise _unreachable(url) from error
        if not addresses or not all(self._may_connect(address, port) for address in addresses):
            log.warning("Not fetched for somebody: %s port %d is at %s", url.host, port, addresses)
            raise InputError(
                f"{url.host} is in the network of this server or at an unusual port, so it is not fetched.",
                kind="web_private",
                host=url.host,
            )
        return addresses

    async def _saved(self, response: httpx.Response, url: httpx.URL, path: Path, report: Report) -> str:
        if not response.is_success:
            raise InputError(
                f"{url.host} answered with {response.status_code} instead of the page. If it asks for a sign-in, save the page and "
                "add the file.",
                kind="web_status",
                host=url.host,
                status=response.status_code,
            )
        kind = ending(response, url)
        await self._written(response, url, path, report)
        settle(path, response, kind)
        return called(url, kind)

    async def _written(self, response: httpx.Response, url: httpx.URL, path: Path, report: Report) -> None:
        told, got = response.headers.get("content-length", ""), 0
        total = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0
        if total > self._bounds.bytes:
            raise _large(url, self._bounds.bytes)
        with path.open("wb") as sink:
            try:
                async for block in response.aiter_bytes():
                    got += len(block)
                    if got > self._bounds.bytes:
                        raise _large(url, self._bounds.bytes)
                    sink.write(block)
                    report(min(1.0, response.num_bytes_downloaded / total) if total else None)
            except httpx.HTTPError as error:
                raise _unreachable(url) from error


def parsed(address: str) -> httpx.URL:
    """Raises `InputError` for what is no address of the web."""
    typed = address.strip()
    try:
        url = httpx.URL(typed if "://" in typed else f"https://{typed}")
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise InputError("This is no address of a web page, such as https://example.org/page.", kind="web_address")
    return url


async def _sent(client: httpx.AsyncClient, url: httpx.URL, addresses: Sequence[Address]) -> httpx.Response:
    """The answer of the first address that can be reached, asked under the name of its host."""
    host = url.raw_host.decode("ascii")
    for address in addresses:
        request = client.build_request(
            "GET",
            url.copy_with(host=str(address)),
            headers={**HEADERS, "host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": host},  # its certificate is held against the name
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
        except httpx.HTTPError as error:
            raise _unreachable(url) from error
    raise _unreachable(url)


def _unreachable(url: httpx.URL) -> InputError:
    return InputError(
        f"{url.host} cannot be reached. Check the address, or try again later.", kind="web_unreachable", host=url.host
    )


def _large(url: httpx.URL, limit: int) -> InputError:
    megabytes = f"{limit / 2**20:g}"
    return InputError(
        f"What {url.host} sends is larger than the {megabytes} MB that are fetched.",
        kind="web_large",
        host=url.host,
        megabytes=megabytes,
    )


def _slow(url: httpx.URL, seconds: float) -> InputError:
    return InputError(
        f"{url.host} took longer than {seconds:g} seconds. Try again later.",
        kind="web_slow",
        host=url.host,
        seconds=f"{seconds:g}",
    )

"""The Hugging Face hub: whole repositories -> folders on disk, by their id `owner/name`; single files, which go on where they broke."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Literal

from chatbot.common import disk
from chatbot.common.errors import BanyanError, HubUnavailable, ModelDamaged, ModelNotFound, Stopped
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Progress, Step

Kind = Literal["model", "embedder"]
ENDPOINT = "HF_ENDPOINT"  # the environment's name for another hub than the usual; read by the hub's library, too
HUB = "https://huggingface.co"
REACH = 5.0  # seconds for a first sign of life
TIMEOUT = 30.0  # seconds without a byte
BLOCK = 1 << 18  # bytes between looks at the stop event
PARTIAL = 206
_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*", re.ASCII)


def is_id(reference: str) -> bool:
    return _ID.fullmatch(reference) is not None


def folder_of(id: str) -> str:
    """The name of a repository's folder."""
    return id.replace("/", "--")


def fetch(
    id: str,
    models: Path,
    files: Sequence[str],
    progress: Progress,
    *,
    kind: Kind = "model",
    but: Sequence[str] = (),
    check: Callable[[Path], object] = lambda folder: None,
    stop: Event | None = None,
) -> Path:
    """The folder in `models` with those of the repository's `files` (patterns) that are not among `but`; once it is there,
    the network is not looked at. `check` raises what is wrong with it before it gets its name.

    Raises `ModelNotFound`, `Stopped`, or `HubUnavailable` when a download is needed and fails; the next try goes on from
    there.
    """
    target = models / folder_of(id)
    if not target.is_dir():
        step = Step("fetching_hub", name=id)
        progress(step, None)
        partial = target.with_name(target.name + ".partial")
        bar = _bar(lambda fraction: progress(step, fraction), stop)
        with told(id, kind):
            _snapshot(id, partial, files, but, bar)
        check(partial)
        disk.place(partial, target)
    return target


def _snapshot(id: str, folder: Path, files: Sequence[str], but: Sequence[str], bar: Any) -> None:
    import huggingface_hub

    endpoint = os.environ.get(ENDPOINT)
    # asked first, because without the network the download calls whatever an earlier one left behind the repository
    revision = huggingface_hub.HfApi(endpoint=endpoint).repo_info(id, timeout=REACH).sha
    huggingface_hub.snapshot_download(
        id,
        revision=revision,
        local_dir=folder,
        allow_patterns=list(files),
        ignore_patterns=list(but),
        tqdm_class=bar,
        endpoint=endpoint,
    )


def _bar(report: Callable[[float], None], stop: Event | None) -> Any:
    """What the hub's library takes for its progress bars: draws nothing, tells the bytes of all files together, and is where
    a fetch can be left."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "gui": True})  # of which tqdm draws nothing itself

        def update(self, n: float | None = 1) -> None:
            if stop is not None and stop.is_set():
                raise Stopped("It was stopped. What was fetched is kept.")
            self.n += n or 0
            if self.unit == "B" and self.total:  # another one counts files
                report(min(1.0, self.n / self.total))

        def display(self, *args: Any, **options: Any) -> None:
            pass

    return Bar


def files_of(id: str) -> list[str]:
    """The names of a repository's files. Raises `ModelNotFound` or `HubUnavailable`."""
    import huggingface_hub

    with told(id, "model"):
        _reach()
        return [str(name) for name in huggingface_hub.HfApi(endpoint=os.environ.get(ENDPOINT)).list_repo_files(id)]


def fetch_file(id: str, file: str, target: Path, progress: Progress, stop: Event | None = None) -> Path:
    """One file of a repository as `target`. The hub's own library begins a large file anew after a break; this goes on, as
    long as the hub's file is the same, with the bytes in `target`.partial.

    Raises `ModelNotFound`, `HubUnavailable`, `ModelDamaged` when it is not what the hub says, `StoreError` or `Stopped`.
    """
    import huggingface_hub

    step = Step("fetching_hub", name=target.name)
    progress(step, None)
    with told(id, "model"):
        _reach()
        url = huggingface_hub.hf_hub_url(id, file, endpoint=os.environ.get(ENDPOINT))
        about = huggingface_hub.get_hf_file_metadata(url)
    partial, mark = target.with_name(f"{target.name}.partial"), target.with_name(f"{target.name}.etag")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not mark.is_file() or mark.read_text("utf-8") != str(about.etag):
            partial.unlink(missing_ok=True)
            disk.write(mark, str(about.etag))
        _check_room(target, int(about.size or 0) - (partial.stat().st_size if partial.is_file() else 0))
        with told(id, "model"):
            _transfer(about, partial, lambda fraction: progress(step, fraction), stop)
        _check(file, str(about.etag), partial)
        disk.place(partial, target)
        mark.unlink()
    except OSError as error:
        raise disk.told(error, target.parent, "try again: what was fetched is kept") from error
    return target


def _reach() -> None:
    """Raises `httpx.HTTPError` soon where there is no network: the hub's library tries for half a minute."""
    import httpx

    httpx.head(os.environ.get(ENDPOINT, HUB), timeout=REACH)


def _check_room(target: Path, missing: int) -> None:
    if shutil.disk_usage(target.parent).free < missing:
        raise disk.full(target.parent, f"try again: {target.name} takes {missing / 2**30:.1f} GB more")


def _transfer(about: Any, partial: Path, report: Callable[[float], None], stop: Event | None) -> None:
    """Append what is missing, tried again as long as something comes; raises `httpx.HTTPError` when nothing does."""
    import httpx

    size, home = int(about.size or 0), os.environ.get(ENDPOINT, HUB)
    if not size:
        raise httpx.RemoteProtocolError("The hub does not tell how large the file is.")
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client, partial.open("ab") as file:
        while (there := file.tell()) < size:
            ours = about.location.startswith(f"{home}/")  # the token is for the hub alone
            headers = _authorization() if ours else {}
            trouble: httpx.HTTPError = httpx.RemoteProtocolError("The transfer ends before the file does.")
            try:
                with client.stream("GET", about.location, headers={**headers, "Range": f"bytes={there}-"}) as answer:
                    answer.raise_for_status()
                    if there and answer.status_code != PARTIAL:
                        file.truncate(0)
                    for block in answer.iter_bytes(BLOCK):
                        if stop is not None and stop.is_set():
                            raise Stopped("It was stopped. What was fetched is kept.")
                        file.write(block)
                        report(file.tell() / size)
            except httpx.HTTPError as error:
                trouble = error
            if file.tell() <= there:
                raise trouble


def _authorization() -> dict[str, str]:
    import huggingface_hub

    token = huggingface_hub.get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _check(file: str, etag: str, partial: Path) -> None:
    """The hub calls large files by their SHA-256."""
    if len(etag) == 64 and fingerprint(partial) != etag:
        partial.unlink()
        raise ModelDamaged(
            f"{file} arrived altered: its SHA-256 is not the one that the hub tells. It was thrown away; please try again.",
            kind="model_altered",
            name=file,
        )


@contextmanager
def told(id: str, kind: Kind) -> Iterator[None]:
    """Errors of the hub's library as words that say what to do: `ModelNotFound` or `HubUnavailable`."""
    from huggingface_hub import errors

    try:
        yield
    except BanyanError:
        raise
    except (errors.HFValidationError, errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
        raise ModelNotFound(
            f"The hub has no {kind} {id} that you may read. Check the name and your token.",
            kind="hub_no_model",
            name=id,
        ) from error
    except Exception as error:  # many kinds of network trouble, by the HTTP library in use
        cause = (str(error) or type(error).__name__).partition("\n")[0][:200]
        raise HubUnavailable(
            f"The {kind} {id} could not be fetched: {cause} Check the network, or name a folder on this machine.",
            kind="hub_unfetched",
            name=id,
            cause=cause,
        ) from error

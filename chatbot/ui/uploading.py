"""Uploads, which Gradio would keep under the hash of their content, everybody's in one place."""

from pathlib import Path

from anyio.to_thread import run_sync
from gradio.route_utils import upload_fn
from gradio.routes import file_upload_statuses
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatbot.access.bodies import UPLOAD, BodyTooLarge
from chatbot.access.owner import owner_in
from chatbot.access.uploads import Uploads
from chatbot.common.errors import InputError
from chatbot.types import Quotas

LARGEST = 200 * 2**20  # bytes of one file


def routes(uploads: Uploads, quotas: Quotas) -> list[Route]:
    """The route in place of Gradio's, into the folder of whoever sends."""

    async def upload(request: Request) -> Response:
        """The paths of the files. Raises `InputError`, and `QuotaReached` before anything is read."""
        owner = owner_in(request.scope)
        with uploads.coming(owner, int(request.headers.get("content-length", LARGEST))) as folder:
            quotas.require("uploads", await run_sync(uploads.size, owner) / 2**20)
            return JSONResponse(await taken(request, folder))

    async def taken(request: Request, folder: Path) -> list[str]:
        id = request.query_params.get("upload_id")
        progress = file_upload_statuses if id else None
        try:
            paths, *_ = await upload_fn(request, str(folder), LARGEST, id, upload_progress=progress)
        except TypeError as error:  # a field called "files" that is none
            raise InputError("The upload cannot be read. Please send it again.", kind="upload_unreadable") from error
        except MultiPartException as error:
            if "maximum allowed size" in error.message:
                raise BodyTooLarge(f"The file is larger than {LARGEST // 2**20} MB.", limit=LARGEST // 2**20) from error
            raise InputError("The upload cannot be read. Please send it again.", kind="upload_unreadable") from error
        for stray in set(folder.iterdir()) - {Path(path).parent for path in paths}:
            stray.unlink()  # what came under another name than "files", or was cut off
        if not paths:
            raise InputError("The upload cannot be read. Please send it again.", kind="upload_unreadable")
        if not all(Path(path).is_file() for path in paths):
            raise InputError("A file without a name cannot be taken. Please give it one.", kind="upload_unnamed")
        return [str(path) for path in paths]

    return [Route(UPLOAD, upload, methods=["POST"])]

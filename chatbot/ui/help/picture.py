"""The pictures of the help, taken from a running app by `tests/bench/pictures.py`, and the route that gives them out."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from chatbot.common.errors import NotFound
from chatbot.ui.strings.words import ENGLISH, Language

FOLDER = Path(__file__).with_name("pictures")
AN_HOUR = {"cache-control": "private, max-age=3600"}


def address(name: str, language: Language) -> str:
    """Where the page finds the picture in that language, or in English where there is none."""
    own = f"{name}.{language}.webp"
    return f"pictures/{own if (FOLDER / own).is_file() else f'{name}.{ENGLISH}.webp'}"


async def picture(request: Request) -> FileResponse:
    """Raises `NotFound`."""
    for path in FOLDER.glob("*.webp"):
        if path.name == request.path_params["name"]:
            return FileResponse(path, media_type="image/webp", headers=AN_HOUR)
    raise NotFound("There is no such picture.", kind="no_picture")


def routes() -> list[Route]:
    return [Route("/pictures/{name}", picture)]

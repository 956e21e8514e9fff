"""The routes by which the page's script `copies.js` keeps conversations in the browser, on a server that forgets them."""

import hashlib

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chatbot.access.owner import is_new, owner_in
from chatbot.common.errors import AccessDenied, NotFound
from chatbot.store.copies import read
from chatbot.store.store import Store

PATH = "/copies"
FRESH = {"cache-control": "no-store"}


def routes(store: Store) -> list[Route]:
    """Each asks for the owner first; nobody names one."""
    place = store.place()

    async def listed(request: Request) -> Response:
        """`place` is another once this owner's conversations may be gone, since the server or the owner is another; `talks` are pairs of
        an id and a mark, the latest first."""
        owner = owner_in(request.scope)
        if is_new(request.scope):
            return JSONResponse({"place": ""}, headers=FRESH)
        copies = await run_sync(store.copies, owner)
        own = hashlib.sha256(f"{place} {owner}".encode()).hexdigest()[:32]
        who = owner if owner.startswith("user:") else "guest"
        told = {"place": own, "who": who, "talks": [(copy.id, copy.mark) for copy in copies]}
        return JSONResponse(told, headers=FRESH)

    async def one(request: Request) -> Response:
        """Its mark, and on the next line the copy. Raises `NotFound`."""
        for copy in await run_sync(store.copies, owner_in(request.scope), request.path_params["id"]):
            return PlainTextResponse(f"{copy.mark}\n{copy.text}", headers=FRESH)
        raise NotFound("There is no such conversation.", kind="no_conversation")

    async def bring_back(request: Request) -> Response:
        """The id that it has from now on; empty where it was deleted. Raises `AccessDenied` and `InputError`."""
        if is_new(request.scope):
            raise AccessDenied("Conversations are brought back where cookies are kept.", kind="copies_no_cookie")
        copy = await run_sync(read, await request.body())
        return JSONResponse({"id": await run_sync(store.bring_back, owner_in(request.scope), copy)}, headers=FRESH)

    async def remove(request: Request) -> Response:
        """Also where there is none."""
        owner, id = owner_in(request.scope), request.path_params["id"]
        if await run_sync(store.copies, owner, id):
            await run_sync(store.delete, owner, id)
        return Response(status_code=204)

    return [
        Route(PATH, listed, methods=["GET"]),
        Route(PATH, bring_back, methods=["POST"]),
        Route(f"{PATH}/{{id}}", one, methods=["GET"]),
        Route(f"{PATH}/{{id}}", remove, methods=["DELETE"]),
    ]

"""The routes that are open. Gradio brings many more, for what Banyan does not use; each of them is one more way in.

Left closed, with what they would open: `token` and `user` (the sign-in), `deep_link` and `stream` (other sessions), `proxy`
(this machine's way out), `component_server`, `custom_component`, `dev`, `vibe-*`, `process_recording`, `run-history`,
`monitoring` (whoever finds them), `mcp/sse` (sessions without an owner, which the protocol has given up), resized icons.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.access.origin import route_of
from chatbot.common.errors import NotFound

PAGE = r"/|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/pwa_icon|/assets/.+|/static/.+|/pictures/[\w.-]+"
API = (
    r"info/?|openapi\.json|app_id/?|theme\.css|startup-events|upload_progress|queue/data|heartbeat/[\w-]+|"
    r"file=.+|call/(?:v2/)?\w+/\w+|mcp/?|mcp/schema"
)
CALLS = r"queue/join|run/\w+/?|api/\w+/?|call/(?:v2/)?\w+/?|cancel|reset/?|upload|mcp/?"
COPY = r"/copies/[\w-]+"
READ = re.compile(
    rf"(?:{PAGE}|/copies|{COPY}|/keys|/admin|/login/oidc(?:/done)?|/health|/metrics|/v1/models(?:/.+)?|/gradio_api/(?:{API}))"
)
SENT = re.compile(
    rf"(?:/login|/logout|/keys|/copies|/v1/(?:(?:chat/)?completions|responses|messages(?:/count_tokens)?|embeddings|score|tokenize)|/gradio_api/(?:{CALLS}))"
)
OPEN = {"GET": READ, "HEAD": READ, "POST": SENT, "DELETE": re.compile(rf"/gradio_api/mcp/?|{COPY}")}


class NoRoute(NotFound):
    kind = "no_route"


class Doors:
    """ASGI middleware: what is not `OPEN` is not there. Raises `NoRoute`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or is_open(scope.get("method", ""), route_of(scope)):
            await self._app(scope, receive, send)
        else:
            raise NoRoute("There is nothing at this address.")


def is_open(method: str, route: str) -> bool:
    return method in OPEN and OPEN[method].fullmatch(route) is not None

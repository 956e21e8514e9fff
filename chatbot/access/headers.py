"""What a page of ours may load, said to the browser in headers."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SecurityHeaders:
    """ASGI middleware: a page of ours loads nothing from elsewhere, and only we (or Spaces, `embedded`) frame it.

    Gradio 6.31 needs inline scripts and styles, blob: workers and media, data: fonts and images, and `eval`: gr.LinePlot
    (Vega compiles its expressions) and gr.HTML (its `js_on_load`) throw without it. What the policy wins in spite of that
    is that nothing can be loaded from, or sent to, another host.
    """

    def __init__(self, app: ASGIApp, *, embedded: bool = False) -> None:
        self._app = app
        frames = "'self' https://*.hf.space https://huggingface.co" if embedded else "'self'"
        self._headers = {
            "content-security-policy": f"{_POLICY}; frame-ancestors {frames}",
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)

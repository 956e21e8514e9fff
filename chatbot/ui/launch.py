"""The page put behind an address: Gradio's server with our entrance, our look, and all that is Gradio's own switched off."""

import platform
from importlib.metadata import version
from typing import Any

import gradio as gr

from chatbot.access.users import Users
from chatbot.common.errors import SettingsError
from chatbot.settings import Settings
from chatbot.ui import look, mcp_tools
from chatbot.ui.chat import copies
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.entrance import entrance, signed_in
from chatbot.ui.event_queue import arrange
from chatbot.ui.services import Services
from chatbot.ui.sessions import keep_little
from chatbot.ui.sign_in.usage import usage

OPTIONS: dict[str, Any] = {  # whatever the settings are
    "footer_links": ["api"],
    "show_error": False,
    "ssr_mode": False,
    "share": False,
    "quiet": True,
    "prevent_thread_lock": True,
    "max_threads": 96,
    "max_file_size": "200mb",
    "allowed_paths": [],
    "run_history": False,
    "enable_monitoring": False,
    "mcp_server": True,  # the middleware asks for a key where people sign in
}


def launch(page: gr.Blocks, settings: Settings, services: Services, users: Users | None) -> str:
    """Listen, and return the address. Raises `SettingsError`."""
    assert services.library  # an app has one
    page.queue(default_concurrency_limit=32, max_size=512, api_open=False)
    arrange(page._queue, services.runs.leave)
    try:
        _, address, _ = page.launch(
            server_name=settings.host,
            server_port=settings.port or None,
            root_path=settings.root_path or None,
            auth_dependency=signed_in if users else None,
            app_kwargs=_entrance(page, settings, services, users, services.library),
            theme=look.theme(),
            css=look.css(),
            head=look.head(),
            favicon_path=str(look.HERE / "favicon.svg"),
            **OPTIONS,
        )
        mcp_tools.offer(page, services.library)
        keep_little(page.state_holder, page._queue)
    except OSError as error:
        raise SettingsError(
            f"Nothing can listen on {settings.host} port {settings.port} ({error}). Choose another --port (BANYAN_PORT)."
        ) from error
    return str(address)


def _entrance(
    page: gr.Blocks, settings: Settings, services: Services, users: Users | None, library: OpeningLibrary
) -> dict[str, Any]:
    """What every request goes through."""
    return entrance(
        settings,
        services.engine,
        users,
        services.uploads,
        lambda: list(page._queue.event_ids_to_events),
        {"python": platform.python_version(), "gradio": version("gradio")},
        library,
        services.spoken_by,
        lambda owner: usage(services, owner),
        services.training.jobs.states if services.training else dict,
        copies.routes(services.store) if services.forgets else (),
    )

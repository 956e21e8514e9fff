"""Chat for programs: `/chat` streams the answer so far."""

import time
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr

from chatbot.tasks import chat
from chatbot.types import Message, Sampling
from chatbot.ui.parts.clock import TICK
from chatbot.ui.parts.endpoints import raised, session_of
from chatbot.ui.parts.history import turns_of
from chatbot.ui.services import MODEL, Services


def publish(services: Services) -> None:
    """Register the endpoint on the page that is being built. It works under the owner of its request."""

    def api_chat(
        message: str,
        history: list[dict[str, str]] | None = None,
        adapter: str | None = None,
        system_prompt: str = chat.DEFAULT_SYSTEM_PROMPT,
        temperature: float | None = None,
        max_tokens: int = 512,
        request: gr.Request | None = None,
    ) -> Iterator[str]:
        session = session_of(request) if request else None
        with raised(), services.runs.call(session) as stop:
            owner = services.owner_of(request) if request else ""
            if adapter:
                services.adapter(owner, adapter)
            turns = [*turns_of(history or []), Message("user", chat.clean(message))]
            default = services.engine.traits.sampling
            sampling = default if temperature is None else Sampling(temperature=temperature)
            sampling = replace(sampling, max_tokens=max_tokens)
            engine = services.engine.asked_by(owner)
            who = adapter or None
            reply = chat.reply(engine, turns, sampling, system_prompt=system_prompt, adapter=who, stop=stop)
            so_far, shown, last = "", "", time.monotonic()
            for chunk in reply.chunks:
                so_far += chunk.text
                if so_far != shown and (chunk.finish or time.monotonic() - last >= TICK):
                    shown, last = so_far, time.monotonic()
                    yield so_far

    gr.api(api_chat, api_name="chat", **MODEL)

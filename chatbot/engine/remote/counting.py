"""Tokens, as a server counts them: Banyan, vLLM and llama-server each have a way of their own."""

from collections.abc import Mapping, Sequence

from chatbot.engine.remote import requests, wire
from chatbot.engine.remote.backend import Backend
from chatbot.types import Message

_BYTES_PER_TOKEN = 3  # English is near 4 and Chinese near 3 in today's vocabularies: rather too many than too few


def of_text(server: Backend, model: str, text: str) -> int | None:
    """None where it has no way."""
    for url, body in (
        ("/tokenize", {"model": model, "prompt": text}),
        (f"{server.root}/tokenize", {"model": model, "prompt": text, "content": text}),
        (f"{server.root}/tokenize", {"model": model, "prompt": text}),
    ):
        if (count := wire.count(server.ask(url, body, model))) is not None:
            return count
    return None


def of_messages(server: Backend, model: str, messages: Sequence[Message]) -> int | None:
    """Template and generation prompt included. None where it templates no messages."""
    body = {"model": model, **requests.conversation(messages)}
    for url in ("/tokenize", f"{server.root}/tokenize"):
        if count := wire.count(server.ask(url, body, model)):  # llama-server ignores the messages and counts 0
            return count
    rendered = server.ask(f"{server.root}/apply-template", body, model)
    if isinstance(rendered, Mapping) and isinstance(rendered.get("prompt"), str):
        text = {"content": rendered["prompt"], "add_special": True, "parse_special": True}
        return wire.count(server.ask(f"{server.root}/tokenize", text, model))
    return None


def numbers_of_text(server: Backend, model: str, text: str) -> Sequence[int]:
    """The text's tokens by themselves, as vLLM numbers them; none where the server does not tell."""
    body = {"model": model, "prompt": text, "add_special_tokens": False}
    return wire.numbers(server.ask(f"{server.root}/tokenize", body, model))


def numbers_of_messages(server: Backend, model: str, messages: Sequence[Message]) -> Sequence[int]:
    """The conversation's, template and generation prompt included."""
    body = {"model": model, **requests.conversation(messages)}
    return wire.numbers(server.ask(f"{server.root}/tokenize", body, model))


def estimated(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def estimated_turns(messages: Sequence[Message]) -> int:
    """The contents and 5 tokens a turn."""
    return sum(estimated(message.content) + 5 for message in messages)

"""Chat templates: a conversation -> the text that the model was trained to see."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chatbot.common.errors import InputError, ModelDamaged
from chatbot.engine.text.calls import require
from chatbot.engine.text.turns import Turn, offered, written
from chatbot.types import Message

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class ChatTemplate:
    """Renders with Jinja's sandbox: the template came with the model, from wherever. Raises `ModelDamaged`."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = partial(json.dumps, ensure_ascii=False)  # Jinja's own escapes for HTML
        environment.globals.update(raise_exception=_raise, strftime_now=lambda form: datetime.now().strftime(form))
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise ModelDamaged(
                f"The model's chat template cannot be used: {error}.", kind="template_unusable", reason=str(error)
            ) from error
        self._source = source
        self._names = {"bos_token": bos, "eos_token": eos, "add_generation_prompt": True}

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt with the opening of the assistant's turn, and behind it what the assistant said last, if that is the
        last message. Raises `InputError` when the template refuses the conversation."""
        return opened(messages, self._answerable)

    def _answerable(self, messages: Sequence[Message]) -> str:
        require(messages, self._source)

        def render(turns: Sequence[Turn]) -> str:
            return self._template.render(messages=turns, tools=offered(messages), **self._names)

        return with_system(messages, render)


def with_system(messages: Sequence[Message], render: Callable[[Sequence[Turn]], str]) -> str:
    """Rendered as they stand; else, where the template refuses or drops a system text, with it in the first user turn.

    Raises `InputError`.
    """
    turns = written(messages)
    system = [turn["content"].strip() for turn in turns if turn["role"] == "system"]
    try:
        text = render(turns)
        if all(part in text for part in system):
            return text
    except Exception as error:  # a template is a program of the model's author: it may raise anything
        if not system:
            raise _refused(error) from error
    try:
        return render(fold_system(turns))
    except Exception as error:
        raise _refused(error) from error


def _refused(error: Exception) -> InputError:
    said = str(error).rstrip(".")
    return InputError(
        f"The model's chat template refuses this conversation: {said}.",
        kind="template_refuses",
        reason=said,
        param="messages",
    )


def opened(messages: Sequence[Message], render: Callable[[Sequence[Message]], str]) -> str:
    """`render` of the conversation; a last message of the assistant's stands open behind it, to be gone on with.

    That is where the model stood when it had written so much: no template has to know of it, and the KV cache holds it.
    """
    if not messages or messages[-1].role != "assistant":
        return render(messages)
    return render(messages[:-1]) + messages[-1].content


def _raise(message: str) -> Any:
    raise TemplateError(message)


def fold_system(turns: Sequence[Turn]) -> list[Turn]:
    """Move all system text to the head of the first user message, or into one of its own."""
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    rest = [dict(turn) for turn in turns if turn["role"] != "system"]
    if not system:
        return rest
    if rest and rest[0]["role"] == "user":
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
        return rest
    return [{"role": "user", "content": system}, *rest]

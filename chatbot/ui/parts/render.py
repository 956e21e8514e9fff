"""Pure: data -> what the page shows. No component, no state, no request."""

import time
from base64 import b64encode
from html import escape

from chatbot.common.errors import BanyanError
from chatbot.common.step import Step
from chatbot.tasks.budget import Fitted
from chatbot.types import Chunk, LoadState, Message
from chatbot.ui.markdown import markdown, typed
from chatbot.ui.strings.words import Language, has, step_words, text, worded


def bubbles(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """Saved messages as the Chatbot component takes them."""
    return [
        {"role": m.role, "content": markdown(m.content) if m.role == "assistant" else typed(m.content)}
        for m in messages
    ]


def answer(body: str, last: Chunk | None, language: Language) -> str:
    """The answer so far with what is to be said about it: waiting, reading, stopped, cut off, looping."""
    if last and last.place:
        return _noted(body, text("waiting", language, place=last.place))
    if last is None or not last.finish:
        return markdown(body) if body else text("thinking", language)
    notes = {"cancelled": "stopped", "length": "cut", "loop": "looped"}
    note = notes.get(last.finish, "" if body else "empty_answer")
    return _noted(body, text(note, language) if note else "")


def _noted(body: str, note: str) -> str:
    return "\n\n".join(filter(None, (markdown(body), note)))


def meter(used: int, window: int, language: Language, fitted: Fitted | None = None, extra: str = "") -> str:
    """The context meter under the chat: a bar, its figures, and what was left out."""
    share = min(100, round(100 * used / window)) if window else 0
    words = text("meter" if used else "meter_empty", language, used=f"{used:,}", window=f"{window:,}")
    trimmed = (
        f'<span class="by-trimmed" role="status">{escape(text("left_out", language, count=fitted.left_out))}</span>'
        if fitted and fitted.left_out
        else ""
    )
    tail = f"<span>{escape(extra)}</span>" if extra else ""
    return (
        f'<div class="by-meter"><span class="by-bar" aria-hidden="true"><i style="width:{share}%"></i></span>'
        f"<span>{escape(words)}</span>{tail}{trimmed}</div>"
    )


def notice(error: BanyanError | None, language: Language) -> str:
    """What went wrong, as a banner that screen readers announce; empty without an error."""
    return f'<div class="by-notice" role="alert">{escape(message(error, language))}</div>' if error else ""


def success(words: str) -> str:
    """What went well, as a quiet banner."""
    return f'<div class="by-success" role="status">{escape(words)}</div>'


def message(error: BanyanError, language: Language) -> str:
    """The error in the language of the page; in English where there is no translation."""
    keys = (f"error.{error.kind}",)
    values = {name: step_words(of, language) if isinstance(of, Step) else of for name, of in error.details.items()}
    values["said"] = str(error)
    name = str(values.get("name"))
    if setting := next((key for key in (f"knob_{name}", name) if has(key, language)), ""):
        values["knob"] = text(setting, language)
    return worded(keys, language, str(error), values)


def download(file: dict[str, str]) -> str:
    """A link that holds the file itself; its number tells page.js that it is a new one."""
    content = b64encode(file["text"].encode("utf-8")).decode("ascii")
    return (
        f'<a data-number="{time.monotonic_ns()}" download="{escape(file["name"])}" '
        f'href="data:{file["type"]};base64,{content}" aria-hidden="true" tabindex="-1"></a>'
    )


def loading(state: LoadState, language: Language) -> str:
    """The model's way into memory, as a bar; empty once it is ready."""
    said = state_words(state, language)
    if state.status == "ready":
        return ""
    if state.status == "failed":
        return f'<div class="by-notice" role="alert">{escape(text("load_failed", language, reason=said))}</div>'
    return under_way(text("loading", language, step=said), state.fraction)


def state_words(state: LoadState, language: Language) -> str:
    """The step, or why it failed; empty once it is ready."""
    if state.failure:
        return message(state.failure, language)
    return step_words(state.step, language) if state.step else ""


def under_way(words: str, fraction: float | None) -> str:
    """Long work, with a bar: `fraction` of it is done (None: unknown)."""
    percent = "" if fraction is None else f" {round(100 * fraction)} %"
    kind, width = ("by-unknown", 35) if fraction is None else ("", round(100 * fraction))
    return (
        f'<div class="by-loading" role="status"><span>{escape(words)}{percent}</span>'
        f'<span class="by-bar {kind}" aria-hidden="true"><i style="width:{width}%"></i></span></div>'
    )


def what(term: str, language: Language) -> str:
    """What a term of the field means, behind a question mark; empty where there are no words for it."""
    if not has(f"what_{term}", language):
        return ""
    name, means = escape(text("what", language)), escape(text(f"what_{term}", language))
    return f'<details class="by-what"><summary aria-label="{name}" title="{name}">?</summary><p>{means}</p></details>'


def button(act: str, label: str, reference: str, title: str, kind: str = "") -> str:
    """`kind` is by-primary or by-sure, where it is not just one of many."""
    return (
        f'<button type="button" class="by-small {kind}" data-act="{escape(act)}" data-id="{escape(reference)}" '
        f'aria-label="{escape(f"{label}: {title}")}">{escape(label)}</button>'
    )

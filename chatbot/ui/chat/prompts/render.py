"""Pure: the list that stands over the composer while a slash is typed; prompts.js shows, filters and inserts."""

from collections.abc import Sequence
from html import escape

from chatbot.store.prompts import Prompt
from chatbot.ui.icons import icon
from chatbot.ui.strings.words import Language, text


def prompts_html(prompts: Sequence[Prompt], language: Language) -> str:
    rows = "".join(_row(prompt, language) for prompt in prompts)
    new = f'<button type="button" data-act="new">{escape(text("prompt_new", language))}</button>'
    return f'<nav aria-label="{escape(text("prompts", language))}" hidden><ul>{rows}<li>{new}</li></ul></nav>'


def _row(prompt: Prompt, language: Language) -> str:
    edit = escape(text("prompt_edit", language, name=prompt.name))
    return (
        f'<li><button type="button" data-words="{escape(prompt.words)}"><b>{escape(prompt.name)}</b> '
        f"<small>{escape(prompt.words[:120])}</small></button>"
        f'<button type="button" data-act="edit" data-id="{escape(prompt.id)}" aria-label="{edit}" title="{edit}">'
        f"{icon('rename')}</button></li>"
    )

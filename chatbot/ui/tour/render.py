"""Pure: the tour as HTML. tour.js goes from step to step."""

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from chatbot.ui.strings.words import Language, text


@dataclass(frozen=True, slots=True)
class Station:
    """The strings `title` and `tour_NAME`; it stands beside `at`, in the tab `tab`."""

    name: str
    title: str
    tab: str
    at: str  # a selector: the first of what it finds that is seen


STEPS = (
    Station("chat", "chat", "chat", "#by-composer"),
    Station("documents", "documents", "documents", "#by-doc-files"),
    Station("tasks", "tasks", "summarize", "#by-tab-summarize .by-examples, #by-sum-run"),
    Station("finetune", "finetune", "finetune", "#by-ft-file"),
    Station("adapter", "adapter", "chat", "#by-adapter"),
    Station("help", "help", "help", "#by-help nav"),
)


def tour_html(language: Language, tabs: Collection[str], *, offered: bool) -> str:
    """`tabs` are those of the page; `offered`: whether the visitor is asked, or only finds it in the help."""
    offer = _offer(language) if offered else ""
    steps = [step for step in STEPS if step.tab in tabs]
    cards = "".join(_step(step, at, len(steps), language) for at, step in enumerate(steps, 1))
    return offer + (
        f'<div id="by-tour-card" popover="manual" role="dialog" tabindex="-1" aria-label="{escape(text("help_tour", language))}">'
        f"<ol>{cards}</ol><div>{_button('over', 'tour_skip', language)}<span></span>{_button('back', 'tour_back', language)}"
        f"{_button('next', 'tour_next', language)}{_button('over', 'tour_done', language)}</div></div>"
    )


def _offer(language: Language) -> str:
    buttons = _button("next", "tour_show", language) + _button("over", "tour_skip", language)
    return f'<div class="by-tour-offer"><span>{escape(text("tour_offer", language))}</span>{buttons}</div>'


def _button(does: str, key: str, language: Language) -> str:
    return f'<button type="button" class="by-small" data-step="{does}" data-key="{key}">{escape(text(key, language))}</button>'


def _step(step: Station, place: int, of: int, language: Language) -> str:
    said = escape(text(f"tour_{step.name}", language))
    head = f"<small>{place} / {of}</small><b>{escape(text(step.title, language))}</b>"
    return f'<li hidden data-tab="{step.tab}" data-at="{escape(step.at)}">{head}<p>{said}</p></li>'

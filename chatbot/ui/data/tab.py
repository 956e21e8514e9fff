"""The data tab looks at what is kept whenever it is opened."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from chatbot.tasks.classify import taught
from chatbot.types import Message
from chatbot.ui.data import render
from chatbot.ui.data.render import LATEST, Kept
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, text


@dataclass(frozen=True, slots=True)
class DataTab:
    tab: gr.Tab
    shown: gr.HTML


class Handlers:
    """The owner comes from the request."""

    def __init__(self, services: Services, tab: DataTab) -> None:
        self._services, self._tab = services, tab

    def show(self, language: Language, request: gr.Request) -> Updates:
        kept = found(self._services, self._services.owner_of(request), language)
        documents = self._services.library is not None
        return {self._tab.shown: render.cards(kept, language, documents=documents)}


def found(services: Services, owner: str, language: Language) -> dict[str, Kept]:
    store = services.store
    good, bad = store.count_ratings(owner)
    thumbs = text("data_thumbs_count", language, good=f"{good:,}", bad=f"{bad:,}") if good or bad else ""
    return {
        "corrections": _kept(
            store.count_corrections(owner),
            [(_asked(row.messages), row.messages[-1].content) for row in store.corrections(owner, latest=LATEST)],
            language,
        ),
        "preferences": _kept(
            store.count_preferences(owner),
            [
                (f"{_asked(row.messages)} — {row.rejected}", row.chosen)
                for row in store.preferences(owner, latest=LATEST)
            ],
            language,
        ),
        "thumbs": Kept(
            thumbs,
            good > 0 and bad > 0,  # from one kind alone nothing is learnt
            [
                (_asked(row.messages), f"{'👍' if row.liked else '👎'} {row.messages[-1].content}")
                for row in store.ratings(owner, latest=LATEST)
            ],
        ),
        "labels": _kept(taught.count(store, owner), taught.latest(store, owner, LATEST), language),
    }


def _kept(count: int, latest: Sequence[tuple[str, str]], language: Language) -> Kept:
    return Kept(text("data_count", language, count=f"{count:,}") if count else "", count > 0, latest)


def _asked(messages: Sequence[Message]) -> str:
    """The last thing that the user said."""
    return next((message.content for message in reversed(messages) if message.role == "user"), "")


def build(words: Localised, tab: gr.Tab, services: Services) -> DataTab:
    def painted(language: Language) -> str:
        return render.cards({}, language, documents=services.library is not None)

    with gr.Column(elem_classes="by-pane"):
        shown = gr.HTML(painted("en"), elem_id="by-data", padding=False, apply_default_css=False)
    words.first(shown, lambda language: {"value": painted(language)})
    return DataTab(tab, shown)


def connect(tab: DataTab, frame: Frame, services: Services) -> None:
    do = Handlers(services, tab)
    for event in (tab.tab.select, frame.language.change):
        event(do.show, frame.language, tab.shown, **PRIVATE)


TAB = Tab("data", build, connect, offered=lambda services: services.training is not None)

"""What a tab offers to the page, and what the page offers to its tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import gradio as gr

from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services

OFTEN, SELDOM = 0.7, 15.0  # seconds between looks at the model

Built = TypeVar("Built")  # the frozen record of a tab's components


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the tabs."""

    page: gr.Blocks
    tabs: gr.Tabs
    bar: Sidebar
    language: gr.State  # a `Language`; its change is the event by which a tab says its words anew
    loading: gr.HTML  # how far the model is
    answers: gr.State  # reference of the model that the page shows; its change is the event of another model
    wanted: gr.State  # (name, when) of the adapter that somebody chose for its tab elsewhere
    timer: gr.Timer  # ticks `OFTEN` while a model is on its way, else now and then: it may be another one by now


@dataclass(frozen=True, slots=True)
class Tab(Generic[Built]):
    """One tab. Its label is the string `name`; its id in the page is `by-tab-NAME`."""

    name: str
    build: Callable[[Localised, gr.Tab, Services], Built]  # the components
    connect: Callable[[Built, Frame, Services], None]  # gives them life
    publish: Callable[[Services], None] = lambda services: None  # what programs may call
    offered: Callable[[Services], bool] = lambda services: True  # whether this page has it

"""The sidebar's list of an owner: their conversations, or those of the folder that they look at."""

from datetime import date

from chatbot.store.values import Heading
from chatbot.ui.chat.list import render
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language

FOLDER = "folder"  # the setting that names the one that is looked at


def listing(
    services: Services, owner: str, open_id: str | None, language: Language, deleted: Heading | None = None
) -> str:
    """The sidebar's list with the open conversation marked, as HTML."""
    folders, chosen = services.store.folders(owner), folder_of(services, owner)
    headings = services.store.conversations(owner, folder=chosen)
    return render.listing(headings, open_id, language, date.today(), deleted, folders, chosen)


def folder_of(services: Services, owner: str) -> str:
    """The folder that the owner looks at; empty: all conversations, and once there is nothing in it."""
    chosen = services.store.setting(owner, FOLDER, "")
    return chosen if isinstance(chosen, str) and chosen in services.store.folders(owner) else ""

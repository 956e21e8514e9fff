"""The tabs of the page, in their order. A new one is a folder beside the others, its name here, its words, and a drawing."""

from typing import Any

from chatbot.ui.adapters.tab import TAB as ADAPTERS
from chatbot.ui.chat.tab import TAB as CHAT
from chatbot.ui.classify.tab import TAB as CLASSIFY
from chatbot.ui.data.tab import TAB as DATA
from chatbot.ui.documents.tab import TAB as DOCUMENTS
from chatbot.ui.extract.tab import TAB as EXTRACT
from chatbot.ui.finetune.tab import TAB as FINETUNE
from chatbot.ui.help.tab import TAB as HELP
from chatbot.ui.models.tab import TAB as MODELS
from chatbot.ui.parts.tab import Tab
from chatbot.ui.summarize.tab import TAB as SUMMARIZE
from chatbot.ui.translate.tab import TAB as TRANSLATE

GROUPS: dict[str, tuple[Tab[Any], ...]] = {  # each named by the string of its key
    "talk": (CHAT, DOCUMENTS),
    "tasks": (TRANSLATE, SUMMARIZE, CLASSIFY, EXTRACT),
    "teach": (DATA, FINETUNE, ADAPTERS, MODELS),
    "about": (HELP,),
}
TABS: tuple[Tab[Any], ...] = tuple(tab for tabs in GROUPS.values() for tab in tabs)

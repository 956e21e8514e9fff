"""The kinds of files that are read and translated, as a list for people."""

from chatbot.tasks.translate.files.kinds import KINDS
from chatbot.ui.strings.words import Language, text, worded
from retrieval.reading.kinds import READERS


def readable(language: Language) -> str:
    titles = [worded((f"kinds.{row.kind}",), language, row.title, {}) for row in READERS]
    return text("language.comma", language).join(titles)


def translatable(language: Language) -> str:
    return text("language.comma", language).join(title for row in KINDS for title in row.titles)

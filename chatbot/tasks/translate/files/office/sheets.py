"""Workbooks: the texts of cells, never a formula, number or name of a sheet."""

from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.office import package
from chatbot.tasks.translate.files.opened import Opened


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises what `lxml` and `zipfile` raise for a damaged file."""
    return package.opened(path, ".xlsx")

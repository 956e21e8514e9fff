"""What the table of faulty rows does."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.training.training import Training
from chatbot.ui.chat.handlers import told
from chatbot.ui.finetune.data import dataset_of, name_of, showing
from chatbot.ui.finetune.form import Form
from chatbot.ui.parts import render
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


class MendHandlers:
    """What comes of it is a file of the owner's, as if it had been dropped."""

    def __init__(self, services: Services, form: Form, notice: gr.HTML) -> None:
        """`notice` is one that the check of the new file leaves alone."""
        assert services.training is not None
        self._services, self._form, self._notice = services, form, notice
        self._training: Training = services.training

    def mend(
        self, request: gr.Request, file: str | None, table: Sequence[Sequence[Any]], language: Language, *fields: Any
    ) -> Iterator[Updates]:
        """The rows as they stand in the table now, and all others as they were."""
        form, owner = self._form, self._services.owner_of(request)
        with told(language) as notices:
            data = dataset_of(file, fields)
            changes = {int(row): str(said or "") for row, _, said in table if row}
            target = self._services.uploads.bench(owner) / f"{name_of(Path(data.name).name) or 'rows'}.jsonl"
            work = under_way(lambda progress, stop: self._training.mend(data, changes, target, progress, stop))
            left = yield from showing(work, form.notice, language)
            told_of = render.success(text("ft_mend_left", language, count=left)) if left else ""
            yield {form.file: str(target), self._notice: told_of}
        if notices:
            yield {form.notice: notices[0]}

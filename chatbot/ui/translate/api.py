"""Translation for programs: `/translate` and `/translate_file`."""

from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError
from chatbot.tasks.translate.order import AUTO
from chatbot.tasks.translate.own import memory
from chatbot.tasks.translate.text import Translated, translate
from chatbot.ui.parts.endpoints import publish_file, raised, session_of
from chatbot.ui.services import MODEL, Services


def publish(services: Services) -> None:
    """Register the endpoints on the page that is being built. Each works under the owner of its request."""
    do = Endpoints(services)
    gr.api(do.translate, api_name="translate", **MODEL)
    if services.translations is None:
        return
    publish_file(do.translate_file, "translate_file", ("en", AUTO, "", ""))


class Endpoints:
    def __init__(self, services: Services) -> None:
        self._services = services

    def translate(
        self,
        text: str,
        target: str = "en",
        source: str = AUTO,
        glossary: str = "",
        adapter: str | None = None,
        formality: str = "",
        request: gr.Request = None,  # Gradio fills it in
    ) -> dict[str, Any]:
        """Translate a text. Languages are codes such as de or zh-hans; glossary holds lines "term = translation"; formality is
        formal or informal, for targets that have both (Sie or du), and empty for as it comes.

        Returns text, source, target, confidence of the detected source (1.0 when it was given), sure, model, and the
        segments that something may be wrong with.
        """
        with raised(), self._services.runs.call(session_of(request)) as stop:
            owner = self._services.owner_of(request)
            if adapter:
                self._services.adapter(owner, adapter)
            engine = self._services.engine.asked_by(owner)
            for step in translate(
                engine,
                owner,
                text,
                target=target,
                source=source,
                adapter=adapter or None,
                glossary=glossary or "",
                formality=formality or "",
                recall=memory.of(self._services.store, owner),
                stop=stop,
            ):
                if isinstance(step, Translated):
                    return _said(step)
            raise BanyanError("The text was not translated. Please try again.", kind="no_outcome")

    def translate_file(
        self, file: str | None, target: str, source: str, glossary: str, formality: str, request: gr.Request
    ) -> str | None:
        """Translate a document, subtitles or a file of messages. Returns the file of the same type (PDF: DOCX)."""
        with raised(), self._services.runs.call(session_of(request)) as stop:
            if not file:
                raise InputError("Send a file.", kind="no_file")
            jobs, owner = self._services.translations, self._services.owner_of(request)
            assert jobs is not None  # the endpoint is there only then
            with self._services.uploads.once(Path(file)) as path:
                job = jobs.add(
                    self._services.engine,
                    owner,
                    path,
                    path.name,
                    target=target,
                    source=source,
                    glossary=glossary or "",
                    formality=formality or "",
                    stop=stop,
                )
            recall = memory.of(self._services.store, owner)
            for _ in jobs.run(self._services.engine.asked_by(owner), owner, job.id, stop, recall):
                pass
            return self._services.uploads.new(owner, job.result_name, jobs.result(owner, job.id))


def _said(step: Translated) -> dict[str, Any]:
    detected = step.settled.detected
    return {
        "text": step.text,
        "source": step.settled.order.source,
        "target": step.settled.order.target,
        "confidence": detected.confidence if detected else 1.0,
        "sure": detected.sure if detected else True,
        "model": step.settled.support.who,
        "warnings": [
            {
                "source": pair.source,
                "target": pair.target,
                "flags": [{"code": flag.code, "details": flag.details} for flag in pair.flags],
            }
            for pair in step.flagged
        ],
    }

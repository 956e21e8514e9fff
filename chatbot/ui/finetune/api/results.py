"""What a job has made, for programs: a zip, GGUF files, full weights, a repository on the hub."""

from collections.abc import Iterator

import gradio as gr

from chatbot.training.results import Make
from chatbot.training.training import Training
from chatbot.ui.finetune.api.asked import watched
from chatbot.ui.parts.endpoints import raised
from chatbot.ui.services import Services

FILES = ("download_adapter", "export_gguf", "merge_adapter", "merge_gguf")
"""Endpoints that answer with a file."""


class ResultEndpoints:
    """Files are made among the owner's uploads, the only place they are served from."""

    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def download_adapter(self, id: str, request: gr.Request) -> Iterator[str | None]:
        """The adapter of a job as a zip: PEFT's files with its card."""
        yield from self._made(id, self._training.pack, request)

    def export_gguf(self, id: str, request: gr.Request) -> Iterator[str | None]:
        """The adapter of a job as GGUF, for llama.cpp's --lora."""
        yield from self._made(id, self._training.to_gguf, request)

    def merge_adapter(self, id: str, request: gr.Request) -> Iterator[str | None]:
        """The model with the adapter in its weights: a transformers folder, as a zip."""
        yield from self._made(id, self._training.merge, request)

    def merge_gguf(self, id: str, quantization: str, request: gr.Request) -> Iterator[str | None]:
        """The model with the adapter in its weights, as one GGUF file; `quantization` is q8_0, q4_0 or f16."""
        with raised():
            yield from self._made(id, self._training.merged_gguf(quantization), request)

    def push_adapter(self, id: str, repository: str, token: str, request: gr.Request) -> Iterator[str | None]:
        """Upload the adapter of a job to `repository` (user/name) on the hub and return its address. The token is used, never kept."""
        with raised():
            owner = self._services.owner_of(request)
            yield from watched(lambda tell, stop: self._training.push(owner, id, repository, token))

    def _made(self, id: str, make: Make, request: gr.Request) -> Iterator[str | None]:
        with raised():
            owner = self._services.owner_of(request)
            self._training.folder(owner, id)  # before anything is made
            folder = self._services.uploads.bench(owner)
            for made in watched(lambda tell, stop: make(owner, id, folder, tell, stop)):
                yield str(made) if made else None

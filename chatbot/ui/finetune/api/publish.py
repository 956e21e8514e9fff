"""The endpoints' names and what they take."""

from typing import Any

import gradio as gr

from chatbot.ui.finetune.api.data import DataEndpoints
from chatbot.ui.finetune.api.results import FILES, ResultEndpoints
from chatbot.ui.finetune.api.runs import NAMES, RunEndpoints
from chatbot.ui.services import Services

CHECKS = "check-data"


def publish(services: Services) -> None:
    """Register the endpoints on the page that is being built. Each reads under the owner of its request."""
    _publish_data(DataEndpoints(services))
    runs = RunEndpoints(services)
    for name in NAMES:
        gr.api(getattr(runs, name), api_name=name)
    _publish_results(ResultEndpoints(services))


def _publish_data(do: DataEndpoints) -> None:
    """File components, since Gradio lets only files through them that were uploaded; a bare path would be any file here."""
    with gr.Row(visible=False):
        file, name, spec, origin = gr.File(), gr.Textbox(), gr.JSON(), gr.Textbox("", label="start_from")
        columns, validation = gr.JSON(label="columns"), gr.File(label="validation")
        dataset, split = gr.Textbox("", label="dataset"), gr.Textbox("", label="split")
        report, id, button = gr.JSON(), gr.Textbox(), gr.Button()
    heavy: dict[str, Any] = {"concurrency_id": CHECKS, "concurrency_limit": 8}
    for function, inputs, output in (
        (do.check_dataset, [file, spec, columns, validation, dataset, split], report),
        (do.train, [file, name, spec, origin, columns, validation, dataset, split], id),
    ):
        named = {"api_name": function.__name__, "api_description": function.__doc__}
        button.click(function, inputs, output, **named, **heavy)


def _publish_results(do: ResultEndpoints) -> None:
    with gr.Row(visible=False):
        id, kind = gr.Textbox(label="id"), gr.Textbox("q8_0", label="quantization")
        repository, token = gr.Textbox(label="repository"), gr.Textbox(label="token", type="password")
        made, address, button = gr.File(), gr.Textbox(), gr.Button()
    for name in FILES:
        function = getattr(do, name)
        asked = [id, kind] if name == "merge_gguf" else [id]
        button.click(function, asked, made, api_name=name, api_description=function.__doc__, concurrency_limit=4)
    described = do.push_adapter.__doc__
    button.click(do.push_adapter, [id, repository, token], address, api_name="push_adapter", api_description=described)

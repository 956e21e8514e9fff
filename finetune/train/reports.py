"""Reports of a run to TensorBoard, trackio, MLflow or W&B, by transformers' own callbacks."""

import os
from pathlib import Path
from typing import Any

from finetune.jobs.folder import JobFolder
from finetune.spec.reports import require

PROJECT = "banyan"


def callbacks(job: JobFolder) -> list[Any]:
    """For a trainer; none where nobody asked for reports. Raises `UsageError` where their library is not installed."""
    report = job.meta().report
    if not report:
        return []
    require(report)
    _place(job.path.resolve().parents[1] / "reports", label(job))
    from transformers.integrations import get_reporting_integration_callbacks

    return [made() for made in get_reporting_integration_callbacks([report])]


def name(args: Any, job: JobFolder) -> None:
    """What the run is called there. Nothing is published on a hub."""
    args.run_name, args.project, args.trackio_static_space_id = label(job), PROJECT, False


def label(job: JobFolder) -> str:
    meta = job.meta()
    return "-".join(filter(None, (meta.name, meta.variant, job.id[:6])))


def _place(folder: Path, run: str) -> None:
    """All runs lie side by side in the data folder, where the program that shows them is pointed to. What the environment says
    already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard" / run)
    places = {
        "TRACKIO_DIR": folder / "trackio",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",  # MLflow 3 writes into no folder any more
        "MLFLOW_EXPERIMENT_NAME": PROJECT,
        "WANDB_DIR": folder,
        "WANDB_PROJECT": PROJECT,
    }
    for variable, value in places.items():
        os.environ.setdefault(variable, str(value))

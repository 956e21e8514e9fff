"""Programs that the curves of a run can be reported to, besides the page: off unless whoever runs the server asks for one."""

from collections.abc import Mapping
from importlib.util import find_spec

from chatbot.common.errors import UsageError

REPORTS = ("tensorboard", "trackio", "mlflow", "wandb")
"""Each is called like the package that it needs."""
READS: Mapping[str, tuple[str, ...]] = {
    "mlflow": ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"),
    "wandb": ("WANDB_API_KEY",),
}
"""Secrets in the environment without which one cannot send; a training child is told no others."""


def require(report: str) -> None:
    """Raises `UsageError` where the library of that program is not installed; "" and "off" need none."""
    if report in REPORTS and find_spec(report) is None:
        raise UsageError(
            f"Reports to {report} need a library that is not installed. Install it with: pip install {report}"
        )

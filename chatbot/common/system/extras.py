"""What a light install leaves out: the extras of pyproject.toml."""

from importlib.util import find_spec
from typing import Literal

COMMAND = 'pip install ".[train]"'  # in Banyan's folder; a package index may have another Banyan
_BRINGS = {
    "gpu": ("torch", "transformers", "accelerate"),
    "train": ("torch", "transformers", "peft", "trl", "datasets"),
    "bucket": ("s3fs",),
}


def lacking(extra: Literal["gpu", "train", "bucket"]) -> tuple[str, ...]:
    """The libraries of an extra that are not installed; none of them is imported for it."""
    return tuple(name for name in _BRINGS[extra] if find_spec(name) is None)

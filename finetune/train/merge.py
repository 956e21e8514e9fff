"""Base model + adapter -> full weights in a transformers folder.

python -m finetune.train.merge      reads requests, one JSON object a line; see `chatbot.common.child`
"""

from pathlib import Path
from typing import Any

from chatbot.common import disk
from chatbot.common.child import serve
from chatbot.common.errors import AdapterError
from chatbot.common.step import Progress, Step


def merge(adapter: Path, base: Path, target: Path) -> Path:
    """Write the merged model with its tokenizer to `target`, in the base's number format; one rename makes it appear.

    Takes twice the model's size in memory. Raises `AdapterError` when they do not fit, `StoreFull` or `StoreError`.
    """
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if target.exists():
        raise AdapterError(
            f"{target.name} is there already. Please choose another name.", kind="target_exists", name=target.name
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base, dtype="auto", local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
        merged = PeftModel.from_pretrained(model, str(adapter), local_files_only=True).merge_and_unload(safe_merge=True)
    except (ValueError, RuntimeError, KeyError) as error:
        raise AdapterError(
            f"The adapter cannot be merged into this base model: {error}", kind="merge_failed", reason=str(error)
        ) from error
    try:
        with disk.aside_folder(target) as made:
            merged.save_pretrained(made)
            AutoTokenizer.from_pretrained(base, local_files_only=True, trust_remote_code=False).save_pretrained(made)
    except OSError as error:
        raise disk.told(error, target.parent) from error
    return target


def _handle(request: dict[str, Any], progress: Progress) -> str:
    progress(Step("merging"), None)
    return str(merge(Path(request["adapter"]), Path(request["base"]), Path(request["target"])))


if __name__ == "__main__":
    serve(_handle)

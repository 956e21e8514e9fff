"""A GGUF file -> a folder of safetensors that transformers loads and LoRA can be trained on.

    python -m chatbot.engine.local.weights.convert MODEL.gguf FOLDER

does it in a process of its own, for an app that has no other use for transformers.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf

from chatbot.common import disk
from chatbot.common.errors import BanyanError, ModelDamaged
from chatbot.common.step import Progress, Step
from chatbot.engine.gguf import architectures
from chatbot.engine.gguf.files import read_header
from chatbot.engine.gguf.unpack import rope_factors, unpack
from chatbot.engine.local.weights.tokenizer import ends_of, tokenizer_of


def dequantise(gguf: Path, folder: Path, progress: Progress | None = None) -> Path:
    """Write `gguf` to `folder` once, with tokenizer, chat template and generation config; a folder there is kept.

    Written aside and renamed: a folder under the final name is whole. Raises `ModelDamaged` or `ModelError`.
    """
    if (folder / "config.json").is_file():
        return folder
    disk.sweep(folder.parent)  # a kill in between leaves gigabytes
    tell = progress or (lambda step, fraction: None)
    tell(Step("converting", name=gguf.stem), None)
    try:
        with disk.aside_folder(folder) as made:
            _convert(gguf, made, lambda fraction: tell(Step("converting", name=gguf.stem), fraction))
    except OSError:
        if not (folder / "config.json").is_file():  # else another process was first
            raise
    tell(Step("converting", name=gguf.stem), 1.0)
    return folder


def _convert(source: Path, folder: Path, progress: Callable[[float], None]) -> None:
    header = read_header(source)
    architectures.names(header)  # refuses before anything is read
    reader = gguf.GGUFReader(source)
    fields = _tokenizer_fields(source, reader) | {"context_length": header["context_length"]}
    tokenizer = tokenizer_of(fields)
    special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    tokenizer.save_pretrained(folder)
    config = architectures.config_of(header, rope_factors(reader)) | special
    generation = special | {"eos_token_id": ends_of(fields)}
    for name, values in (("config.json", config), ("generation_config.json", generation)):
        text = json.dumps({key: value for key, value in values.items() if value is not None}, indent=2)
        (folder / name).write_text(text + "\n", "utf-8")
    unpack(reader, header, folder / "model.safetensors", progress)


def _tokenizer_fields(source: Path, reader: gguf.GGUFReader) -> dict[str, Any]:
    try:
        return {name: field.contents() for name, field in reader.fields.items() if name.startswith("tokenizer.")}
    except (ValueError, KeyError, IndexError) as error:
        raise ModelDamaged(
            f"{source.name} is damaged or not a GGUF file. Please fetch it again.",
            kind="gguf_damaged",
            name=source.name,
        ) from error


def main(arguments: list[str]) -> int:
    """Returns the exit status; the last line printed says what went wrong."""
    try:
        dequantise(Path(arguments[0]), Path(arguments[1]))
    except BanyanError as error:
        print(error)
        return 1
    except OSError as error:
        print(disk.told(error, Path(arguments[1]).parent))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

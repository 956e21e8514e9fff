"""A recipe: all that an adapter was made from, so that it can be made again.

    name, base {name, fingerprint}, can, cannot, aside, spec {...}
    data: [{file, columns {prompt, completion, label_column, labels}, rows, words, source, licence}]

Of a file, `rows` examples are taken at most, those of the lowest hash, out of those with at least `words` words in the
prompt besides the template's own. `fingerprint` is that of `card.fingerprint_model`.
Of the file `aside` a tenth is kept for calibration (prompts whose SHA-256 begins with a byte that ten divides): nothing that
stands in them is learnt from, from whichever file.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from chatbot.errors import InputError
from finetune.card import fingerprint_model
from finetune.examples import Columns, Example
from finetune.formats import detect, read_examples
from finetune.spec import TrainingSpec
from finetune.split import digest

FOLDER = Path(__file__).resolve().parent / "recipes"


@dataclass(frozen=True, slots=True)
class Source:
    """One data file; `rows` 0 takes all."""

    file: str
    columns: Columns
    source: str
    licence: str
    rows: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """`can` and `cannot` are sentences for the card."""

    name: str
    base_name: str
    base_fingerprint: str
    data: tuple[Source, ...]
    spec: TrainingSpec
    aside: str = ""
    can: str = ""
    cannot: str = ""
    text: str = ""


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Recipe:
    """Raises `InputError` for an unknown recipe, and for a field that is missing or unknown."""
    if name not in names():
        raise InputError(f"There is no recipe called {name[:80]!r}. There are: {', '.join(names())}.")
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    values = yaml.safe_load(text)
    try:
        base = values.pop("base")
        return Recipe(
            base_name=base["name"],
            base_fingerprint=base["fingerprint"],
            data=tuple(_source(item) for item in values.pop("data")),
            spec=TrainingSpec.from_dict(values.pop("spec")),
            text=text,
            **values,
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise InputError(f"The recipe {name} has a wrong or missing field: {error}.") from error


def check_base(recipe: Recipe, base: Path) -> None:
    """Raises `InputError` when the recipe was written for other weights."""
    if fingerprint_model(base) != recipe.base_fingerprint:
        raise InputError(
            f"The recipe {recipe.name} is for {recipe.base_name}, and {base} holds other weights (their SHA-256 differs). "
            "Give the folder that Banyan makes of the bundled model, models/SmolLM2-135M-Instruct in its data folder."
        )


def examples(recipe: Recipe, folder: Path) -> list[dict[str, Any]]:
    """The rows of all files, as a job's data. Raises `InputError` naming every file that is not in `folder`."""
    missing = [source.file for source in recipe.data if not (folder / source.file).is_file()]
    if missing:
        raise InputError(f"The recipe {recipe.name} needs {' and '.join(missing)} in {folder}.")
    read = {source.file: list(_rows(source, folder / source.file)) for source in recipe.data}
    kept = [_asked(row) for row in read.get(recipe.aside, ()) if is_aside(_asked(row))]
    apart = "\n".join(f" {text} " for text in kept)
    return [
        row.to_dict()
        for source in recipe.data
        for row in _chosen(source, [row for row in read[source.file] if f" {_asked(row)} " not in apart])
    ]


def is_aside(text: str) -> bool:
    """Whether the text belongs to the tenth that is kept for calibration."""
    return hashlib.sha256(text.encode()).digest()[0] % 10 == 0


def _rows(source: Source, path: Path) -> Iterator[Example]:
    format = detect(path, path.name)
    return (row for row in read_examples(path, format, source.columns) if isinstance(row, Example))


def _chosen(source: Source, rows: list[Example]) -> list[Example]:
    least = source.words + len(re.sub(r"\{[^{}]*\}", " ", source.columns.prompt).split())
    found = [row for row in rows if len(_asked(row).split()) >= least]
    if not source.rows:
        return found
    return sorted(sorted(found, key=lambda row: digest(_asked(row)))[: source.rows], key=lambda row: row.row)


def _asked(row: Example) -> str:
    return row.prompt[-1].content


def _source(values: Mapping[str, Any]) -> Source:
    known = {field.name for field in fields(Source)}
    for name in values:
        if name not in known:
            raise InputError(f"The data of a recipe have no field {name!r}.")
    return Source(**{**values, "columns": Columns.from_dict(values["columns"])})

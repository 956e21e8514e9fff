"""A recipe: all that an adapter was made from, so that it can be made again.

    name, base {name, fingerprint}, start, can, cannot, languages, aside, spec {...}
    data: [{file, prepare, columns {prompt, completion, label_column, labels}, without, skip, rows, group, words, source, licence}]

`prepare` names what `recipe_rows` does to the file's records before the templates of `columns` are filled in. Of a file,
`rows` examples are taken at most, those of the lowest hash after the first `skip`, out of those with at least `words` words in the prompt besides
the template's own; those with the same value in the column `group` have the same hash. `fingerprint` is that of `fingerprint_model`.
`without`, {column: values}, leaves records out for good: they are for measuring, and nothing that stands in them is learnt from.
Of the files `aside` a tenth is kept for calibrating and measuring (prompts whose SHA-256 begins with a byte that ten
divides): nothing that stands in them is learnt from, from whichever file.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from chatbot.common.errors import UsageError
from chatbot.common.fingerprint import fingerprint_model
from finetune.data.examples import Columns, Example, Row
from finetune.data.formats import detect
from finetune.data.layouts.layouts import to_example
from finetune.data.rows.rows import read_rows
from finetune.data.split import digest
from finetune.recipes.rows import PREPARE
from finetune.spec.spec import TrainingSpec

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Source:
    """One data file; `rows` 0 takes all."""

    file: str
    columns: Columns
    source: str
    licence: str
    prepare: str = ""
    rows: int = 0
    skip: int = 0
    group: str = ""
    words: int = 0
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Read:
    """An example, its question, and what decides whether it is taken."""

    example: Example
    group: str
    left_out: bool = False

    @property
    def asked(self) -> str:
        return self.example.prompt[-1].content


@dataclass(frozen=True, slots=True)
class Recipe:
    """`start` is the recipe whose adapter this one goes on from, `can` and `cannot` are sentences for the card, `languages` the pairs that it translates, such as "en-de, de-en"."""

    name: str
    base_name: str
    base_fingerprint: str
    data: tuple[Source, ...]
    spec: TrainingSpec
    start: str = ""
    aside: tuple[str, ...] = ()
    can: str = ""
    cannot: str = ""
    languages: str = ""
    text: str = ""


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Recipe:
    """Raises `UsageError` for an unknown recipe, and for a field that is missing or unknown."""
    if name not in names():
        raise UsageError(f"There is no recipe called {name[:80]!r}. There are: {', '.join(names())}.")
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    values = yaml.safe_load(text)
    try:
        base = values.pop("base")
        return Recipe(
            base_name=base["name"],
            base_fingerprint=base["fingerprint"],
            data=tuple(_source(item) for item in values.pop("data")),
            spec=TrainingSpec.from_dict(values.pop("spec")),
            aside=tuple(values.pop("aside", ())),
            text=text,
            **values,
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"The recipe {name} has a wrong or missing field: {error}.") from error


def check_base(recipe: Recipe, base: Path) -> None:
    """Raises `UsageError` when the recipe was written for other weights."""
    if fingerprint_model(base) != recipe.base_fingerprint:
        raise UsageError(
            f"The recipe {recipe.name} is for {recipe.base_name}, and {base} holds other weights (their SHA-256 differs). "
            "Give the folder that Banyan makes of that model in its data folder, under models."
        )


def examples(recipe: Recipe, folder: Path) -> list[dict[str, Any]]:
    """The rows of all files, as a job's data. Raises `UsageError` naming every file that is not in `folder`."""
    read = _read(recipe, folder)
    apart = "\n".join(f" {row.asked} " for row in [*_kept(recipe, read), *_left_out(read)])
    return [
        row.example.to_dict()
        for source, rows in read
        for row in _chosen(source, [row for row in rows if f" {row.asked} " not in apart])
    ]


def kept_aside(recipe: Recipe, folder: Path, file: str) -> list[Example]:
    """The rows of a file that are never learnt from. Raises `UsageError` as `examples` does."""
    read = [(source, rows) for source, rows in _read(recipe, folder) if source.file == file]
    return [row.example for row in _kept(recipe, read)]


def left_out(recipe: Recipe, folder: Path, file: str) -> list[Example]:
    """The rows of a file that `without` names. Raises `UsageError` as `examples` does."""
    read = [(source, rows) for source, rows in _read(recipe, folder) if source.file == file]
    return [row.example for row in _left_out(read)]


def is_aside(text: str) -> bool:
    """Whether the text belongs to the tenth that is kept for calibration."""
    return hashlib.sha256(text.encode()).digest()[0] % 10 == 0


def _read(recipe: Recipe, folder: Path) -> list[tuple[Source, list[_Read]]]:
    missing = list(dict.fromkeys(source.file for source in recipe.data if not (folder / source.file).is_file()))
    if missing:
        raise UsageError(f"The recipe {recipe.name} needs {' and '.join(missing)} in {folder}.")
    return [(source, list(_rows(source, folder / source.file))) for source in recipe.data]


def _rows(source: Source, path: Path) -> Iterator[_Read]:
    format = detect(path, path.name)
    records = (row.values for row in read_rows(path, format) if isinstance(row, Row))
    for number, values in enumerate(PREPARE[source.prepare](records) if source.prepare else records, 1):
        example = to_example(Row(number, values), format, source.columns)
        if isinstance(example, Example):
            group = str(values[source.group]) if source.group else example.prompt[-1].content
            yield _Read(example, group, any(values[name] in them for name, them in source.without.items()))


def _kept(recipe: Recipe, read: Sequence[tuple[Source, list[_Read]]]) -> list[_Read]:
    aside = [row for source, rows in read if source.file in recipe.aside for row in rows if is_aside(row.asked)]
    return [row for row in aside if not row.left_out]


def _left_out(read: Sequence[tuple[Source, list[_Read]]]) -> list[_Read]:
    return [row for _, rows in read for row in rows if row.left_out]


def _chosen(source: Source, rows: list[_Read]) -> list[_Read]:
    least = source.words + len(re.sub(r"\{[^{}]*\}", " ", source.columns.prompt).split())
    found = [row for row in rows if len(row.asked.split()) >= least]
    if not source.rows and not source.skip:
        return found
    end = source.skip + source.rows if source.rows else len(found)
    taken = sorted(found, key=lambda row: digest(row.group))[source.skip : end]
    return sorted(taken, key=lambda row: row.example.row)


def _source(values: Mapping[str, Any]) -> Source:
    known = {field.name for field in fields(Source)}
    for name in values:
        if name not in known:
            raise UsageError(f"The data of a recipe have no field {name!r}.")
    if (prepare := values.get("prepare", "")) and prepare not in PREPARE:
        raise UsageError(f"There is nothing called {prepare!r} to prepare data with: {', '.join(PREPARE)}.")
    return Source(**{**values, "columns": Columns.from_dict(values["columns"])})

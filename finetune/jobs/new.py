"""A command line -> a job's folder, after the same checks that the page makes; what is wrong with rows is printed."""

import argparse
import json
import secrets
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from chatbot.common.errors import UsageError
from chatbot.common.fingerprint import fingerprint_model
from finetune.data.examples import Columns, Example
from finetune.data.findings.report import Report, way_of
from finetune.jobs import start as starts
from finetune.jobs.again import goes_on, sweep_goes_on
from finetune.jobs.folder import RECIPE, JobFolder
from finetune.jobs.queue import new_folder
from finetune.jobs.records import Base, Meta
from finetune.publish.publish import SHIPPED, check_name
from finetune.spec.presets import LONGEST, preset
from finetune.spec.reports import require
from finetune.spec.spec import TrainingSpec
from finetune.spec.sweep import sweep_of

TOLD = 20  # faulty rows that are printed


@dataclass(frozen=True, slots=True)
class _Made:
    name: str
    base_name: str
    source: str
    spec: TrainingSpec
    examples: list[dict[str, object]]
    recipe: str = ""
    start: str = ""


def jobs_for(options: argparse.Namespace) -> list[JobFolder]:
    """What `python -m finetune.train` was asked for, locked by this process: what the same command left unfinished, unless `anew`,
    else a new job; of a sweep, one for each value. Raises `UsageError` or `InputError`."""
    jobs = _new_jobs(options)
    if options.anew:
        return jobs
    return sweep_goes_on(jobs) if options.sweep else [goes_on(jobs[0])]


def _new_jobs(options: argparse.Namespace) -> list[JobFolder]:
    require(options.report)
    sweep = sweep_of(options.sweep)
    base = _base(options)
    made = _from_recipe(options, base) if options.recipe else _from_file(options, base)
    known = fingerprint_model(base)
    start = _start(options, made, known) if made.start else None
    spec = starts.fitted(made.spec, start, known, _changes(options)) if start else made.spec
    meta = Meta(
        owner="",
        name=check_name(options.name or made.name),
        created=time.time(),
        base=Base(str(base.resolve()), options.base_name or made.base_name, known),
        adapters=str((options.folder / "adapters").resolve()),
        source=made.source,
        start=starts.of(start) if start else None,
        report=options.report,
        sweep=secrets.token_hex(6) if sweep else "",
    )
    specs = sweep.specs(spec) if sweep else {"": spec}
    if start:
        for one in specs.values():
            starts.fitted(one, start, known, one.to_dict())
    return [_new_job(options, made, one, replace(meta, variant=variant), start) for variant, one in specs.items()]


def _new_job(options: argparse.Namespace, made: _Made, spec: TrainingSpec, meta: Meta, start: Path | None) -> JobFolder:
    job = new_folder(options.folder / "jobs", meta, spec, made.examples, start=start, locked=True)
    if made.recipe:
        (job.path / RECIPE).write_text(made.recipe, "utf-8")
    return job


def _base(options: argparse.Namespace) -> Path:
    """The model's folder: as given, else the only one that Banyan keeps for training in its data folder."""
    if options.base:
        if not (Path(options.base) / "config.json").is_file():
            raise UsageError(f"{options.base} is no model's folder: it has no config.json.")
        return Path(options.base)
    models: Path = options.folder / "models"
    found = [path.parent for path in sorted(models.glob("*/config.json")) if "ForCausalLM" in path.read_text("utf-8")]
    if len(found) != 1:
        there = f"holds {', '.join(path.name for path in found)}" if found else "holds no model to train on"
        raise UsageError(
            f"{models} {there}. Name a model's folder with --base; Banyan's Fine-tune tab makes one of the bundled model."
        )
    return found[0]


def _from_recipe(options: argparse.Namespace, base: Path) -> _Made:
    from finetune.recipes import recipe as recipes

    recipe = recipes.load(options.recipe)
    recipes.check_base(recipe, base)
    spec = recipe.spec.changed(_changes(options))
    rows = recipes.examples(recipe, options.data)
    start = options.start_from or recipe.start
    return _Made(recipe.name, recipe.base_name, f"recipe {recipe.name}", spec, rows, recipe.text, start)


def _from_file(options: argparse.Namespace, base: Path) -> _Made:
    from transformers import AutoTokenizer

    from finetune.data.check import check
    from finetune.data.formats import detect, read_examples

    if not options.data.exists():
        raise UsageError(f"There is no file {options.data}.")
    columns = Columns(options.prompt, options.completion) if options.prompt or options.completion else None
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True, trust_remote_code=False)
    whole = TrainingSpec().changed({"max_length": LONGEST, **_changes(options)})
    report = check(options.data, tokenizer, whole, columns, name=options.data.name)
    sizes = max(1, report.usable), max(1, report.tokens), report.fitting
    fitted = preset(options.preset, *sizes, method=way_of(report.to_dict()))
    spec = fitted.changed(_changes(options))
    report = check(options.data, tokenizer, spec, columns, name=options.data.name)
    _tell(report)
    report.require()
    rows = read_examples(options.data, detect(options.data, options.data.name), columns)
    examples = [item.to_dict() for item in rows if isinstance(item, Example)]
    return _Made(options.name, base.name, options.data.name, spec, examples, start=options.start_from or "")


def _start(options: argparse.Namespace, made: _Made, base: str) -> Path:
    """The adapter's folder: as given, else that of its name among the data folder's adapters, else the one that ships for the
    model with the fingerprint `base`."""
    known: list[Path] = [Path(made.start), options.folder / "adapters" / made.start]
    shipped = [path for path in SHIPPED.glob(f"*/{Path(made.start).name}") if starts.made_on(path, base)]
    for folder in (*known, *shipped):
        if (folder / starts.CONFIG).is_file():
            return folder
    if made.recipe and not options.start_from:
        raise UsageError(
            f"The recipe {made.name} goes on from what the recipe {made.start} makes, and there is no adapter {made.start}. "
            f"Please run --recipe {made.start} with the same --folder first, or name its adapter with --start-from."
        )
    raise UsageError(
        f"There is no adapter {made.start}. Name one in {options.folder / 'adapters'}, or give its folder."
    )


def _tell(report: Report) -> None:
    print(f"train: {report.usable} of {report.rows} rows can be used, {report.held_out} held out", file=sys.stderr)
    for fault in report.faults[:TOLD]:
        print(f"train: row {fault.row}: {fault.reason}", file=sys.stderr)
    if report.faulty > TOLD:
        print(f"train: ... and {report.faulty - TOLD} more rows that cannot be used", file=sys.stderr)
    for notice in report.notices:
        print(f"train: {notice.text}", file=sys.stderr)


def _changes(options: argparse.Namespace) -> dict[str, object]:
    changes: dict[str, object] = {}
    for item in options.set:
        name, _, value = item.partition("=")
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value
    return changes

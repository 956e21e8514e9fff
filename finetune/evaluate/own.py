"""An adapter of a data folder -> the base model of its job, and the rows that were held out from it."""

import json
from pathlib import Path

from chatbot.common.errors import NotFound, UsageError
from finetune.data.examples import Example
from finetune.jobs.folder import JobFolder
from finetune.publish.publish import OWNER


def job_of(adapter: Path) -> JobFolder:
    """Raises `UsageError` where the adapter was not trained in this data folder, or its job was removed."""
    try:
        id = json.loads((adapter / OWNER).read_text("utf-8"))["job"]
        job = JobFolder(adapter.resolve().parent.parent / "jobs" / Path(str(id)).name)
        job.meta()
    except (OSError, ValueError, KeyError, TypeError, NotFound) as error:
        raise UsageError(
            f"The job that made {adapter.name or adapter} is not here, so its held-out rows are unknown. "
            "Give rows with --data and the model's folder with --base."
        ) from error
    return job


def held_out_rows(job: JobFolder, base: str) -> list[Example]:
    """Those that the training kept aside, encoded for the model in the folder `base`. Raises `UsageError` without any."""
    from transformers import AutoTokenizer

    from finetune.data.encoding.masks import ChatEncoder
    from finetune.train.data import load

    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True, trust_remote_code=False)
    rows = [row.example for row in load(job.data, ChatEncoder(tokenizer), job.spec()).held_out]
    if not rows:
        raise UsageError("The training held no rows out. Give rows with --data.")
    return rows

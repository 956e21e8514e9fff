"""What the endpoints have in common: how long work is watched, and what arguments and answers look like."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Event
from typing import Any, TypeVar

from chatbot.common.step import Progress, Step
from chatbot.ui.parts.under_way import under_way
from finetune.jobs.jobs import Job
from finetune.spec.spec import settings_of

Record = dict[str, Any]
T = TypeVar("T")


def object_of(spec: Any) -> dict[str, object]:
    """Settings as an object or as JSON text. Raises `InputError`."""
    if spec is None or (isinstance(spec, str) and not spec.strip()):
        return {}
    return settings_of(spec if isinstance(spec, str) else json.dumps(spec))


def record(job: Job) -> Record:
    result, line = job.result, job.progress or {}
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "created": job.created,
        "base": job.base,
        "progress": {name: line.get(name) for name in ("step", "of", "epoch", "eta", "tokens_per_second", "memory")},
        "place": job.place,
        "adapter": result.adapter if result else "",
        "start_from": job.start,
        "verdict": result.verdict if result else {},
        "cause": result.cause if result else "",
        "message": result.message if result else "",
        "shared": job.shared,
    }


def watched(work: Callable[[Progress, Event], T]) -> Iterator[T | None]:
    """The result of the work, and nothing before it: what is yielded meanwhile is how Gradio finds out that the client has
    left, and closes the generator, which stops the work."""

    def told(tell: Progress, stop: Event) -> T:
        tell(Step("starting"), None)
        return work(tell, stop)

    with closing(under_way(told)) as steps:
        try:
            while True:
                next(steps)
                yield None
        except StopIteration as end:
            result: T = end.value
        yield result

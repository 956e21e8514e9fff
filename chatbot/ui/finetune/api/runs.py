"""Runs for programs: which there are, how they do, and what is done with them. `Jobs` checks their owners."""

from typing import Any

import gradio as gr

from chatbot.engine.adapters.folders import visible
from chatbot.training.training import Training
from chatbot.ui.finetune.api.asked import Record, object_of, record
from chatbot.ui.parts.endpoints import raised
from chatbot.ui.services import Services

NAMES = ("jobs", "job", "job_log", "cancel_job", "resume_job", "remove_job", "share_job", "adapters")


class RunEndpoints:
    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def jobs(self, request: gr.Request) -> list[dict[str, Any]]:
        """The jobs of whoever asks and those shared with everybody, the latest first."""
        with raised():
            owner = self._services.owner_of(request)
            return [record(job) for job in self._training.jobs.of(owner)]

    def job(self, id: str, request: gr.Request) -> dict[str, Any]:
        """State, progress, losses, sample answers and verdict of a job."""
        with raised():
            owner = self._services.owner_of(request)
            job, lines = self._training.jobs.get(owner, id), self._training.jobs.progress(owner, id)
            losses = {
                name: [[line["step"], line[key]] for line in lines if line.get(key) is not None]
                for name, key in (("train", "loss"), ("held_out", "eval_loss"))
            }
            samples = [{"step": line["step"], "answers": line["samples"]} for line in lines if "samples" in line]
            found: Record = {**record(job), "spec": job.spec.to_dict(), "losses": losses, "samples": samples}
            return found

    def job_log(self, id: str, request: gr.Request) -> str:
        """The end of what the training printed."""
        with raised():
            return self._training.jobs.log(self._services.owner_of(request), id)

    def cancel_job(self, id: str, request: gr.Request) -> str:
        """Stop a job; a running one saves what it has learnt. Returns its id."""
        with raised():
            self._training.jobs.cancel(self._services.owner_of(request), id)
            return id

    def resume_job(
        self,
        id: str,
        spec: dict[str, Any] | None = None,
        request: gr.Request = None,  # Gradio fills it in
    ) -> str:
        """Go on with a job that was stopped or interrupted, or has failed, from its last checkpoint; `spec` holds settings to change.
        Returns its id."""
        with raised():
            self._training.jobs.resume(self._services.owner_of(request), id, object_of(spec))
            return id

    def remove_job(self, id: str, request: gr.Request) -> str:
        """Delete a job with its data and checkpoints; a published adapter stays. Returns its id."""
        with raised():
            self._training.jobs.remove(self._services.owner_of(request), id)
            return id

    def share_job(
        self,
        id: str,
        shared: bool = True,
        request: gr.Request = None,  # Gradio fills it in
    ) -> bool:
        """Let everybody here see a job and use its adapter, or nobody else. Returns `shared`."""
        with raised():
            self._training.jobs.share(self._services.owner_of(request), id, shared)
            self._services.engine.refresh()
            return shared

    def adapters(self, request: gr.Request) -> list[dict[str, Any]]:
        """What whoever asks may choose: name, base, task and verdict."""
        with raised():
            self._services.engine.refresh()
            known = visible(self._services.engine.adapters(), self._services.owner_of(request))
            return [{"name": a.name, "base": a.base, "task": a.task, "verdict": a.verdict} for a in known]

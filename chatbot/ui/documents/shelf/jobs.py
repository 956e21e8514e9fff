"""Pure: files on their way -> HTML."""

from collections.abc import Sequence
from html import escape

from chatbot.ui.documents.intake import Job
from chatbot.ui.documents.render import reason
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, text
from retrieval.types import Document

FEW = 3  # files that are listed without a fold: more would push the documents off the shelf


def job_list(jobs: Sequence[Job], language: Language, *, paused: bool | None = None) -> str:
    """How many of the files are there and which is at work; each with its bar or its end. What went well folds away. `paused`: whether
    the others wait for a person; None: they cannot be made to."""
    if not jobs:
        return ""
    rows = "".join(_job(job, language) for job in jobs if not _went_well(job))
    well = [job for job in jobs if _went_well(job)]
    listed = f'<ul class="by-jobs">{rows}</ul>' if rows else ""
    if any(not job.over for job in jobs):
        return f'<div role="status" aria-label="{escape(text("jobs_label", language))}">{_head(jobs, language, paused)}{_under_way(jobs, language)}</div>'
    return f'<div role="status" aria-label="{escape(text("jobs_label", language))}">{listed}</div>{_folded(well, language)}'


def _head(jobs: Sequence[Job], language: Language, paused: bool | None) -> str:
    """ "12 of 50", with the buttons that put off and give up the rest."""
    stop = _button("stop_jobs", "jobs_stop", language)
    if len(jobs) == 1:
        return stop
    if paused is not None:
        act = ("resume_jobs", "jobs_resume") if paused else ("pause_jobs", "jobs_pause")
        stop = f"<span>{_button(*act, language)} {stop}</span>"
    over = sum(job.over for job in jobs)
    words = escape(text("jobs_paused" if paused else "jobs_count", language, done=over, count=len(jobs)))
    width = round(100 * over / len(jobs))
    bar = f'<span class="by-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
    return f'<div class="by-jobs-head"><p><b>{words}</b>{stop}</p>{bar}</div>'


def _button(act: str, key: str, language: Language) -> str:
    return f'<button type="button" class="by-link" data-act="{act}">{escape(text(key, language))}</button>'


def _under_way(jobs: Sequence[Job], language: Language) -> str:
    """The one at work and what went wrong; all of them behind a fold where they are many."""
    if len(jobs) <= FEW:
        return f'<ul class="by-jobs">{"".join(_job(job, language) for job in jobs)}</ul>'
    told = [job for job in jobs if job.state == "running" or (job.over and not _went_well(job))]
    rows = "".join(_job(job, language) for job in told)
    return f'<ul class="by-jobs">{rows}</ul>' if rows else ""


def _folded(jobs: Sequence[Job], language: Language) -> str:
    if not jobs:
        return ""
    rows = "".join(_job(job, language) for job in jobs)
    over = escape(text("jobs_over", language, count=len(jobs)))
    return f'<details class="by-found"><summary>{over}</summary><ul class="by-jobs">{rows}</ul></details>'


def _went_well(job: Job) -> bool:
    return job.document is not None and job.document.status == "indexed" and not job.older


def _job(job: Job, language: Language) -> str:
    known = job.fraction is not None and not job.over
    width = round(100 * job.fraction) if job.fraction is not None else 100
    words = escape(_job_words(job, language) + (f" {width} %" if known else ""))
    kind = "" if known else " by-unknown"
    bar = "" if job.over else f'<span class="by-bar{kind}" aria-hidden="true"><i style="width:{width}%"></i></span>'
    bad = job.state == "failed" or (job.document is not None and job.document.status == "rejected")
    asked = _namesake(job, language) if job.older else ""
    state = "by-doc-bad" if bad else ""
    return f'<li class="{state}"><span>{escape(job.name)}</span>{bar}<small>{words}</small>{asked}</li>'


def _namesake(job: Job, language: Language) -> str:
    """Whether it replaces the document of its name that is there already."""
    buttons = "".join(
        f'<button type="button" class="by-link" data-act="{act}" data-id="{job.id}">{escape(text(f"job_{act}", language))}</button> '
        for act in ("replace", "keep_both")
    )
    return f"<small>{escape(text('job_namesake', language))} {buttons}</small>"


def _job_words(job: Job, language: Language) -> str:
    if job.state == "stopped":
        return text("job_stopped", language)
    if job.error is not None:
        return text("job_failed", language, reason=render.message(job.error, language))
    if job.document is None:
        return text(f"step_{job.step or 'waiting'}", language)
    return _job_ended(job, job.document, language)


def _job_ended(job: Job, document: Document, language: Language) -> str:
    if document.status == "rejected":
        return text("job_rejected", language, reason=reason(document, language))
    if job.known:
        return text("job_known", language, name=document.name)
    return text("job_warned" if document.status == "indexed_with_warnings" else "job_done", language)

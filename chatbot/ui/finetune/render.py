"""Pure: estimates and jobs -> what the fine-tune tab shows."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from chatbot.ui.strings.words import Language, text, worded
from finetune.jobs.estimate import Estimate
from finetune.jobs.jobs import Job


def estimate(found: Estimate | None, language: Language) -> str:
    if found is None:
        return f'<p class="by-sub">{escape(text("ft_estimate_none", language))}</p>'
    words = text(
        "ft_estimate",
        language,
        steps=f"{found.steps:,}",
        training=duration(found.training, language),
        verdict=duration(found.verdict, language),
        memory=f"{found.memory / 2**30:.1f}",
        available=f"{found.available / 2**30:.1f}",
    )
    if found.fits:
        return f'<p class="by-estimate">{escape(words)}</p>'
    return f'<div class="by-notice" role="alert">{escape(words)} {escape(text("ft_no_fit", language))}</div>'


def locked(reason: str) -> str:
    return f'<div class="by-locked" role="status">{escape(reason)}</div>' if reason else ""


def empty(language: Language) -> str:
    """What stands in place of runs before the first: which files teach."""
    rows = (
        ("ft_format_pairs", '{"prompt": "…", "completion": "…"}'),
        ("ft_format_talks", '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'),
        ("ft_format_table", text("ft_format_columns", language)),
    )
    shown = "".join(
        f'<figure class="by-sample"><figcaption>{escape(text(key, language))}</figcaption><pre>{escape(sample)}</pre></figure>'
        for key, sample in rows
    )
    return (
        f'<p class="by-empty">{escape(text("ft_no_runs", language))}</p><div class="by-report by-formats">{shown}</div>'
    )


# A run


def title_of(job: Job, language: Language) -> str:
    """One line of the list of runs."""
    state = text(f"ft_state_{job.state}", language)
    if job.state == "running" and job.progress:
        state += f" {round(100 * _done(job))} %"
    if job.state == "queued":
        state += f" ({text('ft_place', language, place=job.place + 1)})"
    return f"{called(job)} · {state}"


def called(job: Job) -> str:
    """Its name, and what it has for itself in a sweep."""
    return f"{job.name} ({job.variant})" if job.variant else job.name


def run(job: Job, language: Language) -> str:
    """State, bar, figures, and why it ended."""
    line = job.progress or {}
    state = escape(text("ft_stopping" if job.stopping else f"ft_state_{job.state}", language))
    said = [f'<b class="by-state by-{job.state}">{state}</b>']
    if line:
        said.append(escape(text("ft_at_step", language, step=line["step"], of=line["of"])))
    said += [escape(words) for words in _now(job, language)]
    if job.start:
        said.append(escape(text("ft_went_on", language, name=job.start)))
    bar = f'<span class="by-bar" role="progressbar" aria-valuenow="{round(100 * _done(job))}" aria-valuemin="0" aria-valuemax="100" aria-label="{escape(job.name)}"><i style="width:{100 * _done(job):.1f}%"></i></span>'
    return (
        f'<div class="by-run"><h3>{escape(called(job))}</h3>{bar}<p role="status">{" ".join(f"<span>{s}</span>" for s in said)}</p>'
        f"{_cause(job, language)}{_called(job, language)}</div>"
    )


def _done(job: Job) -> float:
    line = job.progress or {}
    return 1.0 if job.state == "succeeded" else line["step"] / max(1, line["of"]) if line else 0.0


def _now(job: Job, language: Language) -> list[str]:
    """What moves while the job does."""
    line = job.progress or {}
    if job.state == "queued":
        return [text("ft_place", language, place=job.place + 1)]
    if job.state == "running" and not line:
        return [text("ft_loading", language)]
    if job.state == "running" and "phase" in line:
        left = [text("ft_eta", language, time=duration(line["eta"], language))] if line.get("eta") is not None else []
        return [text("ft_comparing" if line["phase"] == "comparing" else "ft_judging", language), *left]
    if job.state == "running" and line.get("eta") is not None:
        return [text("ft_eta", language, time=duration(line["eta"], language))]
    if job.result and job.result.seconds:
        return [text("ft_took", language, time=duration(job.result.seconds, language))]
    return []


def _cause(job: Job, language: Language) -> str:
    result = job.result
    if job.state == "interrupted":
        return f'<div class="by-notice" role="alert">{escape(text("ft_interrupted", language))}</div>'
    if result is None or not result.cause:
        return ""
    keys = (f"error.{result.details.get('kind')}", f"error.cause.{result.cause}")
    words = worded(keys, language, result.message, result.details | {"said": result.message})
    if result.retry:
        changes = ", ".join(
            f"{text(f'knob_{name}', language)} = {_plain(value)}" for name, value in result.retry.items()
        )
        words += " " + text("ft_retry_with", language, changes=changes)
    kind, role = ("by-success", "status") if result.state == "cancelled" else ("by-notice", "alert")
    return f'<div class="{kind}" role="{role}">{escape(words)}</div>'


def _called(job: Job, language: Language) -> str:
    """What became of the adapter, where that is not what its name says."""
    result = job.result
    if result is None or result.state == "failed" or not result.steps:
        return ""
    if job.spec.dora:
        words = text("ft_not_served", language)
    elif job.sweep and not result.adapter:
        words = text("ft_not_best", language)
    elif result.adapter != job.name:
        words = text("ft_called", language, name=job.name, adapter=result.adapter)
    else:
        return ""
    return f'<p class="by-sub">{escape(words)}</p>'


def figures(lines: Sequence[Mapping[str, Any]], language: Language) -> str:
    """The latest learning rate, speed and memory."""
    latest = next((line for line in reversed(lines) if "loss" in line), None)
    if latest is None:
        return ""
    held = next((line["eval_loss"] for line in reversed(lines) if line.get("eval_loss") is not None), None)
    rows = [("ft_train_loss", _figure(latest["loss"])), ("ft_held_loss", _figure(held))]
    if latest.get("lr") is not None:
        rows.append(("ft_lr", f"{latest['lr']:.2e}"))
    rows.append(("ft_speed", f"{latest['tokens_per_second']:,.0f}"))
    rows.append(("ft_memory", f"{latest['memory'] / 2**30:.1f} GiB"))
    cells = "".join(
        f'<div class="by-fact"><dt>{escape(text(key, language))}</dt><dd>{value}</dd></div>' for key, value in rows
    )
    return f'<dl class="by-facts">{cells}</dl>'


def log_tail(words: str, language: Language, lines: int = 40) -> str:
    tail = "\n".join(words.splitlines()[-lines:])
    if not tail:
        return ""
    return f'<details><summary>{escape(text("ft_log", language))}</summary><pre class="by-log" tabindex="0">{escape(tail)}</pre></details>'


def duration(seconds: float, language: Language) -> str:
    """Roughly, as a person would say it."""
    whole = round(seconds)
    if whole < 60:
        return text("ft_seconds", language, s=whole)
    if whole < 3600:
        return text("ft_minutes", language, m=whole // 60, s=whole % 60)
    return text("ft_hours", language, h=whole // 3600, m=whole % 3600 // 60)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

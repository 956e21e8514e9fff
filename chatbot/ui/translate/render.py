"""Pure: translations, their doubts and the files under way -> HTML."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from chatbot.store.store import SavedResult
from chatbot.tasks.language import LANGUAGES, primary
from chatbot.tasks.translate.check import Flag
from chatbot.tasks.translate.formality import forms
from chatbot.tasks.translate.jobs import Job
from chatbot.tasks.translate.order import AUTO, known_code
from chatbot.tasks.translate.support import Support
from chatbot.tasks.translate.text import Pair
from chatbot.ui.parts import render_task
from chatbot.ui.parts.render_task import progress
from chatbot.ui.strings.words import ENGLISH, Language, accepted, language_name, text

SIMPLIFIED = "zh-hans"  # stands for Chinese of which a browser says no more
OTHERWISE = ("en", "fr")
WAYS = {"models": "tr_to_models", "finetune": "tr_to_finetune"}  # tab -> what its button says
SHOWN = 30  # doubtful segments in the list
_FIRST = ("en", "zh-hans", "zh-hant", "fr", "de", "es", "ja", "ko", "ru", "pt", "it", "ar")


def choices(language: Language, *, detect: bool) -> list[tuple[str, str]]:
    """Languages by their name in the language of the page, the widest spread first."""
    rest = sorted(
        (code for code in LANGUAGES if code not in (*_FIRST, "zh")), key=lambda code: language_name(code, language)
    )
    listed = [(language_name(code, language), code) for code in (*_FIRST, *rest)]
    return [(text("tr_auto", language), AUTO), *listed] if detect else listed


def formalities(language: Language) -> list[tuple[str, str]]:
    """How a reader may be addressed, where the language that is translated into has more than one way."""
    said = {"": "tr_form_default", "formal": "tr_form_formal", "informal": "tr_form_informal"}
    return [(text(key, language), form) for form, key in said.items()]


def formality(said: str | None, target: str | None) -> str:
    """What was chosen, unless it was for a target of before."""
    return said or "" if forms(target or "") else ""


def own_language(language: Language) -> str:
    """The code of the page's language."""
    return _written(known_code(text("language.tag", language)) or ENGLISH)


def other_language(own: str, accept_language: str | None = None) -> str:
    """The code of what somebody who reads `own` is likeliest to translate into: of the languages that the browser asks for the
    first other one; where there is none, English, and for who reads English the next most spread in Latin letters."""
    asked = (code for tag in accepted(accept_language) if (code := known_code(tag)))
    return next((_written(code) for code in (*asked, *OTHERWISE) if primary(code) != primary(own)), own)


def _written(code: str) -> str:
    return SIMPLIFIED if code == "zh" else code


def support(found: Support | None, ways: Iterable[str], language: Language) -> str:
    """Who would translate the pair that is chosen, or what would, in one press: an adapter, or one of `WAYS` that this page has."""
    if found is None:
        return ""
    if found.status != "no":
        words = text("tr_known" if found.status == "known" else "tr_unknown", language, who=found.who)
        return f'<p class="by-tr-who">{escape(words)}</p>'
    missing = [language_name(code, language) for code in found.missing]
    first = (
        text("tr_no_pair", language, who=found.who)
        if len(missing) != 1
        else text("tr_no", language, who=found.who, missing=missing[0])
    )
    then = text("tr_would_adapter", language, adapter=found.others[0]) if found.others else text("tr_would", language)
    offered = "".join(_use(name, language) for name in found.others[:1]) or "".join(_way(tab, language) for tab in ways)
    return f'<div class="by-tr-no" role="status"><p>{escape(first)}</p><p>{escape(then)}</p><p>{offered}</p></div>'


def _use(adapter: str, language: Language) -> str:
    label = escape(text("tr_take", language, adapter=adapter))
    return f'<button type="button" class="by-small by-primary" data-act="take" data-id="{escape(adapter)}">{label}</button>'


def _way(tab: str, language: Language) -> str:
    return f'<button type="button" class="by-small" data-go="{tab}">{escape(text(WAYS[tab], language))}</button> '


def working(done: int, total: int, language: Language) -> str:
    return progress(text("tr_segments", language, done=done, total=total), done / max(1, total))


def edited(count: int, language: Language) -> str:
    return note(text("tr_edited_one" if count == 1 else "tr_edited", language, count=count))


def note(words: str) -> str:
    return f'<p class="by-note" role="status">{escape(words)}</p>'


def report(record: Mapping[str, Any] | None, language: Language) -> str:
    """What is to be said of a finished translation: its languages, who translated, and each doubtful segment."""
    if not record:
        return ""
    pairs = [Pair(p["source"], p["target"], tuple(Flag(*flag) for flag in p["flags"])) for p in record["doubts"]]
    stopped = text("tr_stopped", language, done=record["done"], total=record["total"])
    return "".join(
        (
            _languages(record, language),
            note(stopped) if record["done"] < record["total"] else "",
            doubts(pairs, record["flagged"], record["total"], language),
        )
    )


def _languages(record: Mapping[str, Any], language: Language) -> str:
    source, target = language_name(record["source"], language), language_name(record["target"], language)
    by = text("tr_by", language, who=record["who"])
    confidence = record["confidence"]
    if confidence is None or record["sure"]:
        told = (
            source
            if confidence is None
            else text("tr_detected", language, language=source, percent=_percent(confidence))
        )
        return f'<p class="by-tr-who"><b>{escape(told)}</b> → {escape(target)} · {escape(by)}</p>'
    others = [language_name(code, language) for code, _ in record["alternatives"]][:2]
    more = text("tr_or", language, languages=" / ".join(others)) if others else ""
    words = text("tr_unsure", language, language=source, percent=_percent(confidence), others=more)
    return f'<p class="by-tr-unsure" role="status">{escape(words)}</p><p class="by-tr-who">→ {escape(target)} · {escape(by)}</p>'


def _percent(confidence: float) -> int:
    return min(99, round(100 * confidence)) if confidence < 1 else 100


def doubts(pairs: Sequence[Pair], flagged: int, total: int, language: Language) -> str:
    """The doubtful segments as a table."""
    if not flagged:
        words = text("tr_fine" if total > 1 else "tr_one_fine", language, total=total)
        return f'<p class="by-tr-fine" role="status"><span aria-hidden="true">✓</span> {escape(words)}</p>'
    head = "".join(
        f"<th scope='col'>{escape(text(key, language))}</th>" for key in ("tr_doubt", "tr_source", "tr_target")
    )
    rows = "".join(_doubt(pair, language) for pair in pairs[:SHOWN])
    left = flagged - min(len(pairs), SHOWN)
    more = f'<p class="by-note">{escape(text("tr_more", language, count=left))}</p>' if left > 0 else ""
    lead = escape(text("tr_doubts", language, count=flagged, total=total))
    return (
        f'<p class="by-tr-lead" role="status">{lead}</p>'
        f'<div class="by-table by-tr-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'
    )


def _doubt(pair: Pair, language: Language) -> str:
    flags = "".join(f"<li>{escape(flag(one, language))}</li>" for one in pair.flags)
    return (
        f'<tr><td><ul class="by-tr-flags">{flags}</ul></td><td dir="auto">{escape(_cut(pair.source))}</td>'
        f'<td dir="auto">{escape(_cut(pair.target))}</td></tr>'
    )


def flag(one: Flag, language: Language) -> str:
    details = language_name(one.details, language) if one.code == "language" else one.details
    return text(f"tr_flag_{one.code}", language, details=details)


def _cut(words: str, most: int = 400) -> str:
    return words if len(words) <= most else words[:most] + "…"


def past(results: Sequence[SavedResult], language: Language) -> str:
    """What this visitor translated before, each a button that shows it again."""
    return render_task.past("tr", results, lambda one: _pair(one.result, language), language)


def _pair(record: Mapping[str, Any], language: Language) -> str:
    source, target = (language_name(str(record.get(key, "")), language) for key in ("source", "target"))
    return text("tr_job_pair", language, source=source, target=target)


def jobs(found: Sequence[Job], busy: str | None, language: Language) -> str:
    """Files that were translated, or begun; `busy` is the id of the one under way."""
    head = f'<h3 class="by-sub">{escape(text("tr_jobs", language))}</h3>'
    if not found:
        return f'{head}<p class="by-empty">{escape(text("tr_jobs_none", language))}</p>'
    return f'{head}<ul class="by-tr-list">{"".join(_job(job, job.id == busy, language) for job in found)}</ul>'


def _job(job: Job, busy: bool, language: Language) -> str:
    pair = text(
        "tr_job_pair", language, source=language_name(job.source, language), target=language_name(job.target, language)
    )
    state = "tr_job_done" if job.complete else "tr_job_partial"
    told = [pair, text(state, language, done=job.done, total=job.total), text("tr_by", language, who=job.who)]
    if not job.total:
        told = [text("tr_job_nothing", language)]
    if job.flagged:
        told.append(text("tr_job_flagged", language, count=job.flagged))
    if job.doubts:
        told.append(text("tr_doubts_encoding", language, encoding=job.doubts))
    width = round(100 * job.done / max(1, job.total))
    bar = "" if job.complete else f'<span class="by-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
    acts = [
        ("look", job.done > 0),
        ("fetch", job.done > 0 or not job.total),
        ("both", job.done > 0),
        ("resume", not job.complete),
        ("remove", True),
    ]
    buttons = "" if busy else "".join(_button(act, job, language) for act, there in acts if there)
    return (
        f'<li class="by-tr-job"><div><b>{escape(job.name)}</b><small>{escape(" · ".join(told))}</small>{bar}</div>'
        f"<span>{buttons}</span></li>"
    )


def _button(act: str, job: Job, language: Language) -> str:
    label = escape(text(f"tr_{act}_label", language, name=job.name))
    return (
        f'<button type="button" class="by-small" data-act="{act}" data-id="{job.id}" aria-label="{label}">'
        f"{escape(text(f'tr_{act}', language))}</button>"
    )

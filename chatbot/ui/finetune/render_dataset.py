"""Pure: the doctor's report on a data set -> what the fine-tune tab shows of it."""

from collections.abc import Mapping
from html import escape
from typing import Any

from chatbot.ui.parts.render import what
from chatbot.ui.strings.words import Language, has, language_name, text, worded

Report = Mapping[str, Any]
FAULTS = 30  # that are listed
MANY = 8  # bars of the histogram; of more, a phone shows each second number


def report(found: Report, language: Language) -> str:
    """The doctor's report."""
    parts = [_refusal(found, language), _facts(found, language), _notices(found, language)]
    parts += [_faults(found, language), histogram(found, language), _samples(found, language)]
    return f'<section class="by-report" aria-label="{escape(text("ft_report", language))}">{"".join(parts)}</section>'


def _refusal(found: Report, language: Language) -> str:
    refused = found["refused"]
    if not refused:
        return ""
    words = worded([f"error.refused_{refused['code']}"], language, refused["text"], refused["details"])
    return f'<div class="by-notice" role="alert">{escape(text("ft_refused", language))} {escape(words)}</div>'


def _facts(found: Report, language: Language) -> str:
    languages = ", ".join(f"{_called(code, language)} {count}" for code, count in list(found["languages"].items())[:4])
    rows = (
        ("ft_format", f"{found['format']} · {found['container'].upper()} · {found['encoding'] or '–'}"),
        ("ft_method", text(f"ft_method_{found['method']}", language)),
        ("ft_usable", f"{found['usable']:,} / {found['rows']:,}"),
        ("ft_duplicates", f"{found['duplicates'] + found['near_duplicates']:,}"),
        ("ft_tokens", f"{found['tokens']:,}"),
        ("ft_truncated", _cut(found, language)),
        ("ft_languages", languages or "–"),
        ("ft_held_out", f"{found['held_out']:,}"),
        ("ft_leaks", f"{found['leaks']:,}"),
    )
    cells = "".join(
        f'<div class="by-fact"><dt>{escape(text(key, language))} {what(key.removeprefix("ft_"), language)}</dt>'
        f"<dd>{escape(value)}</dd></div>"
        for key, value in rows
    )
    return f'<dl class="by-facts">{cells}</dl>'


def _called(code: str, language: Language) -> str:
    return text("ft_language_unknown", language) if code == "unknown" else language_name(code, language)


def _cut(found: Report, language: Language) -> str:
    if not found["truncated"]:
        return "0"
    return text("ft_cut", language, rows=f"{found['truncated']:,}", tokens=f"{found['truncated_tokens']:,}")


def _notices(found: Report, language: Language) -> str:
    items = "".join(f"<li>{escape(_notice(notice, language))}</li>" for notice in found["notices"])
    return f'<ul class="by-notes">{items}</ul>' if items else ""


def _notice(notice: Mapping[str, Any], language: Language) -> str:
    return worded([f"ft_notice_{notice['code']}"], language, notice["text"], notice["details"])


def _faults(found: Report, language: Language) -> str:
    if not found["faults"]:
        return ""
    rows = "".join(
        f"<tr><td>{fault['row']}</td><td>{escape(_fault(fault, language))}</td></tr>"
        for fault in found["faults"][:FAULTS]
    )
    more = found["faulty"] - min(FAULTS, len(found["faults"]))
    rest = f'<p class="by-sub">{escape(text("ft_more_faults", language, count=more))}</p>' if more > 0 else ""
    head = "".join(f'<th scope="col">{escape(text(key, language))}</th>' for key in ("ft_row", "ft_reason"))
    opened = " open" if found["refusal"] else ""
    return (
        f"<details{opened}><summary>{escape(text('ft_faults', language, count=found['faulty']))}</summary>"
        f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{rest}</details>'
    )


def _fault(fault: Mapping[str, Any], language: Language) -> str:
    """The kind in the page's language; the reason names what was found, as it stands in the file."""
    key = f"error.fault.{fault['code']}"
    return f"{text(key, language)}（{fault['reason']}）" if has(key, language) else fault["reason"]


def histogram(found: Report, language: Language) -> str:
    """Examples by length in tokens, as bars; lengths beyond max_length are told in the facts."""
    bins = found["histogram"]
    if not bins:
        return ""
    most = max(count for _, _, count in bins)
    many = ' class="by-many"' if len(bins) > MANY else ""
    bars = "".join(
        f'<li title="{low}–{high - 1}: {count}">{count or ""}<i style="height:{100 * count / most:.1f}px"></i>'
        f"<small>{low}</small></li>"
        for low, high, count in bins
    )
    told = escape(text("ft_histogram", language, low=bins[0][0], high=bins[-1][1], most=most))
    return (
        f'<figure class="by-histogram"><figcaption>{escape(text("ft_lengths", language))}</figcaption>'
        f'<div role="img" aria-label="{told}"><ol{many}>{bars}</ol></div></figure>'
    )


def _samples(found: Report, language: Language) -> str:
    if not found["sample"]:
        return ""
    worse = (
        f' <span class="by-worse">{escape(text("ft_worse", language))}</span>'
        if found["method"] in ("dpo", "kto")
        else ""
    )
    legend = (
        f'<p class="by-legend"><span class="by-masked">{escape(text("ft_masked", language))}</span> '
        f'<span class="by-learnt">{escape(text("ft_learnt", language))}</span>{worse}</p>'
    )
    shown = "".join(_sample(sample, language) for sample in found["sample"])
    return f"<h3>{escape(text('ft_samples', language))}</h3>{legend}{shown}"


def _sample(sample: Mapping[str, Any], language: Language) -> str:
    spans = "".join(
        f'<span class="{"by-learnt" if segment["trained"] else "by-masked"}">{escape(segment["text"])}</span>'
        for segment in sample["segments"]
    )
    spans += "".join(f'\n<span class="by-worse">{escape(segment["text"])}</span>' for segment in sample["rejected"])
    label = escape(text("ft_sample", language, row=sample["row"]))
    return f'<figure class="by-sample"><figcaption>{label}</figcaption><pre tabindex="0" aria-label="{label}">{spans}</pre></figure>'

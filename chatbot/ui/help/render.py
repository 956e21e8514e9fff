"""Pure: the help as HTML. What a verdict is called is what the answers call it."""

from dataclasses import dataclass
from html import escape

from chatbot.ui.help.picture import address
from chatbot.ui.strings.words import Language, text
from finetune.verdict.intervals import FEWEST


@dataclass(frozen=True, slots=True)
class Idea:
    """One section: the strings `help_NAME` and `help_NAME_text`, words that it explains, and whether there is a picture."""

    name: str
    terms: tuple[tuple[str, str], ...] = ()  # keys of (term, what it means)
    pictured: bool = True


IDEAS = (
    Idea(
        "citations",
        (
            ("help_supported", "help_supported_info"),
            ("contradicted", "contradicted_info"),
            ("related", "related_info"),
            ("not_supported", "not_supported_info"),
        ),
    ),
    Idea("confidence", pictured=False),
    Idea("adapters"),
    Idea(
        "verdict",
        (
            ("ft_outcome_better", "help_better"),
            ("ft_outcome_no_change", "help_no_change"),
            ("ft_outcome_worse", "help_worse"),
            ("ft_outcome_too_few_to_tell", "help_too_few"),
        ),
    ),
    Idea("data", pictured=False),
)


def help_html(language: Language) -> str:
    ways = "".join(
        f'<a href="#by-help-{idea.name}">{escape(text(f"help_{idea.name}", language))}</a>' for idea in IDEAS
    )
    tour = f'<button type="button" class="by-small" data-tour>{escape(text("help_tour", language))}</button>'
    return (
        f'<div class="by-help"><h1>{escape(text("help_title", language))}</h1><p>{escape(text("help_intro", language))}</p>'
        f'<nav aria-label="{escape(text("help", language))}">{ways}{tour}</nav>'
        f"{''.join(_section(idea, language) for idea in IDEAS)}</div>"
    )


def _section(idea: Idea, language: Language) -> str:
    title = escape(text(f"help_{idea.name}", language))
    said = text(f"help_{idea.name}_text", language).split("\n\n")
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in said)
    terms = "".join(
        f"<dt>{escape(text(term, language).rstrip('.。'))}</dt><dd>{escape(text(means, language, rows=FEWEST))}</dd>"
        for term, means in idea.terms
    )
    listed = f"<dl>{terms}</dl>" if terms else ""
    shown = _picture(idea.name, language) if idea.pictured else ""
    return f'<section id="by-help-{idea.name}"><h2>{title}</h2>{paragraphs}{listed}{shown}</section>'


def _picture(name: str, language: Language) -> str:
    alt = escape(text(f"help_{name}_picture", language))
    return f'<figure><img src="{address(name, language)}" alt="{alt}" loading="lazy"><figcaption>{alt}</figcaption></figure>'

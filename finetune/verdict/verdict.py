"""Before and after: the base model and an adapter on the same held-out rows, and one sentence about the difference.

Answers are greedy. A row counts once, with its pair.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from finetune.data.examples import Example, Turn
from finetune.data.findings.report import Taught
from finetune.spec.spec import Task
from finetune.verdict.intervals import FEWEST
from finetune.verdict.labels import Classes
from finetune.verdict.metrics import METRICS, OF_TASK
from finetune.verdict.scores import (
    LOW_IS_GOOD,
    Losses,
    Score,
    liked_scores,
    loss_score,
    loss_scores,
    mean_score,
    preference_scores,
)

Outcome = Literal["better", "no change", "worse", "too few to tell", "not judged"]
Answer = Callable[[Sequence[Example], int], list[str]]
"""(rows, tokens at most) -> one greedy answer a row."""

SIDE_BY_SIDE = 10
FORGOTTEN = 0.05  # nats per token on the general set: five per cent of perplexity
REPEATS = re.compile(r"(.{1,4}?)\1{7,}", re.DOTALL)  # characters, no phrase, eight times or more
STUCK = 0.5  # of an answer that repeats itself, and of the answers that do, above which an adapter is called broken
GENERAL = Path(__file__).with_name("general.jsonl")


@dataclass(frozen=True, slots=True)
class Pair:
    """One held-out row with both answers."""

    row: int
    prompt: str
    reference: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fine-tune changed. `decided_by` names the score behind the outcome. `stuck` counts the answers afterwards that say
    nothing or the same over and over, where they are most of them. `warnings` are the data doctor's (code, rows), for which the
    verdict is to be doubted; `labels` are there where answers are labels."""

    outcome: Outcome
    sentence: str
    decided_by: str = ""
    scores: tuple[Score, ...] = ()
    forgot: bool = False
    examples: tuple[Pair, ...] = field(default_factory=tuple)
    stuck: int = 0
    warnings: tuple[tuple[str, int], ...] = ()
    labels: Classes | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def judge(
    task: Task,
    before: Losses,
    after: Losses,
    general: tuple[Losses, Losses],
    pairs: Sequence[Pair] = (),
    *,
    kind: Taught = "sft",
    warnings: Sequence[tuple[str, int]] = (),
    labels: Classes | None = None,
    liked: Sequence[bool] = (),
) -> Verdict:
    """The task's metric decides over the answers; a chat has no single right answer, so the held-out loss does; over texts the
    perplexity does, over preferences (whose losses stand in pairs, the better answer's first) the margin, as over good and bad
    answers, which `liked` tells apart. An adapter that got stuck is worse, whatever its scores."""
    if not before.nats:
        return Verdict("not judged", "Not judged: no rows were held out.")
    if kind == "kto" and len(set(liked)) < 2:
        return Verdict(
            "too few to tell", "Too few to tell: all answers that were held out are of one kind, good or bad."
        )
    scores = _scores(kind, before, after, liked)
    metrics = [_metric(name, pairs) for name in OF_TASK[task] if pairs]
    watch = loss_score("general_loss", *general)
    forgot = watch.low is not None and watch.low > 0 and watch.after - watch.before > FORGOTTEN
    deciding = scores[0] if task == "chat" or kind in ("dpo", "kto") or not metrics else metrics[0]
    scores += metrics
    stuck = _stuck(pairs)
    outcome: Outcome = "worse" if stuck else _outcome(deciding)
    found = Verdict(outcome, "", deciding.name, (*scores, watch), forgot, tuple(pairs[:SIDE_BY_SIDE]))
    found = replace(found, stuck=stuck, warnings=tuple(warnings), labels=labels)
    return replace(found, sentence=_sentence(found, deciding, watch, len(pairs)))


def _scores(kind: Taught, before: Losses, after: Losses, liked: Sequence[bool]) -> list[Score]:
    """The first of them decides."""
    if kind == "dpo":
        return preference_scores(before, after)
    return liked_scores(before, after, liked) if kind == "kto" else loss_scores(before, after, texts=kind == "text")


def is_stuck(answer: str) -> bool:
    """Whether an answer says nothing, or the same few characters over and over."""
    longest = max((len(found[0]) for found in REPEATS.finditer(answer)), default=0)
    return not answer.strip() or longest > STUCK * len(answer)


def _stuck(pairs: Sequence[Pair]) -> int:
    """Answers after the training that got stuck, where most did and did not before."""
    before, after = (
        sum(is_stuck(answer) for answer in side) for side in ([p.before for p in pairs], [p.after for p in pairs])
    )
    return after if after > STUCK * len(pairs) and before <= STUCK * len(pairs) else 0


def paired(rows: Sequence[Example], before: Sequence[str], after: Sequence[str]) -> list[Pair]:
    """Both models' answers to the same rows."""
    return [
        Pair(row.row, row.prompt[-1].content, row.answer, one.strip(), two.strip())
        for row, one, two in zip(rows, before, after, strict=True)
    ]


def metrics_of(task: Task, rows: Sequence[Example], answers: Sequence[str]) -> dict[str, float]:
    """Mean of every metric of the task, 0 to 1; translations also get corpus BLEU, 0 to 100."""
    pairs = [(answer.strip(), row.answer) for row, answer in zip(rows, answers, strict=True)]
    found = {name: sum(METRICS[name](*pair) for pair in pairs) / max(1, len(pairs)) for name in OF_TASK[task]}
    if task == "translate":
        from sacrebleu.metrics import BLEU

        chinese = any("\u4e00" <= c <= "\u9fff" for _, reference in pairs for c in reference)
        bleu = BLEU(tokenize="zh" if chinese else "13a")
        found["bleu"] = float(bleu.corpus_score([a for a, _ in pairs], [[r for _, r in pairs]]).score)
    return found


def general_rows() -> list[Example]:
    """The fixed everyday questions that watch for forgetting."""
    found = [json.loads(line)["messages"] for line in GENERAL.read_text("utf-8").splitlines()]
    return [Example(at, tuple(Turn(t["role"], t["content"]) for t in turns)) for at, turns in enumerate(found, 1)]


def _metric(name: str, pairs: Sequence[Pair]) -> Score:
    measure = METRICS[name]
    before = [measure(pair.before, pair.reference) for pair in pairs]
    after = [measure(pair.after, pair.reference) for pair in pairs]
    return mean_score(name, before, after)


def _outcome(score: Score) -> Outcome:
    if score.rows < FEWEST:
        return "too few to tell"
    if score.low is None or score.high is None or score.low <= 0 <= score.high:
        return "no change"
    return "better" if (score.low > 0) != (score.name in LOW_IS_GOOD) else "worse"


_NAMES = {
    "loss": "held-out loss",
    "perplexity": "perplexity of held-out blocks",
    "preference_margin": "margin of the better answer in nats",
    "liked_margin": "margin of good answers over bad ones in nats",
    "rouge_l": "ROUGE-L",
    "chrf": "chrF",
    "f1": "F1",
    "exact_match": "exact match",
    "accuracy": "accuracy",
}
_OUTCOMES = {
    "better": "Better",
    "worse": "Worse",
    "no change": "No change that is certain",
    "too few to tell": "Too few to tell",
}
_DOUBTS = {
    "leaks": "{count} held-out rows repeat text of training rows, which flatters",
    "duplicates": "{count} rows repeat others",
}


def _sentence(found: Verdict, score: Score, watch: Score, answered: int) -> str:
    change = f"{_NAMES[score.name]} {score.before:.3f} before, {score.after:.3f} after"
    interval = f"difference {score.after - score.before:+.3f}"
    if score.low is not None:
        interval += f", 95 % interval {score.low:+.3f} to {score.high:+.3f}"
    more = [f"it says nothing or the same over and over in {found.stuck} of {answered} answers"] if found.stuck else []
    if found.forgot:
        more.append(f"it forgets: loss on everyday questions rose from {watch.before:.3f} to {watch.after:.3f}")
    if found.labels:
        more.append(f"always saying {found.labels.label} would be right in {found.labels.majority:.1%}")
    more += [_DOUBTS[code].format(count=count) for code, count in found.warnings]
    said = f"{_OUTCOMES[found.outcome]}: {change} ({interval}, {score.rows} held-out rows)"
    if right := next((one for one in found.scores if one.name == "preference_accuracy"), None):
        said += (
            f"; the better answer is the likelier one in {right.before:.0%} of pairs before, {right.after:.0%} after"
        )
    return f"{said}, but {'; '.join(more)}." if more else f"{said}."

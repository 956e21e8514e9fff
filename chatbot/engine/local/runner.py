"""One forward pass for the segments of many requests.

The model is transformers' own, any that lets its attention be replaced; the batch around it is ours, not transformers'
continuous batching (5.23), because that cannot carry what `Engine` promises:

- its blocks of keys and values are shared by token ids alone, so a prefix of one adapter is reused for another, silently;
- one random stream serves the whole batch, so a seed does not fix an answer; the repetition penalty is dropped, min-p is set
  for all requests together, and of log-probabilities it returns the chosen token's only;
- it has no `score`, and an exception in a batch fails every request of it;
- on a CPU it copies each request's whole cache for every layer and step. Tokens per second of processor time, 8 streams of
  48 tokens, bundled model, two threads of a busy machine, one run (`tests/bench/engine/batching.py`): 19, and 11 with the cache that
  it chooses itself, which takes most of the memory; serial `generate` 11; this module 83, on packed weights.
"""

import copy
import logging
from collections.abc import Sequence
from typing import Any, Protocol

import torch

from chatbot.engine.local.adapters import AdaptedModel
from chatbot.engine.local.attention import NAME, Pool, Span, Step, attend
from chatbot.engine.local.cache import Entry
from chatbot.engine.local.jobs import Segment

PROBED = 40  # tokens
CLOSE = 0.05  # of the largest logit: more apart in half precision than this is another computation, not rounding

STATES = ("cache", "past_key_values", "cache_params")
"""What models call what they remember. Since transformers 5.24 it is `cache`; an output still answers to the older names, but a
model takes only its own, so the newest name that is there is the right one."""

log = logging.getLogger(__name__)


class Runner(Protocol):
    batched: bool  # whether segments share a forward pass

    def forward(self, segments: Sequence[Segment]) -> list[torch.Tensor]:
        """The logits (wanted, vocabulary), float32, of each segment. Segments are in the order of the adapted's slots."""

    def bytes_per_token(self) -> int:
        """Of the cache, as far as it has been seen."""

    def with_capacity(self, tokens: int) -> Pool | None:
        """Make the pool, if there is one, for good."""


class Flat:
    """All segments in one flattened row of tokens, through the model's own forward and our attention (`NAME`)."""

    batched = True

    def __init__(self, adapted: AdaptedModel, pool: Pool, *, flash: bool) -> None:
        self._pool, self._adapted, self._flash = pool, adapted, flash
        self._keeps = bool(adapted.model._supports_logits_to_keep())

    def forward(self, segments: Sequence[Segment]) -> list[torch.Tensor]:
        device = self._adapted.device
        spans, ids, positions, kept = _lay_out(segments)
        step = Step(self._pool, spans, device, flash=self._flash)
        self._adapted.plan([(s.entry.adapter, s.count, s.wanted) for s in segments])
        rows = torch.tensor(kept, device=device, dtype=torch.long)
        few = {"logits_to_keep": rows} if self._keeps else {}
        logits = self._adapted.model(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([positions], device=device),
            use_cache=False,
            step=step,
            **few,
        ).logits[0]
        found = (logits if self._keeps else logits[rows]).float()
        return list(found.split([segment.wanted for segment in segments]))

    def bytes_per_token(self) -> int:
        return self._pool.bytes_per_token()

    def with_capacity(self, tokens: int) -> Pool | None:
        self._pool = Pool(tokens)
        return self._pool


class Alone:
    """One segment after the other, each with a cache of transformers' own: for models whose memory is not only keys and
    values (state spaces, recurrences) or whose attention is not the plain one."""

    batched = False

    def __init__(self, adapted: AdaptedModel) -> None:
        self._adapted = adapted
        self._bytes = 0

    def forward(self, segments: Sequence[Segment]) -> list[torch.Tensor]:
        return [self._one(segment) for segment in segments]

    def bytes_per_token(self) -> int:
        return self._bytes

    def with_capacity(self, tokens: int) -> Pool | None:
        return None

    def _one(self, segment: Segment) -> torch.Tensor:
        if segment.kept:
            return self._feed(segment, segment.branches[0], segment.entry)
        found = []
        for branch in segment.branches:
            aside = copy.copy(segment.entry)
            aside.state = copy.deepcopy(segment.entry.state)
            found.append(self._feed(segment, branch, aside, len(branch)))
        return torch.cat(found)

    def _feed(self, segment: Segment, ids: Sequence[int], entry: Entry, wanted: int | None = None) -> torch.Tensor:
        device, model = self._adapted.device, self._adapted.model
        wanted = segment.wanted if wanted is None else wanted
        self._adapted.plan([(entry.adapter, len(ids), len(ids))])
        state = entry.state if entry.state is not None else _new_state(model)
        out = model(input_ids=torch.tensor([list(ids)], device=device), use_cache=True, **state)
        name = next(name for name in STATES if getattr(out, name, None) is not None)
        entry.state = {name: getattr(out, name)}
        if entry.ids == [] and len(ids) > 1:
            self._bytes = sum(t.nbytes for t in _tensors(entry.state[name])) // len(ids)
        logits: torch.Tensor = out.logits[0, len(ids) - wanted :].float()
        return logits


def choose(adapted: AdaptedModel) -> Runner:
    """The fastest way that gives this model's own logits, found by trying; its `bytes_per_token` is known then."""
    model = adapted.model
    ids = torch.arange(1, PROBED + 1, device=adapted.device) % model.config.get_text_config().vocab_size
    with torch.inference_mode():
        adapted.plan([])
        expected = model(input_ids=ids[None]).logits[0, -1].float()
        own = model.config._attn_implementation
        if _plain(model):
            from transformers import AttentionInterface

            AttentionInterface.register(NAME, attend)
            model.set_attn_implementation(NAME)
            for flash in (True, False) if adapted.device.type == "cuda" else (False,):
                runner = Flat(adapted, Pool(3 * PROBED), flash=flash)
                if _agrees(runner, ids.tolist(), expected):
                    return runner
            model.set_attn_implementation(own)
        log.warning("this model's requests are computed one after the other: its attention is not the plain one")
        alone = Alone(adapted)
        entry = Entry(0, PROBED, None, [])
        alone.forward([Segment(entry, (ids.tolist(),), 1)])
        return alone


def _plain(model: Any) -> bool:
    """Whether the model lets its attention be replaced and every layer attends to all or to a sliding window."""
    config = model.config.get_text_config()
    kinds = {*(getattr(config, "layer_types", None) or ("full_attention",))}
    return bool(
        model._supports_attention_backend
        and kinds <= {"full_attention", "sliding_attention"}
        and not getattr(config, "attention_chunk_size", None)
        and not getattr(config, "num_kv_shared_layers", 0)
    )


def _agrees(runner: Flat, ids: list[int], expected: torch.Tensor) -> bool:
    """Read the prompt in two parts, beside another request and away from the pool's beginning."""
    mine, other = Entry(PROBED + 7, PROBED, None, ids), Entry(0, PROBED, None, ids)
    half = PROBED // 2
    try:
        runner.forward([Segment(mine, (ids[:half],), 0), Segment(other, (ids[5:9],), 1)])
        mine.ids, other.ids = ids[:half], ids[5:9]
        runner.forward([Segment(other, (ids[:1],), 1), Segment(mine, (ids[half:-1],), 0)])
        mine.ids, other.ids = ids[:-1], [*other.ids, ids[0]]
        found = runner.forward([Segment(mine, (ids[-1:],), 1), Segment(other, (ids[1:2],), 1)])[0][0]
    except Exception as error:  # whatever a model does that ours does not expect
        log.info("no flattened batches: %s: %s", type(error).__name__, error)
        return False
    return float((found - expected).abs().max()) <= CLOSE * max(float(expected.abs().max()), 1.0)


def _lay_out(segments: Sequence[Segment]) -> tuple[list[Span], list[int], list[int], list[int]]:
    """Spans, token ids, positions and the rows whose logits are wanted."""
    spans: list[Span] = []
    ids: list[int] = []
    positions: list[int] = []
    kept: list[int] = []
    for segment in segments:
        first, past = len(ids), len(segment.entry.ids)
        for branch in segment.branches:
            ids += branch
            positions += range(past, past + len(branch))
        spans.append(Span(first, len(ids), segment.entry.start, past, tuple(map(len, segment.branches))))
        kept += range(len(ids) - segment.wanted, len(ids))
    return spans, ids, positions, kept


def _new_state(model: Any) -> dict[str, Any]:
    """Caches of the present kind take their layers from the config; older ones the model makes itself."""
    import inspect

    from transformers import DynamicCache

    taken = inspect.signature(model.forward).parameters
    name = next((name for name in ("cache", "past_key_values") if name in taken), None)
    return {name: DynamicCache(config=model.config)} if name else {}


def _tensors(state: Any) -> list[torch.Tensor]:
    layers = getattr(state, "layers", [])
    return [value for layer in layers for value in vars(layer).values() if isinstance(value, torch.Tensor)]

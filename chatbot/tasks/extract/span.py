"""A stretch of a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`text[start:end]`; `normal` is the same for a machine: a date in ISO 8601, a number, an amount with its currency."""

    start: int
    end: int
    normal: str = ""

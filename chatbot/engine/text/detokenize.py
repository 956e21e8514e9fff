"""Tokens -> text, a piece at a time: whole characters only, and nothing of a stop string."""

from collections.abc import Callable, Sequence

BROKEN = "\N{REPLACEMENT CHARACTER}"
PATIENCE = 8  # tokens; a character takes at most four bytes, so four tokens, and what is still broken then stays so


class Detokenizer:
    """Feeds on token ids, gives text; the pieces joined are `decode` of all the ids, less an unfinished character.

    A token alone cannot be decoded: it may hold a part of a character, and SentencePiece decoders drop a leading space.
    So each piece is the difference between two decodings that begin at the same earlier token (the method of
    text-generation-inference and vLLM).
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._start = 0  # where both decodings begin
        self._told = 0  # tokens whose text went out

    def push(self, token: int) -> str:
        """The text that became certain with this token."""
        self._ids.append(token)
        return self._advance(patient=len(self._ids) - self._told < PATIENCE)

    def finish(self) -> str:
        """What was held back, without the bytes of an unfinished character."""
        return self._advance(patient=False).rstrip(BROKEN)

    def _advance(self, patient: bool) -> str:
        before = self._decode(self._ids[self._start : self._told])
        after = self._decode(self._ids[self._start :])
        if len(after) <= len(before) or (patient and after.endswith(BROKEN)):
            return ""
        self._start, self._told = self._told, len(self._ids)
        return after[len(before) :]


class StopText:
    """Ends a text before the first of `stops`, holding back whatever may still become one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.hit = False

    def push(self, text: str) -> str:
        """The text that is certain to stand before any stop string; "" for good once `hit`."""
        if self.hit:
            return ""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        self.hit = bool(found)
        cut = min(found) if found else len(self._held) - self._doubtful()
        out, self._held = self._held[:cut], self._held[cut:]
        return out

    def finish(self) -> str:
        """What was held back in vain."""
        out, self._held = ("" if self.hit else self._held), ""
        return out

    def _doubtful(self) -> int:
        """Length of the longest end of the held text with which a stop string begins."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stops):
                return length
        return 0

"""How much of a prompt is read in one step: as much as a Stop may wait for."""

STEP = 0.4  # seconds a step may take: a Stop ends within half a second, and what else is computed meanwhile takes some
LEAST = 64  # tokens a step: fewer are attended row by row, which deep in a prompt takes twice the time
MOST = 512  # tokens a step, llama.cpp's own limit: more are read no faster
HALF = 1000  # tokens behind which attention takes as long as all else; measured 1,700 with the smallest model, 3,600 with `standard`


class Pace:
    """The speed at which a server reads, by how many tokens were read before: attention grows with them.

    The last step of every depth is remembered, a depth being twice the one before.
    """

    def __init__(self) -> None:
        self._steps: dict[int, tuple[int, float]] = {}  # depth and tokens per second, by the bits of the depth

    def tokens(self, depth: int) -> int:
        """How many may be read in one step behind `depth` tokens."""
        nearest = max((bits for bits in self._steps if bits <= depth.bit_length()), default=None)
        if nearest is None:
            return LEAST
        known, rate = self._steps[nearest]
        return max(LEAST, min(MOST, int(STEP * rate * min(1.0, (known + HALF) / (depth + HALF)))))

    def saw(self, depth: int, tokens: int, seconds: float) -> None:
        """A step took so long."""
        self._steps[depth.bit_length()] = depth, tokens / max(seconds, 1e-6)

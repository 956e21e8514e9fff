"""How the threads of llama.cpp wait for each other after every step of every layer. libgomp reads it when it is loaded."""

import os


def settle() -> None:
    """Spin for some 10 microseconds, then sleep; what the environment says already counts. Call it before the engine is imported.

    Tokens/s of the bundled model on two cores, quiet / beside a busy process: of two answers at once 91 / 45, of four
    102 / 63; asleep at once 44 / 49 and 80 / 77; spinning as libgomp does by default, 117 / 7 to 37 of one.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # for other kinds of OpenMP
    os.environ.setdefault("GOMP_SPINCOUNT", "300")

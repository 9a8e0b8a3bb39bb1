"""How a long run tells how far it is."""

import time
from contextlib import contextmanager

SECONDS_PER_PIECE = 0.05  # between two reports of a kernel
SECONDS_BEFORE_BAR = 5.0


@contextmanager
def reporting(progress, n_steps):
    """What a run calls with the number of steps done: the caller's function, or a late bar."""
    if not callable(progress) and progress not in (True, False):
        raise ValueError(f"progress={progress!r}: pass True, False or a function")
    if callable(progress):
        yield progress
        return
    started, bar = time.perf_counter(), None

    def report(done):
        nonlocal bar
        if progress and bar is None and time.perf_counter() - started > SECONDS_BEFORE_BAR:
            from tqdm.auto import tqdm

            bar = tqdm(total=n_steps, desc="gradient descent", unit="step", unit_scale=True)
        if bar is not None:
            bar.update(done - bar.n)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()

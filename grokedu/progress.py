"""How a long run tells how far it is."""

import time
from contextlib import closing, contextmanager

import numpy as np

SECONDS_PER_PIECE = 0.05  # between two reports of a kernel
SECONDS_BEFORE_BAR = 5.0


class StepsDone(int):
    """A number of steps that were done, with the losses after them."""

    def __new__(cls, steps, train_loss, test_loss):
        done = super().__new__(cls, steps)
        done.train_loss, done.test_loss = float(train_loss), float(test_loss)
        return done


@contextmanager
def reporting(progress, n_steps):
    """What a run calls with the number of steps done, and which returns True to stop the run."""
    if callable(progress):
        yield lambda done: _is_false(progress(done))
    elif not isinstance(progress, bool | np.bool_):
        raise ValueError(f"progress={progress!r}: pass True, False or a function")
    elif not progress:
        yield lambda done: False
    else:
        with closing(_LateBar(n_steps)) as bar:
            yield bar.report


def _is_false(answer):
    """False or numpy.False_, but neither None nor a count of 0."""
    return isinstance(answer, bool | np.bool_) and not answer


class _LateBar:
    """A bar that appears five seconds after the first report, and so does not count compilation.

    tqdm's own `delay` would do in a terminal. In a notebook it makes its widgets at once, and they
    stay in the notebook's state even if they are never shown.
    """

    def __init__(self, n_steps):
        self._n_steps, self._started, self._bar = n_steps, None, None

    def report(self, done):
        now = time.perf_counter()
        if self._started is None:
            self._started = now
        if self._bar is None and now - self._started >= SECONDS_BEFORE_BAR:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=self._n_steps,
                initial=done,  # else the first rate counts steps done before the bar's clock ran
                desc="gradient descent",
                unit="step",
                unit_scale=True,
                disable=None,  # in a log
            )
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        return False

    def close(self):
        if self._bar is not None:
            self._bar.close()

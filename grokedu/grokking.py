"""When does a run overfit, and when does it generalize?"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from grokedu.checks import check_array, check_number, check_thresholds
from grokedu.trajectory import Trajectory


class Why(StrEnum):
    """Why a time does not exist, to compare with: ``reason.kind is gk.Why.TEST_NEVER_REACHED``.

    Each is a str, the text that stands beside its name.
    """

    TRAIN_BELOW_FROM_THE_START = "train below threshold from the start"
    TRAIN_NEVER_SETTLES = "train never settles"
    TRAIN_SETTLES_BEYOND_THE_LAST_STEP = "train settles beyond the last step"
    TRAIN_ABOVE_AT_THE_END = "train above threshold at the end of the run"
    TEST_NEVER_REACHED = "test never reached"
    TEST_REACHED_BEYOND_THE_LAST_STEP = "test reached beyond the last step"
    TEST_NOT_WITHIN_THE_RUN = "test not reached within the run"
    TEST_UNKNOWN = "test loss unknown"
    TRAIN_ACCURATE_FROM_THE_START = "train accuracy reached from the start"
    TRAIN_ACCURACY_NEVER_SETTLES = "train accuracy never settles"
    TEST_ACCURACY_NEVER_REACHED = "test accuracy never reached"
    TRAIN_ACCURACY_BELOW_AT_THE_END = "train accuracy below its level at the end of the run"
    TEST_ACCURACY_NOT_WITHIN_THE_RUN = "test accuracy not reached within the run"
    TEST_EMPTY = "test set empty"
    DIVERGED = "diverged"


# {value} is the limit of the loss where it "tends to" something, else a step.
_WORDS = {
    Why.TRAIN_BELOW_FROM_THE_START: "the training loss is below {threshold:g} at every step",
    Why.TRAIN_NEVER_SETTLES: (
        "the training loss tends to {value:.3g} and never settles below {threshold:g}"
    ),
    Why.TRAIN_SETTLES_BEYOND_THE_LAST_STEP: (
        "the training loss tends to {value:.3g} and only after step 2**53 settles below "
        "{threshold:g}"
    ),
    Why.TRAIN_ABOVE_AT_THE_END: "the training loss is at least {threshold:g} at the last step",
    Why.TEST_NEVER_REACHED: "the test loss tends to {value:.3g} and never reaches {threshold:g}",
    Why.TEST_REACHED_BEYOND_THE_LAST_STEP: (
        "the test loss tends to {value:.3g} and only after step 2**53 reaches {threshold:g}"
    ),
    Why.TEST_NOT_WITHIN_THE_RUN: "the test loss stays above {threshold:g} within the run",
    Why.TEST_UNKNOWN: (
        "the test loss is unknown, since labels do not tell the teacher, and so is when it reaches "
        "{threshold:g}"
    ),
    Why.TRAIN_ACCURATE_FROM_THE_START: (
        "the training accuracy is at least {threshold:g} at every step"
    ),
    Why.TRAIN_ACCURACY_NEVER_SETTLES: (
        "the training accuracy tends to {value:.3g} and does not settle at {threshold:g} or above "
        "up to step 2**53"
    ),
    Why.TEST_ACCURACY_NEVER_REACHED: (
        "the test accuracy tends to {value:.3g} and does not reach {threshold:g} up to step 2**53"
    ),
    Why.TRAIN_ACCURACY_BELOW_AT_THE_END: (
        "the training accuracy is below {threshold:g} at the last step, {value:,}"
    ),
    Why.TEST_ACCURACY_NOT_WITHIN_THE_RUN: (
        "the test accuracy does not reach {threshold:g} within {value:,} steps"
    ),
    Why.TEST_EMPTY: (
        "the test accuracy is unknown, since no cell is left to test, and so is when it reaches "
        "{threshold:g}"
    ),
    Why.DIVERGED: "the run diverged at step {value}",
}


@dataclass(frozen=True)
class Reason:
    """Why a time does not exist, as data; ``str(reason)`` puts it into words.

    Attributes
    ----------
    kind : Why
    threshold : float or None
        The ε, c or accuracy that was not met; None for a run that diverged.
    value : float or int or None
        The limit of the loss or accuracy, or the step at which the run ended or diverged.
    """

    kind: Why
    threshold: float | None = None
    value: float | None = None

    def __str__(self):
        return _WORDS[self.kind].format(threshold=self.threshold, value=self.value)

    def as_dict(self):
        """{"kind", "threshold", "value"}, ready for JSON."""
        return {"kind": str(self.kind), "threshold": self.threshold, "value": self.value}


@dataclass(frozen=True, repr=False)
class GrokkingTimes:
    """The two times that define grokking (paper, Section 2).

    Attributes
    ----------
    overfit_step : int or None, or float for a prediction
        t1, the **last** step with training loss ≥ ε.
    generalize_step : int or None, or float for a prediction
        t2, the **first** step with test loss ≤ c. (By accuracy: see `accuracy_times`.)
    reasons : tuple of Reason
        Why a time is None; empty if both exist.
    """

    overfit_step: int | None
    generalize_step: int | None
    reasons: tuple[Reason, ...] = ()

    @property
    def reason(self):
        """The reasons in words; empty if both times exist."""
        return "; ".join(str(reason) for reason in self.reasons)

    def __repr__(self):
        return (
            f"GrokkingTimes(overfit_step={self.overfit_step}, "
            f"generalize_step={self.generalize_step}, reason={self.reason!r})"
        )

    @property
    def delay(self):
        """t2 − t1, or None if either is missing. Negative when the run generalizes first."""
        if self.overfit_step is None or self.generalize_step is None:
            return None
        return self.generalize_step - self.overfit_step


def grokking_times(trajectory, *, train_threshold=0.01, test_threshold=0.01):
    """Read t1 and t2 off a trajectory.

    Parameters
    ----------
    trajectory : Trajectory
        The times are exact if it recorded every step; otherwise they are recorded steps.
    train_threshold : float
        ε, compared with the training loss, half a mean square.
    test_threshold : float
        c, compared with the test loss, a mean square without the ½.

    Returns
    -------
    GrokkingTimes
        Within this run: what the losses do after its last step is not known to a trajectory. Use
        `exact_grokking_times` for times beyond it.

    Raises
    ------
    ValueError
        For thresholds that are not positive, and for what is no trajectory.
    """
    if not isinstance(trajectory, Trajectory):
        raise ValueError(
            f"trajectory is a {type(trajectory).__name__}: pass a Trajectory, such as train_ridge "
            "returns"
        )
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    steps, reasons = trajectory.steps, []
    last_step = int(steps[-1])
    overfit_step = generalize_step = None
    above = np.flatnonzero(~(trajectory.train_loss < train_threshold))
    if not above.size:
        reasons.append(Reason(Why.TRAIN_BELOW_FROM_THE_START, train_threshold))
    elif above[-1] == len(steps) - 1:
        reasons.append(Reason(Why.TRAIN_ABOVE_AT_THE_END, train_threshold, last_step))
    else:
        overfit_step = int(steps[above[-1]])
    below = np.flatnonzero(trajectory.test_loss <= test_threshold)
    if below.size:
        generalize_step = int(steps[below[0]])
    elif np.isnan(trajectory.test_loss).all():
        reasons.append(Reason(Why.TEST_UNKNOWN, test_threshold))
    else:
        reasons.append(Reason(Why.TEST_NOT_WITHIN_THE_RUN, test_threshold, last_step))
    if trajectory.diverged:
        reasons.append(Reason(Why.DIVERGED, value=last_step))
    return GrokkingTimes(overfit_step, generalize_step, tuple(reasons))


def gaussian_accuracy(test_loss, *, tolerance=0.01):
    """P_x((N(x; θ) − N*(x))² ≤ ε) for Gaussian features: erf(√(ε / 2L)).

    A linear model's error on Gaussian features is N(0, L), with L its test loss, so the share of
    inputs on which it is right within √ε is a function of the test loss alone (paper, Figure 5).

    Parameters
    ----------
    test_loss : (k,) array
    tolerance : float
        ε, in units of the test loss.

    Returns
    -------
    (k,) float64
        0 where the loss is infinite, NaN where it is unknown.

    Raises
    ------
    ValueError
        For losses below 0, and a tolerance that is not positive.
    """
    from scipy.special import erf

    tolerance = check_number("tolerance", tolerance, above=0)
    losses = check_array("test_loss", test_loss, finite=False)
    if np.any(losses < 0):
        raise ValueError(f"test_loss goes down to {np.nanmin(losses):g}: pass losses, 0 or more")
    with np.errstate(divide="ignore"):
        return erf(np.sqrt(tolerance / (2 * losses)))

"""When does a run overfit, and when does it generalize?"""

from dataclasses import dataclass

import numpy as np

from grokedu.checks import check_number, check_thresholds


@dataclass(frozen=True)
class GrokkingTimes:
    """The two times that define grokking (paper, Section 2).

    Attributes
    ----------
    overfit_step : int or None
        t1, the **last** step with training loss ≥ ε.
    generalize_step : int or None
        t2, the **first** step with test loss ≤ c.
    reason : str
        Why a time is None; empty if both exist.
    """

    overfit_step: int | None
    generalize_step: int | None
    reason: str = ""

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
    train_threshold, test_threshold : float
        ε, compared with the training loss (½ mean square), and c, compared with the test loss
        (mean square without the ½).

    Returns
    -------
    GrokkingTimes
        Within this run: what the losses do after its last step is not known to a trajectory. Use
        `exact_grokking_times` for times without that limit.

    Raises
    ------
    ValueError
        For thresholds that are not positive.
    """
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    steps, reasons = trajectory.steps, []
    overfit_step = generalize_step = None
    above = np.flatnonzero(~(trajectory.train_loss < train_threshold))
    if not above.size:
        reasons.append(f"the training loss is below {train_threshold:g} at every step")
    elif above[-1] == len(steps) - 1:
        reasons.append(f"the training loss is at least {train_threshold:g} at the last step")
    else:
        overfit_step = int(steps[above[-1]])
    below = np.flatnonzero(trajectory.test_loss <= test_threshold)
    if below.size:
        generalize_step = int(steps[below[0]])
    else:
        reasons.append(f"the test loss stays above {test_threshold:g} within the run")
    if trajectory.diverged:
        reasons.append(f"the run diverged at step {trajectory.divergence_step}")
    return GrokkingTimes(overfit_step, generalize_step, "; ".join(reasons))


def gaussian_accuracy(test_loss, *, tolerance=0.01):
    """P_x((N(x; θ) − N*(x))² ≤ ε) for Gaussian features: erf(√(ε / 2L)).

    A linear model's error on Gaussian features is N(0, L), with L its test loss, so the share of
    inputs on which it is right within √ε is a function of the test loss alone (paper, Figure 5).

    Parameters
    ----------
    test_loss : (k,) array
    tolerance : float
        ε, in units of the test loss.
    """
    from scipy.special import erf

    remedy = "pass a number above 0"
    tolerance = check_number("tolerance", tolerance, above=0, remedy=remedy)
    with np.errstate(divide="ignore"):
        return erf(np.sqrt(tolerance / (2 * np.asarray(test_loss, dtype=np.float64))))

"""Gradient descent on ridge regression in closed form, at any step.

Split R^m into the row space of Φ, what the data see, and its complement, which they never see.
In the row space, along each right singular vector v_i with s_i = σ_i² / n,

    a_i(t) = a_i^∞ + ρ_i^t (a_i(0) − a_i^∞),   ρ_i = 1 − η(s_i + λ),

and in the complement θ⊥(t) = (1 − ηλ)^t θ⊥(0): only weight decay acts there.
"""

from dataclasses import replace

import numpy as np

from grokedu.checks import check_number, check_steps, check_thresholds
from grokedu.crossings import DecayingForm, WrongSigns, first_at_most, last_at_least
from grokedu.data import DataProblem
from grokedu.grokking import GrokkingTimes, Reason, Why
from grokedu.ridge import check_features, check_gradient_descent, check_ridge
from grokedu.trajectory import Trajectory


@np.errstate(under="ignore")
def exact_ridge(problem, *, weight_decay, learning_rate, steps):
    """The losses that `train_ridge` computes, from one decomposition of Φ and without iterating.

    Parameters
    ----------
    problem : RidgeProblem or SampledProblem
    weight_decay : float
        λ, as in `train_ridge`.
    learning_rate : float
        η, as in `train_ridge`.
    steps : (k,) array of whole numbers
        Any steps ≥ 0, increasing, up to 2⁵³ ≈ 9·10¹⁵.

    Returns
    -------
    Trajectory
        Without weights for a `SampledProblem`, which has none.

    Raises
    ------
    ValueError
        As `train_ridge`, and for steps that are negative, fractional or not increasing.
    """
    weight_decay, learning_rate = check_gradient_descent(problem, weight_decay, learning_rate)
    steps = check_steps(steps)
    error = _error(problem, weight_decay, learning_rate)
    return Trajectory(
        steps=steps,
        train_loss=_train_form(problem, weight_decay, error).at(steps),
        test_loss=_test_form(problem, error).at(steps),
        weights=_weights(problem, error, steps[-1]),
        parameters={"weight_decay": weight_decay, "learning_rate": learning_rate},
    )


@np.errstate(under="ignore")
def exact_grokking_times(
    problem, *, weight_decay, learning_rate, train_threshold=0.01, test_threshold=0.01
):
    """t1 and t2 as exact integers, up to step 2⁵³ ≈ 9·10¹⁵.

    The closed form is searched by branch and bound, so curves that rise and fall are safe: t1 is
    truly the last step with training loss ≥ ε, t2 truly the first with test loss ≤ c.

    Parameters
    ----------
    problem : RidgeProblem or SampledProblem
    weight_decay : float
        λ, as in `train_ridge`.
    learning_rate : float
        η, as in `train_ridge`.
    train_threshold : float
        ε, as in `grokking_times`.
    test_threshold : float
        c, as in `grokking_times`.

    Returns
    -------
    GrokkingTimes
        A time is None, with the reason, if it does not exist: the training loss starts and stays
        below ε, or never settles below it; the test loss never reaches c; or either does so only
        after step 2⁵³.

    Raises
    ------
    ValueError
        As `train_ridge` and `grokking_times`.
    """
    weight_decay, learning_rate = check_gradient_descent(problem, weight_decay, learning_rate)
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    error = _error(problem, weight_decay, learning_rate)
    train_form = _train_form(problem, weight_decay, error)
    return crossing_times(train_form, _test_form(problem, error), train_threshold, test_threshold)


@np.errstate(under="ignore")
def exact_outputs(problem, features, *, weight_decay, learning_rate, steps):
    """The outputs ⟨θ(t), φ(x)⟩ at any steps, for rows φ(x) of your choice.

    Where the labels are −1 and +1, ``numpy.mean(outputs * labels > 0, axis=1)`` is the accuracy at
    each of the steps. For k classes take k problems with the same features, one for each class
    against the others; the class is the one with the largest output.

    Parameters
    ----------
    problem : RidgeProblem
    features : (rows, m) array
        Such as `problem.features`, or the `test_features` of a `DataProblem`.
    weight_decay : float
        λ, as in `train_ridge`.
    learning_rate : float
        η, as in `train_ridge`.
    steps : (k,) array of whole numbers
        As in `exact_ridge`.

    Returns
    -------
    (k, rows) float64

    Raises
    ------
    ValueError
        As `exact_ridge`, and for features of another number of columns.
    """
    weight_decay, learning_rate = check_gradient_descent(problem, weight_decay, learning_rate)
    steps, features = check_steps(steps), check_features(features)
    if features.shape[1] != problem.n_features:
        raise ValueError(
            f"features has {features.shape[1]} columns, those of the problem {problem.n_features}: "
            "pass rows of the same kind"
        )
    taught = features @ problem.teacher
    error = _error(problem, weight_decay, learning_rate)
    return taught + error.coordinates_at(steps) @ (features @ problem.modes.basis).T


@np.errstate(under="ignore")
def accuracy_times(problem, *, weight_decay, learning_rate, train_level=1.0, test_level=0.95):
    """t1 and t2 by accuracy instead of loss, as exact integers up to step 2⁵³ ≈ 9·10¹⁵.

    The accuracy is the share of rows whose output has the sign of their label; an output of zero
    has none. In likeness of the times by loss, t1 is the **last** step with training accuracy below
    `train_level`, so that from t1 + 1 on it stays there, and t2 the **first** step with test
    accuracy of at least `test_level`, which it may leave again.

    Each output is a sum of decaying exponentials, as the losses are. So the search is the same: an
    interval of steps is ruled out by how many signs can change in it, and none is skipped.

    Parameters
    ----------
    problem : DataProblem
        With labels whose sign is the class, none of them zero.
    weight_decay : float
        λ, as in `train_ridge`.
    learning_rate : float
        η, as in `train_ridge`.
    train_level : float
        The share of training rows that are to be right, above 0 and at most 1.
    test_level : float
        The same of test rows.

    Returns
    -------
    GrokkingTimes
        A time is None, with the reason, if it does not exist, or only after step 2⁵³.

    Raises
    ------
    ValueError
        As `train_ridge`, for a problem without test rows, labels without a sign, and levels that
        are no shares.
    """
    weight_decay, learning_rate = check_gradient_descent(problem, weight_decay, learning_rate)
    if not isinstance(problem, DataProblem):
        raise ValueError(f"problem={problem!r} has no test rows: make it with data_problem")
    error = _error(problem, weight_decay, learning_rate)
    overfit_step, generalize_step, reasons = None, None, []
    train = _wrong_signs("targets", problem.features, problem.targets, problem, error)
    allowed = _allowed("train_level", train_level, train)
    last = last_at_least(train, allowed + 0.5)
    if last is None:
        reasons.append(Reason(Why.TRAIN_ACCURATE_FROM_THE_START, train_level))
    elif last == np.inf:
        reasons.append(
            Reason(Why.TRAIN_ACCURACY_NEVER_SETTLES, train_level, _accuracy_limit(train))
        )
    else:
        overfit_step = last
    test = _wrong_signs("test_targets", problem.test_features, problem.test_targets, problem, error)
    generalize_step = first_at_most(test, _allowed("test_level", test_level, test) + 0.5)
    if generalize_step is None:
        reasons.append(Reason(Why.TEST_ACCURACY_NEVER_REACHED, test_level, _accuracy_limit(test)))
    return GrokkingTimes(overfit_step, generalize_step, tuple(reasons))


@np.errstate(under="ignore")
def ridge_solution(problem, *, weight_decay):
    """θ*_λ = argmin (1/2n)‖Φθ − y‖² + (λ/2)‖θ‖², where gradient descent ends for λ > 0.

    For λ = 0 it is the interpolator of least norm, the limit of θ*_λ as λ → 0.

    Parameters
    ----------
    problem : RidgeProblem
    weight_decay : float
        λ ≥ 0.

    Returns
    -------
    (m,) float64

    Raises
    ------
    ValueError
        For a negative λ, and for a problem without features.
    """
    check_ridge(problem)
    weight_decay = check_number("weight_decay", weight_decay, at_least=0)
    modes = problem.modes
    # Divided by σ once more, since σ² may underflow.
    shrunk = modes.singular + problem.n_samples * weight_decay / modes.singular
    return modes.right @ (modes.left.T @ problem.targets / shrunk)


def crossing_times(train_form, test_form, train_threshold, test_threshold):
    """t1 and t2 of two loss curves given as `DecayingForm`."""
    reasons = []
    overfit_step = last_at_least(train_form, train_threshold)
    if overfit_step is None:
        reasons.append(Reason(Why.TRAIN_BELOW_FROM_THE_START, train_threshold))
    elif overfit_step == np.inf:
        limit = float(train_form.at(np.inf)[0])
        settles = limit < train_threshold
        why = Why.TRAIN_SETTLES_BEYOND_THE_LAST_STEP if settles else Why.TRAIN_NEVER_SETTLES
        reasons.append(Reason(why, train_threshold, limit))
        overfit_step = None
    generalize_step = first_at_most(test_form, test_threshold)
    if generalize_step is None:
        limit = float(test_form.at(np.inf)[0])
        reached = limit < test_threshold
        why = Why.TEST_REACHED_BEYOND_THE_LAST_STEP if reached else Why.TEST_NEVER_REACHED
        reasons.append(Reason(why, test_threshold, limit))
    return GrokkingTimes(overfit_step, generalize_step, tuple(reasons))


def _error(problem, weight_decay, learning_rate):
    """δ(t) = θ(t) − θ* along each column of `problem.modes.basis`."""
    modes = problem.modes
    curvature, unseen = modes.curvature, [-modes.unseen_overlap, -modes.unseen_teacher]
    # Where mode i ends, seen from the teacher: shrinkage by λ, plus the fitted noise.
    pull = modes.singular * modes.noise / problem.n_samples
    end = (pull - weight_decay * modes.teacher) / (curvature + weight_decay)
    start = modes.start - modes.teacher
    return DecayingForm.between(
        np.concatenate([start, [modes.unseen_start + unseen[0], unseen[1]]]),
        np.concatenate([end, unseen]),
        drop=learning_rate * np.concatenate([curvature + weight_decay, [weight_decay, 0.0]]),
        form=np.ones(len(start) + 2),
    )


def _weights(problem, error, step):
    if problem.modes.basis is None:
        return None
    return problem.teacher + problem.modes.basis @ error.coordinates_at(step)[0]


def _train_form(problem, weight_decay, error):
    """The residual along u_i is σ_i δ_i − ξ_i, with ξ the label noise."""
    modes, n = problem.modes, problem.n_samples
    fitted = modes.singular * modes.teacher + modes.noise
    return DecayingForm.between(
        modes.singular * (modes.start - modes.teacher) - modes.noise,
        -weight_decay * fitted / (modes.curvature + weight_decay),
        drop=error.drop[:-2],
        form=np.full(len(modes.singular), 1 / (2 * n)),
        constant=modes.unexplained_noise / (2 * n),
    )


def _test_form(problem, error):
    """δᵀΣδ − 2⟨E φR, δ⟩ + E R², as one square plus a constant."""
    if isinstance(problem, DataProblem):
        factor = problem.test_factor
        return replace(_with_one(error), form=factor.T @ factor, factor=factor)
    if problem.covariance.ndim == 0 and problem.misfit_moment is None:
        return replace(error, form=np.full(len(error.drop), float(problem.covariance)))
    form = problem.population_form
    if problem.misfit_moment is None:
        return replace(error, form=form)
    moment = problem.modes.basis.T @ problem.misfit_moment
    best = np.linalg.lstsq(form, moment, rcond=1e-14)[0]
    left = max(problem.misfit_power - best @ moment, 0.0)
    return replace(error, offset=error.offset - best, form=form, constant=left)


def _with_one(form):
    """One coordinate more, which is always 1."""
    rising = form.rising
    return replace(
        form,
        offset=np.append(form.offset, 1.0),
        amplitude=np.append(form.amplitude, 0.0),
        drop=np.append(form.drop, 0.0),
        rising=None if rising is None else np.append(rising, False),
    )


def _wrong_signs(name, features, labels, problem, error):
    """How many rows have an output of another sign than their label."""
    if not np.all(labels):
        raise ValueError(
            f"{name} contains 0, which has no sign: for classes 0 and 1 pass 2 * y - 1"
        )
    signs = np.sign(labels)
    return WrongSigns(error, signs[:, None] * (features @ problem.modes.basis))


def _allowed(name, level, wrong):
    """How many rows may be wrong for an accuracy of at least `level`."""
    share = check_number(name, level, above=0, at_most=1)
    rows = len(wrong.matrix)
    return rows - int(np.searchsorted(np.arange(rows + 1) / rows, share))


def _accuracy_limit(wrong):
    return float(1 - wrong.at([np.inf])[0] / len(wrong.matrix))

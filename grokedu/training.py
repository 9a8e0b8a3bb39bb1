"""Gradient descent on ridge regression, one step at a time.

`train_ridge` checks its input, lays the arrays out for the kernel, runs it in pieces, and returns
a `Trajectory`.
"""

import time

import numpy as np

from grokedu import _kernels
from grokedu.checks import check_count, read_only
from grokedu.progress import SECONDS_PER_PIECE, reporting
from grokedu.ridge import check_gradient_descent
from grokedu.trajectory import Trajectory


@np.errstate(over="ignore", under="ignore", invalid="ignore")  # a run that diverges is a result
def train_ridge(
    problem,
    *,
    weight_decay,
    learning_rate,
    n_steps,
    form="auto",
    allow_unstable=False,
    progress=True,
):
    """Run gradient descent on ridge regression and record both losses at every step.

    The update is θ ← θ − η [ (1/n) Φᵀ(Φθ − y) + λθ ] (paper, Section 2).

    Parameters
    ----------
    problem : RidgeProblem
    weight_decay, learning_rate : float
        λ ≥ 0 and η > 0 with ηλ < 1.
    n_steps : int
        Number of steps; the trajectory has ``n_steps + 1`` entries, step 0 included.
    form : {"auto", "primal", "dual"}
        "primal" iterates θ, at 2nm multiply-adds a step. "dual" iterates β ∈ Rⁿ with
        θ(t) = (1 − ηλ)^t θ(0) + Φᵀβ(t), at n² (2n² for a Σ that is no multiple of the identity).
        They are the same gradient descent up to rounding; "auto" takes the cheaper one.
    allow_unstable : bool
        Run even if η is beyond the stability limit 2/(λ + s_max). The trajectory then ends where
        the losses overflow, with ``diverged=True``.
    progress : bool or callable
        True shows a bar, in a terminal or notebook, once the run has taken five seconds. A function
        is called with the number of steps done every 50 ms or so. If it returns False, or on a
        KeyboardInterrupt, the run stops and gives back what was done.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        For ηλ ≥ 1, an unstable η (unless allowed), negative λ, η ≤ 0, n_steps < 1, or a `progress`
        that cannot be called.
    """
    weight_decay, learning_rate = check_gradient_descent(
        problem, weight_decay, learning_rate, allow_unstable=allow_unstable
    )
    n_steps = check_count("n_steps", n_steps)
    if form not in ("auto", "primal", "dual"):
        raise ValueError(f"form={form!r}: pass 'auto', 'primal' or 'dual'")
    if form == "auto":
        form = "dual" if _dual_is_cheaper(problem) else "primal"
    advance, final_weights = (_dual if form == "dual" else _primal)(
        problem, weight_decay, learning_rate
    )
    try:
        train_loss, test_loss = np.empty(n_steps + 1), np.empty(n_steps + 1)
    except (MemoryError, ValueError):
        raise ValueError(
            f"n_steps={n_steps} losses do not fit in memory: pass fewer, or use exact_ridge, which "
            "computes only the steps it is asked for"
        ) from None
    train_loss[0] = problem.train_loss(problem.initial_weights)
    test_loss[0] = problem.test_loss(problem.initial_weights)
    with reporting(progress, n_steps) as asks_to_stop:
        done, diverged = _run_in_pieces(advance, train_loss[1:], test_loss[1:], asks_to_stop)
    return Trajectory(
        steps=np.arange(done + 1),
        train_loss=train_loss[: done + 1],
        # The dual form computes this sum of squares as a difference, whose sign rounding can turn.
        test_loss=np.abs(test_loss[: done + 1]),
        weights=final_weights(),
        diverged=diverged,
    )


def _dual_is_cheaper(problem):
    if _needs_dual(problem):
        return True
    products = 1 if problem.covariance.ndim == 0 else 2
    return products * problem.n_samples < 2 * problem.n_features and (
        problem.n_samples < problem.n_features
    )


def _needs_dual(problem):
    return not isinstance(problem.covariance, np.ndarray) or problem.misfit_moment is not None


def _run_in_pieces(advance, train_loss, test_loss, asks_to_stop):
    """Fill the losses piece by piece. Return the number of steps done and whether it diverged."""
    n_steps = len(train_loss)
    done, stop, piece = 0, 0, 64
    try:
        while done < n_steps:
            end = min(done + piece, n_steps)
            train_loss[done:end] = np.nan
            stop = end
            started = time.perf_counter()
            finished = advance(train_loss[done:stop], test_loss[done:stop])
            done += finished
            if not (np.isfinite(train_loss[done - 1]) and np.isfinite(test_loss[done - 1])):
                return done, True
            if asks_to_stop(done):
                break
            if time.perf_counter() - started < SECONDS_PER_PIECE / 2:
                piece *= 2
    except KeyboardInterrupt:
        # It waits until the kernel returns, so by then the piece that it met has been done.
        done += int(np.isfinite(train_loss[done:stop]).sum())
    return done, False


def _primal(problem, weight_decay, learning_rate):
    weights = problem.initial_weights.copy()
    residual = problem.features @ weights - problem.targets
    covariance = problem.covariance
    if _needs_dual(problem):
        raise ValueError(
            "form='primal' evaluates the test loss with an explicit covariance and a linear "
            "teacher, which this problem does not have: pass form='dual'"
        )
    if covariance.ndim < 2:
        # Read-only like a matrix, so that numba compiles once for all kinds.
        covariance = read_only(np.full((1, problem.n_features), covariance))

    def advance(train_loss, test_loss):
        return _kernels.ridge_primal(
            problem.features,
            problem.targets,
            problem.teacher,
            covariance,
            weight_decay,
            learning_rate,
            weights,
            residual,
            train_loss,
            test_loss,
        )

    return advance, lambda: weights


def _dual(problem, weight_decay, learning_rate):
    features, start, teacher = problem.features, problem.initial_weights, problem.teacher
    products = problem.population_products
    weighted_start, weighted_teacher = products[:, -2], products[:, -1]
    if problem.covariance.ndim == 0:
        test_gram, scale = np.empty((0, 0)), float(problem.covariance)
    else:
        test_gram, scale = features @ products[:, :-2], 0.0
    misfit = problem.misfit_moment
    if misfit is None:
        misfit = np.zeros_like(start)
    # The misfit enters where Σθ* does: δᵀΣδ − 2⟨E φR, δ⟩ + E R² with δ = θ − θ*.
    weighted_teacher = weighted_teacher + misfit
    start_fit = features @ start
    constants = np.array(
        [
            start @ weighted_start,
            start @ weighted_teacher,
            teacher @ (weighted_teacher + misfit) + problem.misfit_power,
        ]
    )
    shrink = np.ones(1)
    coefficients = np.zeros(problem.n_samples)
    fit = np.zeros(problem.n_samples)
    start_moment, teacher_moment = features @ weighted_start, features @ weighted_teacher

    def advance(train_loss, test_loss):
        return _kernels.ridge_dual(
            problem.gram,
            test_gram,
            scale,
            start_fit,
            problem.targets,
            start_moment,
            teacher_moment,
            constants,
            weight_decay,
            learning_rate,
            shrink,
            coefficients,
            fit,
            train_loss,
            test_loss,
        )

    return advance, lambda: shrink[0] * start + features.T @ coefficients

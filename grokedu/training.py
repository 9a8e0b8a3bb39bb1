"""Gradient descent on ridge regression, one step at a time.

`train_ridge` checks its input, lays the arrays out for the kernel, runs it in pieces, and returns
a `Trajectory`.
"""

import time

import numpy as np

from grokedu import _kernels
from grokedu.checks import check_count, read_only
from grokedu.data import DataProblem, mean_square_factor
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
    record_every=1,
    start=None,
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
        Number of steps to take. Recorded at each, the trajectory has ``n_steps + 1`` entries, step
        0 included.
    form : {"auto", "primal", "dual"}
        "primal" iterates θ, at 2nm multiply-adds a step. "dual" iterates β ∈ Rⁿ with
        θ(t) = (1 − ηλ)^t θ(0) + Φᵀβ(t), at n² (2n² for a Σ that is no multiple of the identity).
        They are the same gradient descent up to rounding; "auto" takes the cheaper one.
    record_every : int
        k: record the losses at the multiples of k and at the last step only. At k = 1000, a billion
        steps leave 24 MB instead of 24 GB.
    start : Trajectory, optional
        A run on this problem with the same λ and η, perhaps saved and loaded. It is continued from
        its last step, and the trajectory holds both. It is the run that takes all the steps at
        once, bit for bit in the primal form and up to rounding in the dual.
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
        For ηλ ≥ 1, an unstable η (unless allowed), negative λ, η ≤ 0, n_steps < 1, a `start` that
        is no run to be continued, or a `progress` that cannot be called.
    """
    weight_decay, learning_rate = check_gradient_descent(
        problem, weight_decay, learning_rate, allow_unstable=allow_unstable
    )
    n_steps = check_count("n_steps", n_steps)
    record_every = check_count("record_every", record_every)
    if form not in ("auto", "primal", "dual"):
        raise ValueError(f"form={form!r}: pass 'auto', 'primal' or 'dual'")
    parameters = {"weight_decay": weight_decay, "learning_rate": learning_rate}
    if start is not None:
        _check_start(start, problem, parameters)
        problem = problem.started_at(start.weights)
    if form == "auto":
        form = "dual" if _dual_is_cheaper(problem) else "primal"
    advance, final_weights = (_dual if form == "dual" else _primal)(
        problem, weight_decay, learning_rate
    )
    record = _Record(0 if start is None else int(start.steps[-1]), n_steps, record_every)
    record.train_loss[0] = problem.train_loss(problem.initial_weights)
    record.test_loss[0] = problem.test_loss(problem.initial_weights)
    with reporting(progress, n_steps) as asks_to_stop:
        diverged = _run_in_pieces(advance, record, asks_to_stop)
    steps, train_loss, test_loss = record.recorded()
    if start is not None:
        steps = np.concatenate([start.steps, steps[1:]])
        train_loss = np.concatenate([start.train_loss, train_loss[1:]])
        test_loss = np.concatenate([start.test_loss, test_loss[1:]])
    return Trajectory(
        steps=steps,
        train_loss=train_loss,
        # The dual form computes this sum of squares as a difference, whose sign rounding can turn.
        test_loss=np.abs(test_loss),
        weights=final_weights(),
        diverged=diverged,
        parameters=parameters,
    )


def _check_start(start, problem, parameters):
    if not isinstance(start, Trajectory):
        raise ValueError(
            f"start is a {type(start).__name__}: pass a Trajectory; weights start a run of "
            "problem.started_at(weights)"
        )
    if start.weights is None or start.diverged:
        what = "diverged" if start.diverged else "is a prediction without weights"
        raise ValueError(f"start {what}: pass a run of train_ridge or exact_ridge")
    for name, value in parameters.items():
        if start.parameters.get(name, value) != value:
            raise ValueError(
                f"{name}={value:g}, but start ran with {start.parameters[name]:g}: pass the same, "
                "or begin anew from problem.started_at(start.weights)"
            )
    weights = start.weights
    if getattr(weights, "shape", None) != (problem.n_features,):
        raise ValueError("start has other weights than the problem: pass a run on this problem")
    loss, left = problem.train_loss(weights), start.train_loss[-1]
    # Interpolated data leave a loss that is all rounding.
    rounding = 1e-20 * problem.mean_squared_feature_norm * (weights @ weights)
    if not abs(loss - left) <= 1e-6 * left + 1e-9 * start.train_loss.max() + rounding:
        raise ValueError(
            f"start ended at training loss {left:.6g}, where its weights have {loss:.6g} on this "
            "problem: pass a run on this problem, or problem.started_at(start.weights)"
        )


class _Record:
    """The losses after `begun` steps, at the multiples of `every` and at the last step done."""

    def __init__(self, begun, n_steps, every):
        self.begun, self.last, self.every, self.done = begun, begun + n_steps, every, begun
        entries = self.number(self.last) + 1
        try:
            self.train_loss, self.test_loss = np.empty(entries), np.empty(entries)
        except (MemoryError, ValueError):
            raise ValueError(
                f"n_steps={n_steps} losses do not fit in memory: pass fewer, a larger "
                "record_every, or use exact_ridge, which computes only the steps it is asked for"
            ) from None

    def number(self, step):
        """The place of a step, which is also that of the next multiple, until this is reached."""
        return -(-step // self.every) - self.begun // self.every if step > self.begun else 0

    def add(self, first, train_loss, test_loss):
        """Note the losses of the steps from `first` on. Doing it twice changes nothing."""
        done = first + len(train_loss) - 1
        skip = -first % self.every
        number = self.number(first)
        for kept, given in ((self.train_loss, train_loss), (self.test_loss, test_loss)):
            multiples = given[skip :: self.every]
            kept[number : number + len(multiples)] = multiples
            kept[self.number(done)] = given[-1]
        self.done = done

    def recorded(self):
        """Steps and both losses, the first and the last included."""
        entries = self.number(self.done) + 1
        steps = (self.begun // self.every + np.arange(entries)) * self.every
        steps[0], steps[-1] = self.begun, self.done
        return steps, self.train_loss[:entries], self.test_loss[:entries]


def _dual_is_cheaper(problem):
    if _needs_dual(problem):
        return True
    n, m = problem.n_samples, problem.n_features
    if isinstance(problem, DataProblem):
        p = len(problem.test_targets)
        return n * (n + min(p, n + 2)) < m * (2 * n + p)
    products = 1 if problem.covariance.ndim == 0 else 2
    return products * n < 2 * m and n < m


def _needs_dual(problem):
    if isinstance(problem, DataProblem):
        return False
    return not isinstance(problem.covariance, np.ndarray) or problem.misfit_moment is not None


def _run_in_pieces(advance, record, asks_to_stop):
    """Run to the last step of `record`, or until asked to stop. Return whether the run diverged."""
    first, piece = record.done + 1, 64
    train_loss = test_loss = np.empty(0)
    try:
        while record.done < record.last:
            size = min(piece, record.last - record.done)
            first, train_loss, test_loss = record.done + 1, np.full(size, np.nan), np.empty(size)
            started = time.perf_counter()
            finished = advance(train_loss, test_loss)
            record.add(first, train_loss[:finished], test_loss[:finished])
            if not np.isfinite(train_loss[finished - 1] + test_loss[finished - 1]):
                return True
            if asks_to_stop(record.done - record.begun):
                break
            if time.perf_counter() - started < SECONDS_PER_PIECE / 2:
                piece *= 2
    except KeyboardInterrupt:
        # It waits until the kernel returns, so by then the piece that it met has been done.
        finished = int(np.isfinite(train_loss).sum())
        if finished:
            record.add(first, train_loss[:finished], test_loss[:finished])
    return False


def _primal(problem, weight_decay, learning_rate):
    weights = problem.initial_weights.copy()
    covariance, test_targets = problem.covariance, read_only(np.empty(0))
    if _needs_dual(problem):
        raise ValueError(
            "form='primal' evaluates the test loss with an explicit covariance and a linear "
            "teacher, which this problem does not have: pass form='dual'"
        )
    if isinstance(problem, DataProblem):
        covariance, test_targets = problem.test_features, problem.test_targets
    elif covariance.ndim < 2:
        # Read-only like a matrix, so that numba compiles once for all kinds.
        covariance = read_only(np.full((1, problem.n_features), covariance))

    def advance(train_loss, test_loss):
        return _kernels.ridge_primal(
            problem.features,
            problem.targets,
            problem.teacher,
            covariance,
            test_targets,
            weight_decay,
            learning_rate,
            weights,
            train_loss,
            test_loss,
        )

    return advance, lambda: weights


def _dual(problem, weight_decay, learning_rate):
    features, start = problem.features, problem.initial_weights
    start_fit = features @ start
    shrink = np.ones(1)
    coefficients = np.zeros(problem.n_samples)
    fit = np.zeros(problem.n_samples)
    test_parts = (_row_parts if isinstance(problem, DataProblem) else _form_parts)(problem)
    test_gram, scale, start_moment, teacher_moment, constants = test_parts

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


def _form_parts(problem):
    """The test loss as a form in (x, β), for the kernel."""
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
    constants = np.array(
        [
            start @ weighted_start,
            start @ weighted_teacher,
            teacher @ (weighted_teacher + misfit) + problem.misfit_power,
        ]
    )
    return test_gram, scale, features @ weighted_start, features @ weighted_teacher, constants


def _row_parts(problem):
    """The test loss as a mean of squares, in as few rows as it has coordinates."""
    rows, n = problem.test_features, problem.n_samples
    factor = mean_square_factor(
        rows @ problem.features.T, rows @ problem.initial_weights, problem.test_targets
    )
    columns = np.ascontiguousarray(factor.T)
    return columns[:n], 0.0, columns[n], columns[n + 1], np.empty(0)

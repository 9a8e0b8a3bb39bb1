"""Gradient descent with weight decay, one step at a time.

Each function checks its input, lays the arrays out for the kernel, runs it in pieces, and returns
a `Trajectory`.
"""

import time
from contextlib import contextmanager

import numpy as np

from grokedu import _kernels
from grokedu.problems import (
    check_count,
    check_gradient_descent,
    check_number,
    check_rates,
    check_thresholds,
)
from grokedu.trajectory import Trajectory

_SECONDS_PER_PIECE = 0.05
_SECONDS_BEFORE_BAR = 5.0


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
        True shows a bar once the run has taken five seconds. A function is called with the number
        of steps done every 50 ms or so. If it returns False, or on a KeyboardInterrupt, the run
        stops and gives back what was done.

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
    with _reporting(progress, n_steps) as report:
        done, diverged = _run_in_pieces(advance, train_loss[1:], test_loss[1:], report)
    with np.errstate(over="ignore", invalid="ignore"):  # a run that diverged
        weights = final_weights()
    return Trajectory(
        steps=np.arange(done + 1),
        train_loss=train_loss[: done + 1],
        # The dual form computes this sum of squares as a difference, whose sign rounding can turn.
        test_loss=np.abs(test_loss[: done + 1]),
        weights=weights,
        diverged=diverged,
    )


@contextmanager
def _reporting(progress, n_steps):
    """What a run calls with the number of steps done: the caller's function, or a late bar."""
    if not callable(progress) and progress not in (True, False):
        raise ValueError(f"progress={progress!r}: pass True, False or a function")
    if callable(progress):
        yield progress
        return
    started, bar = time.perf_counter(), None

    def report(done):
        nonlocal bar
        if progress and bar is None and time.perf_counter() - started > _SECONDS_BEFORE_BAR:
            from tqdm.auto import tqdm

            bar = tqdm(total=n_steps, desc="gradient descent", unit="step", unit_scale=True)
        if bar is not None:
            bar.update(done - bar.n)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


def _dual_is_cheaper(problem):
    if _needs_dual(problem):
        return True
    products = 1 if problem.covariance.ndim == 0 else 2
    return products * problem.n_samples < 2 * problem.n_features and (
        problem.n_samples < problem.n_features
    )


def _needs_dual(problem):
    return not isinstance(problem.covariance, np.ndarray) or problem.misfit_moment is not None


def _run_in_pieces(advance, train_loss, test_loss, report):
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
            if report(done) is False:
                break
            if time.perf_counter() - started < _SECONDS_PER_PIECE / 2:
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
        covariance = np.full((1, problem.n_features), covariance)

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


def train_network(
    problem,
    *,
    weight_decay,
    learning_rate,
    n_steps,
    train_threshold=0.01,
    test_threshold=0.01,
    tail="simulate",
    fit_tolerance=1e-5,
    progress=True,
):
    """Train all layers of a ReLU network by full-batch gradient descent with weight decay.

    The update of every weight is θ ← θ − η [ ∇L_n(θ) + λθ ] (paper, Section 5.3).

    Parameters
    ----------
    problem : NetworkProblem
    weight_decay, learning_rate : float
        λ ≥ 0 and η > 0 with ηλ < 1.
    n_steps : int
        Number of steps.
    train_threshold, test_threshold : float
        ε and c: the steps at which the losses cross them are among the recorded ones, so
        `grokking_times` with these thresholds is exact to the step.
    tail : {"simulate", "closed form"}
        With "closed form" the simulation stops once the training loss is at most `fit_tolerance`,
        and the rest follows the law of the late stage: all weights shrink by 1 − ηλ a step, both
        losses by (1 − ηλ)^{2k}. It needs targets that are zero.
    fit_tolerance : float
        The training loss that counts as fitted. What is still to be fitted is neglected; the
        chapter on networks shows how the error of t2 shrinks with the tolerance.
    progress : bool or callable
        True shows a bar once the run has taken five seconds. A function is called with the number
        of steps done every 50 ms or so. If it returns False, or on a KeyboardInterrupt, the run
        stops and gives back what was done.

    Returns
    -------
    Trajectory
        At steps spaced by about 10 %, and around the crossings of ε and c: the training loss is
        watched at every step; a crossing of c is found by bisection when the test loss is above c
        at one recorded step and not at the next. `weights` is the tuple of hidden layers followed
        by the output weights.

    Raises
    ------
    ValueError
        For ηλ ≥ 1, negative λ, η ≤ 0, n_steps < 1, thresholds ≤ 0, a `progress` that cannot be
        called, or a closed-form tail with targets that are not zero or a tolerance above ε.

    Notes
    -----
    Products as small as these lose time to a second thread, so BLAS is kept to one while a network
    is trained. To use more cores, train several networks in several processes.
    """
    weight_decay, learning_rate = check_rates(weight_decay, learning_rate)
    n_steps = check_count("n_steps", n_steps)
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    fit_tolerance = check_number(
        "fit_tolerance", fit_tolerance, above=0, remedy="pass a number above 0"
    )
    if tail not in ("simulate", "closed form"):
        raise ValueError(f"tail={tail!r}: pass 'simulate' or 'closed form'")
    if tail == "closed form" and np.any(problem.targets):
        raise ValueError("tail='closed form' needs targets that are zero: pass tail='simulate'")
    if tail == "closed form" and fit_tolerance > train_threshold:
        raise ValueError(
            f"fit_tolerance={fit_tolerance:g} is above train_threshold={train_threshold:g}, so t1 "
            "would not be simulated: pass a smaller one"
        )
    run = _NetworkRun(problem, weight_decay, learning_rate, train_threshold, test_threshold)
    with _one_blas_thread(), _reporting(progress, n_steps) as report:
        try:
            run.record()
            stopped = False
            while run.step < n_steps and not stopped and not run.diverged:
                if tail == "closed form" and run.losses[run.step][0] <= fit_tolerance:
                    run.continue_in_closed_form(n_steps)
                    break
                stop = min(max(run.step + 1, int(run.step * _RECORD_RATIO)), n_steps)
                stopped = run.advance_recording(stop, report)
        except KeyboardInterrupt:  # while a loss was evaluated
            run.record()
        run.locate_overfitting()
    return run.trajectory()


@contextmanager
def _one_blas_thread():
    import scipy.linalg  # noqa: F401  its BLAS is the one that numba calls: load it to limit it
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


_RECORD_RATIO = 1.1


class _NetworkRun:
    """One run of gradient descent on a network: weights, scratch, and the losses recorded."""

    def __init__(self, problem, weight_decay, learning_rate, train_threshold, test_threshold):
        self.problem = problem
        self.weight_decay, self.learning_rate = weight_decay, learning_rate
        self.train_threshold, self.test_threshold = train_threshold, test_threshold
        self.step, self.diverged = 0, False
        self.losses = {}
        self.hidden = tuple(layer.copy() for layer in problem.hidden_weights)
        self.output = problem.output_weights.copy()
        self.overfit_step, self.before_overfitting = -1, None
        n_samples = len(problem.inputs)
        widths = [len(layer) for layer in self.hidden]
        self.scratch = (
            tuple(np.empty((n_samples, width)) for width in widths),
            tuple(np.empty((n_samples, width)) for width in widths),
            tuple(np.empty_like(layer) for layer in self.hidden),
        )

    def checkpoint(self):
        return self.step, tuple(layer.copy() for layer in self.hidden), self.output.copy()

    def restore(self, checkpoint):
        self.step, hidden, output = checkpoint
        for layer, saved in zip(self.hidden, hidden, strict=True):
            layer[...] = saved
        self.output[...] = output

    def advance(self, n_steps):
        """Take `n_steps` steps, and note the last one before which the training loss was ≥ ε."""
        train_loss = np.full(n_steps, -1.0)
        try:
            _kernels.relu_network(
                self.problem.inputs,
                self.problem.targets,
                self.hidden,
                self.output,
                *self.scratch,
                self.weight_decay,
                self.learning_rate,
                train_loss,
            )
        finally:
            # A KeyboardInterrupt waits until the kernel returns, when its steps have been done.
            done = int(np.count_nonzero(np.isfinite(train_loss) & (train_loss >= 0)))
            above = np.flatnonzero(train_loss[:done] >= self.train_threshold)
            if above.size:
                self.overfit_step = max(self.overfit_step, self.step + int(above[-1]))
            self.step += done
            self.diverged = not np.isfinite(train_loss[done:]).all()

    def record(self):
        """Evaluate both losses here and return them."""
        with np.errstate(over="ignore", invalid="ignore"):
            train_loss = self.problem.train_loss(self.hidden, self.output)
            test_loss = self.problem.test_loss(self.hidden, self.output)
        self.diverged |= not np.isfinite(train_loss + test_loss)
        self.losses[self.step] = train_loss, test_loss
        return train_loss, test_loss

    def advance_recording(self, stop, report):
        """Go to step `stop` and record there. Return True if asked to stop on the way."""
        start = self.checkpoint()
        stopped = False
        piece = 8
        try:
            while self.step < stop and not self.diverged and not stopped:
                started = time.perf_counter()
                self.advance(min(piece, stop - self.step))
                if time.perf_counter() - started < _SECONDS_PER_PIECE / 2:
                    piece *= 2
                stopped = report(self.step) is False
        except KeyboardInterrupt:
            stopped = True
        if self.overfit_step >= start[0]:
            self.before_overfitting = start
        before, after = self.losses[start[0]][1], self.record()[1]
        if self.diverged:
            first = self._locate(start, lambda train, test: not np.isfinite(train + test))
            self.losses = {step: loss for step, loss in self.losses.items() if step <= first}
            self.diverged = True
        elif before > self.test_threshold >= after:
            self._locate(start, lambda train, test: test <= self.test_threshold)
        return stopped

    def _locate(self, start, reached):
        """Bisect for the first step after the checkpoint `start` whose losses are as they are here.

        Both that step and the one before it are recorded then.
        """
        end = self.checkpoint()
        high = self.step
        try:
            while high - start[0] > 1:
                self.restore(start)
                self.advance((high - start[0]) // 2)
                if reached(*self.record()):
                    high = self.step
                else:
                    start = self.checkpoint()
        finally:
            self.restore(end)
        return high

    def locate_overfitting(self):
        """Record the last step with training loss ≥ ε and the one after it."""
        if self.before_overfitting is None or self.diverged:
            return
        end = self.checkpoint()
        try:
            self.restore(self.before_overfitting)
            for step in (self.overfit_step, self.overfit_step + 1):
                self.advance(step - self.step)
                self.record()
        except KeyboardInterrupt:
            pass
        finally:
            self.restore(end)

    def continue_in_closed_form(self, n_steps):
        """Once the data are fitted all weights shrink by 1 − ηλ a step, so losses by its power."""
        train_loss, test_loss = self.losses[self.step]
        rate = 2 * self.problem.n_layers * np.log1p(-self.learning_rate * self.weight_decay)
        later = np.geomspace(max(self.step, 1), n_steps, 400).astype(np.int64)
        if rate < 0 and test_loss > self.test_threshold:
            crossing = self.step + int(np.ceil(np.log(self.test_threshold / test_loss) / rate))
            later = np.concatenate([later, [crossing - 1, crossing]])
        start = self.step
        for step in np.unique(later[(later > start) & (later <= n_steps)]).tolist():
            shrink = np.exp(rate * (step - start))
            self.losses[step] = train_loss * shrink, test_loss * shrink
            self.step = step
        scale = np.exp((self.step - start) * np.log1p(-self.learning_rate * self.weight_decay))
        for layer in (*self.hidden, self.output):
            layer *= scale

    def trajectory(self):
        steps = np.array(sorted(self.losses), dtype=np.int64)
        losses = np.array([self.losses[step] for step in steps.tolist()])
        return Trajectory(
            steps=steps,
            train_loss=losses[:, 0],
            test_loss=losses[:, 1],
            weights=(*self.hidden, self.output),
            diverged=self.diverged,
        )

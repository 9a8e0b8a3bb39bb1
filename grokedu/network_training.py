"""Gradient descent on all layers of a network, one step at a time."""

import time

import numpy as np

from grokedu import _kernels
from grokedu.checks import check_count, check_number, check_rates, check_thresholds
from grokedu.modular import ModularAdditionProblem
from grokedu.networks import check_network
from grokedu.progress import SECONDS_PER_PIECE, StepsDone, reporting
from grokedu.threads import one_blas_thread
from grokedu.trajectory import Trajectory


@np.errstate(over="ignore", under="ignore", invalid="ignore")  # a run that diverges is a result
def train_network(
    problem,
    *,
    weight_decay,
    learning_rate,
    n_steps,
    momentum=0.0,
    train_threshold=0.01,
    test_threshold=0.01,
    tail="simulate",
    fit_tolerance=1e-5,
    progress=True,
):
    """Train all layers of a network by full-batch gradient descent with weight decay.

    The update of every weight is θ ← θ − η [ ∇L_n(θ) + λθ ] (paper, Section 5.3), or that of heavy
    ball.

    Parameters
    ----------
    problem : NetworkProblem or ModularAdditionProblem
    weight_decay : float
        λ ≥ 0, with ηλ < 1.
    learning_rate : float
        η > 0.
    n_steps : int
        Number of steps.
    momentum : float
        β of heavy ball, v ← βv + ∇L_n + λθ and θ ← θ − ηv from v = 0, at least 0 and below 1.
    train_threshold : float
        ε: the steps at which the training loss crosses it are among the recorded ones, so that
        `grokking_times` with this threshold is exact to the step.
    test_threshold : float
        c, the same for the test loss.
    tail : {"simulate", "closed form"}
        With "closed form" the simulation stops once the training loss is at most `fit_tolerance`,
        and the rest follows the law of the late stage: all weights shrink by 1 − ηλ a step, both
        losses by (1 − ηλ)^{2k}. It needs the zero teacher, and no momentum.
    fit_tolerance : float
        The training loss that counts as fitted. What is still to be fitted is neglected; the
        chapter on networks shows how the error of t2 shrinks with the tolerance.
    progress : bool or callable
        True shows a bar, in a terminal or notebook, once the run has taken five seconds. A function
        is called every 50 ms or so with the number of steps done, an int that also has the losses
        last recorded, `train_loss` and `test_loss`. If it returns False, or on a KeyboardInterrupt,
        the run stops and gives back what was done: ``progress=lambda done: done.test_loss > 0.01``.

    Returns
    -------
    Trajectory
        At steps spaced by about 10 %, and around the crossings of ε and c: the training loss is
        watched at every step; a crossing of c is found by bisection when the test loss is above c
        at one recorded step and not at the next. `weights` is the tuple of hidden layers followed
        by the output weights. `test_loss` is NaN for labels that are not zero and neither come from
        a teacher nor with labels of `test_inputs`: nothing says then what is right elsewhere.

        For modular addition every step is recorded, with accuracies too: the losses are
        (1/2n) Σ ‖N − y‖² over the training cells and the mean of ‖N − y‖² over the others, NaN if
        there are none. Thresholds, `tail` and `fit_tolerance` say nothing there.

    Raises
    ------
    ValueError
        For ηλ ≥ 1, negative λ, η ≤ 0, n_steps < 1, thresholds ≤ 0, a `progress` that cannot be
        called, or a closed-form tail with another teacher than zero, momentum, or a tolerance
        above ε.

    Notes
    -----
    Products as small as these lose time to a second thread, so BLAS is kept to one while a network
    is trained. To use more cores, train several networks in several processes.
    """
    if not isinstance(problem, ModularAdditionProblem):
        check_network(problem)
    weight_decay, learning_rate = check_rates(weight_decay, learning_rate)
    n_steps = check_count("n_steps", n_steps)
    momentum = check_number("momentum", momentum, at_least=0, below=1)
    rule = {"momentum": momentum, "weight_decay": weight_decay, "learning_rate": learning_rate}
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    fit_tolerance = check_number("fit_tolerance", fit_tolerance, above=0)
    if tail not in ("simulate", "closed form"):
        raise ValueError(f"tail={tail!r}: pass 'simulate' or 'closed form'")
    if isinstance(problem, ModularAdditionProblem):
        return _train_modular(problem, rule, n_steps, progress)
    if tail == "closed form" and not problem.teacher_is_zero:
        raise ValueError(
            "tail='closed form' needs the zero teacher and labels that are zero: pass "
            "tail='simulate'"
        )
    if tail == "closed form" and momentum:
        raise ValueError(
            f"tail='closed form' is the law of plain descent, and momentum={momentum:g}: pass "
            "tail='simulate'"
        )
    if tail == "closed form" and fit_tolerance > train_threshold:
        raise ValueError(
            f"fit_tolerance={fit_tolerance:g} is above train_threshold={train_threshold:g}, so t1 "
            "would not be simulated: pass a smaller one"
        )
    run = _NetworkRun(problem, rule, train_threshold, test_threshold)
    with one_blas_thread(), reporting(progress, n_steps) as asks_to_stop:
        try:
            run.record()
            stopped = False
            while run.step < n_steps and not stopped and not run.diverged:
                if tail == "closed form" and run.losses[run.step][0] <= fit_tolerance:
                    run.continue_in_closed_form(n_steps)
                    break
                stop = min(max(run.step + 1, int(run.step * _RECORD_RATIO)), n_steps)
                stopped = run.advance_recording(stop, asks_to_stop)
        except KeyboardInterrupt:  # while a loss was evaluated
            run.record()
        run.locate_overfitting()
    return run.trajectory()


def _train_modular(problem, rule, n_steps, progress):
    layers = problem.first_weights, problem.second_weights, problem.output_weights
    weights = tuple(layer.copy() for layer in layers)
    velocities = tuple(np.zeros_like(layer) for layer in layers)
    pairs = np.concatenate([problem.train_pairs, problem.test_pairs])
    n_train, answers = len(problem.train_pairs), problem.answers(pairs)
    try:
        record = np.empty((n_steps + 1, 4))
    except (MemoryError, ValueError):
        raise ValueError(f"n_steps={n_steps} losses do not fit in memory: pass fewer") from None
    record[0], done, piece, stopped = -1.0, 0, 8, False
    with one_blas_thread(), reporting(progress, n_steps) as asks_to_stop:
        while done < n_steps and not stopped:
            rows, started = record[done : done + piece + 1], time.perf_counter()
            rows[1:] = -1.0
            try:
                _kernels.modular_network(
                    pairs, answers, n_train, weights, velocities, *rule.values(), rows
                )
                stopped = asks_to_stop(StepsDone(done + len(rows) - 1, *rows[-1, :2]))
            except KeyboardInterrupt:  # a kernel that it meets has returned before
                stopped = True
            done += max(np.count_nonzero(rows[:, 0] != -1) - 1, 0)
            stopped |= not np.isfinite(record[done, 0])
            if time.perf_counter() - started < SECONDS_PER_PIECE / 2:
                piece *= 2
    if len(pairs) == n_train:
        record[:, [1, 3]] = np.nan
    names = "train_loss", "test_loss", "train_accuracy", "test_accuracy"
    return Trajectory(
        steps=np.arange(done + 1),
        weights=weights,
        diverged=not np.isfinite(record[done, 0]),
        parameters=_parameters(rule),
        **dict(zip(names, record[: done + 1].T.copy(), strict=True)),
    )


def _parameters(rule):
    return {name: value for name, value in rule.items() if value or name != "momentum"}


_RECORD_RATIO = 1.1


class _NetworkRun:
    """One run of gradient descent on a network: weights, scratch, and the losses recorded."""

    def __init__(self, problem, rule, train_threshold, test_threshold):
        self.problem, self.rule = problem, rule
        self.train_threshold, self.test_threshold = train_threshold, test_threshold
        self.step, self.diverged = 0, False
        self.losses = {}
        n_samples, n_neurons = len(problem.inputs), len(problem.output_weights)
        self.targets = problem.targets.reshape(n_samples, -1)
        # Transposed: then one product of BLAS does the decay and the gradient of a layer.
        self.layers = (
            *(layer.T.copy() for layer in problem.hidden_weights),
            problem.output_weights.reshape(n_neurons, -1).copy(),
        )
        self.velocities = tuple(
            np.zeros(layer.shape if rule["momentum"] else (0, 0)) for layer in self.layers
        )
        self.overfit_step, self.before_overfitting = -1, None
        widths = [layer.shape[1] for layer in self.layers]
        self.scratch = (
            tuple(np.empty((n_samples, width)) for width in widths),
            tuple(np.empty((n_samples, width)) for width in widths[:-1]),
        )

    @property
    def hidden(self):
        return tuple(layer.T for layer in self.layers[:-1])

    @property
    def output(self):
        return self.layers[-1].reshape(self.problem.output_weights.shape)

    def checkpoint(self):
        return self.step, tuple(part.copy() for part in (*self.layers, *self.velocities))

    def restore(self, checkpoint):
        self.step, saved = checkpoint
        for part, copy in zip((*self.layers, *self.velocities), saved, strict=True):
            part[...] = copy

    def advance(self, n_steps):
        """Take `n_steps` steps, and note the last one before which the training loss was ≥ ε."""
        train_loss = np.full(n_steps, -1.0)
        try:
            _kernels.relu_network(
                self.problem.inputs,
                self.targets,
                self.layers,
                self.velocities,
                *self.scratch,
                *self.rule.values(),
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

    def are_finite(self, train_loss, test_loss):
        return np.isfinite(train_loss) and (
            np.isfinite(test_loss) or not self.problem.test_loss_is_known
        )

    def record(self):
        """Evaluate both losses here and return them."""
        train_loss = self.problem.train_loss(self.hidden, self.output)
        test_loss = self.problem.test_loss(self.hidden, self.output)
        self.diverged |= not self.are_finite(train_loss, test_loss)
        self.losses[self.step] = train_loss, test_loss
        return train_loss, test_loss

    def advance_recording(self, stop, asks_to_stop):
        """Go to step `stop` and record there. Return True if asked to stop on the way."""
        start = self.checkpoint()
        stopped = False
        piece = 8
        try:
            while self.step < stop and not self.diverged and not stopped:
                started = time.perf_counter()
                self.advance(min(piece, stop - self.step))
                if time.perf_counter() - started < SECONDS_PER_PIECE / 2:
                    piece *= 2
                stopped = asks_to_stop(StepsDone(self.step, *self.losses[start[0]]))
        except KeyboardInterrupt:
            stopped = True
        if self.overfit_step >= start[0]:
            self.before_overfitting = start
        before, after = self.losses[start[0]][1], self.record()[1]
        if self.diverged:
            first = self._locate(start, lambda *losses: not self.are_finite(*losses))
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
        decay = np.log1p(-self.rule["learning_rate"] * self.rule["weight_decay"])
        rate = 2 * self.problem.n_layers * decay
        later = np.geomspace(max(self.step, 1), n_steps, 400).astype(np.int64)
        if rate < 0 and test_loss > self.test_threshold:
            crossing = self.step + int(np.ceil(np.log(self.test_threshold / test_loss) / rate))
            later = np.concatenate([later, [crossing - 1, crossing]])
        start = self.step
        for step in np.unique(later[(later > start) & (later <= n_steps)]).tolist():
            shrink = np.exp(rate * (step - start))
            self.losses[step] = train_loss * shrink, test_loss * shrink
            self.step = step
        for layer in self.layers:
            layer *= np.exp((self.step - start) * decay)

    def trajectory(self):
        steps = np.array(sorted(self.losses), dtype=np.int64)
        losses = np.array([self.losses[step] for step in steps.tolist()])
        return Trajectory(
            steps=steps,
            train_loss=losses[:, 0],
            test_loss=losses[:, 1],
            weights=(*(layer.T.copy() for layer in self.layers[:-1]), self.output),
            diverged=self.diverged,
            parameters=_parameters(self.rule),
        )

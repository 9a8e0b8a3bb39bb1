"""Gradient descent on ridge regression, one step at a time.

`train_ridge` checks its input, runs the kernel in pieces, and returns a `Trajectory`.
"""

import time

import numpy as np

from grokedu.checks import check_count
from grokedu.optimizers import DEFAULTS, Optimizer, check_optimizer, lay_out
from grokedu.progress import SECONDS_PER_PIECE, StepsDone, reporting
from grokedu.ridge import check_ridge
from grokedu.trajectory import Trajectory


@np.errstate(over="ignore", under="ignore", invalid="ignore")  # a run that diverges is a result
def train_ridge(
    problem,
    *,
    weight_decay,
    learning_rate=None,
    n_steps,
    schedule=None,
    optimizer="gradient descent",
    momentum=0.0,
    loss="squared",
    batch_size=None,
    rng=None,
    form="auto",
    record_every=1,
    start=None,
    allow_unstable=False,
    progress=True,
):
    """Run gradient descent on ridge regression and record both losses at every step.

    The update is θ ← θ − η [ (1/n) Φᵀ(Φθ − y) + λθ ] (paper, Section 2). Other losses, optimizers,
    batches and step sizes are those of `torch.optim`, see Notes.

    Parameters
    ----------
    problem : RidgeProblem
    weight_decay : float
        λ ≥ 0, with ηλ < 1.
    learning_rate : float
        η > 0, below the stability limit 2/(λ + s_max), with `max_curvature` as s_max.
    n_steps : int
        Number of steps to take. Recorded at each, the trajectory has ``n_steps + 1`` entries, step
        0 included.
    schedule : (n_steps,) array or function, in place of `learning_rate`
        η_s ≥ 0, the step size from step s to step s + 1. A function is called once, with the array
        of all s: ``schedule=lambda step: 1 / (1 + step / 1000)``.
    optimizer : {"gradient descent", "adam", "adamw"}
        Adam with the usual β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁸.
    momentum : float
        β ∈ [0, 1) of heavy ball, for gradient descent.
    loss : {"squared", "logistic"}
        What is trained: (1/2n) Σ_i (f_i − y_i)² or (1/n) Σ_i ln(1 + exp(−y_i f_i)) with labels
        −1 and 1, where f = Φθ, and (λ/2)‖θ‖² besides.
    batch_size : int, optional
        b: each step takes the gradient of b samples. Every epoch goes through all samples in a new
        order, without replacement; where b does not divide n, its last batch is smaller. All
        samples without it.
    rng : numpy.random.Generator, optional
        Shuffles the epochs; needed for a `batch_size` below n.
    form : {"auto", "primal", "dual"}
        "primal" iterates θ, at 2nm multiply-adds a step. "dual" iterates β ∈ Rⁿ with
        θ(t) = x(t) θ(0) + Φᵀβ(t), x(t) = (1 − ηλ)^t, at n² (2n² for a Σ that is no multiple of the
        identity). They are the same gradient descent up to rounding; "auto" takes the cheaper one.
        Adam is no such descent and has the primal form only.
    record_every : int
        k: record the losses at the multiples of k and at the last step only. At k = 1000, a billion
        steps leave 24 MB instead of 24 GB.
    start : Trajectory, optional
        A run on this problem with the same λ, η and loss, perhaps saved and loaded. It is continued
        from its last step, and the trajectory holds both. It is the run that takes all the steps at
        once, bit for bit in the primal form and up to rounding in the dual. Momentum, Adam and
        batches remember more than a trajectory holds, and cannot be continued.
    allow_unstable : bool
        Run even if η is beyond the stability limit 2(1 + β)/(λ + s_max) of full batches with the
        squared loss. The trajectory then ends where the losses overflow, with ``diverged=True``.
        No other setting has a limit that is checked.
    progress : bool or callable
        True shows a bar, in a terminal or notebook, once the run has taken five seconds. A function
        is called every 50 ms or so with the number of steps done, an int that also has the losses
        there, `train_loss` and `test_loss`. If it returns False, or on a KeyboardInterrupt, the run
        stops and gives back what was done: ``progress=lambda done: done.test_loss > 0.01``.

    Returns
    -------
    Trajectory
        `train_loss` is the loss that is trained, over all samples and without the penalty.
        `test_loss` is the squared population loss, whatever is trained.

    Raises
    ------
    ValueError
        For ηλ ≥ 1, an unstable η (unless allowed), negative λ, η ≤ 0, n_steps < 1, a `start` that
        is no run to be continued, a `progress` that cannot be called, labels that the logistic loss
        does not know, and settings that do not go together.

    Notes
    -----
    With g the gradient of the batch's mean loss and η = η_s, all as in `torch.optim`:

    - gradient descent: v ← βv + g + λθ, θ ← θ − ηv. Weight decay is *coupled*, a penalty in the
      gradient, so the momentum carries it too.
    - "adam": Adam on g + λθ, again coupled: the decay is normalized with the gradient.
    - "adamw": θ ← (1 − ηλ)θ, then Adam on g alone. The decay is *decoupled*, and η scales it.

    The first keeps θ in the span of θ(0) and the rows of Φ; Adam does not, because it divides each
    coordinate by another number.
    """
    check_ridge(problem)
    n_steps = check_count("n_steps", n_steps)
    record_every = check_count("record_every", record_every)
    if form not in ("auto", "primal", "dual"):
        raise ValueError(f"form={form!r}: pass 'auto', 'primal' or 'dual'")
    rule = Optimizer(
        weight_decay, learning_rate, schedule, optimizer, momentum, loss, batch_size, rng
    )
    rule = check_optimizer(problem, rule, allow_unstable=allow_unstable)
    begun = 0
    if start is not None:
        _check_start(start, problem, rule)
        problem, begun = problem.started_at(start.weights), int(start.steps[-1])
    record = _Record(begun, n_steps, record_every)
    record.train_loss[0] = rule.train_loss(problem, problem.initial_weights)
    record.test_loss[0] = problem.test_loss(problem.initial_weights)
    advance, final_weights = lay_out(problem, rule, form, begun, n_steps)
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
        parameters=rule.parameters,
    )


def _check_start(start, problem, rule):
    if not isinstance(start, Trajectory):
        raise ValueError(
            f"start is a {type(start).__name__}: pass a Trajectory; weights start a run of "
            "problem.started_at(weights)"
        )
    if start.weights is None or start.diverged:
        what = "diverged" if start.diverged else "is a prediction without weights"
        raise ValueError(f"start {what}: pass a run of train_ridge or exact_ridge")
    anew = "begin anew from problem.started_at(start.weights)"
    if rule.remembers:
        raise ValueError(
            f"start has the weights of a run, but not what {rule.remembers} remembers: {anew}"
        )
    now, then = rule.parameters, start.parameters
    for name in now | then:
        value = now.get(name, DEFAULTS.get(name))
        before = then.get(name, DEFAULTS.get(name, value))
        if value != before:
            raise ValueError(
                f"{name}={_in_words(value)}, but start ran with {_in_words(before)}: pass the "
                f"same, or {anew}"
            )
    weights = start.weights
    if getattr(weights, "shape", None) != (problem.n_features,):
        raise ValueError("start has other weights than the problem: pass a run on this problem")
    loss, left = rule.train_loss(problem, weights), start.train_loss[-1]
    # Interpolated data leave a loss that is all rounding.
    rounding = 1e-20 * problem.mean_squared_feature_norm * (weights @ weights)
    if not abs(loss - left) <= 1e-6 * left + 1e-9 * start.train_loss.max() + rounding:
        raise ValueError(
            f"start ended at training loss {left:.6g}, where its weights have {loss:.6g} on this "
            "problem: pass a run on this problem, or problem.started_at(start.weights)"
        )


def _in_words(value):
    return f"{value:g}" if isinstance(value, float) else repr(value)


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
            losses = train_loss[finished - 1], abs(test_loss[finished - 1])
            if asks_to_stop(StepsDone(record.done - record.begun, *losses)):
                break
            if time.perf_counter() - started < SECONDS_PER_PIECE / 2:
                piece *= 2
    except KeyboardInterrupt:
        # It waits until the kernel returns, so by then the piece that it met has been done.
        finished = int(np.isfinite(train_loss).sum())
        if finished:
            record.add(first, train_loss[:finished], test_loss[:finished])
    return False

"""What one step of training is: loss, optimizer, batches, step sizes; laid out for the kernels."""

from dataclasses import dataclass, replace

import numpy as np

from grokedu import _kernels
from grokedu.checks import check_array, check_count, check_number, check_rates, check_rng, read_only
from grokedu.data import DataProblem, mean_square_factor
from grokedu.ridge import check_gradient_descent

_RULES = {
    "gradient descent": _kernels.GRADIENT_DESCENT,
    "adam": _kernels.ADAM,
    "adamw": _kernels.ADAMW,
}
DEFAULTS = {"optimizer": "gradient descent", "momentum": 0.0, "loss": "squared", "batch_size": None}


@dataclass(frozen=True)
class Optimizer:
    """The arguments of `train_ridge` that say what one step is."""

    weight_decay: float
    learning_rate: float | None
    schedule: object
    optimizer: str
    momentum: float
    loss: str
    batch_size: int | None
    rng: np.random.Generator | None

    @property
    def parameters(self):
        """What `Trajectory.parameters` says about it."""
        rate = "schedule" if self.learning_rate is None else self.learning_rate
        chosen = {
            name: getattr(self, name)
            for name, default in DEFAULTS.items()
            if getattr(self, name) != default
        }
        return {"weight_decay": self.weight_decay, "learning_rate": rate, **chosen}

    @property
    def remembers(self):
        """The setting that keeps more from one step to the next than the weights, or ""."""
        if self.optimizer != "gradient descent":
            return f"optimizer={self.optimizer!r}"
        if self.momentum:
            return f"momentum={self.momentum:g}"
        return f"batch_size={self.batch_size}" if self.batch_size else ""

    @property
    def is_plain(self):
        """Whether it is the gradient descent of the paper, which has kernels of its own."""
        return not (self.remembers or self.learning_rate is None or self.loss == "logistic")

    def train_loss(self, problem, weights):
        """The loss that is trained, over all samples."""
        if self.loss == "squared":
            return problem.train_loss(weights)
        return float(np.mean(np.logaddexp(0, -problem.targets * (problem.features @ weights))))

    def step_sizes(self, begun, n_steps):
        """η_s of the `n_steps` steps after `begun`, checked."""
        too_many = (
            f"n_steps={n_steps} step sizes do not fit in memory: pass fewer, or learning_rate in "
            "place of schedule"
        )
        sizes = self.schedule
        try:
            if callable(sizes):
                sizes = sizes(begun + np.arange(n_steps))
        except MemoryError:
            raise ValueError(too_many) from None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"schedule does not take an array of steps ({error}): pass a function such as "
                "lambda step: 1 / (1 + step / 1000)"
            ) from None
        sizes = check_array("schedule", sizes, (n_steps,)).copy()
        if sizes.min() < 0:
            raise ValueError(f"schedule goes down to {sizes.min():g}: pass step sizes, 0 or more")
        if sizes.max() > 0:
            check_rates(self.weight_decay, sizes.max())
        return sizes


def check_optimizer(problem, rule, *, allow_unstable):
    """Return `rule` with its numbers checked, or raise a ValueError."""
    for name, known in (("optimizer", tuple(_RULES)), ("loss", ("squared", "logistic"))):
        if getattr(rule, name) not in known:
            *others, last = map(repr, known)
            raise ValueError(f"{name}={getattr(rule, name)!r}: pass {', '.join(others)} or {last}")
    if (rule.learning_rate is None) == (rule.schedule is None):
        given = "neither is given" if rule.schedule is None else "both are given"
        raise ValueError(f"learning_rate and schedule: {given}, pass one of them")
    momentum = check_number("momentum", rule.momentum, at_least=0, below=1)
    if momentum and rule.optimizer != "gradient descent":
        raise ValueError(
            f"momentum={momentum:g} with optimizer={rule.optimizer!r}, which has its own: leave "
            "momentum out"
        )
    if rule.loss == "logistic" and not np.isin(problem.targets, (-1, 1)).all():
        other = problem.targets[~np.isin(problem.targets, (-1, 1))][0]
        raise ValueError(
            f"loss='logistic' needs labels -1 and 1, problem.targets has {other:g}: pass "
            "dataclasses.replace(problem, targets=numpy.sign(problem.targets))"
        )
    rule = replace(rule, momentum=momentum, batch_size=_check_batches(problem, rule))
    return _check_rates(problem, rule, allow_unstable)


def _check_batches(problem, rule):
    """The size of a batch, None for all samples."""
    if rule.batch_size is None:
        return None
    size = check_count("batch_size", rule.batch_size)
    if size > problem.n_samples:
        raise ValueError(
            f"batch_size={size} is above the {problem.n_samples} samples: pass at most that"
        )
    if size == problem.n_samples:
        return None
    if rule.rng is None:
        raise ValueError(f"batch_size={size} needs rng: pass numpy.random.default_rng(seed)")
    check_rng(rule.rng)
    return size


def _check_rates(problem, rule, allow_unstable):
    has_a_limit = (
        rule.optimizer == "gradient descent" and rule.loss == "squared" and not rule.batch_size
    )
    if rule.learning_rate is None:
        weight_decay = check_number("weight_decay", rule.weight_decay, at_least=0)
        return replace(rule, weight_decay=weight_decay)  # the sizes are checked with the steps
    rates = rule.weight_decay, rule.learning_rate
    if has_a_limit and not rule.momentum:
        rates = check_gradient_descent(problem, *rates, allow_unstable=allow_unstable)
    weight_decay, learning_rate = check_rates(*rates)
    if has_a_limit and rule.momentum and not allow_unstable:
        limit = 2 * (1 + rule.momentum) / (weight_decay + problem.max_curvature)
        if learning_rate >= limit:
            raise ValueError(
                f"learning_rate={learning_rate:g} is at or beyond the stability limit "
                f"2(1 + momentum)/(weight_decay + s_max) = {limit:.4g}: pass a smaller one, or "
                "allow_unstable=True to watch train_ridge diverge"
            )
    return replace(rule, weight_decay=weight_decay, learning_rate=learning_rate)


class _Plan:
    """Step sizes and batches, drawn epoch by epoch, so that pieces do not show."""

    def __init__(self, rule, n_samples, begun, n_steps):
        self.rule, self.n_samples, self.done = rule, n_samples, 0
        self.sizes = None
        if rule.learning_rate is None:
            self.sizes = rule.step_sizes(begun, n_steps)
        self.order, self.batch = np.arange(n_samples), 0

    def next(self, n_steps):
        """Step sizes, and rows with the first and last of each step."""
        if self.sizes is None:
            sizes = np.full(n_steps, self.rule.learning_rate)
        else:
            sizes = self.sizes[self.done : self.done + n_steps]
        self.done += n_steps
        return sizes, *self._batches(n_steps)

    def _batches(self, n_steps):
        n, size, rng = self.n_samples, self.rule.batch_size, self.rule.rng
        if size is None:
            return self.order, np.zeros(n_steps, dtype=np.int64), np.full(n_steps, n)
        in_an_epoch = -(-n // size)
        if self.done == n_steps:
            self.order = rng.permutation(n)
        batches = self.batch + np.arange(n_steps)
        new_epochs = int(batches[-1]) // in_an_epoch
        order = np.concatenate([self.order, *(rng.permutation(n) for _ in range(new_epochs))])
        epoch, batch = np.divmod(batches, in_an_epoch)
        first = epoch * n + batch * size
        last = np.minimum(first + size, (epoch + 1) * n)
        self.order, self.batch = order[-n:], int(batch[-1]) + 1
        return order, first, last


def lay_out(problem, rule, form, begun, n_steps):
    """Two functions: one fills in the losses of the next steps, the other returns the weights.

    Fewer steps are done than asked for only if a loss stops being finite.
    """
    if rule.optimizer != "gradient descent" and (form == "dual" or _needs_dual(problem)):
        raise ValueError(
            f"optimizer={rule.optimizer!r} leaves the span of θ(0) and the rows of Φ, so it has no "
            "dual form, which form='dual' asks for and a Σ given as an operator needs: pass "
            "another optimizer, or a problem with an explicit Σ"
        )
    if form == "auto":
        in_the_span = rule.optimizer == "gradient descent"
        form = "dual" if in_the_span and _dual_is_cheaper(problem) else "primal"
    layout = _dual if form == "dual" else _primal
    return layout(problem, rule, _Plan(rule, problem.n_samples, begun, n_steps))


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


def _primal(problem, rule, plan):
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

    data = problem.features, problem.targets, problem.teacher, covariance, test_targets
    mean, mean_square = np.zeros_like(weights), np.zeros_like(weights)

    def advance(train_loss, test_loss):
        if rule.is_plain:
            rates = rule.weight_decay, rule.learning_rate
            return _kernels.ridge_primal(*data, *rates, weights, train_loss, test_loss)
        begun, steps = plan.done, plan.next(len(train_loss))
        settings = _RULES[rule.optimizer], rule.loss == "logistic", rule.weight_decay, rule.momentum
        state = weights, mean, mean_square
        return _kernels.optimizer_primal(
            *data, *settings, begun, *steps, *state, train_loss, test_loss
        )

    return advance, lambda: weights


def _dual(problem, rule, plan):
    features, start = problem.features, problem.initial_weights
    parts = (_row_parts if isinstance(problem, DataProblem) else _form_parts)(problem)
    test_gram, scale, start_moment, teacher_moment, constants = parts
    moments = start_moment, teacher_moment, constants
    data = scale, features @ start, problem.targets, *moments
    if rule.is_plain:
        shrink, coefficients = np.ones(1), np.zeros(problem.n_samples)
        state = shrink, coefficients, np.zeros(problem.n_samples)
        rates = rule.weight_decay, rule.learning_rate

        def advance(train_loss, test_loss):
            return _kernels.ridge_dual(
                problem.gram, test_gram, *data, *rates, *state, train_loss, test_loss
            )

        return advance, lambda: shrink[0] * start + features.T @ coefficients

    maps = np.hstack([problem.gram, test_gram.reshape(problem.n_samples, -1)])
    # The second rows hold velocities.
    shrink, coefficients = np.array([[1.0], [0.0]]), np.zeros((2, problem.n_samples))
    settings = rule.loss == "logistic", rule.weight_decay, rule.momentum
    state = shrink, coefficients, np.zeros((2, maps.shape[1]))

    def advance(train_loss, test_loss):
        steps = plan.next(len(train_loss))
        return _kernels.optimizer_dual(
            maps, *data, *settings, *steps, *state, train_loss, test_loss
        )

    return advance, lambda: shrink[0, 0] * start + features.T @ coefficients[0]


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

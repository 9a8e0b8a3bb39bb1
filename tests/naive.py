"""Slow and obvious twins of the kernels and searches, to compare them with."""

import numpy as np


def losses(problem, weights):
    """(1/2n) Σ_i (⟨θ, φ(x_i)⟩ − y_i)² and (θ − θ*)ᵀ Σ (θ − θ*), or the error on test rows."""
    residual = problem.features @ weights - problem.targets
    if not problem.teacher_is_known:
        test_residual = problem.test_features @ weights - problem.test_targets
        return np.sum(residual**2) / (2 * problem.n_samples), np.mean(test_residual**2)
    error = weights - problem.teacher
    sigma = problem.covariance
    image = sigma @ error if sigma.ndim == 2 else sigma * error
    return np.sum(residual**2) / (2 * problem.n_samples), np.sum(error * image)


def ridge_primal(problem, weight_decay, learning_rate, n_steps):
    """θ ← θ − η [ (1/n) Φᵀ(Φθ − y) + λθ ]. Returns train losses, test losses and θ."""
    weights = problem.initial_weights
    history = [losses(problem, weights)]
    for _ in range(n_steps):
        residual = problem.features @ weights - problem.targets
        gradient = problem.features.T @ residual / problem.n_samples + weight_decay * weights
        weights = weights - learning_rate * gradient
        history.append(losses(problem, weights))
    return *np.transpose(history), weights


def epochs(n_samples, batch_size, rng):
    """The rows of one batch after the other, each epoch in a new order."""
    while True:
        order = rng.permutation(n_samples)
        for first in range(0, n_samples, batch_size):
            yield order[first : first + batch_size]


def data_loss(problem, weights, loss):
    outputs, targets = problem.features @ weights, problem.targets
    if loss == "squared":
        return np.mean((outputs - targets) ** 2) / 2
    return np.mean(np.log(1 + np.exp(-targets * outputs)))


def optimizer(
    problem,
    weight_decay,
    step_sizes,
    *,
    optimizer="gradient descent",
    momentum=0.0,
    loss="squared",
    batch_size=None,
    rng=None,
):
    """SGD, Adam and AdamW as in the documentation of PyTorch."""
    n, m = problem.features.shape
    rows_of_a_step = epochs(n, batch_size, rng) if batch_size else iter(lambda: range(n), None)
    weights, velocity, mean, mean_square = problem.initial_weights, *np.zeros((3, m))
    history = [(data_loss(problem, weights, loss), losses(problem, weights)[1])]
    for step, (eta, rows) in enumerate(zip(step_sizes, rows_of_a_step), start=1):  # noqa: B905
        features, targets = problem.features[rows], problem.targets[rows]
        outputs = features @ weights
        slope = outputs - targets
        if loss == "logistic":
            slope = -targets / (1 + np.exp(targets * outputs))
        gradient = features.T @ slope / len(rows)
        if optimizer == "adamw":
            weights = weights - eta * weight_decay * weights
        else:
            gradient = gradient + weight_decay * weights
        if optimizer == "gradient descent":
            velocity = momentum * velocity + gradient
            weights = weights - eta * velocity
        else:
            mean = 0.9 * mean + 0.1 * gradient
            mean_square = 0.999 * mean_square + 0.001 * gradient**2
            root = np.sqrt(mean_square / (1 - 0.999**step))
            weights = weights - eta * mean / (1 - 0.9**step) / (root + 1e-8)
        history.append((data_loss(problem, weights, loss), losses(problem, weights)[1]))
    return *np.transpose(history), weights


class LongDescent:
    """Gradient descent in 80-bit arithmetic, where there is such a thing: θ ← Aθ + b."""

    def __init__(self, problem, weight_decay, learning_rate):
        long = np.longdouble
        self.features, self.targets = problem.features.astype(long), problem.targets.astype(long)
        self.start, self.teacher = (
            problem.initial_weights.astype(long),
            problem.teacher.astype(long),
        )
        self.covariance = problem.covariance.astype(long)
        n, m = self.features.shape
        curvature = self.features.T @ self.features / n
        identity = np.eye(m, dtype=long)
        self.map = identity - long(learning_rate) * (curvature + long(weight_decay) * identity)
        self.shift = long(learning_rate) / n * (self.features.T @ self.targets)

    def losses_of(self, weights):
        residual, error = self.features @ weights - self.targets, weights - self.teacher
        image = self.covariance @ error if self.covariance.ndim == 2 else self.covariance * error
        return residual @ residual / (2 * len(self.targets)), error @ image

    def losses(self, n_steps):
        """Train and test loss at steps 0 … n_steps, one step after the other."""
        weights, history = self.start, []
        for _ in range(n_steps + 1):
            history.append(self.losses_of(weights))
            weights = self.map @ weights + self.shift
        return np.array(history).T

    def losses_at(self, step):
        """Both losses at any one step, by squaring the map of a step."""
        weights, power, shift = self.start, self.map, self.shift
        while step:
            if step % 2:
                weights = power @ weights + shift
            power, shift, step = power @ power, power @ shift + shift, step // 2
        return self.losses_of(weights)


def ridge_dual(problem, weight_decay, learning_rate, n_steps):
    """The same in n numbers β: θ(t) = (1 − ηλ)^t θ(0) + Φᵀβ(t)."""
    start = problem.initial_weights
    keep = 1 - learning_rate * weight_decay
    coefficients = np.zeros(problem.n_samples)
    history = [losses(problem, start)]
    for step in range(n_steps):
        weights = keep**step * start + problem.features.T @ coefficients
        residual = problem.features @ weights - problem.targets
        coefficients = keep * coefficients - learning_rate / problem.n_samples * residual
        weights = keep ** (step + 1) * start + problem.features.T @ coefficients
        history.append(losses(problem, weights))
    return *np.transpose(history), weights


def first_at_most(values, level):
    """The first index with values ≤ level, or None."""
    return next((i for i, value in enumerate(values) if value <= level), None)


def last_at_least(values, level):
    """The last index with values ≥ level, or None."""
    return next((i for i in reversed(range(len(values))) if values[i] >= level), None)

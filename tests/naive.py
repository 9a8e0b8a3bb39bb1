"""Slow and obvious twins of the kernels and searches, to compare them with."""

import numpy as np


def losses(problem, weights):
    """(1/2n) Σ_i (⟨θ, φ(x_i)⟩ − y_i)² and (θ − θ*)ᵀ Σ (θ − θ*)."""
    residual = problem.features @ weights - problem.targets
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

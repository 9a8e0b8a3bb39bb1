"""The theorems of Xu, Vardi and Safran (2026), with the constants of their proofs.

Each function is named after the statement it computes and says which conditions that statement
needs; `conditions` checks all of them on a given problem. A bound computed where its conditions
fail is only a number: nothing is promised.

Numbering follows arXiv 2601.19791, version 4.
"""

import math
from dataclasses import dataclass

import numpy as np

from grokedu.checks import check_number, check_probability, check_steps, check_thresholds
from grokedu.ridge import check_gradient_descent


@dataclass(frozen=True)
class GrokkingBounds:
    """t1 ≤ `overfit_step_at_most` and t2 ≥ `generalize_step_at_least`, both real numbers."""

    overfit_step_at_most: float
    generalize_step_at_least: float

    @property
    def delay_at_least(self):
        """The grokking time t2 − t1 is at least this; it says nothing if negative."""
        return self.generalize_step_at_least - self.overfit_step_at_most


@dataclass(frozen=True)
class ZeroTeacherBounds:
    """Theorem 4.1 at each step: the three curves and the probability that (ii) may fail."""

    train_loss_at_most: np.ndarray
    test_loss_at_least: np.ndarray
    squared_norm_at_most: np.ndarray
    failure_probability: float


@dataclass(frozen=True)
class RidgeSolutionBounds:
    """Theorem 4.6 about the ridge solution θ*_λ, to which gradient descent converges."""

    samples_needed: float
    excess_test_loss_at_most: float
    train_loss_at_most: float
    norm_at_most: float


def theorem_4_1(problem, *, weight_decay, learning_rate, steps):
    """Theorem 4.1, grokking with the zero teacher, for every step t.

    (i)   L_n(θ(t)) ≤ (L/2) (1 − ηλ⁺min/n − ηλ)^{2t} ‖θ(0)‖²;
    (ii)  L(θ(t)) ≥ λmin(Σ) (1 − ηλ)^{2t} (m − n) ν²/2, with probability ≥ 1 − 2e^{−(m−n)/32};
    (iii) ‖θ(t)‖² ≤ (1 − ηλ)^{2t} ‖θ(0)‖².

    Conditions: θ* = 0 and η ≤ 2/(L + 2λ).

    Returns
    -------
    ZeroTeacherBounds
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    steps = check_steps(steps)
    start = float(problem.initial_weights @ problem.initial_weights)
    unseen = problem.n_features - problem.n_samples
    slowest = 0.0
    if problem.spectrum.eigenvalues.size:
        slowest = abs(1 - eta * (_smallest_curvature(problem) + lam))
    decay = np.exp(2 * steps * math.log1p(-eta * lam))
    return ZeroTeacherBounds(
        train_loss_at_most=problem.mean_squared_feature_norm / 2 * slowest ** (2 * steps) * start,
        test_loss_at_least=problem.smallest_population_eigenvalue
        * decay
        * max(unseen, 0)
        * _init_variance(problem)
        / 2,
        squared_norm_at_most=decay * start,
        failure_probability=min(1.0, 2 * math.exp(-max(unseen, 0) / 32)),
    )


def theorem_4_4(problem, *, weight_decay, learning_rate, train_threshold=0.01):
    """Theorem 4.4, stage I: from this step on the training loss is at most ε.

    t ≥ ½ log_{1 − ηλ⁺min/n − ηλ}( ε / (6L‖θ(0)‖²) ).

    Conditions: η < 1/(λ + λmax(ΦᵀΦ)/n), λ ≤ min{2ε/(3‖θ*‖²), √(Lε)/(√6‖θ*‖)},
    ‖θ*‖ ≤ ‖θ(0)‖, and labels without noise.

    Returns
    -------
    float
        A real number of steps; 0 if the bound is met from the start, infinite where a large η
        leaves the logarithm without a base.
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    epsilon, _ = check_thresholds(train_threshold, 1.0)
    start = float(problem.initial_weights @ problem.initial_weights)
    level = 6 * problem.mean_squared_feature_norm * start / epsilon
    if level <= 1:
        return 0.0
    drop = eta * (_smallest_curvature(problem) + lam)
    return math.log(level) / (-2 * math.log1p(-drop)) if drop < 1 else math.inf


def theorem_4_5(problem, *, weight_decay, learning_rate, test_threshold=0.01):
    """Theorem 4.5, stage II: up to this step the test loss is at least c.

    t ≤ log_{1 − ηλ}( √(2/((m − n)ν²)) · (√(c/λmin(Σ)) + ‖θ*‖) ), with probability ≥ 1 − δ.

    Conditions: η < 1/λ and m ≥ n + max{32 ln(2/δ), 8‖θ*‖²/ν², 8c/(λmin(Σ)ν²)}.

    Returns
    -------
    float
        A real number of steps. Negative or −inf where it says nothing (n ≥ m, a singular Σ, or a
        small ν²); infinite for λ = 0, which never forgets.
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    _, c = check_thresholds(1.0, test_threshold)
    return _over(_log_stage_two(problem, c) / 2, -math.log1p(-eta * lam))


def theorem_4_6(problem, *, weight_decay, tolerance=0.01, failure_probability=0.05):
    """Theorem 4.6, stage III: what gradient descent converges to generalizes.

    With probability ≥ 1 − δ: L(θ*_λ) ≤ 2 L_n(θ*_λ) + ε. For certain: ‖θ*_λ‖ ≤ ‖θ*‖ and
    L_n(θ*_λ) ≤ λ‖θ*‖²/2. The 2 undoes the ½ in L_n.

    Conditions: ‖φ(x)‖ ≤ b, labels without noise, η ≤ 1/(λ + b²), and
    n ≥ max{4C²b⁴‖θ*‖⁴/ε², 2048 b⁴‖θ*‖⁴/ε² · ln(4/δ)}. The paper does not specify the universal
    constant C, so only the second term is computed.

    Parameters
    ----------
    tolerance : float
        ε of the theorem, in units of the test loss.

    Returns
    -------
    RidgeSolutionBounds
    """
    epsilon = check_number("tolerance", tolerance, above=0, remedy="pass a number above 0")
    delta = check_probability("failure_probability", failure_probability)
    remedy = "pass a number, 0 or more"
    weight_decay = check_number("weight_decay", weight_decay, at_least=0, remedy=remedy)
    norm = float(np.linalg.norm(problem.teacher))
    b = problem.feature_norm_bound
    return RidgeSolutionBounds(
        samples_needed=2048 * (b * norm) ** 4 / epsilon**2 * math.log(4 / delta),
        excess_test_loss_at_most=epsilon,
        train_loss_at_most=weight_decay * norm**2 / 2,
        norm_at_most=norm,
    )


def grokking_bounds(
    problem, *, weight_decay, learning_rate, train_threshold=0.01, test_threshold=0.01
):
    """Theorem 4.2, end to end: the bounds on t1 and t2 for any admissible data.

    Eq. (6): t1 ≤ n ln(6b²‖θ(0)‖²/ε) / (2ηλ⁺min);
    Eq. (7): t2 ≥ ln( ((m−n)ν²/2) · (√(c/λmin(Σ)) + ‖θ*‖)^{−2} ) / (4ηλ).

    Conditions: those of 4.4, 4.5 and 4.6, with η < 1/(λ + b²), and ηλ ≤ ½; see `conditions`. The
    last one is ours: the step from 4.5 to Eq. (7) uses −ln(1 − ηλ) ≤ 2ηλ, which holds for
    ηλ ≤ 0.79 and which the paper's conditions leave open when λ > 3.9b².

    Returns
    -------
    GrokkingBounds
        `generalize_step_at_least` is negative or −inf where Eq. (7) says nothing.
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    epsilon, c = check_thresholds(train_threshold, test_threshold)
    start = float(problem.initial_weights @ problem.initial_weights)
    level = 6 * problem.feature_norm_bound**2 * start / epsilon
    return GrokkingBounds(
        max(_log(level), 0.0) / (2 * eta * _smallest_curvature(problem)),
        _over(_log_stage_two(problem, c), 4 * eta * lam),
    )


def gaussian_bounds(
    problem, *, weight_decay, learning_rate, train_threshold=0.01, test_threshold=0.01
):
    """Eq. (8), the bounds for isotropic Gaussian features φ ~ N(0, I/m).

    t1 ≤ n ln(14mν²/ε) / (2ηλ⁺min),   t2 ≥ ln( (m−n)ν²/(8mε) ) / (2.02 ηλ).

    The paper states it for c = ε. In its derivation from Theorem 4.5 the threshold that appears
    is c, which is what is used here.

    Conditions: Σ = I/m, ηλ ≤ 0.01, mc ≥ ‖θ*‖², and those of 4.4 and 4.5. The condition
    mc ≥ ‖θ*‖² says that the zero predictor already has test loss ≤ c.

    Returns
    -------
    GrokkingBounds

    Raises
    ------
    ValueError
        If the covariance of `problem` is not the identity over m.
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    epsilon, c = check_thresholds(train_threshold, test_threshold)
    n, m, variance = problem.n_samples, problem.n_features, _init_variance(problem)
    if problem.covariance.ndim or not math.isclose(float(problem.covariance), 1 / m):
        raise ValueError("problem.covariance is not I/m: use grokking_bounds for other features")
    return GrokkingBounds(
        max(_log(14 * m * variance / epsilon), 0.0) / (2 * eta * _smallest_curvature(problem)),
        _over(_log((m - n) * variance / (8 * m * c)), 2.02 * eta * lam),
    )


def conditions(
    problem,
    *,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
    failure_probability=0.05,
):
    """Every assumption of Theorems 4.1, 4.2, 4.4–4.6 and Eq. (8), checked on `problem`.

    Returns
    -------
    pandas.DataFrame
        Columns `statement`, `assumption` (an inequality), `required` (its right-hand side),
        `actual` (its left-hand side) and `holds`. Theorem 4.2 needs the rows of 4.4, 4.5 and 4.6
        as well as its own.
    """
    import pandas as pd

    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate, allow_unstable=True)
    epsilon, c = check_thresholds(train_threshold, test_threshold)
    delta = check_probability("failure_probability", failure_probability)
    n, m, variance = problem.n_samples, problem.n_features, _init_variance(problem)
    norm = float(np.linalg.norm(problem.teacher))
    b = problem.feature_norm_bound
    mean_norm = problem.mean_squared_feature_norm
    noise = float(np.abs(problem.targets - problem.features @ problem.teacher).max())
    # A bound that was given has been checked, up to rounding, when the problem was built.
    largest_norm = min(b, float(np.sqrt(np.sum(problem.features**2, axis=1).max())))
    smallest = problem.smallest_population_eigenvalue
    samples = theorem_4_6(
        problem, weight_decay=lam, tolerance=epsilon, failure_probability=delta
    ).samples_needed
    isotropic = problem.covariance.ndim == 0 and math.isclose(float(problem.covariance), 1 / m)

    rows = [
        ("4.1", "‖θ*‖ ≤ 0", 0.0, norm),
        ("4.1", "η ≤ 2/(L + 2λ)", _ratio(2, mean_norm + 2 * lam), eta),
        ("4.4", "η < 1/(λ + λmax/n)", _ratio(1, lam + problem.max_curvature), eta),
        ("4.4", "λ ≤ 2ε/(3‖θ*‖²)", _ratio(2 * epsilon, 3 * norm**2), lam),
        ("4.4", "λ ≤ √(Lε)/(√6 ‖θ*‖)", _ratio(math.sqrt(mean_norm * epsilon / 6), norm), lam),
        ("4.4", "‖θ*‖ ≤ ‖θ(0)‖", float(np.linalg.norm(problem.initial_weights)), norm),
        ("4.4", "label noise ≤ 0", 0.0, noise),
        ("4.5", "η < 1/λ", _ratio(1, lam), eta),
        ("4.5", "m ≥ n + 32 ln(2/δ)", n + 32 * math.log(2 / delta), m),
        ("4.5", "m ≥ n + 8‖θ*‖²/ν²", n + _ratio(8 * norm**2, variance), m),
        ("4.5", "m ≥ n + 8c/(λmin(Σ) ν²)", n + _ratio(8 * c, smallest * variance), m),
        (
            "4.6",
            "‖φ(x)‖ ≤ b for every x",
            b,
            largest_norm if problem.norm_bound_is_sure else math.inf,
        ),
        ("4.6", "n ≥ 2048 b⁴‖θ*‖⁴/ε² · ln(4/δ)", samples, n),
        ("4.6", "η ≤ 1/(λ + b²)", _ratio(1, lam + b**2), eta),
        ("4.2", "η < 1/(λ + b²)", _ratio(1, lam + b**2), eta),
        ("4.2", "ηλ ≤ 1/2", 0.5, eta * lam),
        ("4.2", "misfit of the teacher E R² ≤ 0", 0.0, problem.misfit_power),
        ("Eq. (8)", "relative difference of Σ and I/m ≤ 0", 0.0, 0.0 if isotropic else math.inf),
        ("Eq. (8)", "ηλ ≤ 0.01", 0.01, eta * lam),
        ("Eq. (8)", "mc ≥ ‖θ*‖²", norm**2, m * c),
    ]
    table = pd.DataFrame(rows, columns=["statement", "assumption", "required", "actual"])
    table["holds"] = [_holds(*row[1:]) for row in rows]
    return table


def _holds(assumption, required, actual):
    if "≥" in assumption:
        return actual >= required
    return actual < required if "<" in assumption else actual <= required


def _smallest_curvature(problem):
    """λ⁺min(ΦᵀΦ) / n; infinite if the data see nothing."""
    eigenvalues = problem.spectrum.eigenvalues
    return float(eigenvalues[0] / problem.n_samples) if eigenvalues.size else math.inf


def _init_variance(problem):
    if problem.init_variance is None:
        raise ValueError(
            "problem.init_variance is None, but the theorem is about weights drawn from "
            "N(0, ν² I): pass init_variance to realizable_problem"
        )
    return problem.init_variance


def _log_stage_two(problem, c):
    """ln( ((m−n)ν²/2) · (√(c/λmin(Σ)) + ‖θ*‖)^{−2} ), −inf where the argument is not positive."""
    unseen = problem.n_features - problem.n_samples
    smallest = problem.smallest_population_eigenvalue
    variance = _init_variance(problem)
    if unseen <= 0 or smallest <= 0 or variance <= 0:
        return -math.inf
    level = math.sqrt(c / smallest) + float(np.linalg.norm(problem.teacher))
    return math.log(unseen * variance / 2) - 2 * math.log(level)


def _log(value):
    return math.log(value) if value > 0 else -math.inf


def _ratio(above, below):
    return above / below if below > 0 else math.inf


def _over(numerator, denominator):
    """numerator / denominator, where no weight decay (0) makes the time infinite, not an error."""
    if denominator == 0:
        return math.copysign(math.inf, numerator)
    return numerator / denominator

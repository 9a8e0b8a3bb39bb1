"""The theorems of Xu, Vardi and Safran (2026), with the constants of their proofs.

Each function is named after the statement it computes and says which conditions that statement
needs; `conditions` checks all of them on a given problem. A bound computed where its conditions
fail is only a number: nothing is promised. A lower bound on t2 that would be negative says nothing
and is −inf. Where no teacher is known, as with `data_problem`, whatever depends on one is NaN.

F = ‖Φ‖_F²/n is what the paper calls L, λ⁺min the least positive eigenvalue of ΦᵀΦ, λmin(Σ) the
least one of Σ. Numbering follows arXiv 2601.19791, version 4.
"""

import math
from dataclasses import dataclass

import numpy as np

from grokedu.checks import (
    check_array,
    check_number,
    check_rates,
    check_steps,
    check_thresholds,
)
from grokedu.exact import ridge_solution
from grokedu.networks import check_network
from grokedu.ridge import check_gradient_descent, check_ridge, covariance_times


@dataclass(frozen=True)
class GrokkingBounds:
    """t1 ≤ `overfit_step_at_most` and t2 ≥ `generalize_step_at_least`, both real numbers.

    Each is infinite where it says nothing: t1 ≤ ∞, t2 ≥ −∞. (t2 ≥ ∞ says that t2 does not exist.)
    """

    overfit_step_at_most: float
    generalize_step_at_least: float

    @property
    def delay_at_least(self):
        """The grokking time t2 − t1 is at least this; no delay is promised if it is negative."""
        if math.isinf(self.overfit_step_at_most):
            return -math.inf
        return self.generalize_step_at_least - self.overfit_step_at_most


@dataclass(frozen=True)
class ZeroTeacherBounds:
    """Theorem 4.1 at k steps: three curves, (k,), and the probability that (ii) may fail."""

    train_loss_at_most: np.ndarray
    test_loss_at_least: np.ndarray
    squared_norm_at_most: np.ndarray
    failure_probability: float


@dataclass(frozen=True)
class FinalLossBound:
    """The end of Theorem 4.2: with n ≥ `samples_needed`, L(θ(t)) tends to `test_loss_at_most` or
    less, which for λ ≤ `weight_decay_at_most` is at most 11ε/12.
    """

    samples_needed: float
    weight_decay_at_most: float
    test_loss_at_most: float


@dataclass(frozen=True)
class RidgeSolutionBounds:
    """Theorem 4.6 about the ridge solution θ*_λ, to which gradient descent converges."""

    samples_needed: float
    excess_test_loss_at_most: float
    train_loss_at_most: float
    norm_at_most: float


@dataclass(frozen=True)
class HomogeneousNetworkBounds:
    """Bounds for a network with the zero teacher, at finite width and for the run itself.

    ‖W_j(t)‖_F ≤ (1 − ηλ)^t ‖W_j(0)‖_F for every layer, and t2 ≤ `generalize_step_at_most`, a real
    number, where all rows of `conditions` hold. `start_norms` are the ‖W_j(0)‖_F;
    L(θ) ≤ `output_power` · Π_j ‖W_j‖_F² for any weights.
    """

    generalize_step_at_most: float
    start_norms: tuple
    output_power: float
    conditions: object


def theorem_4_1(problem, *, weight_decay, learning_rate, steps):
    """Theorem 4.1, grokking with the zero teacher, for every step t.

    (i)   L_n(θ(t)) ≤ (F/2) (1 − ηλ⁺min/n − ηλ)^{2t} ‖θ(0)‖²;
    (ii)  L(θ(t)) ≥ λmin(Σ) (1 − ηλ)^{2t} (m − n) ν²/2, with probability ≥ 1 − 2e^{−(m−n)/32};
    (iii) ‖θ(t)‖² ≤ (1 − ηλ)^{2t} ‖θ(0)‖².

    F = ‖Φ‖_F²/n, which the paper calls L. Conditions: N* = 0, labels without noise, and
    η ≤ 2/(F + 2λ).

    Returns
    -------
    ZeroTeacherBounds
        Bound (ii) says nothing, and is 0, for n ≥ m and where ν² or λmin(Σ) is not known.
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    steps = check_steps(steps)
    start = float(problem.initial_weights @ problem.initial_weights)
    unseen = max(problem.n_features - problem.n_samples, 0)
    known = _known(problem)
    spread = known["λmin(Σ)"] * known["ν²"] * unseen / 2
    says_nothing = not spread > 0  # also where a factor is not known, NaN
    slowest = 0.0
    if problem.modes.eigenvalues.size:
        slowest = abs(1 - eta * (_smallest_curvature(problem) + lam))
    with np.errstate(under="ignore"):
        decay = np.exp(2.0 * steps * math.log1p(-eta * lam))
        fitted = slowest ** (2.0 * steps)
        return ZeroTeacherBounds(
            train_loss_at_most=problem.mean_squared_feature_norm / 2 * fitted * start,
            test_loss_at_least=(0.0 if says_nothing else spread) * decay,
            squared_norm_at_most=decay * start,
            failure_probability=1.0 if says_nothing else min(1.0, 2 * math.exp(-unseen / 32)),
        )


def theorem_4_4(problem, *, weight_decay, learning_rate, train_threshold=0.01):
    """Theorem 4.4, stage I: from this step on the training loss is at most ε.

    t ≥ ½ log_{1 − ηλ⁺min/n − ηλ}( ε / (6F‖θ(0)‖²) ),   F = ‖Φ‖_F²/n, which the paper calls L.

    Conditions: η < 1/(λ + λmax(ΦᵀΦ)/n), λ ≤ min{2ε/(3‖θ*‖²), √(Fε)/(√6‖θ*‖)},
    ‖θ*‖ ≤ ‖θ(0)‖, and y = Φθ*: labels without noise from a teacher that is linear on the samples.

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

    Conditions: η < 1/λ, m ≥ n + max{32 ln(2/δ), 8‖θ*‖²/ν², 8c/(λmin(Σ)ν²)}, and E φR = 0. The
    last one is ours: noise in the labels and a misfit R that no feature explains can only add to
    the loss, but if θ* is not the best linear teacher, ‖θ*‖ is not the norm that counts. δ enters
    the condition on m alone, which ``conditions(…, failure_probability=δ)`` checks.

    Returns
    -------
    float
        A real number of steps; −inf where it says nothing (n ≥ m, a singular Σ, or a small ν²);
        infinite for λ = 0, which never forgets.
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    _, c = check_thresholds(1.0, test_threshold)
    return _at_least(_log_stage_two(problem, c) / 2, -math.log1p(-eta * lam))


def forgetting_time(
    problem, *, weight_decay, learning_rate, momentum=0.0, test_threshold=0.01, seen_weights=None
):
    """Stage II for any loss of the outputs, any labels, batches and step sizes.

    Data gradients lie in the row space of Φ, whatever the loss is. So with weight decay in the
    gradient the unseen part of the weights is θ⊥(t) = p_t θ⊥(0) with p_t = Π_{s<t} (1 − η_s λ),
    and with momentum β, p_{t+1} = p_t − η_t u_{t+1}, where u_{t+1} = β u_t + λ p_t and u_0 = 0.
    For a constant η this is a sum of powers of the roots of z² − (1 + β − ηλ) z + β, the larger of
    which is about 1 − ηλ/(1 − β).

    Once the seen part rests at w, the test loss is p_t² A + 2 p_t B + C with A = θ⊥(0)ᵀΣθ⊥(0), in
    the mean over the start ν² tr(PΣ), and C the test loss of w. What is returned is the first step
    at which this is at most c: it is t2 if the seen part is at rest by then.

    Parameters
    ----------
    learning_rate : float or (k,) array
        η, or the step sizes η_s of the first k steps.
    momentum : float
        β ∈ [0, 1).
    seen_weights : (m,) array, optional
        Weights whose part in the row space is w. The ridge solution without them, which is where
        the squared loss leads; other losses lead elsewhere, and some never come to rest.

    Returns
    -------
    int or math.inf
        Infinite where no step does it, or none of the k.
    """
    check_ridge(problem)
    _, c = check_thresholds(1.0, test_threshold)
    beta = check_number("momentum", momentum, at_least=0, below=1)
    if np.ndim(learning_rate) == 0:
        lam, eta = check_rates(weight_decay, learning_rate)
        sizes = None
    else:
        sizes = check_array("learning_rate", learning_rate, np.shape(learning_rate)[:1])
        if sizes.size == 0 or sizes.min() < 0:
            raise ValueError("learning_rate has no or negative step sizes: pass some, 0 or more")
        lam, _ = check_rates(weight_decay, sizes.max() or 1e-300)
    modes = problem.modes
    if seen_weights is None:
        seen_weights = ridge_solution(problem, weight_decay=lam)
    weights = check_array("seen_weights", seen_weights, (problem.n_features,))
    at_rest = modes.right @ (modes.right.T @ weights)
    unseen = modes.unseen_start * modes.basis[:, -2]
    image = covariance_times(problem.covariance, unseen)
    moment = (at_rest - problem.teacher) @ image
    if problem.misfit_moment is not None:
        moment -= problem.misfit_moment @ unseen
    power, floor = unseen @ image, problem.test_loss(at_rest)

    def reached(share):
        return share * (share * power + 2 * moment) + floor <= c

    if reached(1.0):
        return 0
    if sizes is None and _unseen_part_oscillates(lam * eta, beta):
        # By then all that is left of it is rounding.
        sizes = np.full(math.ceil(80 / -math.log(beta)), eta)
    if sizes is not None:
        found = np.flatnonzero(reached(_unseen_shares(lam * sizes, beta)))
        return int(found[0]) if found.size else math.inf
    inside = moment**2 - power * (floor - c)
    if lam == 0 or inside < 0 or math.sqrt(inside) <= moment:
        return math.inf
    largest = (math.sqrt(inside) - moment) / power
    share = _unseen_share(lam * eta, beta)
    last, first = 0, 1
    while share(first) > largest:
        last, first = first, 2 * first
    while first - last > 1:
        middle = (last + first) // 2
        last, first = (middle, first) if share(middle) > largest else (last, middle)
    return first if reached(share(first)) else math.inf


def _unseen_part_oscillates(h, beta):
    """Whether the roots of z² − (1 + β − h) z + β are no two real numbers, for h = ηλ."""
    return (1 - beta) ** 2 - 2 * h * (1 + beta) + h**2 <= 0


def _unseen_share(h, beta):
    """p_t as a function of t, for a constant h = ηλ and different real roots."""
    root = math.sqrt((1 - beta) ** 2 - 2 * h * (1 + beta) + h**2)
    drop = 2 * h / (1 - beta + h + root)  # 1 − z₁, without its digits lost
    small = beta / (1 - drop)
    weight = (1 - h - small) / root

    def share(step):
        return weight * math.exp(step * math.log1p(-drop)) + (1 - weight) * small**step

    return share


def _unseen_shares(drops, beta):
    """p_0 … p_k for the k values of η_s λ."""
    if beta == 0:
        return np.cumprod(np.concatenate([[1.0], 1 - drops]))
    shares, move = [1.0], 0.0  # in units of the velocity u times λ, so that η_s λ multiplies it
    for drop in drops.tolist():
        move = beta * move + shares[-1]
        shares.append(shares[-1] - drop * move)
    return np.array(shares)


def homogeneous_network_bounds(problem, *, weight_decay, learning_rate, test_threshold=0.01):
    """A bound on t2 for ReLU networks with the zero teacher, which assumes no fit.

    N is linear in each of its k layers where it has a gradient, so ⟨∂L_n/∂W_j, W_j⟩ = 2L_n (Euler),
    also for a vector of outputs, and a step multiplies ‖W_j‖_F² by (1 − ηλ)² or less as long as
    η ‖∂L_n/∂W_j‖_F² ≤ 4(1 − ηλ) L_n. For that, by Cauchy–Schwarz,
    η · mean_i ‖∂N(x_i)/∂W_j‖² ≤ 2(1 − ηλ) is enough, and since
    ‖∂N(x)/∂W_j‖ ≤ ‖x‖ Π_{l≠j} ‖W_l‖_F, which only shrinks from then on,

        η · mean_i ‖x_i‖² · Π_{l≠j} ‖W_l(0)‖_F² ≤ 2(1 − ηλ)   for all layers j

    serves for all steps. Then L(θ(t)) ≤ P (1 − ηλ)^{2kt} Π_j ‖W_j(0)‖_F², where P = 1/2 for the
    population N(0, I), and λmax of (1/p) Σ x xᵀ where `test_inputs` measure the loss; so
    t2 ≤ ln(P Π_j ‖W_j(0)‖_F² / c) / (−2k ln(1 − ηλ)).

    With one layer the condition is that of Theorem 4.1.

    Parameters
    ----------
    problem : NetworkProblem
        Its targets must be zero.

    Returns
    -------
    HomogeneousNetworkBounds
        `conditions` has a row a layer, with the columns of `conditions`. They are sufficient, not
        necessary: `network_step_ratios` tells whether a given step shrinks the weights. The bound
        is infinite without weight decay, and 0 where it is met from the start.
    """
    import pandas as pd

    lam, eta = check_rates(weight_decay, learning_rate)
    _, c = check_thresholds(1.0, test_threshold)
    _check_zero_teacher(problem)
    layers = (*problem.hidden_weights, problem.output_weights)
    norms = tuple(_norm(layer) for layer in layers)
    power, keep = float(np.mean(np.sum(problem.inputs**2, axis=1))), 1 - eta * lam
    rows = []
    for j in range(len(layers)):
        others = math.prod(norms[:j] + norms[j + 1 :]) ** 2
        rows.append((f"η · mean ‖x‖² · Π_(l≠{j + 1}) ‖W_l(0)‖² ≤ 2(1 − ηλ)", eta * power * others))
    table = pd.DataFrame(rows, columns=["assumption", "is"])
    table.insert(0, "statement", "networks")
    table["limit"] = 2 * keep
    table["holds"] = table["is"] <= table["limit"]
    table["unknown"] = ""
    output_power = _output_power(problem)
    logarithm = _log(output_power) + 2 * sum(map(_log, norms)) - math.log(c)
    rate = -2 * len(layers) * math.log1p(-eta * lam)
    return HomogeneousNetworkBounds(
        generalize_step_at_most=_ratio(logarithm, rate) if logarithm > 0 else 0.0,
        start_norms=norms,
        output_power=output_power,
        conditions=table,
    )


def network_step_ratios(problem, hidden_weights, output_weights, *, weight_decay, learning_rate):
    """η ‖∂L_n/∂W_j‖² / (4(1 − ηλ) L_n) for each layer j, at any weights of a homogeneous network.

    Up to 1 the next step shrinks ‖W_j‖_F by 1 − ηλ or more, and above 1 by less: it is the
    condition of `homogeneous_network_bounds` for one step, necessary and sufficient.

    Parameters
    ----------
    problem : NetworkProblem
        Its targets must be zero.
    hidden_weights : tuple of matrices
        Of the shapes of `problem.hidden_weights`, such as ``run.weights[:-1]``.
    output_weights : (m,) or (m, o) array
        Such as ``run.weights[-1]``.
    weight_decay : float
        λ.
    learning_rate : float
        η.

    Returns
    -------
    (k,) array
        Zeros where the training loss is 0.

    Raises
    ------
    ValueError
        For weights of other shapes than those of `problem`, and for labels that are not zero.
    """
    lam, eta = check_rates(weight_decay, learning_rate)
    _check_zero_teacher(problem)
    loss = problem.train_loss(hidden_weights, output_weights)
    if loss == 0:
        return np.zeros(problem.n_layers)
    gradients = problem.gradients(hidden_weights, output_weights)
    return np.array([eta * _norm(g) ** 2 / (4 * (1 - eta * lam) * loss) for g in gradients])


def _check_zero_teacher(problem):
    check_network(problem)
    if not problem.teacher_is_zero:
        raise ValueError(
            "problem.targets are not zero, and the theorem is about the zero teacher: leave "
            "targets out"
        )


def _output_power(problem):
    """E N(x)² is at most this times the product of all squared Frobenius norms."""
    if problem.test_inputs is None:
        return 0.5
    return float(np.linalg.norm(problem.test_inputs, 2) ** 2 / len(problem.test_inputs))


def theorem_4_6(problem, *, weight_decay, tolerance=0.01, failure_probability=0.05):
    """Theorem 4.6, stage III: what gradient descent converges to generalizes.

    With probability ≥ 1 − δ: L(θ*_λ) ≤ 2 L_n(θ*_λ) + ξ. For certain: ‖θ*_λ‖ ≤ ‖θ*‖ and
    L_n(θ*_λ) ≤ λ‖θ*‖²/2. The 2 undoes the ½ in L_n.

    Conditions: ‖φ(x)‖ ≤ b, a linear teacher, labels without noise, η ≤ 1/(λ + b²), and
    n ≥ max{4C²b⁴‖θ*‖⁴/ξ², 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ)}. The paper does not specify the universal
    constant C, so only the second term is computed.

    Parameters
    ----------
    tolerance : float
        ξ, which the paper calls ε, in units of the test loss.

    Returns
    -------
    RidgeSolutionBounds
    """
    epsilon = check_number("tolerance", tolerance, above=0)
    delta = check_number("failure_probability", failure_probability, above=0, below=1)
    weight_decay = check_number("weight_decay", weight_decay, at_least=0)
    norm = _teacher_norm(problem)
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

    The third claim, L(θ(t)) ≤ ε for all sufficiently large t, is `final_loss_bound`.

    Conditions: those of 4.4, 4.5 and 4.6, with c ≥ ε, η < 1/(λ + b²), and ηλ ≤ ½; see
    `conditions`. The last one is ours: the step from 4.5 to Eq. (7) uses −ln(1 − ηλ) ≤ 2ηλ, which
    holds for ηλ ≤ 0.79 and which the paper's conditions leave open when λ > 3.9b².

    Returns
    -------
    GrokkingBounds
    """
    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate)
    epsilon, c = check_thresholds(train_threshold, test_threshold)
    start = float(problem.initial_weights @ problem.initial_weights)
    level = 6 * problem.feature_norm_bound**2 * start / epsilon
    return GrokkingBounds(
        max(_log(level), 0.0) / (2 * eta * _smallest_curvature(problem)),
        _at_least(_log_stage_two(problem, c), 4 * eta * lam),
    )


def final_loss_bound(problem, *, weight_decay, train_threshold=0.01, failure_probability=0.05):
    """Theorem 4.2, its end with constants: L(θ(t)) ≤ ε for all large t, so t2 exists for c ≥ ε.

    The paper applies 4.6 at a fraction of ε and asks for λ = O(min{ε/‖θ*‖², b√ε/‖θ*‖}), without
    the constants. With probability ≥ 1 − δ/2, which leaves δ/2 to stage II,
    n ≥ 16 (2 + ln(2/δ)) b⁴‖θ*‖⁴/ε² samples give L(θ*_λ) ≤ 2L_n(θ*_λ) + ε/4, by the proof of 4.6
    with its constants kept (2048 ln(4/δ) instead of 16 (2 + ln(2/δ)) is more than enough). Then
    λ ≤ 2ε/(3‖θ*‖²), which 4.4 asks for anyway, and L_n(θ*_λ) ≤ λ‖θ*‖²/2 make the limit at most
    λ‖θ*‖² + ε/4 ≤ (2/3 + 1/4) ε < ε.

    Conditions: those of 4.6, with the number of samples needed here.

    Returns
    -------
    FinalLossBound
    """
    weight_decay = check_number("weight_decay", weight_decay, at_least=0)
    epsilon, _ = check_thresholds(train_threshold, 1.0)
    delta = check_number("failure_probability", failure_probability, above=0, below=1)
    norm = _teacher_norm(problem)
    worst = (problem.feature_norm_bound * norm) ** 2
    return FinalLossBound(
        samples_needed=16 * (2 + math.log(2 / delta)) * (worst / epsilon) ** 2,
        weight_decay_at_most=_ratio(2 * epsilon, 3 * norm**2),
        test_loss_at_most=weight_decay * norm**2 + epsilon / 4,
    )


def gaussian_bounds(
    problem, *, weight_decay, learning_rate, train_threshold=0.01, test_threshold=0.01
):
    """Eq. (8), the bounds for isotropic Gaussian features φ ~ N(0, I/m).

    t1 ≤ n ln(14mν²/ε) / (2ηλ⁺min),   t2 ≥ ln( (m−n)ν²/(8mε) ) / (2.02 ηλ).

    The paper states it for c = ε. In its derivation from Theorem 4.5 the threshold that appears
    is c, which is what is used here.

    Conditions: Σ = I/m, ηλ ≤ 0.01, mc ≥ ‖θ*‖², a linear teacher, and those of 4.4 and 4.5. The
    condition mc ≥ ‖θ*‖² says that the zero predictor already has test loss ≤ c.

    Parameters
    ----------
    problem : RidgeProblem or SampledProblem
    weight_decay : float
        λ.
    learning_rate : float
        η.
    train_threshold : float
        ε.
    test_threshold : float
        c, for the test loss.

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
    if _anisotropy(problem) > 0:
        raise ValueError("problem.covariance is not I/m: use grokking_bounds for other features")
    return GrokkingBounds(
        max(_log(14 * m * variance / epsilon), 0.0) / (2 * eta * _smallest_curvature(problem)),
        _at_least(_log((m - n) * variance / (8 * m * c)), 2.02 * eta * lam),
    )


def conditions(
    problem,
    *,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
    failure_probability=0.05,
    statements=None,
):
    """Every assumption of Theorems 4.1, 4.2, 4.4–4.6 and Eq. (8), checked on `problem`.

    Parameters
    ----------
    statements : str or list of str, optional
        The statements to check: "4.1", "4.4", "4.5", "4.6", "4.2", "Eq. (8)". Those that they
        rest on come with them: 4.4, 4.5 and 4.6 with 4.2, and 4.4 and 4.5 with Eq. (8). All
        without it.

    Returns
    -------
    pandas.DataFrame
        Columns `statement`, `assumption` (an inequality), `is` (its left-hand side), `limit` (its
        right-hand side), `holds` and `unknown`. There are three cases: the assumption holds; it
        fails; or it cannot be known, and then `unknown` says what is missing, `is` or `limit` is
        NaN, and `holds` is False, so that ``table.holds.all()`` promises nothing unknown.

    Notes
    -----
    ``max |y − Φθ*| ≤ 0`` fails for labels with noise, and for a teacher that is not linear on the
    samples. R is what a linear teacher leaves of N*: for random features, whose `teacher` is zero,
    it is all of N*. A `feature_norm_bound` that is not sure counts as none.
    """
    import pandas as pd

    lam, eta = check_gradient_descent(problem, weight_decay, learning_rate, allow_unstable=True)
    epsilon, c = check_thresholds(train_threshold, test_threshold)
    delta = check_number("failure_probability", failure_probability, above=0, below=1)
    setting = lam, eta, epsilon, c, delta
    rows = [
        (statement, *row)
        for statement in _with_needed(statements)
        for row in _ASSUMPTIONS[statement](problem, *setting)
    ]
    table = pd.DataFrame(rows, columns=["statement", "assumption", "is", "limit"])
    table["holds"] = [_holds(*row[1:]) for row in rows]
    table["unknown"] = [_unknown(problem, *row[1:]) for row in rows]
    return table


def _assumptions_of_4_1(problem, lam, eta, epsilon, c, delta):
    return [
        ("‖θ*‖ ≤ 0", _teacher_norm(problem), 0.0),
        *_linear_teacher(problem),
        ("η ≤ 2/(F + 2λ)", eta, _ratio(2, problem.mean_squared_feature_norm + 2 * lam)),
    ]


def _assumptions_of_4_4(problem, lam, eta, epsilon, c, delta):
    norm, mean_norm = _teacher_norm(problem), problem.mean_squared_feature_norm
    return [
        ("η < 1/(λ + λmax/n)", eta, _ratio(1, lam + problem.max_curvature)),
        ("λ ≤ 2ε/(3‖θ*‖²)", lam, _ratio(2 * epsilon, 3 * norm**2)),
        ("λ ≤ √(Fε)/(√6 ‖θ*‖)", lam, _ratio(math.sqrt(mean_norm * epsilon / 6), norm)),
        ("‖θ*‖ ≤ ‖θ(0)‖", norm, _norm(problem.initial_weights)),
        _labels_of_the_teacher(problem),
    ]


def _assumptions_of_4_5(problem, lam, eta, epsilon, c, delta):
    n, m, known = problem.n_samples, problem.n_features, _known(problem)
    of_teacher = _ratio(8 * _teacher_norm(problem) ** 2, known["ν²"])
    of_threshold = _ratio(8 * c, known["λmin(Σ)"] * known["ν²"])
    return [
        ("η < 1/λ", eta, _ratio(1, lam)),
        ("m ≥ n + 32 ln(2/δ)", m, n + 32 * math.log(2 / delta)),
        ("m ≥ n + 8‖θ*‖²/ν²", m, n + of_teacher),
        ("m ≥ n + 8c/(λmin(Σ) ν²)", m, n + of_threshold),
        ("‖E φR‖ ≤ 0", _misfit_moment(problem), 0.0),
    ]


def _assumptions_of_4_6(problem, lam, eta, epsilon, c, delta):
    b = problem.feature_norm_bound
    # A bound that was given has been checked, up to rounding, when the problem was built.
    largest = min(b, float(np.sqrt(np.sum(problem.features**2, axis=1).max())))
    samples = theorem_4_6(
        problem, weight_decay=lam, tolerance=epsilon, failure_probability=delta
    ).samples_needed
    return [
        ("‖φ(x)‖ ≤ b for every x", largest if problem.norm_bound_is_sure else math.inf, b),
        ("n ≥ 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), ξ = ε", problem.n_samples, samples),
        ("η ≤ 1/(λ + b²)", eta, _ratio(1, lam + b**2)),
        *_linear_teacher(problem),
    ]


def _assumptions_of_4_2(problem, lam, eta, epsilon, c, delta):
    return [
        ("c ≥ ε", c, epsilon),
        ("η < 1/(λ + b²)", eta, _ratio(1, lam + problem.feature_norm_bound**2)),
        ("ηλ ≤ 1/2", eta * lam, 0.5),
        *_linear_teacher(problem),
    ]


def _assumptions_of_8(problem, lam, eta, epsilon, c, delta):
    norm = _teacher_norm(problem)
    return [
        ("relative difference of Σ and I/m ≤ 0", _anisotropy(problem), 0.0),
        ("ηλ ≤ 0.01", eta * lam, 0.01),
        ("mc ≥ ‖θ*‖²", problem.n_features * c, norm**2),
        *_linear_teacher(problem),
    ]


_ASSUMPTIONS = {
    "4.1": _assumptions_of_4_1,
    "4.4": _assumptions_of_4_4,
    "4.5": _assumptions_of_4_5,
    "4.6": _assumptions_of_4_6,
    "4.2": _assumptions_of_4_2,
    "Eq. (8)": _assumptions_of_8,
}
_RESTS_ON = {"4.2": ("4.4", "4.5", "4.6"), "Eq. (8)": ("4.4", "4.5")}


def _with_needed(statements):
    if statements is None:
        return list(_ASSUMPTIONS)
    single = isinstance(statements, str) or not np.iterable(statements)
    asked = [statements] if single else list(statements)
    for name in asked:
        if name not in list(_ASSUMPTIONS):
            raise ValueError(f"statements={name!r}: pass some of {', '.join(_ASSUMPTIONS)}")
    needed = {other for name in asked for other in (name, *_RESTS_ON.get(name, ()))}
    return [name for name in _ASSUMPTIONS if name in needed]


def _linear_teacher(problem):
    """N* = ⟨θ*, φ⟩ and labels without noise, for which R = 0 and y = Φθ*."""
    power = problem.misfit_power if problem.teacher_is_known else math.nan
    return [_labels_of_the_teacher(problem), ("misfit E R² ≤ 0", power, 0.0)]


def _labels_of_the_teacher(problem):
    if not problem.teacher_is_known:
        return "y = Φθ*: max |y − Φθ*| ≤ 0", math.nan, 0.0
    taught = problem.features @ problem.teacher
    off = float(np.abs(problem.targets - taught).max())
    # Sums in another order differ by this much.
    rounding = 1e-13 * _norm(problem.teacher) * problem.feature_norm_bound
    return "y = Φθ*: max |y − Φθ*| ≤ 0", off if off > rounding else 0.0, 0.0


def _anisotropy(problem):
    """max |mΣ − I|, zero up to rounding for isotropic features, however Σ is given."""
    m, covariance = problem.n_features, problem.covariance
    if not isinstance(covariance, np.ndarray):
        # One product tells: for a direction drawn at random, mΣx = x has probability 0 otherwise.
        x = np.random.default_rng(0).standard_normal((m, 1))
        difference = np.abs(m * (covariance @ x) - x).max()
    else:
        difference = np.abs(m * covariance - (np.eye(m) if covariance.ndim == 2 else 1)).max()
    return float(difference) if difference > 1e-9 else 0.0


def _known(problem):
    """ν² and λmin(Σ), NaN where they are not known."""
    variance = problem.init_variance
    try:
        smallest = problem.smallest_population_eigenvalue
    except ValueError:  # an operator too large to be stored
        smallest = math.nan
    return {"ν²": math.nan if variance is None else variance, "λmin(Σ)": smallest}


def _holds(assumption, left, limit):
    if "≥" in assumption:
        return left >= limit
    return left < limit if "<" in assumption else left <= limit


def _unknown(problem, assumption, left, limit):
    """What is missing to decide a row, in words; "" if nothing is."""
    if not math.isnan(left) and not math.isnan(limit):
        return ""
    words = {"ν²": "init_variance was not given", "λmin(Σ)": "Σ is too large for its λmin"}
    missing = [symbol for symbol, value in _known(problem).items() if math.isnan(value)]
    if not problem.teacher_is_known:
        words |= dict.fromkeys(["θ*", "R"], "the teacher is not known")
        missing += ["θ*", "R"]
    return "; ".join(words[symbol] for symbol in missing if symbol in assumption)


def _norm(vector):
    return float(np.linalg.norm(vector))


def _teacher_norm(problem):
    check_ridge(problem)
    return _norm(problem.teacher) if problem.teacher_is_known else math.nan


def _misfit_moment(problem):
    if not problem.teacher_is_known:
        return math.nan
    return 0.0 if problem.misfit_moment is None else _norm(problem.misfit_moment)


def _smallest_curvature(problem):
    """λ⁺min(ΦᵀΦ) / n; infinite if the data see nothing."""
    eigenvalues = problem.modes.eigenvalues
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
    level = math.sqrt(c / smallest) + _teacher_norm(problem)
    return math.log(unseen * variance / 2) - 2 * math.log(level)


def _log(value):
    return math.log(value) if value > 0 else -math.inf


def _ratio(above, below):
    """above / below, infinite where `below` is not positive; NaN stays NaN."""
    return math.inf if below <= 0 else above / below


def _at_least(logarithm, rate):
    """The time logarithm / rate up to which something is promised; −inf if that is none."""
    if math.isnan(logarithm):
        return math.nan
    if logarithm < 0:
        return -math.inf
    # No weight decay makes the time infinite, not an error.
    return _ratio(logarithm, rate)

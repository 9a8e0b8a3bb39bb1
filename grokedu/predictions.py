"""Sharp predictions: what random matrix theory says a typical run does, with no free parameter.

For isotropic Gaussian features the eigenvalues of ΦΦᵀ follow the Marchenko–Pastur law of ratio
q = n/m, and both loss curves concentrate on an average over that law. The bounds of the paper hold
for all admissible data and are therefore loose for typical ones; these are not bounds.

In continuous time the averaged curves are those of Levi, Beck and Bar-Sinai, "Grokking in linear
estimators" (ICLR 2024): Eq. 15, with weight decay in Section 3.3; so are the accuracy
erf√(ε/2L) (Eq. 10) and the t^(−3/2) law at n = m (Eq. 11). Following gradient descent through the
Marchenko–Pastur law, with its frozen subspace and small starts, goes back to Advani and Saxe
(2017; with Sompolinsky, 2020). Here time is discrete, label noise is included, and the steps at
which the curves cross their thresholds are computed.
"""

import math
from dataclasses import replace

import numpy as np
from scipy import special
from scipy.optimize import brentq

from grokedu.checks import (
    check_array,
    check_count,
    check_number,
    check_probability,
    check_rates,
    check_steps,
    check_thresholds,
)
from grokedu.crossings import DecayingForm
from grokedu.exact import crossing_times
from grokedu.trajectory import Trajectory

_NODES = 400


def marchenko_pastur_edges(ratio):
    """The interval [(1 − √q)², (1 + √q)²] that holds the eigenvalues μ of ΦΦᵀ as n, m → ∞.

    `ratio` is q = n/m, for features φ ~ N(0, I/m) (Marchenko and Pastur, 1967).
    """
    root = math.sqrt(check_number("ratio", ratio, above=0, remedy="pass n/m"))
    return (1 - root) ** 2, (1 + root) ** 2


def marchenko_pastur_density(eigenvalues, ratio):
    """Density of the eigenvalues μ > 0 of ΦΦᵀ, normalized by their total number n.

    Parameters
    ----------
    eigenvalues : (k,) array
    ratio : float
        q = n/m. For q > 1 the density integrates to 1/q, since n − m eigenvalues are zero.
    """
    low, high = marchenko_pastur_edges(ratio)
    eigenvalues = np.asarray(eigenvalues, dtype=np.float64)
    inside = (eigenvalues > low) & (eigenvalues < high)
    safe = np.where(inside, eigenvalues, 1.0)
    height = np.sqrt(np.maximum((high - safe) * (safe - low), 0)) / (2 * np.pi * ratio * safe)
    return np.where(inside, height, 0.0)


def smallest_eigenvalue_at_least(n_samples, n_features, *, failure_probability):
    """A lower bound on λ⁺min(ΦᵀΦ) that holds with probability ≥ 1 − `failure_probability`.

    √μ_min ≥ 1 − √(n/m) − s/√m with probability ≥ 1 − e^{−s²/2} for features N(0, I/m) and n ≤ m
    (Davidson and Szarek, 2001). Returns 0 where that says nothing.
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features)
    delta = check_probability("failure_probability", failure_probability)
    s = math.sqrt(2 * math.log(1 / delta))
    root = 1 - math.sqrt(n_samples / n_features) - s / math.sqrt(n_features)
    return max(root, 0.0) ** 2


def unseen_power(eigenvalues, n_samples):
    """nκ, what n samples leave unseen of the covariance, where κ solves Σ_i σ_i / (σ_i + κ) = n.

    With P the projector onto what n draws φ ~ N(0, Σ) never see, tr(PΣ) is about nκ. So an
    isotropic start θ(0) ~ N(0, ν² I) has the unseen test loss ν² nκ. For Σ = I/m it is (m − n)/m.

    The formula is that of Dereziński, Liang and Mahoney, "Exact expressions for double descent and
    implicit regularization via surrogate random design" (NeurIPS 2020, arXiv 1912.04533): exact
    for their surrogate of n independent samples, and the limit for these as n grows.

    Parameters
    ----------
    eigenvalues : (m,) array
        σ_i ≥ 0, those of Σ = E φφᵀ.
    n_samples : int
        n, 0 or more. Without samples all of tr Σ is unseen.

    Returns
    -------
    float
        In the unit of Σ; 0 where the rank of Σ is n or less.

    Raises
    ------
    ValueError
        For eigenvalues that are negative beyond rounding, or none at all.
    """
    eigenvalues = _check_eigenvalues(eigenvalues)
    n = check_count("n_samples", n_samples, at_least=0)
    if n == 0:
        return float(eigenvalues.sum())
    return n * _effective_decay(eigenvalues, n)


def _check_eigenvalues(eigenvalues):
    """The positive ones of a covariance, ascending; rounding below zero counts as zero."""
    eigenvalues = check_array("eigenvalues", eigenvalues)
    if eigenvalues.ndim != 1 or eigenvalues.size == 0:
        raise ValueError(
            f"eigenvalues has shape {eigenvalues.shape}: pass (n_features,), for a full covariance "
            "numpy.linalg.eigvalsh(covariance)"
        )
    smallest, largest = eigenvalues.min(), np.abs(eigenvalues).max()
    if smallest < -1e-10 * largest:
        raise ValueError(
            f"eigenvalues contains {smallest:.3g}: pass those of a positive semidefinite covariance"
        )
    if not math.isfinite(float(largest) * len(eigenvalues)):
        raise ValueError(f"eigenvalues goes up to {largest:.3g}: rescale them, their sum overflows")
    return np.sort(eigenvalues[eigenvalues > 0])


def _effective_decay(eigenvalues, n, weight_decay=0.0):
    """κ with Σ_i σ_i/(σ_i + κ) + nλ/κ = n: the decay that ridge regression on n samples amounts to.

    `eigenvalues` are positive. Without weight decay κ = 0 from n = rank on.
    """
    if weight_decay == 0 and len(eigenvalues) <= n:
        return 0.0
    scale = max(float(eigenvalues[-1]), weight_decay)
    # In logarithms, since spectra may span more decades than differences have digits.
    log_sigma, lam = np.log(eigenvalues) - math.log(scale), weight_decay / scale

    def excess(log_kappa):
        return special.expit(log_sigma - log_kappa).sum() + n * lam * math.exp(-log_kappa) - n

    highest = math.log(lam + np.exp(log_sigma).sum() / n)
    lowest = math.log(lam) if lam else log_sigma[0] + math.log((len(eigenvalues) - n) / n)
    low, high = lowest - 1e-9, highest + 1e-9
    return scale * math.exp(brentq(excess, low, high, xtol=1e-15, rtol=8.9e-16))


def ridge_curves(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    weight_decay,
    learning_rate,
    steps,
):
    """The train and test loss of a typical run on `gaussian_problem` with the same arguments.

    Each loss is the average over Marchenko–Pastur eigenvalues, initial weights, teacher direction
    and noise. Runs concentrate on it as n and m grow.

    Returns
    -------
    Trajectory
        With ``weights=None``, since no problem was drawn.

    Raises
    ------
    ValueError
        As `gaussian_problem` and `train_ridge`.
    """
    train_form, test_form = _mean_losses(
        n_samples, n_features, init_variance, teacher_norm, label_noise, weight_decay, learning_rate
    )
    steps = check_steps(steps)
    return Trajectory(steps, train_form.at(steps), test_form.at(steps), None)


def ridge_grokking_times(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
):
    """The t1 and t2 of a typical run, as real numbers: where `ridge_curves` crosses ε and c.

    Returns
    -------
    GrokkingTimes
        Floats, or None with the reason. Between two steps the curve is continued by its formula;
        where some ρ_i < 0 it has no values between steps and the times are whole.
    """
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    forms = _mean_losses(
        n_samples, n_features, init_variance, teacher_norm, label_noise, weight_decay, learning_rate
    )
    times = crossing_times(*forms, train_threshold, test_threshold)
    overfit_step, generalize_step = times.overfit_step, times.generalize_step
    if overfit_step is not None:
        overfit_step = _between(forms[0], train_threshold, overfit_step, 1)
    if generalize_step is not None:
        generalize_step = _between(forms[1], test_threshold, generalize_step, -1)
    return replace(times, overfit_step=overfit_step, generalize_step=generalize_step)


def closed_form_generalize_step(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    weight_decay,
    learning_rate,
    test_threshold=0.01,
):
    """t2 ≈ ln[ (m−n)ν² / (mc − (1 − n/m)‖θ*‖²) ] / (2ηλ): only the unseen subspace still matters.

    It takes the seen subspace as fitted and λ as small.

    Returns
    -------
    float or None
        None where the formula does not tell t2: the seen part of the test loss is still above
        c/10 at that step (then `ridge_grokking_times` tells); the logarithm has no argument, for
        n ≥ m or a threshold c below the loss that n samples leave; or λ = 0 never lets t2 come.
        0 for a start below c.

    Raises
    ------
    ValueError
        As `gaussian_problem` and `train_ridge`.
    """
    _, c = check_thresholds(1.0, test_threshold)
    _, test_form = _mean_losses(
        n_samples, n_features, init_variance, teacher_norm, 0.0, weight_decay, learning_rate
    )
    if test_form.at(0)[0] <= c:
        return 0.0
    unseen = n_features - n_samples
    room = n_features * c - unseen / n_features * teacher_norm**2
    if unseen <= 0 or room <= 0 or weight_decay == 0:
        return None
    ratio = max(unseen * init_variance / room, 1.0)
    step = math.log(ratio) / (2 * learning_rate * weight_decay)
    seen = _without_the_last_coordinate(test_form).at(math.ceil(step))[0]
    return step if seen <= c / 10 else None


def _without_the_last_coordinate(form):
    """The seen part of a mean test loss, whose last coordinate is the unseen subspace."""
    parts = {name: getattr(form, name)[:-1] for name in ("offset", "amplitude", "drop", "form")}
    return DecayingForm(**parts)


def _between(form, level, step, direction):
    """The real step at which the form equals `level`, from `step` to its neighbor."""
    if step + direction < 0 or np.any(form.drop > 1):
        return float(step)

    def excess(step):
        return form.at(step)[0] - level

    ends = sorted((step, step + direction))
    if excess(ends[0]) * excess(ends[1]) > 0:
        return float(step)
    return float(brentq(excess, *ends, xtol=1e-9))


def _mean_losses(
    n_samples, n_features, init_variance, teacher_norm, label_noise, weight_decay, learning_rate
):
    """The average train and test loss as `DecayingForm`, one group of coordinates per node."""
    n, m = check_count("n_samples", n_samples), check_count("n_features", n_features)
    zero = {"at_least": 0, "remedy": "pass 0 or more"}
    spread = math.sqrt(check_number("init_variance", init_variance, **zero))
    teacher = check_number("teacher_norm", teacher_norm, **zero) / math.sqrt(m)
    noise = check_number("label_noise", label_noise, **zero)
    lam, eta = check_rates(weight_decay, learning_rate)
    eigenvalues, share = _quadrature(n / m)
    s = eigenvalues / n
    if eta * (lam + s.max()) >= 2:
        raise ValueError(
            f"learning_rate={eta:g} is at or beyond the stability limit {2 / (lam + s.max()):.4g} "
            "of a typical problem: pass a smaller one"
        )
    zeros, ones = np.zeros_like(s), np.ones_like(s)
    drop = eta * (s + lam)
    fitted = s / (s + lam)
    # Initial weights, teacher and noise are independent, so their parts add up without crossing.
    fitted_noise = noise * np.sqrt(s / n) / (s + lam)
    unseen = max(m - n, 0) / m
    test_form = DecayingForm(
        offset=np.concatenate([zeros, -teacher * (1 - fitted), fitted_noise, [0.0]]),
        amplitude=np.concatenate([spread * ones, -teacher * fitted, -fitted_noise, [spread]]),
        drop=np.concatenate([drop, drop, drop, [eta * lam]]),
        form=np.concatenate([np.tile(share * n / m, 3), [unseen]]),
        constant=unseen * teacher**2,
    )
    root = np.sqrt(eigenvalues)
    train_form = DecayingForm(
        offset=np.concatenate([zeros, -root * teacher * (1 - fitted), -noise * (1 - fitted)]),
        amplitude=np.concatenate([root * spread, -root * teacher * fitted, -noise * fitted]),
        drop=np.tile(drop, 3),
        form=np.tile(share / 2, 3),
        constant=max(n - m, 0) / n * noise**2 / 2,
    )
    return train_form, test_form


def _quadrature(ratio):
    """Nodes and weights with Σ_k w_k g(μ_k) = ∫ g dMP over the positive eigenvalues.

    With μ = 1 + q + 2√q cos x the law is (2/π) sin²x / μ dx, which equidistant nodes in x
    integrate with spectral accuracy (Gauss–Chebyshev of the second kind).
    """
    x = np.pi * np.arange(1, _NODES + 1) / (_NODES + 1)
    eigenvalues = 1 + ratio + 2 * math.sqrt(ratio) * np.cos(x)
    return eigenvalues, 2 / (_NODES + 1) * np.sin(x) ** 2 / eigenvalues

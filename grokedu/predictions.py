"""Sharp predictions: what random matrix theory says a typical run does, with no free parameter.

For Gaussian features φ ~ N(0, Σ) the eigenvalues of ΦᵀΦ/n, and how much of Σ each of them sees,
tend to a limit, and both loss curves concentrate on an average over it. For
Σ = I/m it is the Marchenko–Pastur law of ratio q = n/m. The bounds of the paper hold for all
admissible data and are therefore loose for typical ones; these are not bounds.

In continuous time the averaged curves are those of Levi, Beck and Bar-Sinai, "Grokking in linear
estimators" (ICLR 2024): Eq. 15, with weight decay in Section 3.3; so are the accuracy
erf√(ε/2L) (Eq. 10) and the t^(−3/2) law at n = m (Eq. 11). Following gradient descent through the
Marchenko–Pastur law, with its frozen subspace and small starts, goes back to Advani and Saxe
(2017; with Sompolinsky, 2020). Here time is discrete, label noise and any covariance are included,
and the steps at which the curves cross their thresholds are computed.

A prediction is the mean over draws, and one run is near it where many directions share the loss.
Where they do not, as for n close to m with a small λ, the functions warn with `UntypicalWarning`.
"""

import math
import warnings
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from grokedu.checks import (
    check_array,
    check_count,
    check_number,
    check_rates,
    check_steps,
    check_thresholds,
)
from grokedu.crossings import DecayingForm
from grokedu.exact import crossing_times
from grokedu.ridge import check_covariance
from grokedu.spectra import effective_decay, isotropic_spectrum, spectrum
from grokedu.trajectory import Trajectory

#: Relative standard deviation of one run's test loss, beyond which half of the runs are 15% or more
#: below the mean.
TYPICAL_SPREAD = 0.75

_MAP_NODES, _MAP_REACH = 112, 20.0  # for maps of many settings, where five digits are enough


class UntypicalWarning(UserWarning):
    """A prediction is right about the mean over draws and tells little about one run."""


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
    eigenvalues = check_array("eigenvalues", eigenvalues)
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
    delta = check_number("failure_probability", failure_probability, above=0, below=1)
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
    values, counts = _positive_values(eigenvalues)
    n = check_count("n_samples", n_samples, at_least=0)
    return float(counts @ values) if n == 0 else n * effective_decay(values, counts, n)


def _positive_values(eigenvalues):
    """The positive ones of a covariance, ascending, and their multiplicities.

    Rounding below zero counts as zero.
    """
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
    return np.unique(eigenvalues[eigenvalues > 0], return_counts=True)


def ridge_curves(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    weight_decay,
    learning_rate,
    steps,
):
    """The train and test loss of a typical run on `gaussian_problem` with the same arguments.

    Each loss is the mean over initial weights, teacher direction, noise and the limiting spectrum
    of Φ for large n and m. Runs concentrate on it.

    Parameters
    ----------
    covariance : float, (m,) or (m, m) array, optional
        Σ as for `gaussian_problem`, or its m eigenvalues, on which alone the losses depend.

    Returns
    -------
    Trajectory
        With ``weights=None``, since no problem was drawn.

    Raises
    ------
    ValueError
        As `gaussian_problem` and `train_ridge`.

    Warns
    -----
    UntypicalWarning
        Where a typical run is not the mean.
    """
    model = _model(n_samples, n_features, init_variance, teacher_norm, label_noise, covariance)
    losses = model.losses(weight_decay, learning_rate)
    steps = check_steps(steps)
    losses.warn(steps)
    return Trajectory(steps, losses.train.at(steps), losses.test.at(steps), None)


def ridge_grokking_times(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
):
    """The t1 and t2 of a typical run, as real numbers: where `ridge_curves` crosses ε and c.

    For any covariance, in the terms of `closed_form_generalize_step` and with `final_test_loss`,

        t2 ≈ ln[ν² nκ / (c − final test loss)] / (−2 ln(1 − ηλ)),

    up to what is left of the start in the seen subspace, which is counted here too.

    Returns
    -------
    GrokkingTimes
        Floats, or None with the reason. Between two steps the curve is continued by its formula;
        where some ρ_i = 1 − η(s_i + λ) is negative it has no values between steps and the times
        are whole.

    Raises
    ------
    ValueError
        As `gaussian_problem` and `train_ridge`.

    Warns
    -----
    UntypicalWarning
        Where a typical run is not the mean.
    """
    thresholds = check_thresholds(train_threshold, test_threshold)
    model = _model(n_samples, n_features, init_variance, teacher_norm, label_noise, covariance)
    losses = model.losses(weight_decay, learning_rate)
    times = losses.times(*thresholds)
    if times.generalize_step is not None:
        losses.warn([times.generalize_step])
    return times


@dataclass(frozen=True)
class GrokkingSpread:
    """Standard deviations of t1 and t2 over draws, in steps; None where there is no such time."""

    overfit_step: float | None
    generalize_step: float | None

    @property
    def delay(self):
        """That of t2 − t1, whose parts hang on different directions; None if one does not exist."""
        if self.overfit_step is None or self.generalize_step is None:
            return None
        return math.hypot(self.overfit_step, self.generalize_step)


def ridge_grokking_spread(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
):
    """How far t1 and t2 of single runs scatter around `ridge_grokking_times`.

    A loss is a sum of squares along eigenvectors. Its standard deviation over start and teacher,
    divided by its slope at the crossing, is that of the time. The eigenvalues count as fixed.

    Returns
    -------
    GrokkingSpread

    Raises
    ------
    ValueError
        As `ridge_grokking_times`.
    """
    thresholds = check_thresholds(train_threshold, test_threshold)
    model = _model(n_samples, n_features, init_variance, teacher_norm, label_noise, covariance)
    losses = model.losses(weight_decay, learning_rate)
    return losses.spread(losses.times(*thresholds))


def phase_diagram(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
    return_spread=False,
):
    """The t1 and t2 of `ridge_grokking_times` for arrays of settings, 100,000 of them in a second.

    Parameters
    ----------
    n_samples : int or array
        n. All but `return_spread` are broadcast against each other, for Σ = I/m and labels without
        noise.
    n_features : int or array
        m, the number of features.
    init_variance : float or array
        ν².
    teacher_norm : float or array
        ‖θ*‖.
    weight_decay : float or array
        λ.
    learning_rate : float or array
        η.
    train_threshold : float or array
        ε, for the training loss.
    test_threshold : float or array
        c, for the test loss.
    return_spread : bool
        Whether to return the spread as well.

    Returns
    -------
    overfit_step : float64 array
        t1, a real step, to about 10⁻⁵ of itself. NaN where a run starts below ε, infinite where the
        loss never comes down to it. NaN too beyond the stability limit of η. Where some
        ρ_i = 1 − η(s_i + λ) is negative, −ρ_i stands in.
    generalize_step : float64 array
        t2, in the same way for c.
    spread : float64 array
        Of single runs around the mean that is predicted: the standard deviation over draws of the
        test loss at t2, in the end where t2 is infinite, divided by its mean. Above
        `TYPICAL_SPREAD`, as for n close to m with a small λ, a typical run is not the mean, and
        `ridge_grokking_times` warns.

    Raises
    ------
    ValueError
        For arrays that do not go together, and numbers that the scalar function does not take.
    """
    from grokedu import _kernels

    shape, given = _broadcast(
        n_samples=(n_samples, 1, False),
        n_features=(n_features, 1, False),
        init_variance=(init_variance, 0, False),
        teacher_norm=(teacher_norm, 0, False),
        weight_decay=(weight_decay, 0, False),
        learning_rate=(learning_rate, 0, True),
        train_threshold=(train_threshold, 0, True),
        test_threshold=(test_threshold, 0, True),
    )
    n, m, variance, norm, lam, eta, epsilon, c = given
    sizes, which = np.unique(np.column_stack([n, m]), axis=0, return_inverse=True)
    limits = [
        isotropic_spectrum(n, m, 1 / m, number=_MAP_NODES, reach=_MAP_REACH) for n, m in sizes
    ]
    settings = np.column_stack([which.ravel(), lam, eta, variance, norm**2 / m, epsilon, c])
    found = np.empty((len(settings), 3))
    _kernels.typical_times(
        np.array([limit.curvature for limit in limits]),
        np.array([limit.share for limit in limits]),
        sizes,
        settings,
        found,
    )
    largest = np.array([limit.largest for limit in limits])[which.ravel()]
    found[(eta * (lam + largest) >= 2) | (eta * lam >= 1)] = np.nan
    return tuple(column.reshape(shape) for column in found.T[: 2 + return_spread])


def _broadcast(**bounded):
    """Each argument (values, lower bound, whether it is excluded) as a flat array of one length."""
    arrays = []
    for name, (values, bound, excluded) in bounded.items():
        array = check_array(name, values)
        if not array.size:
            raise ValueError(f"{name} is empty: pass a number, or an array with some")
        if np.any(array < bound) or (excluded and np.any(array == bound)):
            said = f"above {bound}" if excluded else f"{bound} or more"
            raise ValueError(f"{name} goes down to {array.min():g}: pass numbers, {said}")
        if name in ("n_samples", "n_features") and np.any(array != np.floor(array)):
            raise ValueError(f"{name} contains numbers that are not whole: pass whole ones")
        arrays.append(array)
    try:
        arrays = np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(v[0])}" for name, v in bounded.items())
        raise ValueError(f"shapes do not go together: {shapes}; make them broadcast") from None
    return arrays[0].shape, [np.ravel(array) for array in arrays]


def weight_decay_for(
    *,
    delay,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
):
    """The weight decay λ with which a typical run has this delay t2 − t1.

    It is the inverse of `ridge_grokking_times`: the delay is about 1/λ times a constant. Where a
    large λ lets the delay rise again, the smaller λ is meant.

    Parameters
    ----------
    delay : float
        t2 − t1 in steps, above 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As `ridge_grokking_times`, and if no weight decay has this delay.
    """
    target = check_number("delay", delay, above=0, remedy="pass a number of steps above 0")
    thresholds = check_thresholds(train_threshold, test_threshold)
    model = _model(n_samples, n_features, init_variance, teacher_norm, label_noise, covariance)
    _, eta = check_rates(0.0, learning_rate)
    model.losses(0.0, eta)  # so that a learning rate beyond every weight decay is not blamed on it

    def delay_at(log_decay):
        lam = math.exp(log_decay)
        if eta * (lam + model.spectrum.largest) >= 2 or eta * lam >= 1:
            return None
        return model.losses(lam, eta).times(*thresholds).delay

    return math.exp(_inverse("weight_decay", delay_at, target, -math.log(eta * target)))


def init_variance_for(
    *,
    delay,
    n_samples=100,
    n_features=1000,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    weight_decay,
    learning_rate,
    train_threshold=0.01,
    test_threshold=0.01,
):
    """The variance ν² of the start with which a typical run has this delay t2 − t1.

    It is the inverse of `ridge_grokking_times`: the delay grows with ln ν².

    Parameters
    ----------
    delay : float
        t2 − t1 in steps, above 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As `ridge_grokking_times`, and if no variance has this delay.
    """
    target = check_number("delay", delay, above=0, remedy="pass a number of steps above 0")
    thresholds = check_thresholds(train_threshold, test_threshold)
    model = _model(n_samples, n_features, 0.0, teacher_norm, label_noise, covariance)
    lam, eta = check_rates(weight_decay, learning_rate)

    def delay_at(log_inverse):
        start = replace(model, spread=math.exp(-log_inverse / 2))
        start.__dict__["spectrum"] = model.spectrum
        return start.losses(lam, eta).times(*thresholds).delay

    # Where only the unseen part counts, ln ν² = 2ηλt2 + ln(c / nκ).
    unseen = max(model.spectrum.unseen_power, 1e-300)
    guess = min(-2 * target * math.log1p(-eta * lam) + math.log(thresholds[1] / unseen), 600.0)
    return math.exp(-_inverse("init_variance", delay_at, target, -guess))


def _inverse(name, delay_at, target, guess):
    """The x near `guess` with delay_at(x) = `target`, for a delay that falls as x rises."""

    def excess(x):
        found = delay_at(x)
        return math.nan if found is None or found <= 0 else math.log(found / target)

    # From a delay that is long enough, in ever smaller steps upwards, to one that is not.
    low, value, step = guess, excess(guess), 1.0
    while not value >= 0 and low > guess - 60:
        low -= step
        value = excess(low)
    if not value >= 0:
        raise ValueError(
            f"delay={target:g}: no {name} has such a delay, since t1 or t2 does not exist or the "
            "delay stays shorter: pass another delay, or other thresholds"
        )
    shortest = value
    while step > 1e-3 and low < guess + 100:
        value = excess(low + step)
        if value < 0:
            return float(brentq(excess, low, low + step, xtol=1e-12, rtol=1e-12))
        if value >= 0:
            low, shortest = low + step, min(shortest, value)
        else:  # too far: t1 or t2 no longer exists
            step /= 2
    raise ValueError(
        f"delay={target:g}: no {name} makes the delay that short, the shortest is about "
        f"{target * math.exp(shortest):.4g}: pass a longer one, or other thresholds"
    )


def final_test_loss(
    *,
    n_samples=100,
    n_features=1000,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    weight_decay,
):
    """The mean test loss of the ridge solution θ*_λ, at which `ridge_curves` end.

    With κ from Σ_i σ_i/(σ_i + κ) + nλ/κ = n and γ = (1/n) Σ_i σ_i²/(σ_i + κ)² it is

        [ (‖θ*‖²/m) Σ_i σ_i κ²/(σ_i + κ)² + γ · (label noise)² ] / (1 − γ)

    (Hastie, Montanari, Rosset and Tibshirani, 2022; Simon et al., 2023). For Σ = I/m without noise
    it is (1 − n/m)‖θ*‖²/m for small λ and n < m, and ‖θ*‖²/(n√(1 + 4/(nλ))) at n = m.

    Returns
    -------
    float
        Infinite for noisy labels with λ = 0 and n equal to the rank of Σ.

    Raises
    ------
    ValueError
        As `gaussian_problem`, and for a negative weight decay.
    """
    model = _model(n_samples, n_features, 0.0, teacher_norm, label_noise, covariance)
    lam = check_number("weight_decay", weight_decay, at_least=0)
    sigma, counts, n = model.values, model.counts, model.n
    kappa, room = model.decay_and_room(lam)
    lost = model.teacher**2 * (counts @ (sigma * (kappa / (sigma + kappa)) ** 2))
    fitted = model.noise**2 / n * (counts @ (sigma / (sigma + kappa)) ** 2)
    total = float(lost + fitted)
    return total / room if room > 0 else (math.inf if total > 0 else 0.0)


def closed_form_generalize_step(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    covariance=None,
    weight_decay,
    learning_rate,
    test_threshold=0.01,
):
    """t2 ≈ ln[ ν² nκ / (c − nκ‖θ*‖²/m) ] / (2ηλ): only the unseen subspace still matters.

    nκ is the `unseen_power`; for Σ = I/m it is (m − n)/m. The formula takes the seen subspace as
    fitted and λ as small.

    Returns
    -------
    float or None
        None where the formula does not tell t2: the seen part of the test loss is still above
        c/10 at that step (then `ridge_grokking_times` tells); the logarithm has no argument, for n
        not below the rank of Σ or a threshold c below the loss that n samples leave; or λ = 0
        never lets t2 come. 0 for a start below c.

    Raises
    ------
    ValueError
        As `gaussian_problem` and `train_ridge`.
    """
    _, c = check_thresholds(1.0, test_threshold)
    model = _model(n_samples, n_features, init_variance, teacher_norm, 0.0, covariance)
    losses = model.losses(weight_decay, learning_rate)
    if losses.test.at(0)[0] <= c:
        return 0.0
    unseen = model.spectrum.unseen_power
    room = c - unseen * model.teacher**2
    if unseen <= 0 or room <= 0 or weight_decay == 0:
        return None
    ratio = max(unseen * init_variance / room, 1.0)
    step = math.log(ratio) / (2 * learning_rate * weight_decay)
    return step if losses.seen.at(math.ceil(step))[0] <= c / 10 else None


@dataclass(frozen=True)
class _Model:
    """What the mean losses depend on, besides the optimizer."""

    n: int
    spread: float  # ν
    teacher: float  # ‖θ*‖/√m, the size of the teacher in each direction
    noise: float
    values: np.ndarray  # the different positive eigenvalues of Σ, ascending
    counts: np.ndarray  # and how often each occurs

    @cached_property
    def spectrum(self):
        return spectrum(self.values, self.counts, self.n)

    def losses(self, weight_decay, learning_rate):
        """The average train and test loss as forms, one group of coordinates per node."""
        lam, eta = check_rates(weight_decay, learning_rate)
        limit = lam + self.spectrum.largest
        if eta * limit >= 2:
            raise ValueError(
                f"learning_rate={eta:g} is at or beyond the stability limit {2 / limit:.4g} "
                "of a typical problem: pass a smaller one"
            )
        s, share, unseen = self.spectrum.curvature, self.spectrum.share, self.spectrum.unseen_power
        spread, teacher, noise = self.spread, self.teacher, self.noise
        zeros, ones = np.zeros_like(s), np.ones_like(s)
        drop = eta * (s + lam)
        fitted = s / (s + lam)
        # Initial weights, teacher and noise are independent, so their parts add up without
        # crossing.
        fitted_noise = noise * np.sqrt(s / self.n) / (s + lam)
        seen = DecayingForm(
            offset=np.concatenate([zeros, -teacher * (1 - fitted), fitted_noise]),
            amplitude=np.concatenate([spread * ones, -teacher * fitted, -fitted_noise]),
            drop=np.tile(drop, 3),
            form=np.tile(self.spectrum.power, 3),
        )
        test = DecayingForm(
            offset=np.append(seen.offset, 0.0),
            amplitude=np.append(seen.amplitude, spread),
            drop=np.append(seen.drop, eta * lam),
            form=np.append(seen.form, unseen),
            constant=unseen * teacher**2,
        )
        root = np.sqrt(self.n * s)
        train = DecayingForm(
            offset=np.concatenate([zeros, -root * teacher * (1 - fitted), -noise * (1 - fitted)]),
            amplitude=np.concatenate([root * spread, -root * teacher * fitted, -noise * fitted]),
            drop=seen.drop,
            form=np.tile(share / 2, 3),
            constant=max(self.n - self.counts.sum(), 0) / self.n * noise**2 / 2,
        )
        return _MeanLosses(self, train, test, seen)

    def decay_and_room(self, weight_decay):
        """κ and 1 − γ of `final_test_loss`."""
        sigma, counts, n = self.values, self.counts, self.n
        kappa = effective_decay(sigma, counts, n, weight_decay)
        # 1 − γ = λ/κ + (κ/n) Σ σ/(σ + κ)², a sum of positive terms; for κ = 0 it is 1 − rank/n.
        ratio = weight_decay / kappa if kappa > 0 else max(1 - counts.sum() / n, 0.0)
        return kappa, ratio + kappa / n * float(counts @ (sigma / (sigma + kappa) ** 2))


@dataclass(frozen=True)
class _MeanLosses:
    """The mean train and test loss, and the seen part of the latter."""

    model: _Model
    train: DecayingForm
    test: DecayingForm
    seen: DecayingForm

    def times(self, train_threshold, test_threshold):
        times = crossing_times(self.train, self.test, train_threshold, test_threshold)
        overfit_step, generalize_step = times.overfit_step, times.generalize_step
        if overfit_step is not None:
            overfit_step = _between(self.train, train_threshold, overfit_step, 1)
        if generalize_step is not None:
            generalize_step = _between(self.test, test_threshold, generalize_step, -1)
        return replace(times, overfit_step=overfit_step, generalize_step=generalize_step)

    @np.errstate(under="ignore")
    def relative_spreads(self, step):
        """Standard deviation over draws divided by mean, of the train and the test loss of a run.

        Start and teacher are Gaussian along every eigenvector, which makes the variance of a
        square twice its squared mean. The eigenvalues repel each other and are as good as fixed.
        """
        model, limit = self.model, self.model.spectrum
        number = model.n * limit.share
        power = np.divide(limit.power, number, out=np.zeros_like(number), where=number > 0)
        kappa, room = model.decay_and_room(0.0)
        # tr((PΣ)²) with P the projector onto what the data never see.
        unseen_square = model.n * kappa**2 * (1 / room - 1) if kappa > 0 else 0.0

        def squares(form):
            """The mean square along each node, from start, teacher and noise together."""
            return (form.coordinates_at(step)[0, : 3 * len(number)] ** 2).reshape(3, -1).sum(axis=0)

        unseen = self.test.coordinates_at(step)[0, -1] ** 2 + model.teacher**2
        test = number @ (power * squares(self.test)) ** 2 + unseen_square * unseen**2
        train = number @ (squares(self.train) / (2 * model.n)) ** 2
        train += max(model.n - model.counts.sum(), 0) * (model.noise**2 / (2 * model.n)) ** 2
        means = self.train.at(step)[0], self.test.at(step)[0]
        return tuple(
            math.sqrt(2 * part) / mean if mean > 0 else 0.0
            for part, mean in zip((train, test), means, strict=True)
        )

    def spread(self, times):
        """The standard deviations that belong to `times`."""
        found = []
        for which, (form, step) in enumerate(
            ((self.train, times.overfit_step), (self.test, times.generalize_step))
        ):
            if step is None:
                found.append(None)
                continue
            width = max(1.0, 1e-3 * step)
            before, after = form.at([max(step - width, 0.0), step + width])
            slope = math.log(before / after) / (step + width - max(step - width, 0.0))
            spread = self.relative_spreads(step)[which]
            found.append(spread / slope if slope > 0 else math.inf)
        return GrokkingSpread(*found)

    def warn(self, steps):
        """Warn if at one of some of the steps a typical run is not the mean."""
        for step in np.unique(np.asarray(steps)[np.linspace(0, len(steps) - 1, 9).astype(int)]):
            spread = self.relative_spreads(step)[1]
            if spread > TYPICAL_SPREAD:
                warnings.warn(
                    f"at step {step:.10g} the test loss of a run varies from draw to draw by "
                    f"{spread:.0%} of its mean, which is what is predicted: too few directions "
                    f"share it, here at n_samples={self.model.n}",
                    UntypicalWarning,
                    stacklevel=3,
                )
                return


def _model(n_samples, n_features, init_variance, teacher_norm, label_noise, covariance):
    n, m = check_count("n_samples", n_samples), check_count("n_features", n_features)
    spread = math.sqrt(check_number("init_variance", init_variance, at_least=0))
    teacher = check_number("teacher_norm", teacher_norm, at_least=0) / math.sqrt(m)
    noise = check_number("label_noise", label_noise, at_least=0)
    if covariance is not None:
        covariance = check_covariance(covariance, m)
        if not isinstance(covariance, np.ndarray):
            raise ValueError(
                f"covariance is a {type(covariance).__name__}: pass its {m} eigenvalues instead"
            )
    if covariance is None or covariance.ndim == 0:
        variance = 1 / m if covariance is None else float(covariance)
        values, counts = np.array([variance]), np.array([m])
    elif covariance.ndim == 1:
        values, counts = _positive_values(covariance)
    else:
        eigenvalues = np.linalg.eigvalsh(covariance)
        cut = m * np.finfo(float).eps * eigenvalues[-1]
        values, counts = _positive_values(np.where(eigenvalues > cut, eigenvalues, 0.0))
    values, counts = values[values > 0], counts[values > 0]
    return _Model(n, spread, teacher, noise, values, counts)


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

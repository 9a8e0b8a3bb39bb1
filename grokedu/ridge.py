"""Ridge-regression problems, and the functions that draw them.

A problem holds everything that gradient descent does not choose: features, labels, initial
weights, the teacher, and the population covariance that turns weights into a test loss.
"""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from grokedu.checks import check_array, check_count, check_number, check_rates, check_rng

_MOST_FEATURES_OF_A_MATRIX = 4096  # (m, m) numbers in 134 MB, their eigenvalues in seconds


def covariance_times(covariance, vectors):
    """Σ @ vectors for a covariance given as a scalar, a diagonal (m,) or a matrix (m, m)."""
    if covariance.ndim == 2:
        return covariance @ vectors
    return (covariance * vectors.T).T


@dataclass(frozen=True)
class Spectrum:
    """What the data see: the positive eigenvalues μ_i of ΦᵀΦ with their directions.

    Attributes
    ----------
    eigenvalues : (r,) float64
        0 < μ_1 ≤ … ≤ μ_r, where r is the rank of Φ. Eigenvalues below machine epsilon · μ_max
        times the larger of n and m count as zero.
    left : (n, r) float64
        Left singular vectors u_i of Φ. The right ones are v_i = Φᵀu_i / √μ_i.
    """

    eigenvalues: np.ndarray
    left: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class RidgeProblem:
    """Ridge regression, as gradient descent meets it.

    The teacher is N*(x) = ⟨θ*, φ(x)⟩ + R(x). For a realizable problem R = 0; for a teacher that is
    no linear function of the features, R is what the linear part θ* leaves.

    Attributes
    ----------
    features : (n, m) float64
        Φ, one row φ(x_i)ᵀ per sample.
    targets : (n,) float64
        y_i = N*(x_i) plus the label noise.
    initial_weights, teacher : (m,) float64
        θ(0) and θ*.
    covariance : () or (m,) or (m, m) float64, or scipy LinearOperator
        Σ = E φφᵀ: a scalar times the identity, a diagonal, a full matrix, or an operator that
        multiplies by a matrix too large to be stored.
    init_variance : float or None
        ν², the variance that each entry of θ(0) was drawn with; None if θ(0) was not drawn.
    feature_norm_bound : float
        b of Theorems 4.2 and 4.6, meant as a bound on ‖φ(x)‖ for all x.
    norm_bound_is_sure : bool
        Whether it is one. False for Gaussian features, which are unbounded, and where the largest
        norm among the samples stands in for an unknown bound.
    misfit_moment : (m,) float64 or None
        E φ(x) R(x); None stands for zero.
    misfit_power : float
        E R(x)².

    Notes
    -----
    Weights have no unit; losses are in the squared unit of the targets. Draw a problem with
    `gaussian_problem`, or build one from your own arrays with `realizable_problem`.
    """

    features: np.ndarray = field(repr=False)
    targets: np.ndarray = field(repr=False)
    initial_weights: np.ndarray = field(repr=False)
    teacher: np.ndarray = field(repr=False)
    covariance: np.ndarray = field(repr=False)
    init_variance: float | None
    feature_norm_bound: float
    norm_bound_is_sure: bool
    misfit_moment: np.ndarray | None = field(default=None, repr=False)
    misfit_power: float = 0.0

    @property
    def n_samples(self):
        """n, the number of samples."""
        return self.features.shape[0]

    @property
    def n_features(self):
        """m, the number of features, all of them trainable."""
        return self.features.shape[1]

    @cached_property
    def gram(self):
        """K = ΦΦᵀ, the (n, n) Gram matrix of the samples."""
        return self.features @ self.features.T

    @cached_property
    def spectrum(self):
        """The positive spectrum of ΦᵀΦ, computed once on the smaller side."""
        if self.n_samples <= self.n_features:
            eigenvalues, left = np.linalg.eigh(self.gram)
            keep = eigenvalues > _rounding(eigenvalues, self.features.shape)
            return Spectrum(eigenvalues[keep], left[:, keep])
        eigenvalues, right = np.linalg.eigh(self.features.T @ self.features)
        keep = eigenvalues > _rounding(eigenvalues, self.features.shape)
        left = self.features @ right[:, keep] / np.sqrt(eigenvalues[keep])
        return Spectrum(eigenvalues[keep], left)

    @cached_property
    def smallest_population_eigenvalue(self):
        """λmin(Σ), from all of Σ: a ValueError if it is an operator too large to be stored."""
        if self.covariance.ndim == 2:
            stored = isinstance(self.covariance, np.ndarray)
            if not stored and self.n_features > _MOST_FEATURES_OF_A_MATRIX:
                raise ValueError(
                    f"n_features={self.n_features}: λmin(Σ) of an operator needs its whole matrix; "
                    f"use at most {_MOST_FEATURES_OF_A_MATRIX} features"
                )
            matrix = self.covariance @ np.eye(self.n_features)
            return float(np.linalg.eigvalsh(matrix)[0])
        return float(self.covariance.min())

    @property
    def mean_squared_feature_norm(self):
        """L = ‖Φ‖_F² / n."""
        return float(np.sum(self.features**2) / self.n_samples)

    @property
    def max_curvature(self):
        """s_max = λmax(ΦᵀΦ) / n, the largest curvature of the unregularized training loss."""
        eigenvalues = self.spectrum.eigenvalues
        return float(eigenvalues[-1] / self.n_samples) if eigenvalues.size else 0.0

    def train_loss(self, weights):
        """(1/2n) ‖Φθ − y‖² for weights of shape (m,)."""
        residual = self.features @ weights - self.targets
        return float(residual @ residual / (2 * self.n_samples))

    def test_loss(self, weights):
        """E_x (⟨θ, φ(x)⟩ − N*(x))² for weights of shape (m,).

        With δ = θ − θ* this is δᵀΣδ − 2⟨E φR, δ⟩ + E R².
        """
        error = weights - self.teacher
        loss = error @ covariance_times(self.covariance, error) + self.misfit_power
        if self.misfit_moment is not None:
            loss -= 2 * (self.misfit_moment @ error)
        return float(loss)

    @cached_property
    def population_products(self):
        """Σ[Φᵀ, θ(0), θ*], shape (m, n + 2): all of a large Σ that any run needs."""
        vectors = np.column_stack([self.features.T, self.initial_weights, self.teacher])
        return covariance_times(self.covariance, vectors)


def _rounding(eigenvalues, shape):
    return max(shape) * np.finfo(float).eps * max(eigenvalues[-1], 0.0)


def realizable_problem(
    features,
    teacher,
    initial_weights,
    *,
    covariance,
    label_noise=0.0,
    rng=None,
    init_variance=None,
    feature_norm_bound=None,
):
    """A problem from your own arrays, with labels y = Φθ* + noise.

    Parameters
    ----------
    features : (n, m) array
        Φ.
    teacher, initial_weights : (m,) array
        θ* and θ(0).
    covariance : float, (m,) or (m, m) array, or scipy LinearOperator
        Σ: a scalar stands for a multiple of the identity, a vector for a diagonal. It must be
        symmetric and have no negative eigenvalue; of an operator this is taken on trust.
    label_noise : float
        Standard deviation of independent Gaussian noise on the labels. The test loss is measured
        against the teacher without noise.
    rng : numpy.random.Generator, optional
        Needed when `label_noise` is positive.
    init_variance : float, optional
        ν², if `initial_weights` were drawn from N(0, ν² I). Theorem 4.5 needs it.
    feature_norm_bound : float, optional
        b with ‖φ(x)‖ ≤ b for every x that can occur, not only for the samples. Without it the
        largest norm among the samples stands in.

    Returns
    -------
    RidgeProblem

    Raises
    ------
    ValueError
        For shapes that do not agree, NaN, zero samples, or a covariance that is none.
    """
    features = check_array("features", features)
    if features.ndim != 2 or 0 in features.shape:
        raise ValueError(
            f"features has shape {features.shape}: pass (n_samples, n_features), both at least 1"
        )
    n_features = features.shape[1]
    teacher = check_array("teacher", teacher, (n_features,))
    initial_weights = check_array("initial_weights", initial_weights, (n_features,))
    noise = check_number("label_noise", label_noise, at_least=0, remedy="pass 0 or more")
    targets = features @ teacher
    if noise > 0:
        if rng is None:
            raise ValueError(
                f"label_noise={label_noise!r} needs rng: pass a numpy.random.Generator"
            )
        check_rng(rng)
        targets = targets + noise * rng.standard_normal(features.shape[0])
    if init_variance is not None:
        remedy = "pass 0 or more, or None"
        init_variance = check_number("init_variance", init_variance, at_least=0, remedy=remedy)
    with np.errstate(over="ignore"):
        largest_norm = float(np.sqrt(np.max(np.sum(features**2, axis=1))))
    if largest_norm == math.inf:
        raise ValueError(
            f"features goes up to {np.abs(features).max():.3g}, whose square overflows: rescale it"
        )
    bound = largest_norm
    if feature_norm_bound is not None:
        remedy = f"pass at least the largest norm among the samples, {largest_norm:.6g}"
        least = largest_norm * (1 - 1e-12)
        bound = check_number(
            "feature_norm_bound", feature_norm_bound, at_least=least, remedy=remedy
        )
    return RidgeProblem(
        features=features,
        targets=targets,
        initial_weights=initial_weights,
        teacher=teacher,
        covariance=_check_covariance(covariance, n_features),
        init_variance=init_variance,
        feature_norm_bound=bound,
        norm_bound_is_sure=feature_norm_bound is not None,
    )


def _check_covariance(covariance, n_features):
    if hasattr(covariance, "matmat"):  # a LinearOperator, without importing SciPy to ask
        if covariance.shape != (n_features, n_features):
            raise ValueError(
                f"covariance has shape {covariance.shape}, expected {(n_features, n_features)}"
            )
        return covariance
    covariance = check_array("covariance", covariance)
    if covariance.shape not in [(), (n_features,), (n_features, n_features)]:
        raise ValueError(
            f"covariance has shape {covariance.shape}: with {n_features} features pass a scalar, "
            f"({n_features},) for a diagonal or ({n_features}, {n_features})"
        )
    if covariance.ndim == 2:
        asymmetry = np.abs(covariance - covariance.T).max()
        if asymmetry > 1e-12 * np.abs(covariance).max():
            raise ValueError("covariance is not symmetric: pass (covariance + covariance.T) / 2")
        smallest = np.linalg.eigvalsh(covariance)[0]
        negative = smallest < -1e-10 * np.abs(covariance).max()
    else:
        smallest = covariance.min()
        negative = smallest < 0
    if negative:
        raise ValueError(
            f"covariance has the negative eigenvalue {smallest:.3g}: pass a positive "
            "semidefinite covariance"
        )
    return covariance


def gaussian_problem(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    rng,
):
    """Isotropic Gaussian features φ ~ N(0, I_m / m) with a linear teacher (paper, Section 5.1).

    Parameters
    ----------
    n_samples, n_features : int
        n and m.
    init_variance : float
        ν²: θ(0) ~ N(0, ν² I_m).
    teacher_norm : float
        ‖θ*‖; the direction is uniform on the sphere. 0 gives the zero teacher of Theorem 4.1.
    label_noise : float
        Standard deviation of Gaussian label noise.
    rng : numpy.random.Generator
        The only source of randomness. Features, teacher direction, initial weights and noise are
        drawn in this order, so problems that differ in ν², ‖θ*‖ or noise alone share their draws.

    Returns
    -------
    RidgeProblem
        With Σ = I/m. Gaussian features have no almost-sure norm bound; `feature_norm_bound` is
        √(3/2), the value behind the constants of Eq. (8), which ‖φ(x)‖ stays below with
        probability close to 1 when m is large.

    Raises
    ------
    ValueError
        For counts below 1 or negative scales.
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features)
    remedy = "pass 0 or more"
    init_variance = check_number("init_variance", init_variance, at_least=0, remedy=remedy)
    teacher_norm = check_number("teacher_norm", teacher_norm, at_least=0, remedy=remedy)
    check_rng(rng)
    features = rng.standard_normal((n_samples, n_features))
    features /= np.sqrt(n_features)
    direction = rng.standard_normal(n_features)
    start = rng.standard_normal(n_features)
    problem = realizable_problem(
        features,
        teacher_norm * direction / np.linalg.norm(direction),
        np.sqrt(init_variance) * start,
        covariance=1 / n_features,
        label_noise=label_noise,
        rng=rng,
        init_variance=init_variance,
    )
    return replace(problem, feature_norm_bound=math.sqrt(1.5))


def check_gradient_descent(problem, weight_decay, learning_rate, *, allow_unstable=False):
    """Return (λ, η) as floats if gradient descent with them makes sense on `problem`.

    Raises
    ------
    ValueError
        For λ < 0, η ≤ 0, ηλ ≥ 1 (one step would erase the weights), or, unless `allow_unstable`,
        η ≥ 2/(λ + s_max), beyond which the iteration diverges.
    """
    weight_decay, learning_rate = check_rates(weight_decay, learning_rate)
    curvature = weight_decay + problem.max_curvature
    if not allow_unstable and learning_rate * curvature >= 2:
        raise ValueError(
            f"learning_rate={learning_rate:g} is at or beyond the stability limit "
            f"2/(weight_decay + s_max) = {2 / curvature:.4g}: pass a smaller one, or "
            "allow_unstable=True to watch train_ridge diverge"
        )
    return weight_decay, learning_rate

"""Ridge problems drawn in their eigenbasis, without the matrix of features.

For Gaussian features φ ~ N(0, I_m/m) a run depends on Φ through its singular values alone: its
singular vectors are uniform and independent of them, so θ(0), θ* and the label noise have in that
basis the law that they have in any other. The singular values have the law of those of a bidiagonal
matrix of independent chi variables (Dumitriu and Edelman, "Matrix models for beta ensembles",
2002). So one random experiment is drawn exactly in law in O(n) memory, for any m.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal

from grokedu.checks import check_count, check_number, check_rng
from grokedu.ridge import Modes


@dataclass(frozen=True, eq=False, repr=False)
class SampledProblem:
    """A ridge problem of which only the `modes` exist, for the closed forms of the package.

    `exact_ridge`, `exact_grokking_times` and the bounds of Eq. (8) take it. What needs features or
    weights, such as gradient descent, says so in a ValueError.

    Attributes
    ----------
    modes : Modes
        Without `left` and `basis`.
    n_samples : int
        n, the number of samples.
    n_features : int
        m, the number of features.
    covariance : () float64
        Σ = I/m.
    init_variance : float
        ν².
    teacher_norm : float
        ‖θ*‖.
    """

    modes: Modes
    n_samples: int
    n_features: int
    init_variance: float
    teacher_norm: float

    teacher_is_known = True
    misfit_moment = None
    misfit_power = 0.0
    feature_norm_bound = math.sqrt(1.5)
    norm_bound_is_sure = False

    def __repr__(self):
        return (
            f"SampledProblem(n_samples={self.n_samples}, n_features={self.n_features}, "
            f"init_variance={self.init_variance})"
        )

    @property
    def covariance(self):
        return np.array(1 / self.n_features)

    @property
    def smallest_population_eigenvalue(self):
        """λmin(Σ) = 1/m."""
        return 1 / self.n_features

    @property
    def max_curvature(self):
        """s_max, the largest curvature of the unregularized training loss."""
        return float(self.modes.curvature[-1])

    @property
    def mean_squared_feature_norm(self):
        """F = ‖Φ‖_F² / n, which the paper calls L."""
        return float(self.modes.curvature.sum())

    def _missing(self):
        raise ValueError(
            "problem was made by sampled_problem, which draws neither features nor weights: use "
            "exact_ridge and exact_grokking_times, or make it with gaussian_problem"
        )

    features = targets = initial_weights = teacher = gram = property(_missing)


def sampled_problem(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    rng,
):
    """What `gaussian_problem` draws, exactly in law, in O(n) memory and O(n²) time for any m.

    Parameters
    ----------
    n_samples : int
        n, the number of samples.
    n_features : int
        m, the number of features; Σ = I/m.
    init_variance : float
        ν² of θ(0) ~ N(0, ν² I_m).
    teacher_norm : float
        ‖θ*‖.
    label_noise : float
        Standard deviation of Gaussian label noise.
    rng : numpy.random.Generator
        The only source of randomness. Singular values, teacher, initial weights and noise are
        drawn in this order, so problems that differ in ν², ‖θ*‖ or noise alone share their draws.
        The same seed gives another problem than in `gaussian_problem`: only the laws agree.

    Returns
    -------
    SampledProblem

    Raises
    ------
    ValueError
        For counts below 1 or negative scales.
    """
    n, m = check_count("n_samples", n_samples), check_count("n_features", n_features)
    variance = check_number("init_variance", init_variance, at_least=0)
    norm = check_number("teacher_norm", teacher_norm, at_least=0)
    noise = check_number("label_noise", label_noise, at_least=0)
    check_rng(rng)
    rank = min(n, m)
    singular = _singular_values(n, m, rng)
    # Of the teacher: what is seen, what lies along θ⊥(0), and the length of the rest.
    teacher, overlap = rng.standard_normal(rank), rng.standard_normal() if m > n else 0.0
    rest = _chi(rng, max(m - n - 1, 0))
    scale = norm / math.hypot(np.linalg.norm(teacher), overlap, rest)
    start, unseen_start = rng.standard_normal(rank), _chi(rng, m - rank)
    if variance == 0:  # then no direction is that of θ⊥(0)
        overlap, rest = 0.0, math.hypot(overlap, rest)
    spread = math.sqrt(variance)
    modes = Modes(
        singular=singular,
        left=None,
        basis=None,
        start=spread * start,
        teacher=scale * teacher,
        noise=noise * rng.standard_normal(rank),
        unexplained_noise=float((noise * _chi(rng, n - rank)) ** 2),
        unseen_start=spread * unseen_start,
        unseen_overlap=scale * overlap,
        unseen_teacher=scale * rest,
        n_samples=n,
    )
    return SampledProblem(modes, n, m, variance, norm)


def _singular_values(n, m, rng):
    """Those of an (n, m) matrix with entries N(0, 1/m), ascending."""
    few, many = sorted((n, m))
    diagonal = np.sqrt(rng.chisquare(many - np.arange(few)) / m)
    beside = np.sqrt(rng.chisquare(np.arange(few - 1, 0, -1)) / m)
    squares = diagonal**2
    squares[1:] += beside**2
    eigenvalues = _eigenvalues(squares, diagonal[:-1] * beside)
    if eigenvalues[0] > 1e-3 * eigenvalues[-1]:
        return np.sqrt(eigenvalues)
    # Squaring loses the digits of the smallest ones; the Golub–Kahan matrix has ±σ_i themselves.
    between = np.empty(2 * few - 1)
    between[::2], between[1::2] = diagonal, beside
    return np.abs(_eigenvalues(np.zeros(2 * few), between)[few:])


def _eigenvalues(diagonal, beside):
    return eigh_tridiagonal(diagonal, beside, eigvals_only=True, lapack_driver="sterf")


def _chi(rng, degrees):
    """The length of a standard normal vector with so many entries."""
    return math.sqrt(rng.chisquare(degrees)) if degrees else 0.0

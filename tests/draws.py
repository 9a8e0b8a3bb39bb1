"""Random problems whose answers are known, and how hypothesis draws them."""

import os
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import grokedu as gk

COVARIANCES = ("scalar", "diagonal", "full")
# (n, m, rank): tall, wide, square, and rank-deficient both ways.
SHAPES = {
    "tall": (30, 12, 12),
    "wide": (12, 40, 12),
    "square": (13, 13, 13),
    "tall, rank-deficient": (30, 20, 7),
    "wide, rank-deficient": (15, 33, 6),
    "one sample": (1, 9, 1),
    "one feature": (9, 1, 1),
}


# "ci" draws the same examples in every run. "nightly" draws new ones, ten times as many, and
# prints what repeats a failure: HYPOTHESIS_PROFILE=nightly.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("base", deadline=None, suppress_health_check=_SLOW)
settings.register_profile("ci", settings.get_profile("base"), derandomize=True, database=None)
settings.register_profile("nightly", settings.get_profile("base"), print_blob=True)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
settings.load_profile(PROFILE)


def examples(number):
    """Settings for `number` examples, or ten times as many of them by night."""
    return settings(max_examples=10 * number if PROFILE == "nightly" else number)


seeds = st.integers(0, 2**32 - 1)


def powers(low, high):
    """10^x with x uniform between `low` and `high`."""
    return st.floats(low, high).map(lambda x: 10.0**x)


@dataclass(frozen=True)
class Known:
    """A problem with the singular value decomposition Φ = U diag(σ) Vᵀ that it was built from."""

    problem: gk.RidgeProblem
    left: np.ndarray
    singular: np.ndarray
    right: np.ndarray

    def ridge_solution(self, weight_decay):
        """V diag(σ / (σ² + nλ)) Uᵀ y."""
        shrunk = self.singular / (self.singular**2 + self.problem.n_samples * weight_decay)
        return self.right @ (shrunk * (self.left.T @ self.problem.targets))

    def weights_at(self, step, weight_decay, learning_rate):
        """a_i(t) = a_i^∞ + ρ_i^t (a_i(0) − a_i^∞) in the row space, (1 − ηλ)^t outside of it."""
        start = self.problem.initial_weights
        curvature = self.singular**2 / self.problem.n_samples
        rates = 1 - learning_rate * (curvature + weight_decay)
        end = self.right.T @ self.ridge_solution(weight_decay)
        seen = self.right.T @ start
        unseen = start - self.right @ seen
        row_space = self.right @ (end + rates**step * (seen - end))
        return row_space + (1 - learning_rate * weight_decay) ** step * unseen


def orthonormal(rng, n_rows, n_columns):
    return np.linalg.qr(rng.standard_normal((n_rows, n_columns)))[0]


def covariance(rng, kind, n_features, *, smallest=0.1):
    """A covariance of the given kind with eigenvalues between `smallest` and 1."""
    if kind == "scalar":
        return rng.uniform(smallest, 1)
    eigenvalues = rng.uniform(smallest, 1, n_features)
    if kind == "diagonal":
        return eigenvalues
    basis = orthonormal(rng, n_features, n_features)
    full = basis * eigenvalues @ basis.T
    return (full + full.T) / 2


def known(
    rng,
    n,
    m,
    rank,
    *,
    kind="scalar",
    label_noise=0.0,
    init_variance=1.0,
    teacher_norm=1.0,
    singular=None,
):
    """A problem built from a random SVD; s_i = σ_i² / n lies between 0.05 and 1 unless given."""
    if singular is None:
        singular = np.sort(np.sqrt(n * rng.uniform(0.05, 1, rank)))
    left, right = orthonormal(rng, n, rank), orthonormal(rng, m, rank)
    teacher = rng.standard_normal(m)
    problem = gk.realizable_problem(
        left * singular @ right.T,
        teacher_norm * teacher / np.linalg.norm(teacher),
        np.sqrt(init_variance) * rng.standard_normal(m),
        covariance=covariance(rng, kind, m),
        label_noise=label_noise,
        rng=rng,
        init_variance=init_variance,
    )
    return Known(problem, left, np.asarray(singular), right)


def homogeneous_network(
    seed,
    k=2,
    *,
    n=5,
    d=6,
    width=12,
    zero_teacher=True,
    n_test=40,
    scale=1.0,
    n_outputs=None,
    teacher_width=None,
):
    """A network of k layers whose hidden layers have widths `width`, `width` + 1, …

    Its output is one number unless `n_outputs` says how many, and its labels are zero, random, or
    those of a random teacher of two layers.
    """
    outputs = () if n_outputs is None else (n_outputs,)
    rng = np.random.default_rng(seed)
    sizes = [d, *(width + layer for layer in range(k - 1))]
    hidden = [
        scale * rng.standard_normal((above, below)) * np.sqrt(2 / below)
        for below, above in pairwise(sizes)
    ]
    return gk.NetworkProblem(
        inputs=rng.standard_normal((n, d)),
        hidden_weights=tuple(hidden),
        output_weights=rng.standard_normal((sizes[-1], *outputs)) / np.sqrt(sizes[-1]),
        targets=None if zero_teacher else rng.standard_normal((n, *outputs)),
        test_inputs=None if k == 2 else rng.standard_normal((n_test, d)),
        teacher=teacher_width
        and (
            rng.standard_normal((teacher_width, d)) / np.sqrt(d),
            rng.standard_normal((teacher_width, *outputs)),
        ),
    )

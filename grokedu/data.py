"""Ridge regression on your own data, where nobody knows the teacher.

The population is a set of test rows: the test loss is the mean squared error on them, and
Σ = GᵀG / p with G the (p, m) features of those rows, never stored as an (m, m) matrix.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from grokedu.checks import check_array, check_number, check_rng, read_only
from grokedu.ridge import RidgeProblem, check_features, largest_norm


class SampleCovariance:
    """Σ = GᵀG / p as an operator that multiplies with ``@``, for rows G of shape (p, m)."""

    ndim = 2

    def __init__(self, rows):
        self.rows = rows
        self.shape = (rows.shape[1], rows.shape[1])

    def __matmul__(self, vectors):
        return self.rows.T @ (self.rows @ vectors) / len(self.rows)


@dataclass(frozen=True, eq=False, repr=False)
class DataProblem(RidgeProblem):
    """A `RidgeProblem` whose population is a set of test rows; `data_problem` makes it.

    Its `teacher` is zero, so all of the labels z of the test rows is misfit: E φR = Gᵀz / p and
    E R² = ‖z‖² / p. These, Σ = GᵀG / p and the largest ‖φ(x)‖ are computed from the rows.

    Attributes
    ----------
    test_features : (p, m) float64
        G, one row φ(x)ᵀ per test sample.
    test_targets : (p,) float64
        z, their labels.
    """

    teacher: np.ndarray = field(init=False)
    covariance: SampleCovariance = field(init=False)
    feature_norm_bound: float = field(init=False)
    norm_bound_is_sure: bool = field(init=False)
    misfit_moment: np.ndarray = field(init=False)
    misfit_power: float = field(init=False)
    test_features: np.ndarray = field(kw_only=True)
    test_targets: np.ndarray = field(kw_only=True)

    teacher_is_known = False

    def __post_init__(self):
        features = check_features(self.features)
        rows = check_features(self.test_features, "test_features")
        if rows.shape[1] != features.shape[1]:
            raise ValueError(
                f"test_features has {rows.shape[1]} columns, features has {features.shape[1]}: "
                "pass the same features of both"
            )
        rows = read_only(rows)
        targets = read_only(check_array("test_targets", self.test_targets, rows.shape[:1]))
        computed = {
            "features": features,
            "test_features": rows,
            "test_targets": targets,
            "teacher": np.zeros(rows.shape[1]),
            "covariance": SampleCovariance(rows),
            "norm_bound_is_sure": False,
            "feature_norm_bound": max(largest_norm(features), largest_norm(rows)),
            "misfit_moment": rows.T @ targets / len(rows),
            "misfit_power": float(np.mean(targets**2)),
        }
        for name, value in computed.items():
            object.__setattr__(self, name, value)
        super().__post_init__()

    @cached_property
    def test_factor(self):
        """A of shape (q, r + 3): the test loss of the weights `modes.basis` @ δ is ‖A(δ, 1)‖²."""
        outputs = self.test_features @ self.modes.basis
        return mean_square_factor(outputs, -self.test_targets)

    @cached_property
    def smallest_population_eigenvalue(self):
        """λmin(Σ), zero where there are fewer test rows than features."""
        p, m = self.test_features.shape
        if p < m:
            return 0.0
        return float(np.linalg.svd(self.test_features, compute_uv=False)[-1] ** 2 / p)

    def test_loss(self, weights):
        """(1/p) ‖Gθ − z‖² for weights of shape (m,)."""
        outputs = self.test_features @ self._checked(weights)
        return float(np.mean((outputs - self.test_targets) ** 2))


def mean_square_factor(*columns):
    """A triangular A with ‖A v‖² = (1/p) ‖C v‖² for all v, where C of p rows has these columns.

    It has as few rows as it can, and no squares of C cost any digits.
    """
    stacked = np.column_stack(columns)
    return np.linalg.qr(stacked, mode="r") / math.sqrt(len(stacked))


def data_problem(
    features,
    targets,
    *,
    test_features,
    test_targets,
    init_variance=None,
    initial_weights=None,
    rng=None,
):
    """Ridge regression on your own data: training rows, and test rows to measure the test loss on.

    Parameters
    ----------
    features : (n, m) array or DataFrame
        Φ, the training rows: raw inputs, or what a feature map such as `relu_features` makes of
        them. With fewer rows than columns the weights have a part that the data never see, the
        one that grokking waits for.
    targets : (n,) array or Series
        The labels y. For two classes, −1 and +1.
    test_features : (p, m) array or DataFrame
        The same features of other rows.
    test_targets : (p,) array or Series
    init_variance : float, optional
        ν²: θ(0) ~ N(0, ν² I) is drawn from `rng`, unless `initial_weights` are passed.
    initial_weights : (m,) array, optional
        θ(0). If they were drawn from N(0, ν² I), pass `init_variance` too: Theorem 4.5 needs it.
    rng : numpy.random.Generator, optional
        Needed to draw the initial weights.

    Returns
    -------
    DataProblem
        A `RidgeProblem` whose test loss is the mean squared error on the test rows. No teacher is
        known: what `theory` says about one is NaN, and `theory.conditions` says so.

    Raises
    ------
    ValueError
        For shapes or columns that do not agree, missing values, text, sparse matrices, no rows, and
        initial weights that are neither passed nor can be drawn.
    """
    names, test_names = (getattr(rows, "columns", None) for rows in (features, test_features))
    if names is not None and test_names is not None and list(names) != list(test_names):
        raise ValueError(
            "test_features has other columns than features, or the same in another order: pass "
            "test_features[features.columns]"
        )
    features = check_features(features)
    if initial_weights is None:
        if init_variance is None or rng is None:
            raise ValueError(
                f"init_variance={init_variance!r} and rng={rng!r} cannot draw initial weights: "
                "pass both, or initial_weights"
            )
        variance = check_number("init_variance", init_variance, at_least=0)
        check_rng(rng)
        initial_weights = math.sqrt(variance) * rng.standard_normal(features.shape[1])
    return DataProblem(
        features=features,
        targets=targets,
        initial_weights=initial_weights,
        init_variance=init_variance,
        test_features=test_features,
        test_targets=test_targets,
    )

"""Ridge-regression problems, and the functions that draw them.

A problem holds everything that gradient descent does not choose: features, labels, initial
weights, the teacher, and the population covariance that turns weights into a test loss.
"""

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from grokedu.checks import (
    check_array,
    check_count,
    check_memory,
    check_number,
    check_rates,
    check_rng,
    read_only,
)

_MOST_FEATURES_OF_A_MATRIX = 4096  # (m, m) numbers in 134 MB, their eigenvalues in seconds
_ROUNDING = 1e-13  # what is left of a vector after its parts were taken out, relative to it


def covariance_times(covariance, vectors):
    """Σ @ vectors for a covariance given as a scalar, a diagonal (m,), a matrix or an operator."""
    if covariance.ndim == 2:
        return covariance @ vectors
    return (covariance * vectors.T).T


@dataclass(frozen=True, eq=False, repr=False)
class Modes:
    """A problem in the coordinates in which gradient descent moves each one by itself.

    The right singular vectors v_i of Φ span what the data see. Of what they never see, a run
    involves two directions: that of θ⊥(0), and that of what θ*⊥ has besides. None of this depends
    on λ or η.

    Attributes
    ----------
    singular : (r,) float64
        0 < σ_1 ≤ … ≤ σ_r, the singular values of Φ, where r is its rank. Those up to
        max(n, m) · machine epsilon · σ_r count as zero.
    left : (n, r) float64 or None
        The left singular vectors u_i, as columns; None where no features were drawn.
    basis : (m, r + 2) float64 or None
        v_1 … v_r, then the two unseen directions: unit vectors, or zero where nothing is left.
    start : (r,) float64
        v_iᵀθ(0).
    teacher : (r,) float64
        v_iᵀθ*.
    noise : (r,) float64
        u_iᵀξ with ξ = y − Φθ*: label noise, and on the samples what no linear teacher explains.
    unexplained_noise : float
        ‖ξ − Σ_i u_i u_iᵀξ‖²: what no weights fit.
    unseen_start : float
        ‖θ⊥(0)‖.
    unseen_overlap : float
        The coordinate of θ*⊥ along the first unseen direction, that of θ⊥(0).
    unseen_teacher : float
        That along the second, ≥ 0.
    n_samples : int
        n, the number of rows.
    """

    singular: np.ndarray
    left: np.ndarray | None
    basis: np.ndarray | None
    start: np.ndarray
    teacher: np.ndarray
    noise: np.ndarray
    unexplained_noise: float
    unseen_start: float
    unseen_overlap: float
    unseen_teacher: float
    n_samples: int

    @property
    def eigenvalues(self):
        """μ_i = σ_i², the positive eigenvalues of ΦᵀΦ, shape (r,)."""
        return self.singular**2

    @property
    def curvature(self):
        """s_i = μ_i / n, the curvatures of the training loss, shape (r,)."""
        return self.eigenvalues / self.n_samples

    @property
    def right(self):
        """The right singular vectors v_i as columns, shape (m, r)."""
        if self.basis is None:
            raise ValueError(
                "modes has no basis, since the problem was drawn without features: use "
                "exact_ridge and exact_grokking_times, or draw it with gaussian_problem"
            )
        return self.basis[:, :-2]

    def __repr__(self):
        return f"Modes(singular={self.singular.shape}, n_samples={self.n_samples})"


@dataclass(frozen=True, eq=False, repr=False)
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
    initial_weights : (m,) float64
        θ(0).
    teacher : (m,) float64
        θ*, the linear part of the teacher.
    covariance : () or (m,) or (m, m) float64, or an operator
        Σ = E φφᵀ: a scalar times the identity, a diagonal, a full matrix, or an operator with
        `shape` and `@` (such as SciPy's LinearOperator) for a matrix too large to be stored.
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
    teacher_is_known : bool
        False for a `DataProblem`, whose `teacher` is zero because nobody knows another.

    Raises
    ------
    ValueError
        For shapes that do not agree, NaN, zero samples, or a covariance that is none.

    Notes
    -----
    Weights have no unit; losses are in the squared unit of the targets. Draw a problem with
    `gaussian_problem`, or build one from your own arrays with `realizable_problem`. A problem
    keeps its own read-only arrays; make a changed one with `dataclasses.replace`.
    """

    features: np.ndarray
    targets: np.ndarray
    initial_weights: np.ndarray
    teacher: np.ndarray
    covariance: np.ndarray
    init_variance: float | None
    feature_norm_bound: float
    norm_bound_is_sure: bool
    misfit_moment: np.ndarray | None = None
    misfit_power: float = 0.0

    teacher_is_known = True

    def __post_init__(self):
        features = check_features(self.features)
        n, m = features.shape
        checked = {
            "features": features,
            "targets": check_array("targets", self.targets, (n,)),
            "initial_weights": check_array("initial_weights", self.initial_weights, (m,)),
            "teacher": check_array("teacher", self.teacher, (m,)),
            "covariance": check_covariance(self.covariance, m),
        }
        if self.misfit_moment is not None:
            checked["misfit_moment"] = check_array("misfit_moment", self.misfit_moment, (m,))
        for name, value in checked.items():
            owned = read_only(value) if isinstance(value, np.ndarray) else value
            object.__setattr__(self, name, owned)
        self._check_numbers()

    def _check_numbers(self):
        numbers = {"misfit_power": check_number("misfit_power", self.misfit_power, at_least=0)}
        if self.init_variance is not None:
            remedy = "pass 0 or more, or None"
            numbers["init_variance"] = check_number(
                "init_variance", self.init_variance, at_least=0, remedy=remedy
            )
        least, remedy = 0, None
        if self.norm_bound_is_sure:
            largest = largest_norm(self.features)
            remedy = f"pass at least the largest norm among the samples, {largest:.6g}"
            least = largest * (1 - 1e-12)
        numbers["feature_norm_bound"] = check_number(
            "feature_norm_bound", self.feature_norm_bound, at_least=least, remedy=remedy
        )
        for name, value in numbers.items():
            object.__setattr__(self, name, value)

    def __repr__(self):
        kinds = {0: "scalar", 1: "diagonal", 2: "matrix"}
        stored = isinstance(self.covariance, np.ndarray)
        kind = kinds[self.covariance.ndim] if stored else type(self.covariance).__name__
        return (
            f"{type(self).__name__}(n_samples={self.n_samples}, n_features={self.n_features}, "
            f"covariance={kind}, init_variance={self.init_variance})"
        )

    def __getstate__(self):
        """The fields alone: what was computed from them can be computed again."""
        return {field.name: self.__dict__[field.name] for field in fields(self)}

    def __setstate__(self, state):
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False  # which a pickle forgets
        self.__dict__.update(state)

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
    def _singular_values_and_vectors(self):
        """σ ascending, U and V: the one decomposition, of Φ itself and not of its square."""
        wide = self.n_samples < self.n_features
        tall = self.features.T if wide else self.features
        left, singular, right = _from_the_square(tall) or _from_itself(tall)
        return singular, *((right, left) if wide else (left, right))

    @cached_property
    def modes(self):
        """The problem mode by mode, as `Modes`: computed once."""
        singular, left, right = self._singular_values_and_vectors
        start, teacher = right.T @ self.initial_weights, right.T @ self.teacher
        residual = self.targets - self.features @ self.teacher
        noise = left.T @ residual
        unexplained = residual - left @ noise
        unseen_start = unseen_teacher = np.zeros(self.n_features)
        if len(singular) < self.n_features:
            unseen_start = self.initial_weights - right @ start
            unseen_teacher = self.teacher - right @ teacher
        start_direction, start_length = _unit(unseen_start, self.initial_weights)
        overlap = start_direction @ unseen_teacher
        rest = unseen_teacher - overlap * start_direction
        teacher_direction, teacher_length = _unit(rest, self.teacher)
        return Modes(
            singular=singular,
            left=left,
            basis=np.column_stack([right, start_direction, teacher_direction]),
            start=start,
            teacher=teacher,
            noise=noise,
            unexplained_noise=float(unexplained @ unexplained),
            unseen_start=start_length,
            unseen_overlap=float(overlap),
            unseen_teacher=teacher_length,
            n_samples=self.n_samples,
        )

    @cached_property
    def weighted_basis(self):
        """Σ @ modes.basis, shape (m, r + 2): all of a large Σ that any run needs."""
        return covariance_times(self.covariance, self.modes.basis)

    @cached_property
    def population_form(self):
        """basisᵀ Σ basis, shape (r + 2, r + 2): the test loss as a form in the modes."""
        return self.modes.basis.T @ self.weighted_basis

    @cached_property
    def population_products(self):
        """Σ[Φᵀ, θ(0), θ*], shape (m, n + 2), composed from `weighted_basis`."""
        modes = self.modes
        n, r = modes.left.shape
        coordinates = np.zeros((r + 2, n + 2))
        # Rows of Φ have no part in the unseen directions, so rounding gives them none.
        coordinates[:r, :n] = (modes.left * modes.singular).T
        coordinates[:-1, n] = [*modes.start, modes.unseen_start]
        coordinates[:, n + 1] = [*modes.teacher, modes.unseen_overlap, modes.unseen_teacher]
        return self.weighted_basis @ coordinates

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
        """F = ‖Φ‖_F² / n, which the paper calls L."""
        return float(np.sum(self.features**2) / self.n_samples)

    @property
    def max_curvature(self):
        """s_max = λmax(ΦᵀΦ) / n, the largest curvature of the unregularized training loss."""
        singular = self._singular_values_and_vectors[0]
        return float(singular[-1] ** 2 / self.n_samples) if singular.size else 0.0

    def train_loss(self, weights):
        """(1/2n) ‖Φθ − y‖² for weights of shape (m,)."""
        residual = self.features @ self._checked(weights) - self.targets
        return float(residual @ residual / (2 * self.n_samples))

    def test_loss(self, weights):
        """E_x (⟨θ, φ(x)⟩ − N*(x))² for weights of shape (m,).

        With δ = θ − θ* this is δᵀΣδ − 2⟨E φR, δ⟩ + E R².
        """
        error = self._checked(weights) - self.teacher
        loss = error @ covariance_times(self.covariance, error) + self.misfit_power
        if self.misfit_moment is not None:
            loss -= 2 * (self.misfit_moment @ error)
        return float(loss)

    def _checked(self, weights):
        return check_array("weights", weights, (self.n_features,), finite=False)

    def rescaled(self, *, init_variance=None, teacher_norm=None):
        """The same draws with another ν² or ‖θ*‖: same features, same directions, same noise.

        What was computed from the features alone is taken over.

        Parameters
        ----------
        init_variance : float, optional
            The new ν²; None keeps the old one.
        teacher_norm : float, optional
            The new ‖θ*‖; None keeps the old one.

        Returns
        -------
        RidgeProblem

        Raises
        ------
        ValueError
            For negative scales, and where the old start or teacher is zero and has no direction.
        """
        changed = {}
        if init_variance is not None:
            factor = _factor("init_variance", init_variance, self.init_variance or 0.0)
            changed["initial_weights"] = math.sqrt(factor) * self.initial_weights
            changed["init_variance"] = init_variance
        if teacher_norm is not None:
            old = float(np.linalg.norm(self.teacher))
            noise = self.targets - self.features @ self.teacher
            teacher = _factor("teacher_norm", teacher_norm, old) * self.teacher
            changed |= {"teacher": teacher, "targets": self.features @ teacher + noise}
        return self._with(**changed)

    def started_at(self, weights):
        """The same problem with other initial weights (m,), which nobody drew.

        Returns
        -------
        RidgeProblem
        """
        return self._with(initial_weights=weights, init_variance=None)

    def _with(self, **changed):
        """With other fields, but the same features: what was computed from these is kept."""
        problem = replace(self, **changed)
        for name in ("gram", "_singular_values_and_vectors"):
            if name in self.__dict__:
                problem.__dict__[name] = self.__dict__[name]
        return problem


def _factor(name, new, old):
    new = check_number(name, new, at_least=0)
    if old == 0:
        raise ValueError(
            f"{name}={new:g}: the problem has {name} {old:g} and nothing to scale; draw it with "
            f"{name}=1"
        )
    return new / old


def _unit(vector, whole):
    """Direction and length of `vector`; zero if it is a rounding error of the vector `whole`."""
    length = np.linalg.norm(vector)
    if length <= _ROUNDING * np.linalg.norm(whole):
        return np.zeros_like(vector), 0.0
    return vector / length, float(length)


def check_features(features, name="features"):
    """Return `features` as (rows, columns) of float64 with finite squares, or raise a ValueError.

    Both numbers are at least 1.
    """
    features = check_array(name, features)
    if features.ndim != 2 or 0 in features.shape:
        raise ValueError(
            f"{name} has shape {features.shape}: pass (n_samples, n_features), both at least 1"
        )
    if not math.isfinite(largest_norm(features)):
        raise ValueError(
            f"{name} goes up to {np.abs(features).max():.3g}, whose square overflows: rescale it"
        )
    return features


def largest_norm(features):
    """max_i ‖φ(x_i)‖ over the rows."""
    with np.errstate(over="ignore", under="ignore"):
        return math.sqrt(np.max(np.sum(features**2, axis=1)))


def _from_the_square(tall):
    """U, σ and V of a matrix from the eigenvectors of its square, five times as fast as an SVD.

    Squaring loses the digits of σ_min that σ_max² / σ_min² has: where that is more than three,
    the answer is None.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        square = tall.T @ tall
    if not np.isfinite(square).all():
        return None
    eigenvalues, right = np.linalg.eigh(square)
    if not 1e-200 < eigenvalues[-1] < 1e3 * eigenvalues[0]:
        return None
    singular = np.sqrt(eigenvalues)
    return tall @ (right / singular), singular, right


def _from_itself(tall):
    """U, σ and V of a matrix, without the σ that rounding cannot tell from zero."""
    left, singular, right = np.linalg.svd(tall, full_matrices=False)
    cut = max(tall.shape) * np.finfo(float).eps * singular[0]
    # A mode whose curvature underflows never moves.
    rank = np.count_nonzero(singular > max(cut, 1e-150))
    left = np.ascontiguousarray(left[:, :rank][:, ::-1])
    return left, singular[:rank][::-1], np.ascontiguousarray(right[:rank][::-1].T)


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
    teacher : (m,) array
        θ*.
    initial_weights : (m,) array
        θ(0).
    covariance : float, (m,) or (m, m) array, or operator
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
    features = check_features(features)
    teacher = check_array("teacher", teacher, features.shape[1:])
    bound_is_given = feature_norm_bound is not None
    return RidgeProblem(
        features=features,
        targets=_labels(features, teacher, label_noise, rng),
        initial_weights=initial_weights,
        teacher=teacher,
        covariance=covariance,
        init_variance=init_variance,
        feature_norm_bound=feature_norm_bound if bound_is_given else largest_norm(features),
        norm_bound_is_sure=bound_is_given,
    )


def _labels(features, teacher, label_noise, rng):
    noise = check_number("label_noise", label_noise, at_least=0)
    targets = features @ teacher
    if noise == 0:
        return targets
    if rng is None:
        raise ValueError(f"label_noise={label_noise!r} needs rng: pass a numpy.random.Generator")
    check_rng(rng)
    return targets + noise * rng.standard_normal(len(targets))


def check_covariance(covariance, n_features):
    """Return Σ as an array, or as the operator that it is, or raise a ValueError."""
    if _is_operator(covariance):
        if covariance.shape != (n_features, n_features):
            raise ValueError(
                f"covariance has shape {covariance.shape}, expected {(n_features, n_features)}: "
                "make the shapes agree"
            )
        return covariance
    covariance = check_array("covariance", covariance)
    if covariance.shape not in [(), (n_features,), (n_features, n_features)]:
        raise ValueError(
            f"covariance has shape {covariance.shape}: with {n_features} features pass a scalar, "
            f"({n_features},) for a diagonal or ({n_features}, {n_features})"
        )
    smallest = _smallest_eigenvalue(covariance) if covariance.ndim == 2 else covariance.min()
    if smallest < 0:
        raise ValueError(
            f"covariance has the negative eigenvalue {smallest:.3g}: pass a positive "
            "semidefinite covariance"
        )
    return covariance


def _is_operator(covariance):
    """Something that multiplies, with a shape, and is neither an array nor convertible to one."""
    return (
        getattr(covariance, "ndim", None) == 2
        and hasattr(covariance, "__matmul__")
        and not hasattr(covariance, "__array__")
        and not hasattr(covariance, "toarray")
    )


def _smallest_eigenvalue(matrix):
    """A negative eigenvalue of a symmetric matrix if it has one beyond rounding, else 0."""
    largest = np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > 1e-12 * largest:
        raise ValueError("covariance is not symmetric: pass (covariance + covariance.T) / 2")
    rounding = 1e-10 * largest
    try:  # ten times faster than eigenvalues, which only the message needs
        np.linalg.cholesky(matrix + 2 * rounding * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(matrix)[0])
        return smallest if smallest < -rounding else 0.0
    return 0.0


def gaussian_problem(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    covariance=None,
    rng,
):
    """Gaussian features φ ~ N(0, Σ) with a linear teacher (paper, Section 5.1: Σ = I/m).

    Parameters
    ----------
    n_samples : int
        n, the number of samples.
    n_features : int
        m, the number of features.
    init_variance : float
        ν²: θ(0) ~ N(0, ν² I_m).
    teacher_norm : float
        ‖θ*‖; the direction is uniform on the sphere. 0 gives the zero teacher of Theorem 4.1.
    label_noise : float
        Standard deviation of Gaussian label noise.
    covariance : float, (m,) or (m, m) array, optional
        Σ: a scalar stands for a multiple of the identity, a vector for a diagonal; I/m without it.
        It must be symmetric and positive semidefinite, and may be singular.
    rng : numpy.random.Generator
        The only source of randomness. Features, teacher direction, initial weights and noise are
        drawn in this order, so problems that differ in Σ, ν², ‖θ*‖ or noise alone share their
        draws: the features are Z Σ^{1/2}, with the symmetric root and the same Gaussian Z.

    Returns
    -------
    RidgeProblem
        Gaussian features have no almost-sure norm bound; `feature_norm_bound` is √(3/2 · tr Σ),
        for Σ = I/m the value behind the constants of Eq. (8). ‖φ(x)‖ stays below it with
        probability close to 1 if many directions share tr Σ.

    Raises
    ------
    ValueError
        For counts below 1, negative scales, a covariance that is none, and features that do not
        fit into memory: `sampled_problem` needs none.
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features)
    init_variance = check_number("init_variance", init_variance, at_least=0)
    teacher_norm = check_number("teacher_norm", teacher_norm, at_least=0)
    check_rng(rng)
    # Its time grows like n²: minutes for 10⁵ samples.
    sampled_is_quick = covariance is None and n_samples <= 10**5
    remedy = "use sampled_problem, which draws no features" if sampled_is_quick else "pass fewer"
    check_memory(remedy, n_samples=n_samples, n_features=n_features)
    trace = 1.0
    if covariance is not None:
        covariance, root, trace = _root_and_trace(covariance, n_features)
    features = rng.standard_normal((n_samples, n_features))
    if covariance is None:
        covariance = 1 / n_features
        features /= np.sqrt(n_features)
    elif root.ndim == 2:
        features = features @ root
    else:
        features *= root
    features.flags.writeable = False  # so that the problem need not copy it
    direction = rng.standard_normal(n_features)
    start = rng.standard_normal(n_features)
    teacher = teacher_norm * direction / np.linalg.norm(direction)
    return RidgeProblem(
        features=features,
        targets=_labels(features, teacher, label_noise, rng),
        initial_weights=np.sqrt(init_variance) * start,
        teacher=teacher,
        covariance=covariance,
        init_variance=init_variance,
        feature_norm_bound=math.sqrt(1.5 * trace),
        norm_bound_is_sure=False,
    )


def _root_and_trace(covariance, n_features):
    """Σ checked, its symmetric root in the same layout, and tr Σ."""
    if _is_operator(covariance):
        raise ValueError(
            f"covariance is a {type(covariance).__name__}, of which no root can be taken: pass "
            "a scalar, a diagonal or a matrix"
        )
    covariance = check_covariance(covariance, n_features)
    if covariance.ndim < 2:
        return covariance, np.sqrt(covariance), float(np.sum(covariance + np.zeros(n_features)))
    eigenvalues, basis = np.linalg.eigh(covariance)
    # Directions at the level of rounding would add to the rank of the features.
    cut = n_features * np.finfo(float).eps * eigenvalues[-1]
    root = np.sqrt(np.where(eigenvalues > cut, eigenvalues, 0.0))
    return covariance, (basis * root) @ basis.T, float(np.trace(covariance))


def check_ridge(problem):
    if not hasattr(problem, "n_features"):
        raise ValueError(
            f"problem is a {type(problem).__name__}: pass a ridge problem, such as "
            "gaussian_problem draws"
        )


def check_gradient_descent(problem, weight_decay, learning_rate, *, allow_unstable=False):
    """Return (λ, η) as floats if gradient descent with them makes sense on `problem`.

    Raises
    ------
    ValueError
        For λ < 0, η ≤ 0, ηλ ≥ 1 (one step would erase the weights), or, unless `allow_unstable`,
        η ≥ 2/(λ + s_max), beyond which the iteration diverges.
    """
    check_ridge(problem)
    weight_decay, learning_rate = check_rates(weight_decay, learning_rate)
    curvature = weight_decay + problem.max_curvature
    if not allow_unstable and learning_rate * curvature >= 2:
        raise ValueError(
            f"learning_rate={learning_rate:g} is at or beyond the stability limit "
            f"2/(weight_decay + s_max) = {2 / curvature:.4g}: pass a smaller one, or "
            "allow_unstable=True to watch train_ridge diverge"
        )
    return weight_decay, learning_rate

"""Random features: of Gaussian inputs (paper, Section 5.2 and Figure 7), and maps for your own.

Only the output weights are trained, so these are `RidgeProblem`s. For Gaussian inputs their
population covariance has a closed form, but as an (m, m) matrix it would fill the memory at
m = 10⁴; it is an operator that is computed block by block when it multiplies something.
"""

import math
from dataclasses import dataclass

import numpy as np

from grokedu.checks import check_count, check_memory, check_number, check_rng
from grokedu.ridge import RidgeProblem, check_features

_BLOCK_ROWS = 1024


class PairwiseCovariance:
    """Σ_ij = moments(i, j) as an operator that multiplies with ``@`` and is never stored.

    Parameters
    ----------
    n_features : int
        m, how many.
    moments : callable
        Returns the block of Σ for a slice of rows and a slice of columns.
    """

    ndim = 2

    def __init__(self, n_features, moments):
        self.shape = (n_features, n_features)
        self.moments = moments

    def __matmul__(self, vectors):
        result = np.zeros(vectors.shape)
        blocks = [slice(i, i + _BLOCK_ROWS) for i in range(0, len(result), _BLOCK_ROWS)]
        for number, rows in enumerate(blocks):
            # Σ is symmetric: a block above the diagonal serves below it too.
            for columns in blocks[number:]:
                block = self.moments(rows, columns)
                result[rows] += block @ vectors[columns]
                if rows != columns:
                    result[columns] += block.T @ vectors[rows]
        return result


@dataclass(frozen=True, eq=False)
class ReluMoments:
    """Blocks of E σ(u·x)σ(v·x) = ‖u‖‖v‖/(2π) · (sin γ + (π − γ) cos γ), γ the angle of u and v.

    The rows of `left` (k, d) are the u, those of `right` (l, d) the v.
    """

    left: np.ndarray
    right: np.ndarray

    def __call__(self, rows, columns):
        # Imported here so that importing a problem does not load numba.
        from grokedu._kernels import relu_moments

        left, right = self.left[rows], self.right[columns]
        products = left @ right.T
        relu_moments(products, np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))
        return products


@dataclass(frozen=True, eq=False)
class CosineMoments:
    """Blocks of `scale` · E cos(u·x + p) cos(v·x + q).

    This is ½[e^{−‖u−v‖²/2} cos(p − q) + e^{−‖u+v‖²/2} cos(p + q)]. The rows of `left` (k, d) and
    `right` (l, d) are the u and v, with phases (k,) and (l,).
    """

    left: np.ndarray
    left_phases: np.ndarray
    right: np.ndarray
    right_phases: np.ndarray
    scale: float = 1.0

    @np.errstate(under="ignore")
    def __call__(self, rows, columns):
        left, right = self.left[rows], self.right[columns]
        products = left @ right.T
        half = (np.sum(left**2, axis=1)[:, None] + np.sum(right**2, axis=1)) / 2
        p, q = self.left_phases[rows, None], self.right_phases[columns]
        total = np.exp(products - half) * np.cos(p - q)
        total += np.exp(-products - half) * np.cos(p + q)
        return self.scale / 2 * total


def relu_feature_problem(
    *,
    n_samples=100,
    n_features=10_000,
    input_dim=100,
    init_variance=1.0,
    label_noise=0.0,
    rng,
):
    """Random ReLU features with a single ReLU neuron as teacher (paper, Section 5.2).

    φ_j(x) = σ(w_j·x) with w_j ~ N(0, ν²/(dm) I_d) fixed, inputs x ~ N(0, I_d), trained output
    weights that start at N(0, 1), and N*(x) = σ(w*·x) with w* uniform on the unit sphere. The
    paper does not say how inputs are distributed; this reading reproduces its levels.

    Parameters
    ----------
    n_samples : int
        n, the number of samples.
    n_features : int
        m, the number of features.
    input_dim : int
        d, the length of an input.
    init_variance : float
        ν² of the paper's Section 5.2. It scales the *features*; the trained weights always start
        with variance 1, which is what `RidgeProblem.init_variance` says.
    label_noise : float
        Standard deviation of Gaussian label noise.
    rng : numpy.random.Generator
        Inputs, hidden weights, teacher, initial weights and noise are drawn in this order.

    Returns
    -------
    RidgeProblem
        Its `teacher` is zero and its misfit is all of N*, since the features cannot express it.

    Raises
    ------
    ValueError
        For counts below 1, negative scales, and features that do not fit into memory.
    """
    n_samples, n_features, input_dim = _counts(n_samples, n_features, input_dim)
    variance = check_number("init_variance", init_variance, at_least=0)
    check_rng(rng)
    inputs = rng.standard_normal((n_samples, input_dim))
    hidden = rng.standard_normal((n_features, input_dim))
    hidden *= math.sqrt(variance / (input_dim * n_features))
    direction = rng.standard_normal((1, input_dim))
    direction /= np.linalg.norm(direction)
    return _problem(
        features=np.maximum(inputs @ hidden.T, 0),
        labels=np.maximum(inputs @ direction[0], 0),
        moments=ReluMoments(hidden, hidden),
        misfit_moment=ReluMoments(hidden, direction)(slice(None), slice(None))[:, 0],
        misfit_power=0.5,
        label_noise=label_noise,
        rng=rng,
    )


def fourier_feature_problem(
    *,
    n_samples=100,
    n_features=5_000,
    input_dim=10,
    frequency_variance=1.0,
    label_noise=0.0,
    rng,
):
    """Random Fourier features with one such feature as teacher (paper, Figure 7).

    φ_j(x) = √(2/m) cos(w_j·x + b_j) with w_j ~ N(0, σ² I_d) and b_j uniform on [0, 2π], inputs
    x ~ N(0, I_d), trained weights that start at N(0, 1), and N*(x) = √2 cos(w*·x + b*) of the
    same kind. The factor √2 without 1/√m is our reading of "one such feature": with 1/√m the
    teacher's power would be 1/m and the zero predictor would pass every threshold.

    Parameters
    ----------
    n_samples : int
        n, the number of samples.
    n_features : int
        m, the number of features.
    input_dim : int
        d, the length of an input.
    frequency_variance : float
        σ².
    label_noise : float
        Standard deviation of Gaussian label noise.
    rng : numpy.random.Generator
        Inputs, frequencies, phases, teacher, initial weights and noise are drawn in this order.

    Returns
    -------
    RidgeProblem
        Its `teacher` is zero and its misfit is all of N*.

    Raises
    ------
    ValueError
        For counts below 1, negative scales, and features that do not fit into memory.
    """
    n_samples, n_features, input_dim = _counts(n_samples, n_features, input_dim)
    variance = check_number("frequency_variance", frequency_variance, at_least=0)
    check_rng(rng)
    inputs = rng.standard_normal((n_samples, input_dim))
    frequencies = math.sqrt(variance) * rng.standard_normal((n_features, input_dim))
    phases = rng.uniform(0, 2 * np.pi, n_features)
    frequency = math.sqrt(variance) * rng.standard_normal((1, input_dim))
    phase = rng.uniform(0, 2 * np.pi, 1)
    scale = math.sqrt(2 / n_features)
    with_teacher = CosineMoments(frequencies, phases, frequency, phase, scale * math.sqrt(2))
    of_teacher = CosineMoments(frequency, phase, frequency, phase, 2.0)
    everything = slice(None)
    return _problem(
        features=scale * np.cos(inputs @ frequencies.T + phases),
        labels=math.sqrt(2) * np.cos(inputs @ frequency[0] + phase),
        moments=CosineMoments(frequencies, phases, frequencies, phases, scale**2),
        misfit_moment=with_teacher(everything, everything)[:, 0],
        misfit_power=of_teacher(everything, everything).item(),
        label_noise=label_noise,
        rng=rng,
    )


def _problem(*, features, labels, moments, misfit_moment, misfit_power, label_noise, rng):
    n_samples, n_features = features.shape
    noise = check_number("label_noise", label_noise, at_least=0)
    initial_weights = rng.standard_normal(n_features)
    return RidgeProblem(
        features=features,
        targets=labels + noise * rng.standard_normal(n_samples),
        initial_weights=initial_weights,
        teacher=np.zeros(n_features),
        covariance=PairwiseCovariance(n_features, moments),
        init_variance=1.0,
        feature_norm_bound=float(np.sqrt(np.max(np.sum(features**2, axis=1)))),
        norm_bound_is_sure=False,
        misfit_moment=misfit_moment,
        misfit_power=misfit_power,
    )


def _counts(n_samples, n_features, input_dim):
    n = check_count("n_samples", n_samples)
    m = check_count("n_features", n_features)
    d = check_count("input_dim", input_dim)
    check_memory(n_samples=n, n_features=m)
    check_memory(n_features=m, input_dim=d)
    check_memory(n_samples=n, input_dim=d)
    return n, m, d


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """φ(x) = √(2/m) f(Wx + b) with f the `activation`, to be called with rows of inputs.

    Attributes
    ----------
    activation : function
    weights : (m, d) float64
        W, one row per feature.
    shift : (m,) float64
        b, the phases.
    """

    activation: np.ufunc
    weights: np.ndarray
    shift: np.ndarray

    def __call__(self, inputs):
        """φ of each row of `inputs` (rows, d), shape (rows, m)."""
        inputs = check_features(inputs, "inputs")
        n_features, input_dim = self.weights.shape
        if inputs.shape[1] != input_dim:
            raise ValueError(
                f"inputs has {inputs.shape[1]} columns, the map was made for {input_dim}: pass "
                "rows of the same kind"
            )
        check_memory(rows=len(inputs), n_features=n_features)
        return math.sqrt(2 / n_features) * self.activation(inputs @ self.weights.T + self.shift)

    def __repr__(self):
        return f"FeatureMap({self.activation.__name__}, weights={self.weights.shape})"


def relu_features(inputs, *, n_features, rng):
    """Draw random ReLU features φ(x) = √(2/m) max(Wx, 0), with W of entries N(0, 1).

    ‖φ(x)‖ is ‖x‖ on average, and grows with it: center the inputs and bring their norms near 1.

    Parameters
    ----------
    inputs : (n, d) array
        The rows that the map is for; only the number of columns matters.
    n_features : int
        m, how many.
    rng : numpy.random.Generator

    Returns
    -------
    FeatureMap
        A function: call it with training rows and test rows alike.
    """
    weights = _draw(inputs, n_features, rng)
    return FeatureMap(_relu, weights, np.zeros(len(weights)))


def fourier_features(inputs, *, n_features, frequency_variance=1.0, rng):
    """Draw random Fourier features φ(x) = √(2/m) cos(Wx + b), W ~ N(0, σ²) and b uniform.

    ⟨φ(x), φ(x')⟩ approximates the Gaussian kernel exp(−σ²‖x − x'‖²/2): σ says which inputs count as
    close.

    Parameters
    ----------
    inputs : (n, d) array
        The rows that the map is for; only the number of columns matters.
    n_features : int
        m, how many.
    frequency_variance : float
        σ².
    rng : numpy.random.Generator

    Returns
    -------
    FeatureMap
        A function: call it with training rows and test rows alike.
    """
    variance = check_number("frequency_variance", frequency_variance, at_least=0)
    weights = math.sqrt(variance) * _draw(inputs, n_features, rng)
    return FeatureMap(np.cos, weights, rng.uniform(0, 2 * np.pi, len(weights)))


def _draw(inputs, n_features, rng):
    n_features = check_count("n_features", n_features)
    check_rng(rng)
    input_dim = check_features(inputs, "inputs").shape[1]
    check_memory(n_features=n_features, input_dim=input_dim)
    return rng.standard_normal((n_features, input_dim))


def _relu(x):
    return np.maximum(x, 0)

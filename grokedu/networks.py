"""ReLU networks without biases, trained in all layers (paper, Section 5.3)."""

import math
from dataclasses import dataclass, fields

import numpy as np

from grokedu.checks import check_array, check_count, check_number, check_rng, read_only

_BLOCK_ROWS = 512


@dataclass(frozen=True, eq=False, repr=False)
class NetworkProblem:
    """A ReLU network and its training data, as gradient descent meets them.

    The network is N(x) = ⟨a, σ(W_{k−1} ⋯ σ(W_1 x))⟩ with σ(z) = max(z, 0) and no biases, so it is
    k-homogeneous: multiplying all weights by c multiplies its output by c^k.

    Attributes
    ----------
    inputs : (n, d) array
        Training inputs, one per row.
    hidden_weights : (m, d) array, or a tuple of matrices
        W_1 for the two-layer network; W_1, …, W_{k−1} for k layers, the first of width d.
    output_weights : (m,) array
        a.
    targets : (n,) array, optional
        Labels; zeros (the paper's zero teacher) without them.
    test_inputs : (p, d) array, optional
        For more than two layers there is no closed form of the population loss; the test loss is
        then the mean squared output over these inputs, and needs them.

    Notes
    -----
    The population is x ~ N(0, I_d) and the teacher is zero. With targets that are not, the teacher
    is unknown, and so is the test loss: NaN.

    A problem owns read-only copies of its arrays.

    Raises
    ------
    ValueError
        For shapes that do not fit together, arrays that do not hold finite real numbers, or missing
        test inputs.
    """

    inputs: np.ndarray
    hidden_weights: np.ndarray | tuple
    output_weights: np.ndarray
    targets: np.ndarray | None = None
    test_inputs: np.ndarray | None = None

    def __post_init__(self):
        inputs = _own("inputs", self.inputs)
        if inputs.ndim != 2 or 0 in inputs.shape:
            raise ValueError(
                f"inputs has shape {inputs.shape}: pass (n_samples, input_dim), both at least 1"
            )
        hidden = self.hidden_weights
        several = isinstance(hidden, tuple | list) and not (hidden and np.ndim(hidden[0]) == 1)
        hidden = tuple(hidden) if several else (hidden,)
        if not hidden:
            raise ValueError(
                "hidden_weights has no layers: pass one or more, or train a linear model with "
                "train_ridge"
            )
        below, layers = inputs.shape[1], []
        for number, layer in enumerate(hidden, start=1):
            layer = _own(f"hidden_weights, layer {number},", layer)
            if layer.ndim != 2 or layer.shape[1] != below or layer.shape[0] == 0:
                raise ValueError(
                    f"hidden_weights, layer {number}, has shape {layer.shape}, expected "
                    f"(width, {below}): one row per neuron"
                )
            layers.append(layer)
            below = layer.shape[0]
        if len(layers) > 1 and self.test_inputs is None:
            raise ValueError(
                "test_inputs is None, but the population loss of more than two layers has no "
                "closed form: pass inputs to measure it on"
            )
        targets = np.zeros(len(inputs)) if self.targets is None else self.targets
        owned = dict(
            inputs=inputs,
            hidden_weights=tuple(layers),
            output_weights=_own("output_weights", self.output_weights, (below,)),
            targets=_own("targets", targets, (len(inputs),)),
        )
        if self.test_inputs is not None:
            test_inputs = owned["test_inputs"] = _own("test_inputs", self.test_inputs)
            if (
                test_inputs.ndim != 2
                or test_inputs.shape[1] != inputs.shape[1]
                or len(test_inputs) == 0
            ):
                raise ValueError(
                    f"test_inputs has shape {test_inputs.shape}, expected "
                    f"(at least 1, {inputs.shape[1]}): one input per row"
                )
        for name, array in owned.items():
            object.__setattr__(self, name, array)

    def __reduce__(self):
        return type(self), tuple(getattr(self, part.name) for part in fields(self))

    def __repr__(self):
        widths = ", ".join(str(len(layer)) for layer in self.hidden_weights)
        n_samples, input_dim = self.inputs.shape
        targets = "zero" if self.teacher_is_zero else "given"
        return (
            f"NetworkProblem(n_samples={n_samples}, input_dim={input_dim}, widths=({widths}), "
            f"targets={targets})"
        )

    @property
    def n_layers(self):
        """k, the number of layers of weights and the degree of homogeneity."""
        return len(self.hidden_weights) + 1

    @property
    def teacher_is_zero(self):
        """Whether all targets are zero. Other targets do not tell the teacher."""
        return not self.targets.any()

    @np.errstate(under="ignore")
    def train_loss(self, hidden_weights, output_weights):
        """(1/2n) Σ_i (N(x_i) − y_i)²."""
        residual = forward(self.inputs, hidden_weights, output_weights) - self.targets
        return float(residual @ residual / (2 * len(residual)))

    @np.errstate(under="ignore")
    def gradients(self, hidden_weights, output_weights):
        """∂L_n/∂W for every layer, shaped like the weights: the hidden ones in order, then a."""
        signals = [self.inputs]
        for layer in hidden_weights:
            signals.append(np.maximum(signals[-1] @ layer.T, 0))
        residual = (signals[-1] @ output_weights - self.targets) / len(self.inputs)
        gradients = [residual @ signals[-1]]
        errors = np.outer(residual, output_weights)
        for layer, below, above in zip(
            reversed(hidden_weights), reversed(signals[:-1]), reversed(signals), strict=False
        ):
            errors = errors * (above > 0)
            gradients.insert(0, errors.T @ below)
            errors = errors @ layer
        return tuple(gradients)

    @np.errstate(under="ignore")
    def test_loss(self, hidden_weights, output_weights):
        """E N(x)² for x ~ N(0, I_d), exact for two layers, else the mean over `test_inputs`.

        NaN unless the teacher is zero.
        """
        if not self.teacher_is_zero:
            return math.nan
        if self.test_inputs is not None:
            outputs = forward(self.test_inputs, hidden_weights, output_weights)
            return float(outputs @ outputs / len(outputs))
        return population_square(hidden_weights[0], output_weights)


def _own(name, value, shape=None):
    return read_only(check_array(name, value, shape))


def forward(inputs, hidden_weights, output_weights):
    """The network's outputs (p,) on inputs (p, d)."""
    for layer in hidden_weights:
        inputs = np.maximum(inputs @ layer.T, 0)
    return inputs @ output_weights


def population_square(hidden_weights, output_weights):
    """E (Σ_j a_j σ(w_j·x))² for x ~ N(0, I_d), by the arc-cosine formula.

    E σ(u·x)σ(v·x) = ‖u‖‖v‖/(2π) · (sin γ + (π − γ) cos γ) with γ the angle of u and v (Cho and
    Saul, 2009).

    Parameters
    ----------
    hidden_weights : (m, d) array
    output_weights : (m,) array
    """
    # Imported here so that importing a problem does not load numba.
    from grokedu._kernels import relu_moments

    norms = np.linalg.norm(hidden_weights, axis=1)
    total = 0.0
    for first in range(0, len(norms), _BLOCK_ROWS):
        rows = slice(first, first + _BLOCK_ROWS)
        # Pairs of different blocks come twice in the sum, and are computed once.
        inside = hidden_weights[rows] @ hidden_weights[rows].T
        relu_moments(inside, norms[rows], norms[rows])
        total += output_weights[rows] @ inside @ output_weights[rows]
        rest = slice(first + _BLOCK_ROWS, None)
        across = hidden_weights[rows] @ hidden_weights[rest].T
        relu_moments(across, norms[rows], norms[rest])
        total += 2 * (output_weights[rows] @ across @ output_weights[rest])
    return float(max(total, 0.0))


def relu_network_problem(*, n_samples=50, input_dim=50, width=1000, init_variance=1.0, rng):
    """The two-layer ReLU network of the paper's Section 5.3, with the zero teacher.

    Inputs are x ~ N(0, I_d), output weights a ~ N(0, 1/m), hidden weights w_j ~ N(0, (ν²/d) I_d).
    The paper does not say how inputs are distributed; this reading reproduces its levels.

    Parameters
    ----------
    n_samples, input_dim, width : int
        n, d and m.
    init_variance : float
        ν². Unlike in ridge regression it scales the hidden weights only.
    rng : numpy.random.Generator
        Inputs, hidden weights and output weights are drawn in this order.

    Returns
    -------
    NetworkProblem
    """
    n_samples = check_count("n_samples", n_samples)
    input_dim = check_count("input_dim", input_dim)
    width = check_count("width", width)
    remedy = "pass 0 or more"
    init_variance = check_number("init_variance", init_variance, at_least=0, remedy=remedy)
    check_rng(rng)
    inputs = rng.standard_normal((n_samples, input_dim))
    hidden = rng.standard_normal((width, input_dim)) * math.sqrt(init_variance / input_dim)
    output = rng.standard_normal(width) / math.sqrt(width)
    return NetworkProblem(inputs=inputs, hidden_weights=hidden, output_weights=output)

"""ReLU networks without biases, trained in all layers (paper, Section 5.3)."""

import math
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from grokedu.checks import (
    check_array,
    check_count,
    check_layers,
    check_memory,
    check_number,
    check_rng,
    read_only,
)

_BLOCK_ROWS = 512


@dataclass(frozen=True, eq=False, repr=False)
class NetworkProblem:
    """A ReLU network and its training data, as gradient descent meets them.

    The network is N(x) = Aᵀ σ(W_{k−1} ⋯ σ(W_1 x)) with σ(z) = max(z, 0) and no biases, so it is
    k-homogeneous: multiplying all weights by c multiplies its output by c^k. Its output is one
    number, or a vector of o of them.

    Attributes
    ----------
    inputs : (n, d) array
        Training inputs, one per row.
    hidden_weights : tuple of matrices, the first (m, d)
        W_1, …, W_{k−1} for k layers; the first has d columns, the others as many as the one before
        has rows. For two layers W_1 itself may be passed in place of the tuple.
    output_weights : (m,) or (m, o) array
        A; the vector a where the output is one number.
    targets : (n,) or (n, o) array, optional
        Labels. Without them those of the teacher, and zeros without a teacher.
    test_inputs : (p, d) array, optional
        The test loss is then the mean over these inputs. Needed where the population loss has no
        closed form, that is if the network or its teacher has more than two layers.
    test_targets : (p,) or (p, o) array, optional
        Labels of `test_inputs`.
    teacher : (hidden_weights, output_weights), optional
        A network N* like the one that is trained, of any widths. It labels the inputs, those
        without labels of their own.

    Notes
    -----
    The test loss is the mean of ‖N(x) − y‖² over `test_inputs` with `test_targets`; with a teacher
    that of ‖N(x) − N*(x)‖² over `test_inputs`, and without them over the population, x ~ N(0, I_d).
    If `targets` are zero, or left out, the teacher is zero where nothing else is said. Other
    labels alone do not tell the teacher, and the test loss is unknown: NaN.

    A problem owns read-only copies of its arrays. `dataclasses.replace` keeps its labels: to label
    the inputs by a new teacher, pass targets=None too.

    Raises
    ------
    ValueError
        For shapes that do not fit together, arrays that do not hold finite real numbers, missing
        test inputs, test labels without labels, or test labels beside a teacher.
    """

    inputs: np.ndarray
    hidden_weights: np.ndarray | tuple
    output_weights: np.ndarray
    targets: np.ndarray | None = None
    test_inputs: np.ndarray | None = None
    test_targets: np.ndarray | None = None
    teacher: tuple | None = None

    def __post_init__(self):
        inputs = _own("inputs", self.inputs)
        if inputs.ndim != 2 or 0 in inputs.shape:
            raise ValueError(
                f"inputs has shape {inputs.shape}: pass (n_samples, input_dim), both at least 1"
            )
        hidden, output = _own_layers(
            self.hidden_weights, self.output_weights, inputs.shape[1], name=""
        )
        owned = dict(inputs=inputs, hidden_weights=hidden, output_weights=output)
        teacher = self.teacher
        if teacher is not None:
            if not isinstance(teacher, tuple | list) or len(teacher) != 2:
                raise ValueError(
                    f"teacher is a {type(teacher).__name__}: pass a pair, (hidden_weights, "
                    "output_weights)"
                )
            owned["teacher"] = teacher = _own_layers(*teacher, inputs.shape[1], name="teacher, ")
            if teacher[1].shape[1:] != output.shape[1:]:
                raise ValueError(
                    f"teacher, output_weights has shape {teacher[1].shape}, but output_weights has "
                    f"{output.shape}: give both networks as many outputs"
                )
        self._check_test_set(len(hidden), None if teacher is None else len(teacher[0]))
        targets = self.targets
        if targets is None and teacher is not None:
            targets = forward(inputs, *teacher)
        elif targets is None:
            targets = np.zeros((len(inputs), *output.shape[1:]))
        owned["targets"] = _own_labels("targets", targets, len(inputs), output)
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
        if self.test_targets is not None:
            owned["test_targets"] = _own_labels(
                "test_targets", self.test_targets, len(test_inputs), output
            )
        for name, value in owned.items():
            object.__setattr__(self, name, value)

    def _check_test_set(self, depth, teacher_depth):
        """Refuse what leaves the test loss without a meaning, or gives it two."""
        if self.test_inputs is None and max(depth, teacher_depth or 0) > 1:
            raise ValueError(
                "test_inputs is None, but the population loss of more than two layers has no "
                "closed form: pass inputs to measure it on"
            )
        if self.test_targets is None:
            return
        if self.test_inputs is None:
            raise ValueError("test_targets are labels without inputs: pass test_inputs too")
        if teacher_depth is not None:
            raise ValueError(
                "test_targets and teacher both say what is right on test_inputs: leave one out"
            )
        if self.targets is None:
            raise ValueError(
                "test_targets without targets: pass the labels of inputs too, zeros if they are"
            )

    def __reduce__(self):
        return type(self), tuple(getattr(self, part.name) for part in fields(self))

    def __repr__(self):
        widths = ", ".join(str(len(layer)) for layer in self.hidden_weights)
        n_samples, input_dim = self.inputs.shape
        outputs = "".join(f"n_outputs={size}, " for size in self.output_weights.shape[1:])
        targets = "zero" if self.teacher_is_zero else "given"
        if self.teacher is not None:
            widths += f"), teacher_widths=({', '.join(str(len(w)) for w in self.teacher[0])}"
        return (
            f"NetworkProblem(n_samples={n_samples}, input_dim={input_dim}, widths=({widths}), "
            f"{outputs}targets={targets})"
        )

    @property
    def n_layers(self):
        """k, the number of layers of weights and the degree of homogeneity."""
        return len(self.hidden_weights) + 1

    @property
    def teacher_is_zero(self):
        """Whether all labels are zero, and the teacher if there is one."""
        labels = [self.targets, *(part for part in [self.test_targets] if part is not None)]
        if self.teacher is not None:
            labels.append(self.teacher[1])
        return not any(part.any() for part in labels)

    @property
    def test_loss_is_known(self):
        """Whether anything says what is right on inputs that are not trained on."""
        told = self.teacher is not None or self.test_targets is not None
        return told or self.teacher_is_zero

    @np.errstate(under="ignore")
    def train_loss(self, hidden_weights, output_weights):
        """(1/2n) Σ_i ‖N(x_i) − y_i‖²."""
        self._check_weights(hidden_weights, output_weights)
        residual = forward(self.inputs, hidden_weights, output_weights) - self.targets
        return float(np.vdot(residual, residual) / (2 * len(residual)))

    @np.errstate(under="ignore")
    def gradients(self, hidden_weights, output_weights):
        """∂L_n/∂W for every layer, shaped like the weights: the hidden ones in order, then A."""
        self._check_weights(hidden_weights, output_weights)
        signals = [self.inputs]
        for layer in hidden_weights:
            signals.append(np.maximum(signals[-1] @ layer.T, 0))
        residual = (signals[-1] @ output_weights - self.targets) / len(self.inputs)
        gradients = [signals[-1].T @ residual]
        rows = len(self.inputs), -1
        errors = residual.reshape(rows) @ output_weights.reshape(len(output_weights), -1).T
        for layer, below, above in zip(
            reversed(hidden_weights), reversed(signals[:-1]), reversed(signals), strict=False
        ):
            errors = errors * (above > 0)
            gradients.insert(0, errors.T @ below)
            errors = errors @ layer
        return tuple(gradients)

    @np.errstate(under="ignore")
    def test_loss(self, hidden_weights, output_weights):
        """E ‖N(x) − N*(x)‖²: the mean over `test_inputs`, or without them exact for x ~ N(0, I_d).

        NaN where the teacher is unknown. The exact value is a difference of sums over pairs of
        neurons, which rounding moves by about 10⁻¹⁶ times those sums.
        """
        self._check_weights(hidden_weights, output_weights)
        if not self.test_loss_is_known:
            return math.nan
        if self.test_inputs is not None:
            errors = forward(self.test_inputs, hidden_weights, output_weights) - self._test_answers
            return float(np.vdot(errors, errors) / len(errors))
        if self.teacher is None:
            return population_square(hidden_weights[0], output_weights)
        # The difference of two networks of two layers is one of two layers.
        (teacher_hidden,), teacher_output = self.teacher
        return population_square(
            np.concatenate([hidden_weights[0], teacher_hidden]),
            np.concatenate([output_weights, -teacher_output]),
        )

    def _check_weights(self, hidden, output):
        layers = hidden if isinstance(hidden, tuple | list) else ()
        remedy = "pass those of a run, run.weights[:-1] and run.weights[-1]"
        check_layers([*layers, output], [*self.hidden_weights, self.output_weights], remedy)

    @cached_property
    def _test_answers(self):
        if self.test_targets is not None:
            return self.test_targets
        return 0.0 if self.teacher is None else forward(self.test_inputs, *self.teacher)


def _own(name, value, shape=None):
    return read_only(check_array(name, value, shape))


def _own_labels(name, value, n_rows, output):
    value = check_array(name, value)
    shape = value.shape
    if output.ndim == 1 and len(shape) == 2 and shape[1] > 1:
        raise ValueError(
            f"{name} has shape {shape}, but output_weights has {output.shape}, one output: pass "
            f"output_weights of shape ({len(output)}, {shape[1]})"
        )
    return _own(name, value, (n_rows, *output.shape[1:]))


def _own_layers(hidden, output, input_dim, *, name):
    """Checked copies of the weights of a network, the hidden ones as a tuple of matrices."""
    several = isinstance(hidden, tuple | list) and not (hidden and np.ndim(hidden[0]) == 1)
    hidden = tuple(hidden) if several else (hidden,)
    if not hidden:
        raise ValueError(
            f"{name}hidden_weights has no layers: pass one or more, or train a linear model with "
            "train_ridge"
        )
    below, layers = input_dim, []
    for number, layer in enumerate(hidden, start=1):
        layer = _own(f"{name}hidden_weights, layer {number},", layer)
        if layer.ndim != 2 or layer.shape[1] != below or layer.shape[0] == 0:
            raise ValueError(
                f"{name}hidden_weights, layer {number}, has shape {layer.shape}, expected "
                f"(width, {below}): one row per neuron"
            )
        layers.append(layer)
        below = layer.shape[0]
    output = _own(f"{name}output_weights", output)
    if output.ndim not in (1, 2) or len(output) != below or 0 in output.shape:
        raise ValueError(
            f"{name}output_weights has shape {output.shape}, expected ({below},), or "
            f"({below}, n_outputs): one row per neuron of the last hidden layer"
        )
    return tuple(layers), output


def check_network(problem):
    if not isinstance(problem, NetworkProblem):
        raise ValueError(
            f"problem is a {type(problem).__name__}: pass a NetworkProblem, such as "
            "relu_network_problem draws"
        )


def forward(inputs, hidden_weights, output_weights):
    """The network's outputs, (p,) or (p, o), on inputs (p, d)."""
    for layer in hidden_weights:
        inputs = np.maximum(inputs @ layer.T, 0)
    return inputs @ output_weights


def population_square(hidden_weights, output_weights):
    """E ‖Σ_j a_j σ(w_j·x)‖² for x ~ N(0, I_d), by the arc-cosine formula.

    E σ(u·x)σ(v·x) = ‖u‖‖v‖/(2π) · (sin γ + (π − γ) cos γ) with γ the angle of u and v (Cho and
    Saul, 2009).

    Parameters
    ----------
    hidden_weights : (m, d) array
    output_weights : (m,) or (m, o) array
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
        output = output_weights[rows].T
        total += np.vdot(output @ inside, output)
        rest = slice(first + _BLOCK_ROWS, None)
        across = hidden_weights[rows] @ hidden_weights[rest].T
        relu_moments(across, norms[rows], norms[rest])
        total += 2 * np.vdot(output @ across, output_weights[rest].T)
    return float(max(total, 0.0))


def relu_network_problem(
    *,
    n_samples=50,
    input_dim=50,
    width=1000,
    init_variance=1.0,
    teacher_width=None,
    teacher_norm=1.0,
    rng,
):
    """The two-layer ReLU network of the paper's Section 5.3, with the zero teacher or another.

    Inputs are x ~ N(0, I_d), output weights a ~ N(0, 1/m), hidden weights w_j ~ N(0, (ν²/d) I_d).
    The paper does not say how inputs are distributed; this reading reproduces its levels.

    Parameters
    ----------
    n_samples : int
        n, the number of samples.
    input_dim : int
        d, the length of an input.
    width : int
        m, the number of neurons.
    init_variance : float
        ν². Unlike in ridge regression it scales the hidden weights only.
    teacher_width : int, optional
        m*, the number of neurons of a teacher of two layers that is drawn like the network at
        ν² = 1; its test loss is exact too. None, the paper's choice, is the zero teacher.
    teacher_norm : float
        √(E N*(x)²), to which the output weights of such a teacher are scaled. Its square is the
        test loss of the zero predictor.
    rng : numpy.random.Generator
        Inputs, hidden weights and output weights are drawn in this order, then the teacher's.

    Returns
    -------
    NetworkProblem
    """
    n_samples = check_count("n_samples", n_samples)
    input_dim = check_count("input_dim", input_dim)
    width = check_count("width", width)
    check_memory(n_samples=n_samples, input_dim=input_dim)
    check_memory(width=width, input_dim=input_dim)
    init_variance = check_number("init_variance", init_variance, at_least=0)
    check_rng(rng)
    inputs = rng.standard_normal((n_samples, input_dim))
    hidden = rng.standard_normal((width, input_dim)) * math.sqrt(init_variance / input_dim)
    output = rng.standard_normal(width) / math.sqrt(width)
    teacher = None
    if teacher_width is not None:
        teacher_width = check_count("teacher_width", teacher_width)
        check_memory(teacher_width=teacher_width, input_dim=input_dim)
        teacher_norm = check_number("teacher_norm", teacher_norm, at_least=0)
        neurons = rng.standard_normal((teacher_width, input_dim)) / math.sqrt(input_dim)
        answer = rng.standard_normal(teacher_width)
        teacher = neurons, answer * (teacher_norm / math.sqrt(population_square(neurons, answer)))
    return NetworkProblem(
        inputs=inputs, hidden_weights=hidden, output_weights=output, teacher=teacher
    )

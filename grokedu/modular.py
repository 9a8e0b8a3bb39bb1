"""Modular addition, the task on which grokking was first seen, for a quadratic network."""

import math
from dataclasses import dataclass, fields

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


@dataclass(frozen=True, eq=False, repr=False)
class ModularAdditionProblem:
    """Learn (a + b) mod p from a part of the table, with a network of quadratic neurons.

    The network answers with p numbers, of which the largest is its guess:
    N(a, b) = A (u_a + v_b)², the square taken neuron by neuron. It is what a two-layer network of
    one-hot pairs is, its first product done by looking up rows, and it is 3-homogeneous. Targets
    are one-hot too, y = e_{(a+b) mod p}. (The network of Gromov, arXiv 2301.02679.)

    Attributes
    ----------
    modulus : int
        p, the modulus.
    train_pairs : (n, 2) int64
        The cells (a, b) of the table that the network sees.
    test_pairs : (p² − n, 2) int64
        All others.
    first_weights : (p, m) float64
        The rows u_a, for m neurons.
    second_weights : (p, m) float64
        The rows v_b.
    output_weights : (m, p) float64
        The transpose of A.

    Notes
    -----
    A problem owns read-only copies of its arrays.

    Raises
    ------
    ValueError
        For shapes that do not fit together, or pairs outside 0, …, p − 1.
    """

    modulus: int
    train_pairs: np.ndarray
    test_pairs: np.ndarray
    first_weights: np.ndarray
    second_weights: np.ndarray
    output_weights: np.ndarray

    def __post_init__(self):
        p = check_count("modulus", self.modulus, at_least=2)
        first = check_array("first_weights", self.first_weights)
        if first.ndim != 2 or len(first) != p or first.shape[1] == 0:
            raise ValueError(f"first_weights has shape {first.shape}, expected ({p}, width)")
        width = first.shape[1]
        owned = dict(
            train_pairs=_check_pairs("train_pairs", self.train_pairs, p, at_least=1),
            test_pairs=_check_pairs("test_pairs", self.test_pairs, p, at_least=0),
            first_weights=first,
            second_weights=check_array("second_weights", self.second_weights, (p, width)),
            output_weights=check_array("output_weights", self.output_weights, (width, p)),
        )
        object.__setattr__(self, "modulus", p)
        for name, array in owned.items():
            object.__setattr__(self, name, read_only(array))

    def __reduce__(self):
        return type(self), tuple(getattr(self, part.name) for part in fields(self))

    def __repr__(self):
        return (
            f"ModularAdditionProblem(modulus={self.modulus}, width={self.width}, "
            f"n_train={len(self.train_pairs)}, n_test={len(self.test_pairs)})"
        )

    @property
    def width(self):
        """m, the number of neurons."""
        return self.first_weights.shape[1]

    def outputs(self, pairs, weights=None):
        """The p outputs (k, p) for pairs (k, 2), at the initial weights, those of a run, or
        others (p, m), (p, m) and (m, p) of any width m."""
        own = self.first_weights, self.second_weights, self.output_weights
        layers = own if weights is None else weights
        layers = layers if isinstance(layers, tuple | list) else [layers]
        m = np.size(layers[-1]) // self.modulus if len(layers) else 0
        inner, outer = np.broadcast_to(0, (self.modulus, m)), np.broadcast_to(0, (m, self.modulus))
        check_layers(layers, (inner, inner, outer), "pass those of a run, run.weights")
        pairs = _check_pairs("pairs", pairs, self.modulus, at_least=0)
        first, second, output = layers
        return (first[pairs[:, 0]] + second[pairs[:, 1]]) ** 2 @ output

    def answers(self, pairs):
        """(a + b) mod p for pairs (k, 2)."""
        pairs = _check_pairs("pairs", pairs, self.modulus, at_least=0)
        return pairs.sum(axis=1) % self.modulus


def _check_pairs(name, pairs, p, at_least):
    array = check_array(name, pairs)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < at_least:
        raise ValueError(f"{name} has shape {array.shape}, expected (k, 2), k at least {at_least}")
    if ((array != np.floor(array)) | (array < 0) | (array >= p)).any():
        raise ValueError(f"{name} holds something else than whole numbers from 0 to {p - 1}")
    return np.ascontiguousarray(array, dtype=np.int64)


def modular_addition_problem(*, modulus=11, width=64, train_fraction=0.7, init_scale=1.0, rng):
    """Draw which cells of the table are seen, and the initial weights.

    Parameters
    ----------
    modulus : int
        p; the table has p² cells.
    width : int
        m, the number of neurons.
    train_fraction : float
        The share of the cells that the network is trained on, above 0 and at most 1, rounded to
        whole cells.
    init_scale : float
        α: entries of u and v are drawn from N(0, α²/p), those of A from N(0, α²/m).
    rng : numpy.random.Generator
        Cells, u, v and A are drawn in this order.

    Returns
    -------
    ModularAdditionProblem
    """
    p = check_count("modulus", modulus, at_least=2)
    width = check_count("width", width)
    check_memory(modulus=p, width=width)
    check_memory("pass a smaller modulus", cells=p * p)
    train_fraction = check_number("train_fraction", train_fraction, above=0, at_most=1)
    init_scale = check_number("init_scale", init_scale, at_least=0)
    check_rng(rng)
    table = np.indices((p, p)).reshape(2, -1).T
    shuffled = table[rng.permutation(p * p)]
    n_train = max(round(train_fraction * p * p), 1)
    return ModularAdditionProblem(
        modulus=p,
        train_pairs=shuffled[:n_train],
        test_pairs=shuffled[n_train:],
        first_weights=rng.standard_normal((p, width)) * (init_scale / math.sqrt(p)),
        second_weights=rng.standard_normal((p, width)) * (init_scale / math.sqrt(p)),
        output_weights=rng.standard_normal((width, p)) * (init_scale / math.sqrt(width)),
    )

"""A bound on t2 for networks that assumes no fit: norms, loss and time of the run itself."""

import math
from dataclasses import replace
from itertools import pairwise

import naive_network
import numpy as np
import pytest
from draws import examples, homogeneous_network
from hypothesis import example, given
from hypothesis import strategies as st

import grokedu as gk
from grokedu import theory


def weights_along(problem, weight_decay, learning_rate, n_steps):
    for hidden, output in naive_network.gradient_descent(
        problem, weight_decay, learning_rate, n_steps
    ):
        yield (*hidden, output)


def squared_norms(layers):
    return np.array([np.sum(layer**2) for layer in layers])


def largest_step_size(problem, weight_decay):
    """η for which the condition's largest left side equals its limit 2(1 − ηλ)."""
    rows = theory.homogeneous_network_bounds(
        problem, weight_decay=0.0, learning_rate=1.0
    ).conditions
    return 2 / (rows["is"].max() + 2 * weight_decay)


@examples(300)
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.sampled_from([2, 3, 4]),
    n_outputs=st.sampled_from([None, 1, 3]),
    n=st.integers(1, 6),
    d=st.integers(1, 6),
    width=st.integers(1, 12),
    scale=st.floats(0.1, 3),
    share=st.floats(0.01, 1),
    forgotten=st.floats(0.001, 0.1),
)
@example(seed=0, k=2, n_outputs=None, n=1, d=1, width=1, scale=1.0, share=1.0, forgotten=0.1)
def test_norms_loss_and_t2_are_within_their_bounds(
    seed, k, n_outputs, n, d, width, scale, share, forgotten
):
    """Up to the edge of the condition on η, for any width, depth, data and weight decay."""
    problem = homogeneous_network(seed, k, n_outputs=n_outputs, n=n, d=d, width=width, scale=scale)
    # ηλ = `forgotten` or so: with λ = f/η the edge is η = (1 − f) · 2/max(is).
    learning_rate = share * (1 - forgotten) * largest_step_size(problem, 0.0)
    rule = dict(weight_decay=forgotten / learning_rate, learning_rate=learning_rate)
    start = math.prod(squared_norms((*problem.hidden_weights, problem.output_weights)))
    c = 1e-3 * start
    bounds = theory.homogeneous_network_bounds(problem, **rule, test_threshold=c)
    assert bounds.conditions.holds.all() or share > 1 - 1e-9
    reached = None
    for step, layers in enumerate(weights_along(problem, *rule.values(), 60)):
        shrunk = (1 - forgotten) ** step
        limits = shrunk**2 * np.square(bounds.start_norms)
        assert (squared_norms(layers) <= limits * (1 + 1e-12)).all()
        test_loss = problem.test_loss(layers[:-1], layers[-1])
        assert test_loss <= bounds.output_power * shrunk ** (2 * k) * start * (1 + 1e-12) + 1e-18
        if reached is None and test_loss <= c:
            reached = step
    assert reached is None or reached <= math.ceil(bounds.generalize_step_at_most)


def test_a_step_shrinks_a_layer_by_its_decay_exactly_where_its_ratio_is_at_most_one():
    problem = homogeneous_network(3, 3, scale=1.5)
    rule = dict(weight_decay=0.1, learning_rate=0.2)
    sides = set()
    run = list(weights_along(problem, *rule.values(), 12))
    for before, after in pairwise(run):
        ratios = theory.network_step_ratios(problem, before[:-1], before[-1], **rule)
        shrunk = squared_norms(after) <= (1 - 0.02) ** 2 * squared_norms(before)
        assert (shrunk == (ratios <= 1)).all()
        sides |= set((ratios <= 1).tolist())
    assert sides == {True, False}


def test_where_the_condition_fails_the_norm_can_grow():
    problem = homogeneous_network(3, 2, scale=3)
    rule = dict(weight_decay=0.01, learning_rate=200 * largest_step_size(problem, 0.01))
    assert not theory.homogeneous_network_bounds(problem, **rule).conditions.holds.all()
    first, second = list(weights_along(problem, *rule.values(), 1))
    assert squared_norms(second).sum() > squared_norms(first).sum()


def test_half_the_product_of_squared_norms_is_reached_by_one_neuron():
    """P = 1/2 is the best constant for the population N(0, I)."""
    problem = gk.NetworkProblem(
        inputs=np.eye(3),
        hidden_weights=np.array([[0.5, 1.0, -2.0]]),
        output_weights=np.array([3.0]),
    )
    bounds = theory.homogeneous_network_bounds(problem, weight_decay=0.1, learning_rate=0.1)
    most = bounds.output_power * math.prod(bounds.start_norms) ** 2
    loss = problem.test_loss(problem.hidden_weights, problem.output_weights)
    assert loss == pytest.approx(most, rel=1e-14)


@pytest.mark.parametrize("n_outputs", [None, 3])
@pytest.mark.parametrize("k", [2, 3])
def test_gradients_equal_the_chain_rule_and_obey_euler(k, n_outputs):
    problem = homogeneous_network(1, k, n_outputs=n_outputs)
    hidden, output = problem.hidden_weights, problem.output_weights
    gradients = problem.gradients(hidden, output)
    expected, of_output = naive_network.gradients(problem.inputs, problem.targets, hidden, output)
    for ours, theirs in zip(gradients, (*expected, of_output), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    loss = problem.train_loss(hidden, output)
    for gradient, layer in zip(gradients, (*hidden, output), strict=True):
        assert np.vdot(gradient, layer) == pytest.approx(2 * loss, rel=1e-12)


def test_without_weight_decay_nothing_is_promised_and_a_loss_below_c_is_reached():
    problem = homogeneous_network(0, 2)
    rule = dict(weight_decay=0.0, learning_rate=1e-3)
    bounds = theory.homogeneous_network_bounds(problem, **rule)
    assert bounds.generalize_step_at_most == math.inf
    bounds = theory.homogeneous_network_bounds(problem, **rule, test_threshold=1e9)
    assert bounds.generalize_step_at_most == 0


def test_other_targets_are_refused_in_words():
    problem = replace(homogeneous_network(0, 2), targets=np.ones(5))
    with pytest.raises(ValueError, match="zero teacher"):
        theory.homogeneous_network_bounds(problem, weight_decay=0.1, learning_rate=0.1)


def test_weights_of_other_shapes_are_refused_in_words():
    problem = homogeneous_network(0, 2)
    with pytest.raises(ValueError, match=r"weights have the shapes .* run\.weights\[:-1\]"):
        theory.network_step_ratios(
            problem,
            problem.hidden_weights[0],
            problem.output_weights,
            weight_decay=0.1,
            learning_rate=0.1,
        )

"""Random problems of every kind against gradient descent in 80-bit arithmetic: no wrong time."""

import naive
import numpy as np
from draws import COVARIANCES, covariance, examples, powers, seeds
from hypothesis import assume, given
from hypothesis import strategies as st

import grokedu as gk
from grokedu.grokking import Why

N_STEPS = 300
# Losses agree to this, relative to themselves and to the largest of the run. A threshold that
# close to a value of the curve is a tie, which rounding decides.
ROUNDING = 1e-11
FLOOR = 1e-14
FAR = 10**8  # up to here the long reference is more exact than what it checks


@st.composite
def problems(draw):
    """Tall, wide, one sample or feature, rows that repeat or are zero, columns down to 10⁻⁷."""
    rng = np.random.default_rng(draw(seeds))
    n, m = draw(st.integers(1, 7)), draw(st.integers(1, 8))
    features = rng.standard_normal((n, m))
    if draw(st.booleans()):
        features *= 10.0 ** rng.uniform(-7, 0, m)
    if draw(st.booleans()):
        features[rng.integers(0, n, n // 2)] = features[0]
    if draw(st.booleans()):
        features[rng.integers(0, n)] = 0
    if draw(st.booleans()):
        features[:, rng.integers(0, m)] = features[:, 0]
    return gk.realizable_problem(
        features,
        draw(st.sampled_from([0.0, 1.0, 3.0])) * rng.standard_normal(m),
        draw(st.sampled_from([0.0, 0.1, 1.0, 30.0])) * rng.standard_normal(m),
        covariance=covariance(rng, draw(st.sampled_from(COVARIANCES)), m),
        label_noise=draw(st.sampled_from([0.0, 1e-3, 0.5])),
        rng=rng,
    )


@st.composite
def optimizers(draw, problem):
    """λ from 0 to 1 and η up to the limits 2/(λ + s_max) and 1/λ."""
    lam = draw(st.one_of(st.sampled_from([0.0, 1.0]), powers(-16, 0)))
    curvature = lam + problem.max_curvature
    assume(curvature > 0)
    limit = min(2 / curvature, 1 / lam if lam else np.inf, 1e6)
    share = draw(st.one_of(st.floats(0.01, 1), st.sampled_from([0.5, 1 - 1e-9, 1 - 1e-15])))
    eta = limit * share
    assume(eta * curvature < 2 and eta * lam < 1)
    return dict(weight_decay=lam, learning_rate=eta)


@st.composite
def thresholds(draw, losses):
    """A level that the curve takes, or almost, or that lies anywhere around it."""
    taken = float(losses[draw(st.integers(0, N_STEPS))])
    level = taken * draw(st.sampled_from([1.0, 1 - 1e-6, 1 + 1e-6, 0.5, 2.0]))
    assume(level > 1e4 * FLOOR * losses.max() and level > 1e-290)
    return level


def compare(losses, level):
    """Which losses are surely above the level, and which surely below."""
    slack = ROUNDING * level + FLOOR * losses.max()
    return losses > level + slack, losses < level - slack


@examples(200)
@given(st.data())
def test_times_against_a_long_loop(data):
    problem = data.draw(problems())
    optimizer = data.draw(optimizers(problem))
    descent = naive.LongDescent(problem, *optimizer.values())
    train_loss, test_loss = descent.losses(N_STEPS)
    assume(train_loss.max() > 0 and test_loss.max() > 0)
    epsilon, c = data.draw(thresholds(train_loss)), data.draw(thresholds(test_loss))

    exact = gk.exact_ridge(problem, **optimizer, steps=np.arange(N_STEPS + 1))
    for found, expected in ((exact.train_loss, train_loss), (exact.test_loss, test_loss)):
        floor = float(FLOOR * expected.max())
        np.testing.assert_allclose(found, expected.astype(float), rtol=ROUNDING, atol=floor)

    times = gk.exact_grokking_times(problem, **optimizer, train_threshold=epsilon, test_threshold=c)
    t1, t2 = times.overfit_step, times.generalize_step
    assert (t1 is None) + (t2 is None) == len(times.reasons)

    above, below = compare(train_loss, epsilon)
    if t1 is not None:
        assert not above[t1 + 1 :].any() and not below[t1 : t1 + 1].any()
    elif times.reasons[0].kind == Why.TRAIN_BELOW_FROM_THE_START:
        assert not above.any()
    above, below = compare(test_loss, c)
    assert not below[:t2].any() and not (t2 is not None and above[t2 : t2 + 1].any())

    for step, number, level, sign in ((t1, 0, epsilon, 1), (t2, 1, c, -1)):
        if step is not None and N_STEPS < step < FAR:
            inside, outside = (
                descent.losses_at(step)[number],
                descent.losses_at(step + sign)[number],
            )
            # Near the stability limit ρ^t doubles the rounding of ρ with every doubling of t.
            slack = (ROUNDING + 1e-14 * step) * level
            slack += FLOOR * max(train_loss.max(), test_loss.max())
            assert sign * (inside - level) >= -slack
            assert sign * (outside - level) <= slack

"""Sums of decaying exponentials: their values, bounds on them, and when they cross a level."""

import math

import naive
import numpy as np
import pytest
from draws import examples, powers, seeds
from hypothesis import given
from hypothesis import strategies as st

from grokedu.crossings import LAST_STEP, DecayingForm, first_at_most, last_at_least

HORIZON = 400


def draw_form(seed, size, full, fastest):
    """A form that has settled by `HORIZON`, with drops 1 − ρ between 0.1 and `fastest`."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    return DecayingForm(
        offset=rng.standard_normal(size) * rng.integers(0, 2, size),
        amplitude=rng.standard_normal(size) * rng.integers(0, 3, size),
        drop=np.where(rng.random(size) < 0.1, 0.0, rng.uniform(0.1, fastest, size)),
        form=root @ root.T if full else rng.exponential(size=size),
        constant=rng.choice([0.0, 0.1]),
    )


def forms(fastest):
    return st.builds(draw_form, seeds, st.integers(1, 6), st.booleans(), st.just(fastest))


def slow(drop, *, amplitude=1.0, offset=0.0):
    """(offset + amplitude (1 − drop)^t)²."""
    return DecayingForm(*(np.array([x]) for x in (offset, amplitude, drop, 1.0)))


class TestValues:
    @examples(100)
    @given(forms(1.9))
    def test_definition(self, form):
        """f(t) = δᵀQδ + constant with δ_j = offset_j + amplitude_j ρ_j^t."""
        quadratic = np.diag(form.form) if form.form.ndim == 1 else form.form
        for step in (0, 1, 2, 7, 50):
            delta = form.offset + form.amplitude * (1 - form.drop) ** step
            expected = delta @ quadratic @ delta + form.constant
            assert form.at(step)[0] == pytest.approx(expected, rel=1e-12, abs=1e-13)
            np.testing.assert_allclose(form.coordinates_at(step)[0], delta, rtol=0, atol=1e-14)

    @pytest.mark.parametrize("drop", [1e-15, 1e-9, 1e-4])
    def test_small_drops_keep_their_digits(self, drop):
        """(1 − d)^t = exp(t ln(1 − d)), though 1 − d itself has lost the digits of d."""
        steps = np.array([1.0, 10.0, 1e6, 1e15])
        expected = [math.exp(2 * t * math.log1p(-drop)) for t in steps]
        np.testing.assert_allclose(slow(drop).at(steps), expected, rtol=1e-15, atol=1e-300)

    def test_infinity_is_the_limit(self):
        assert slow(0.1, offset=3.0).at(np.inf)[0] == 9.0
        assert slow(1.9, offset=3.0).at(np.inf)[0] == 9.0
        assert slow(0.0, offset=3.0).at(np.inf)[0] == 16.0

    def test_a_rate_of_zero_forgets_in_one_step(self):
        assert slow(1.0, offset=2.0).at([0, 1, 2, np.inf]).tolist() == [9.0, 4.0, 4.0, 4.0]

    def test_values_do_not_depend_on_the_pieces_they_are_computed_in(self, monkeypatch):
        form, steps = draw_form(0, 5, True, 1.9), np.arange(100)
        whole = form.at(steps)
        monkeypatch.setattr("grokedu.crossings._BLOCK", 10)
        np.testing.assert_allclose(form.at(steps), whole, rtol=1e-14)

    @examples(50)
    @given(forms(1.9), st.integers(0, 1))
    def test_every_second_step(self, form, parity):
        """g(k) = f(2k + parity), and its rates are never negative."""
        half = form.every_second(parity)
        assert np.all((half.drop >= 0) & (half.drop <= 1))
        steps = np.arange(20)
        np.testing.assert_allclose(
            half.at(steps), form.at(2 * steps + parity), rtol=1e-11, atol=1e-13
        )

    def test_near_the_stability_limit_every_second_step_keeps_its_digits(self):
        """ρ = −1 + d gives ρ² = 1 − 2d + d², whose drop must not be rounded to 0."""
        d = 2.0**-40
        assert slow(2 - d).every_second(0).drop[0] == d * (2 - d)


class TestBounds:
    @examples(300)
    @given(forms(1.0), st.integers(0, 60), st.integers(0, 60))
    def test_every_value_in_the_interval_lies_between(self, form, first, length):
        steps = np.arange(first, first + length + 1)
        values = form.at(steps)
        low, high = form.bounds(np.array([float(first)]), np.array([float(first + length)]))
        slack = 1e-12 * (1 + values.max())
        assert low[0] - slack <= values.min()
        assert values.max() <= high[0] + slack

    @examples(50)
    @given(forms(1.0), st.integers(0, 60))
    def test_they_hold_up_to_infinity(self, form, first):
        values = form.at(np.append(np.arange(first, first + 300), np.inf))
        low, high = form.bounds(np.array([float(first)]), np.array([np.inf]))
        slack = 1e-12 * (1 + values.max())
        assert low[0] - slack <= values.min()
        assert values.max() <= high[0] + slack

    def test_a_single_step_is_bounded_by_its_value(self):
        for full in (False, True):
            form = draw_form(3, 5, full, 1.0)
            at = np.array([4.0])
            low, high = form.bounds(at, at)
            np.testing.assert_allclose([low[0], high[0]], form.at(4)[0], rtol=1e-13)


def nearby(data, values):
    """A level worth trying: a value that is taken, one just beside it, or any in the range."""
    taken = values[data.draw(st.integers(0, len(values) - 1), label="step of the level")]
    factor = data.draw(st.sampled_from([1.0, 1 - 1e-9, 1 + 1e-9, 0.9, 1.1]), label="factor")
    return taken * factor


class TestCrossings:
    """Branch and bound finds what a scan over all steps finds, ties included."""

    @examples(300)
    @given(forms(0.9), st.data())
    def test_rates_above_zero(self, form, data):
        self.compare(form, data)

    @examples(300)
    @given(forms(1.9), st.data())
    def test_rates_of_either_sign(self, form, data):
        """Curves that jump up and down from step to step."""
        self.compare(form, data)

    def compare(self, form, data):
        values = form.at(np.arange(HORIZON))
        limit = form.at(np.inf)[0]
        level = nearby(data, values[:40])
        if abs(level - limit) <= 1e-7 * limit:
            return  # where the curve is flat, rounding decides
        first, last = first_at_most(form, level), last_at_least(form, level)
        assert first == naive.first_at_most(values, level)
        if limit > level:
            assert last == np.inf
        else:
            assert last == naive.last_at_least(values, level)

    @pytest.mark.parametrize("exponent", [3, 6, 9, 12])
    def test_slow_decay_over_many_orders_of_magnitude(self, exponent):
        """(1 − d)^{2t} = c at t = ln c / (2 ln(1 − d))."""
        drop = 10.0**-exponent
        crossing = math.log(0.01) / (2 * math.log1p(-drop))
        assert first_at_most(slow(drop), 0.01) == math.ceil(crossing)
        assert last_at_least(slow(drop), 0.01) == math.floor(crossing)

    @examples(100)
    @given(powers(-12, -3), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
    def test_a_curve_that_dips_to_zero_and_rises_again(self, drop, offset, share):
        """(ρ^t − a)² falls to 0 and rises to a²: it is ≤ level from one root to the other."""
        form = slow(drop, offset=-offset)
        level = (share * offset) ** 2
        if level > (1 - offset) ** 2:
            assert first_at_most(form, level) == 0
            return
        enter = math.log(offset + math.sqrt(level)) / math.log1p(-drop)
        assert first_at_most(form, level) == pytest.approx(enter, abs=1 + 1e-12 * enter)
        first = first_at_most(form, level)
        assert form.at(first)[0] <= level < form.at(first - 1)[0]
        assert last_at_least(form, level) == np.inf

    def test_a_dip_of_a_single_step_is_not_skipped(self):
        """At t = 10⁶ exactly the curve touches 0; its neighbors stay above the level."""
        drop, step = 1e-5, 10**6
        form = slow(drop, offset=-math.exp(step * math.log1p(-drop)))
        level = form.at([step - 1, step + 1]).min() / 2
        assert form.at(step)[0] < level
        assert first_at_most(form, level) == step

    def test_constant_curves(self):
        form = slow(0.0, offset=1.0)
        assert first_at_most(form, 4.0) == 0
        assert first_at_most(form, 3.9) is None
        assert last_at_least(form, 4.0) == np.inf
        assert last_at_least(form, 4.1) is None

    def test_no_step_beyond_what_a_float_counts_exactly(self):
        form = slow(1e-17)
        assert form.at(LAST_STEP)[0] > 0.01
        assert first_at_most(form, 0.01) is None
        assert last_at_least(form, 0.01) == np.inf

    def test_without_any_coordinate_only_the_constant_is_left(self):
        empty = np.empty(0)
        form = DecayingForm(empty, empty, empty, empty, constant=2.0)
        assert form.at([0, 5, np.inf]).tolist() == [2.0, 2.0, 2.0]
        assert first_at_most(form, 2.0) == 0
        assert last_at_least(form, 2.1) is None

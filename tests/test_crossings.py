"""Sums of decaying exponentials: their values, bounds on them, and when they cross a level."""

import math

import naive
import numpy as np
import pytest
from draws import examples, powers, seeds
from hypothesis import assume, given
from hypothesis import strategies as st

from grokedu.crossings import LAST_STEP, DecayingForm, first_at_most, last_at_least

HORIZON = 400


def draw_form(seed, size, full, fastest):
    """A form that has settled by `HORIZON`, with drops 1 − ρ between 0.1 and `fastest`."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    return DecayingForm.between(
        rng.standard_normal(size) * rng.integers(0, 3, size),
        rng.standard_normal(size) * rng.integers(0, 3, size),
        drop=np.where(rng.random(size) < 0.1, 0.0, rng.uniform(0.1, fastest, size)),
        form=root @ root.T if full else rng.exponential(size=size),
        constant=rng.choice([0.0, 0.1]),
    )


def coordinates(form, step):
    """offset_j + amplitude_j ρ_j^t, or offset_j + amplitude_j (1 − ρ_j^t) where it rises."""
    power = (1 - form.drop) ** step
    rising = False if form.rising is None else form.rising
    return form.offset + form.amplitude * np.where(rising, 1 - power, power)


def forms(fastest):
    return st.builds(draw_form, seeds, st.integers(1, 6), st.booleans(), st.just(fastest))


def slow(drop, *, amplitude=1.0, offset=0.0):
    """(offset + amplitude (1 − drop)^t)²."""
    return DecayingForm(*(np.array([x]) for x in (offset, amplitude, drop, 1.0)))


class TestValues:
    @examples(100)
    @given(forms(1.9))
    def test_definition(self, form):
        """f(t) = δᵀQδ + constant."""
        quadratic = np.diag(form.form) if form.form.ndim == 1 else form.form
        for step in (0, 1, 2, 7, 50):
            delta = coordinates(form, step)
            expected = delta @ quadratic @ delta + form.constant
            assert form.at(step)[0] == pytest.approx(expected, rel=1e-12, abs=1e-13)
            np.testing.assert_allclose(form.coordinates_at(step)[0], delta, rtol=0, atol=1e-14)

    @examples(100)
    @given(powers(-9, 9), powers(-9, 9), powers(-12, 0), powers(0, 16))
    def test_both_ends_keep_their_digits(self, start, end, drop, step):
        """δ(t) = end + (start − end) ρ^t, however far apart the two are."""
        one = np.ones(1)
        form = DecayingForm.between(start * one, end * one, drop=drop * one, form=one)
        assert form.coordinates_at(0)[0, 0] == pytest.approx(start, rel=4e-16)
        step = math.floor(step)
        exponent = step * math.log1p(-drop) if drop < 1 else -math.inf
        expected = start * math.exp(exponent) - end * math.expm1(exponent)
        assert form.coordinates_at(step)[0, 0] == pytest.approx(
            expected, rel=1e-14 * (1 + min(-exponent, 800)), abs=1e-300
        )

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

    def test_values_do_not_depend_on_the_pieces_they_are_computed_in(self):
        """Millions of steps are not held at once."""
        form, steps = draw_form(0, 5, True, 1.9), np.arange(2_000_000) % 97
        np.testing.assert_allclose(form.at(steps), form.at(np.arange(97))[steps], rtol=1e-14)

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

    @examples(300)
    @given(forms(1.0), st.integers(1, 60), st.integers(0, 60))
    def test_no_value_is_further_from_the_chord_than_the_bend(self, form, first, length):
        steps = np.arange(first, first + length + 1)
        values = form.at(steps)
        chord = np.linspace(values[0], values[-1], length + 1)
        bend = form.bend(np.array([float(first)]), np.array([float(first + length)]))
        assert np.abs(values - chord).max() <= bend[0] + 1e-12 * (1 + values.max())

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
        assume(abs(level - limit) > 1e-7 * limit)  # where the curve is flat, rounding decides
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
        assume(level < (1 - offset) ** 2)
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

    @pytest.mark.parametrize("gap", [1e-3, 1e-9, 1e-12])
    @pytest.mark.parametrize("drop", [1e-3, 1e-12])
    def test_a_level_just_below_a_valley_where_two_modes_cancel(self, drop, gap, monkeypatch):
        """f = x² + (1 − x^q)², x = ρ^t: bounds mode by mode would need a million intervals."""
        drops = np.array([drop, 1.1 * drop])
        form = DecayingForm(np.array([0.0, 1.0]), np.array([1.0, -1.0]), drops, np.ones(2))
        steps = np.linspace(0.3, 1.5, 10**6) / drop
        valley = form.at(np.floor(steps)).min()
        most, bounds = [], DecayingForm.bounds

        def counted(self, first, last):
            most.append(len(first))
            return bounds(self, first, last)

        monkeypatch.setattr(DecayingForm, "bounds", counted)
        assert first_at_most(form, valley * (1 - gap)) is None
        assert first_at_most(form, valley * (1 + gap)) is not None
        assert max(most) < 1000

    @examples(100)
    @given(st.floats(15.0, 15.95), st.floats(0.1, 0.9), st.booleans())
    def test_steps_above_2_to_the_52(self, exponent, level, alternating):
        """Up to 2⁵³ every step is a whole float, but the sum of two of them need not be."""
        step = 10.0**exponent
        form = slow(-math.expm1(math.log(level) / (2 * step)))
        if alternating:  # a mode with ρ < 0 that is gone: even and odd steps are searched apart
            form = DecayingForm(
                np.append(form.offset, 0.0),
                np.append(form.amplitude, 1e-200),
                np.append(form.drop, 1.5),
                np.ones(2),
            )
        first, last = first_at_most(form, level), last_at_least(form, level)
        for found in (first, last):
            assert type(found) is int
            assert found == pytest.approx(step, rel=1e-13)

    @pytest.mark.parametrize("drop", [1.5, 1.9])
    def test_the_last_step_does_not_depend_on_the_sign_of_a_rate(self, drop):
        """ln(2)/2⁵³ < drop: the curve halves beyond the last step, on odd and on even steps."""
        forms = [
            DecayingForm(
                np.zeros(2), np.array([1.0, amplitude]), np.array([7e-17, drop]), np.ones(2)
            )
            for amplitude in (0.0, 1e-3)
        ]
        for form in forms:
            for level in np.exp(-2 * 7e-17 * LAST_STEP) * np.array([0.9, 1.1]):
                found = first_at_most(form, level)
                assert found is None if level < form.at(LAST_STEP)[0] else found <= LAST_STEP

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

    def test_numbers_too_small_for_a_float_are_zero(self):
        """exp(−10⁴) underflows, whatever the caller does with such errors."""
        with np.errstate(all="raise"):
            for form in (slow(0.5), slow(1.5), draw_form(1, 4, True, 1.9)):
                assert form.at([0, 10**4, np.inf]).shape == (3,)
            assert first_at_most(slow(0.5), 1e-300) == 499
            assert last_at_least(slow(1.5), 1e-300) == 498

    def test_without_any_coordinate_only_the_constant_is_left(self):
        empty = np.empty(0)
        form = DecayingForm(empty, empty, empty, empty, constant=2.0)
        assert form.at([0, 5, np.inf]).tolist() == [2.0, 2.0, 2.0]
        assert first_at_most(form, 2.0) == 0
        assert last_at_least(form, 2.1) is None

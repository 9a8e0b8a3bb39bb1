"""The phase explorer in Python, and its map in JavaScript against the predictions in Python."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from node import driver

import grokedu as gk
from grokedu.explorers import PhaseExplorer, RidgeExplorer
from grokedu.explorers.phase import AXES, SETTINGS, certifies_a_delay, map_of
from grokedu.explorers.settings import as_data, defaults

javascript = driver("phase")
DEFAULTS = defaults(SETTINGS)
PAIRS = [(x, y) for x in AXES for y in AXES if x != y]
NEARLY_SQUARE = {**DEFAULTS, "n_features": 100}, ("weight_decay", "n_samples")


def some_settings(rng):
    """Settings from all over their ranges, and axes."""
    settings = {}
    for setting in SETTINGS:
        low, high = setting.low, setting.high
        if setting.scale == "log":
            value = low * (high / low) ** rng.uniform()
        else:
            value = rng.uniform(low, high)
        settings[setting.name] = round(value) if setting.whole else float(value)
    return settings, PAIRS[rng.integers(len(PAIRS))]


def law_of(settings):
    """The settings that predictions take."""
    return {name: value for name, value in settings.items() if name != "seed"}


def some_cases(number):
    rng = np.random.default_rng(0)
    return [(DEFAULTS, PAIRS[0]), *(some_settings(rng) for _ in range(number - 1))]


class TestMap:
    def test_the_page_has_the_map_of_python(self):
        cases = [*some_cases(20), NEARLY_SQUARE]
        assert map_of(*NEARLY_SQUARE).untypical.any()
        asked = [{"settings": settings, "axes": axes} for settings, axes in cases]
        answers = javascript(table=as_data(SETTINGS), cases=asked)
        for (settings, axes), answer in zip(cases, answers, strict=True):
            ours = map_of(settings, axes)
            np.testing.assert_allclose(answer["x"], ours.x, rtol=1e-15)
            np.testing.assert_allclose(answer["y"], ours.y, rtol=1e-15)
            for name, times in (
                ("overfit", ours.overfit_step),
                ("generalize", ours.generalize_step),
            ):
                theirs = np.array(answer[name], dtype=float).reshape(times.shape)
                np.testing.assert_allclose(theirs, times, rtol=1e-6)
            for name in ("certified", "untypical"):
                region = getattr(ours, name)
                np.testing.assert_array_equal(np.reshape(answer[name], region.shape), region)

    def test_its_times_are_the_sharp_predictions(self):
        rng = np.random.default_rng(1)
        for settings, axes in some_cases(8):
            shown = map_of(settings, axes)
            for row, column in rng.integers([len(shown.y), len(shown.x)], size=(8, 2)):
                here = {**settings, axes[0]: shown.x[column], axes[1]: shown.y[row]}
                first = shown.overfit_step[row, column]
                second = shown.generalize_step[row, column]
                try:
                    with warnings.catch_warnings(action="ignore"):
                        times = gk.predictions.ridge_grokking_times(**law_of(here))
                except ValueError:  # it would diverge
                    assert np.isnan(first) and np.isnan(second)
                    continue
                if here["learning_rate"] * largest_of(here) > 1:
                    continue  # signs alternate: |ρ| stands in, and the prediction is whole
                for step, ours in ((times.overfit_step, first), (times.generalize_step, second)):
                    assert np.isfinite(ours) == (step is not None)
                    assert step is None or ours == pytest.approx(step, rel=1e-4, abs=1e-6)


def largest_of(settings):
    """λ + s_max of a typical draw."""
    n, m = settings["n_samples"], settings["n_features"]
    return settings["weight_decay"] + (1 + np.sqrt(n / m)) ** 2 / n


class TestCertificate:
    """Eq. (8) on the map is that of theory, for a draw that is large enough to be typical."""

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"weight_decay": 1e-3},  # the bounds cross: 2,280 against 1,000
            {"weight_decay": 0.01},  # λ ≤ 2ε/(3‖θ*‖²) fails
            {"init_variance": 0.07},  # m ≥ n + 8c/(λmin(Σ) ν²) fails
            {"test_threshold": 5e-4},  # mc ≥ ‖θ*‖² fails
            {"learning_rate": 150.0},  # η < 1/(λ + λmax/n) fails
            {"learning_rate": 40.0, "train_threshold": 0.1, "teacher_norm": 0.5},
        ],
    )
    def test_it_is_that_of_theory_on_a_draw(self, change):
        settings = {**DEFAULTS, "n_samples": 200, "n_features": 4000, **change}
        size = ("n_samples", "n_features", "init_variance", "teacher_norm")
        problem = gk.gaussian_problem(
            **{name: settings[name] for name in size}, rng=np.random.default_rng(0)
        )
        rule = {k: v for k, v in law_of(settings).items() if k not in size}
        table = gk.theory.conditions(problem, **rule, statements="Eq. (8)")
        promised = table.holds.all()
        if promised:
            bounds = gk.theory.gaussian_bounds(problem, **rule)
            promised = bounds.generalize_step_at_least > bounds.overfit_step_at_most
        assert certifies_a_delay(**law_of(settings)) == promised

    @given(st.integers(0, 2**32 - 1))
    @hypothesis_settings(max_examples=40, deadline=None)
    def test_what_it_certifies_is_predicted(self, seed):
        shown = map_of(*some_settings(np.random.default_rng(seed)))
        assert not np.any(shown.certified & ~shown.groks)


class TestState:
    def test_axes_and_quantity_are_part_of_the_state(self):
        change = ("small", {"quantity": "t2", "n_features": 100})
        shown = PhaseExplorer(axes=("n_samples", "test_threshold"), presets=[change])
        assert shown.initial["axes"] == shown.axes == ["n_samples", "test_threshold"]
        [preset] = shown.presets
        assert preset["state"] == {**shown.initial, "quantity": "t2", "n_features": 100}
        shown.set_state({"axes": ["n_samples", "n_samples"]})
        assert "axes" in shown.message and shown.axes == shown.initial["axes"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"axes": ("weight_decay",)}, "axes=.*pass two different ones of weight_decay, "),
            ({"axes": ("weight_decay", "weight_decay")}, "axes=.*pass two different ones"),
            ({"axes": ("weight_decay", "n_features")}, "axes: 'n_features' unknown"),
            ({"axes": "weight_decay"}, "axes: 'weight_decay' unknown"),
            ({"quantity": "speed"}, "quantity='speed': pass one of delay, t2, ratio"),
            ({"presets": [("a", {"quantity": 3})]}, "presets: 'a': quantity=3: pass one of"),
            ({"weight_decay": 0}, "weight_decay=0: pass a number from 1e-06 to 1"),
        ],
    )
    def test_bad_input_says_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            PhaseExplorer(**arguments)

    def test_its_run_is_that_of_a_ridge_explorer(self):
        change = {"n_samples": 20, "n_features": 50, "weight_decay": 0.01}
        shown, ridge = PhaseExplorer(**change), RidgeExplorer(**change)
        assert shown.wait(60) and ridge.wait(60)
        for name in ("settings", "modes", "run_times"):
            assert getattr(shown, name) == getattr(ridge, name)
        assert {**shown.run, "seconds": 0} == {**ridge.run, "seconds": 0}

    def test_the_still_has_the_map_of_the_state(self):
        state = {"axes": ["n_samples", "init_variance"], "quantity": "ratio", "n_features": 200}
        still = PhaseExplorer.still(state)
        at = list(still.map.x).index(100), list(still.map.y).index(1)
        times = gk.predictions.ridge_grokking_times(**law_of({**DEFAULTS, "n_features": 200}))
        ratio = times.generalize_step / times.overfit_step
        assert still.map.values("ratio")[at[::-1]] == pytest.approx(ratio, rel=1e-4)

"""The valley explorer in Python, and its path in JavaScript against the exact one in Python."""

import json
import math
import warnings

import numpy as np
import pytest
from node import driver
from test_explorers import receive

import grokedu as gk
from grokedu.explorers import ValleyExplorer
from grokedu.explorers.settings import defaults
from grokedu.explorers.valley import SETTINGS

javascript = driver("valley")
NAMES = [setting.name for setting in SETTINGS]
DEFAULTS = defaults(SETTINGS)
TEACHER = np.array([0.9, 0.8])
STEPS = (0, 1, 2, 3, 10, 33, 100, 1000, 10**4, 10**6, 10**9)


def rule(settings):
    return {name: settings[name] for name in ("weight_decay", "learning_rate")}


def exact_times(settings):
    levels = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    return gk.exact_grokking_times(ValleyExplorer.problem_of(settings), **rule(settings), **levels)


def explorer(**settings):
    """An explorer after its first run."""
    shown = ValleyExplorer(**settings)
    assert shown.wait(60)
    return shown


class TestTheStory:
    """At the defaults the model groks, and really learns."""

    def test_it_overfits_long_before_it_generalizes(self):
        times = exact_times(DEFAULTS)
        assert times.generalize_step > 100 * times.overfit_step > 100

    def test_to_be_right_takes_more_than_forgetting_everything(self):
        problem = ValleyExplorer.problem_of(DEFAULTS)
        end = gk.ridge_solution(problem, weight_decay=DEFAULTS["weight_decay"])
        assert problem.test_loss(np.zeros(2)) > 70 * DEFAULTS["test_threshold"]
        assert problem.test_loss(end) < 0.6 * DEFAULTS["test_threshold"]

    def test_the_losses_are_the_squared_distances_to_the_line_and_to_the_teacher(self):
        problem = ValleyExplorer.problem_of(DEFAULTS)
        weights = np.array([0.3, -0.7])
        to_line = np.array([0.8, 0.6]) @ weights - 1.2
        assert problem.train_loss(weights) == pytest.approx(to_line**2 / 2, rel=1e-14)
        squared = np.sum((weights - TEACHER) ** 2)
        assert problem.test_loss(weights) == pytest.approx(squared / 2, rel=1e-14)


class TestState:
    def test_the_first_run(self):
        shown = ValleyExplorer()
        assert shown.run == {}
        receive(shown, {"type": "hello"})
        assert shown.wait(60)
        assert shown.settings == DEFAULTS == shown.run["settings"]
        times = exact_times(DEFAULTS)
        assert shown.run_times["overfit"] == times.overfit_step
        assert shown.run_times["generalize"] == times.generalize_step

    def test_the_text_form(self):
        assert repr(ValleyExplorer()).startswith("ValleyExplorer(weight_decay=0.01, ")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"controls": ("seed",)}, "controls: 'seed' unknown"),
            ({"teacher_norm": 1.0}, "settings: 'teacher_norm' unknown"),
            ({"start_length": 2.5}, "start_length=2.5: pass a number from 0 to 2"),
            ({"step": -2}, "step=-2"),
        ],
    )
    def test_bad_input_says_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            ValleyExplorer(**arguments)


class TestGradientDescent:
    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"start_length": 0.0},
            {"start_angle": 36.87},  # along the sample: nothing unseen
            {"weight_decay": 0},
            {"weight_decay": 0.5, "learning_rate": 1.2},  # zigzag
            {"train_threshold": 1e-6, "test_threshold": 0.006},
        ],
    )
    def test_its_times_losses_and_weights_are_the_exact_ones(self, settings):
        shown = explorer(**settings)
        now, run, problem = shown.settings, shown.run, shown.problem_of(shown.settings)
        times = exact_times(now)
        assert shown.run_times["overfit"] == times.overfit_step
        assert shown.run_times["generalize"] == times.generalize_step
        exact = gk.exact_ridge(problem, **rule(now), steps=run["steps"])
        np.testing.assert_allclose(run["train"], exact.train_loss, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(run["test"], exact.test_loss, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(run["weights"][0], problem.initial_weights, atol=1e-15)
        ends = gk.exact_ridge(problem, **rule(now), steps=[0, run["n_steps"]]).weights
        np.testing.assert_allclose(run["weights"][-1], ends, rtol=1e-9, atol=1e-12)

    def test_a_change_reruns_it(self):
        shown = explorer()
        shown.start_length = 1.0
        assert shown.wait(60)
        assert shown.run["settings"] == shown.settings
        assert np.linalg.norm(shown.run["weights"][0]) == pytest.approx(1)

    def test_thresholds_need_no_new_run(self):
        shown = explorer()
        run = shown.run
        shown.test_threshold = 0.1
        assert shown.wait(60)
        assert shown.run is run
        assert shown.run_times["generalize"] == exact_times(shown.settings).generalize_step

    @pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
    @pytest.mark.parametrize("end", ["low", "high"])
    def test_both_extremes_of_every_setting(self, setting, end):
        shown = ValleyExplorer()
        receive(shown, {"type": "hello"})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            setattr(shown, setting.name, getattr(setting, end))
            assert shown.wait(60)
        assert shown.message == ""
        json.dumps(shown.run, allow_nan=False)
        assert np.abs(shown.run["weights"]).max() < 100

    def test_nothing_runs_where_one_step_would_erase_the_weights(self):
        shown = explorer(learning_rate=1.0, weight_decay=1.0)
        assert shown.run == {} and shown.message == ""


class TestStill:
    def test_the_figure_and_the_table_show_the_exact_times(self):
        shown = ValleyExplorer()
        still = ValleyExplorer.still(shown.get_state())
        times = exact_times(DEFAULTS)
        assert still.times == times
        assert still.rows == (("exact", f"{times.overfit_step:,}", f"{times.generalize_step:,}"),)
        assert still.trajectory.steps[-1] == still.horizon > times.generalize_step
        assert f"{times.delay:,}" in still.sentence

    @pytest.mark.parametrize("settings", [{}, {"start_length": 0.0}, {"learning_rate": 1.9}])
    def test_the_path_goes_from_the_start_to_the_ridge_solution(self, settings):
        still = ValleyExplorer.still(settings)
        np.testing.assert_allclose(still.path[0], still.problem.initial_weights, atol=1e-15)
        np.testing.assert_allclose(still.path[-1], still.solution, atol=1e-3)
        expected = gk.ridge_solution(still.problem, weight_decay=0.01)
        np.testing.assert_array_equal(still.solution, expected)

    def test_a_zigzag_jumps_a_few_times_and_keeps_to_one_side(self):
        still = ValleyExplorer.still({"learning_rate": 1.9})
        across = still.path @ [0.8, 0.6] - still.solution @ [0.8, 0.6]
        jumps = np.abs(np.diff(np.sign(across[np.abs(across) > 1e-9]))) > 0
        assert 2 <= jumps.sum() <= 8

    @pytest.mark.parametrize("settings", [{"learning_rate": 2.5}, {"learning_rate": 3.0}])
    def test_what_cannot_run_is_a_sentence(self, settings):
        still = ValleyExplorer.still(settings)
        assert still.trajectory is None
        assert "cannot run" in still.sentence

    def test_without_weight_decay_the_test_loss_stays(self):
        still = ValleyExplorer.still({"weight_decay": 0})
        assert still.times.reason[1:] in still.sentence
        assert np.isfinite(still.trajectory.test_loss).all()


def random_settings(rng):
    """Anything the controls allow, at stable learning rates."""
    weight_decay = float(rng.choice([0.0, *10.0 ** rng.uniform(-5, 0, 9)]))
    share = float(rng.choice([rng.uniform(0.005, 0.5), rng.uniform(0.5, 0.99)]))
    limit = min(3.0, 2 / (1 + weight_decay), 0.99 / max(weight_decay, 1e-9))
    return {
        "weight_decay": weight_decay,
        "learning_rate": share * limit,
        "start_length": float(rng.choice([0.0, 2.0, *rng.uniform(0, 2, 8)])),
        "start_angle": float(rng.uniform(0, 360)),
        "train_threshold": 10.0 ** rng.uniform(-6, 1),
        "test_threshold": 10.0 ** rng.uniform(-6, 1),
    }


@pytest.fixture(scope="module")
def cases():
    """Pairs (settings, answer of JavaScript)."""
    rng = np.random.default_rng(20261125)
    cases = [DEFAULTS, *(random_settings(rng) for _ in range(200))]
    answers = javascript(valley=ValleyExplorer().valley, steps=STEPS, cases=cases)
    return list(zip(cases, answers, strict=True))


class TestAgainstPython:
    """The path, the losses and the times of the browser are those of exact_ridge."""

    def test_the_cases_are_of_every_kind(self, cases):
        times = [exact_times(settings) for settings, _ in cases]
        assert sum(t.overfit_step is None for t in times) > 10
        assert sum(t.generalize_step is None for t in times) > 10
        assert sum((t.delay or 0) > 0 for t in times) > 10
        assert sum(s["learning_rate"] * (1 + s["weight_decay"]) > 1 for s, _ in cases) > 40

    def test_losses(self, cases):
        for settings, answer in cases:
            problem = ValleyExplorer.problem_of(settings)
            exact = gk.exact_ridge(problem, **rule(settings), steps=STEPS)
            np.testing.assert_allclose(answer["train"], exact.train_loss, rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(answer["test"], exact.test_loss, rtol=1e-9, atol=1e-14)

    def test_times_are_the_same_integers(self, cases):
        for settings, answer in cases:
            times = exact_times(settings)
            assert answer["times"]["overfit"] == times.overfit_step, settings
            assert answer["times"]["generalize"] == times.generalize_step, settings
            assert len(answer["times"]["reasons"]) == len(times.reasons)

    def test_the_path(self, cases):
        for settings, answer in cases:
            problem = ValleyExplorer.problem_of(settings)
            for step, weights in zip(STEPS[1:], answer["weights"][1:], strict=True):
                exact = gk.exact_ridge(problem, **rule(settings), steps=[0, step]).weights
                np.testing.assert_allclose(weights, exact, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(answer["weights"][0], problem.initial_weights, atol=1e-15)

    def test_the_ridge_solution(self, cases):
        for settings, answer in cases:
            if settings["weight_decay"]:
                problem = ValleyExplorer.problem_of(settings)
                ridge = gk.ridge_solution(problem, weight_decay=settings["weight_decay"])
                np.testing.assert_allclose(answer["ridge"], ridge, rtol=1e-9)

    def test_the_two_lines_of_the_text(self, cases):
        """a ← a − η[s(a − a*) + λa] along the sample, u ← u − ηλu across it."""
        for settings, answer in cases:
            eta, decay = settings["learning_rate"], settings["weight_decay"]
            seen, unseen = np.array([0.8, 0.6]), np.array([-0.6, 0.8])
            angle = math.radians(settings["start_angle"])
            start = settings["start_length"] * np.array([math.cos(angle), math.sin(angle)])
            a, u = seen @ start, unseen @ start
            for step in range(1, 4):
                a, u = a - eta * ((a - 1.2) + decay * a), u - eta * decay * u
                there = a * seen + u * unseen
                np.testing.assert_allclose(answer["weights"][step], there, rtol=1e-9, atol=1e-12)

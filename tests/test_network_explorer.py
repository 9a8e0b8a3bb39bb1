"""The network explorer in Python: state, training in the background, messages."""

import warnings

import numpy as np
import pytest
from test_explorers import first_report, receive

import grokedu as gk
from grokedu.explorers import NetworkExplorer
from grokedu.explorers.network import SETTINGS
from grokedu.explorers.settings import defaults

NAMES = [setting.name for setting in SETTINGS]
SMALL = {"n_samples": 6, "input_dim": 10, "width": 30}
# Far more neurons than any fast run, at a learning rate that fits nothing within the limit.
LONG = {"n_samples": 40, "input_dim": 40, "width": 300, "learning_rate": 1e-3}


def explorer(**settings):
    """A small explorer after its first run."""
    shown = NetworkExplorer(**{**SMALL, **settings})
    assert shown.wait(60)
    return shown


def problem_of(settings):
    return gk.relu_network_problem(
        n_samples=settings["n_samples"],
        input_dim=settings["input_dim"],
        width=settings["width"],
        init_variance=settings["init_variance"],
        rng=np.random.default_rng(settings["seed"]),
    )


def times_of(settings, steps=10**8):
    """t1 and t2 of the same network, by the law after the fit."""
    problem = problem_of(settings)
    start = problem.train_loss(problem.hidden_weights, problem.output_weights)
    levels = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    run = gk.train_network(
        problem,
        weight_decay=settings["weight_decay"],
        learning_rate=settings["learning_rate"],
        n_steps=steps,
        tail="closed form",
        fit_tolerance=1e-5 * min(1.0, start),
        **levels,
    )
    return gk.grokking_times(run, **levels)


class TestState:
    def test_the_first_run(self):
        shown = NetworkExplorer()
        assert shown.run == {}
        assert shown.wait(60)
        assert shown.settings == defaults(SETTINGS) == shown.run["settings"]
        times = times_of(shown.settings)
        assert shown.run_times["overfit"] == times.overfit_step
        assert shown.run_times["generalize"] == times.generalize_step
        assert times.delay > 100 * times.overfit_step

    def test_the_text_form(self):
        assert repr(explorer()) == repr(explorer())
        assert repr(explorer()).startswith("NetworkExplorer(weight_decay=0.01, ")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"controls": ("lambda",)}, "controls: 'lambda' unknown"),
            ({"teacher_norm": 1.0}, "settings: 'teacher_norm' unknown"),
            ({"width": 1000}, "width=1000: pass a whole number from 10 to 300"),
            ({"step": -2}, "step=-2"),
        ],
    )
    def test_bad_input_says_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            NetworkExplorer(**arguments)


class TestTraining:
    def test_a_change_draws_and_trains_again(self):
        shown = explorer()
        shown.seed = 7
        assert shown.wait(60)
        assert shown.run["settings"] == shown.settings
        assert shown.network["seed"] == 7
        assert len(shown.network["hidden"]) == 300

    def test_a_threshold_moves_its_time_exactly(self):
        shown = explorer()
        shown.test_threshold = 0.05
        assert shown.wait(60)
        assert shown.run_times["test_threshold"] == 0.05
        assert shown.run_times["generalize"] == times_of(shown.settings).generalize_step

    def test_a_diverging_run_is_a_result(self):
        shown = explorer(learning_rate=1.0, init_variance=10.0)
        assert shown.run["diverged"]
        assert "diverged" in [reason["kind"] for reason in shown.run_times["reasons"]]
        assert shown.message == ""
        still = NetworkExplorer.still(shown.get_state())
        assert "diverged" in still.sentence
        assert np.isfinite(still.trajectory.test_loss).all()

    def test_nothing_runs_where_one_step_would_erase_the_weights(self):
        shown = explorer(learning_rate=1.0, weight_decay=1.0)
        assert shown.run == {} and shown.message == ""
        still = NetworkExplorer.still(shown.get_state())
        assert still.trajectory is None
        assert "erase the weights" in still.sentence

    def test_without_weight_decay_nothing_is_forgotten(self):
        shown = explorer(weight_decay=0)
        assert shown.message == ""
        assert shown.run_times["overfit"] is not None
        assert shown.run_times["generalize"] is None
        assert NetworkExplorer.still(shown.get_state()).times.generalize_step is None

    @pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
    @pytest.mark.parametrize("end", ["low", "high"])
    def test_both_extremes_of_every_setting(self, setting, end):
        shown = NetworkExplorer(**SMALL)
        value = getattr(setting, end)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            setattr(shown, setting.name, value)
            if not shown.wait(timeout=3):
                shown.stop()
                assert shown.wait(timeout=10)
        assert shown.message == ""
        run = shown.run
        assert run["settings"] == shown.settings
        assert np.isfinite(run["train"] + run["test"]).all()

    def test_an_exception_becomes_a_message(self, monkeypatch):
        shown = explorer()
        monkeypatch.setattr("grokedu.explorers.network.train_network", lambda *_, **__: 1 / 0)
        shown.seed = 5
        assert shown.wait(60)
        assert shown.message == "division by zero"


class TestLongRuns:
    def test_stop_keeps_what_was_done(self):
        shown = NetworkExplorer(**LONG)
        report = first_report(shown)
        assert 0 < report["done"] < report["of"]
        receive(shown, {"type": "stop"})
        assert shown.wait(timeout=10)
        assert shown.run["stopped"]
        assert 0 < shown.run["n_steps"] < report["of"]
        assert shown.progress == {}

    def test_a_newer_change_supersedes_the_older_run(self):
        shown = NetworkExplorer(**LONG)
        first_report(shown)
        shown.width = 10
        assert shown.wait(timeout=30)
        assert shown.run["settings"]["width"] == 10
        assert not shown.run["stopped"]

    def test_what_lies_beyond_the_limit_of_a_run_is_said(self):
        """40 outputs of inputs in the plane are not fitted by 10 neurons."""
        slow = {"learning_rate": 1e-3, "test_threshold": 1e-4}
        shown = explorer(n_samples=40, input_dim=2, width=10, **slow)
        run, times = shown.run, shown.run_times
        assert (run["complete"], run["stopped"]) == (False, False)
        assert times["generalize"] is None
        kinds = [reason["kind"] for reason in times["reasons"]]
        assert gk.Why.TEST_NOT_WITHIN_THE_RUN in kinds


def test_the_still_picture_shows_the_times_of_the_run():
    shown = explorer()
    still = NetworkExplorer.still(shown.get_state())
    times = shown.run_times
    assert still.rows[0][1:] == (f"{times['overfit']:,}", f"{times['generalize']:,}")
    assert still.trajectory.steps[-1] <= still.horizon

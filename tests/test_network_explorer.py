"""The network explorer in Python: state, training in the background, messages."""

import json
import time
import warnings

import numpy as np
import pytest

from grokedu.explorers import NetworkExplorer
from grokedu.explorers.network import _CONTROLS, _DEFAULTS, _reached, _train

SETTINGS = list(_DEFAULTS)
SMALL = {"n_samples": 6, "input_dim": 10, "width": 30}
# Far more neurons than any fast run, at a learning rate that fits nothing within the limit.
LONG = {"n_samples": 40, "input_dim": 40, "width": 300, "learning_rate": 1e-3}


def explorer(**settings):
    return NetworkExplorer(controls=SETTINGS, **{**SMALL, **settings})


class TestState:
    def test_the_first_run_is_done_when_the_constructor_returns(self):
        shown = NetworkExplorer()
        times = _reached(_train(_DEFAULTS)[0], _DEFAULTS)
        assert shown.plot.settings == _DEFAULTS == shown.plot.run["settings"]
        assert shown.plot.initial == {**_DEFAULTS, "step": -1.0}
        assert shown.plot.run_times["overfit"] == times.overfit_step
        assert shown.plot.run_times["generalize"] == times.generalize_step
        assert times.delay > 100 * times.overfit_step

    def test_the_text_form_and_the_state(self):
        shown = explorer()
        assert repr(shown) == repr(explorer())
        assert repr(shown).startswith("NetworkExplorer(weight_decay=0.01, ")
        names = [n for n in shown.plot.keys if n not in ("layout", "comm", "tabbable", "tooltip")]
        json.dumps({name: getattr(shown.plot, name) for name in names}, allow_nan=False)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"controls": ("lambda",)}, "controls: 'lambda' unknown"),
            ({"teacher_norm": 1.0}, "settings: 'teacher_norm' unknown"),
            ({"weight_decay": 0.0}, "weight_decay=0.0: pass a number from"),
            ({"width": 1000}, "width=1000: pass a number from 10 to 300"),
            ({"step": -2}, "step=-2"),
        ],
    )
    def test_bad_input_says_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            NetworkExplorer(**arguments)


class TestTraining:
    def test_a_change_draws_and_trains_again(self):
        shown = explorer()
        shown.controls["seed"].value = 7
        shown.wait()
        assert shown.plot.run["settings"] == shown.plot.settings
        assert shown.plot.network["seed"] == 7
        assert len(shown.plot.network["hidden"]) == 300

    def test_a_threshold_moves_its_time_exactly(self):
        shown = explorer()
        shown.plot.test_threshold = 0.05
        shown.wait()
        times = _reached(_train(shown.plot.settings)[0], shown.plot.settings)
        assert shown.plot.run_times["test_threshold"] == 0.05
        assert shown.plot.run_times["generalize"] == times.generalize_step

    def test_a_diverging_run_is_a_result(self):
        shown = explorer(learning_rate=1.0, init_variance=10.0)
        assert shown.plot.run["diverged"]
        assert "diverged" in shown.plot.run_times["reason"]
        assert shown.plot.problem == ""
        assert "diverged" in shown.plot.fallback and "nan" not in shown.plot.fallback

    def test_nothing_runs_where_one_step_would_erase_the_weights(self):
        shown = explorer(learning_rate=1.0, weight_decay=1.0)
        assert shown.plot.run == {} and shown.plot.problem == ""
        assert "one step would erase the weights" in shown.plot.fallback

    @pytest.mark.parametrize("name", SETTINGS)
    @pytest.mark.parametrize("end", [0, 1])
    def test_both_extremes_of_every_control(self, name, end):
        shown = explorer()
        value = _CONTROLS[name]["range"][end]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shown.controls[name].value = type(shown.controls[name].value)(value)
            if not shown.wait(timeout=3):
                shown._on_message({"type": "stop"})
                assert shown.wait(timeout=10)
        assert shown.plot.problem == ""
        assert getattr(shown.plot, name) == pytest.approx(value)
        run = shown.plot.run
        assert run["settings"] == shown.plot.settings
        assert np.isfinite(run["train"] + run["test"]).all()

    def test_an_exception_becomes_a_message(self, monkeypatch):
        shown = explorer()
        monkeypatch.setattr("grokedu.explorers.network.train_network", lambda *_, **__: 1 / 0)
        shown.plot.seed = 5
        shown.wait()
        assert shown.plot.problem == "division by zero"


class TestLongRuns:
    @pytest.fixture
    def shown(self, monkeypatch):
        monkeypatch.setattr(NetworkExplorer, "fallback_html", lambda _: "")
        monkeypatch.setattr("grokedu.explorers.network._FIT_TOLERANCE", 1e-300)
        monkeypatch.setattr("grokedu.explorers.network._MAX_STEPS", 10**7)
        return NetworkExplorer(**LONG)

    def test_stop_keeps_what_was_done(self, shown):
        reports, until = [], time.perf_counter() + 20
        shown.plot.observe(lambda change: reports.append(change.new), "progress")
        while not reports and time.perf_counter() < until:
            time.sleep(0.01)
        assert 0 < reports[0]["done"] < reports[0]["of"]
        shown._on_message({"type": "stop"})
        assert shown.wait(timeout=10)
        assert shown.plot.run["stopped"]
        assert 0 < shown.plot.run["n_steps"] < reports[0]["of"]
        assert shown.plot.progress == {}

    def test_a_newer_change_supersedes_the_older_run(self, shown, monkeypatch):
        monkeypatch.setattr("grokedu.explorers.network._MAX_STEPS", 50)
        shown.plot.width = 10
        assert shown.wait(timeout=10)
        assert shown.plot.run["settings"]["width"] == 10
        assert not shown.plot.run["complete"]


class TestWithoutScripts:
    def test_the_figure_and_table_show_the_same_times(self):
        shown = explorer()
        times, html = shown.plot.run_times, shown.plot.fallback
        assert html == shown.fallback_html()
        for name, step in (("t₁", times["overfit"]), ("t₂", times["generalize"])):
            assert f"{name} = {step:,}" in html
            assert f"<td>{step:,}</td>" in html
        assert "<script" not in html and "nan" not in html
        assert "d = 10, m = 30" in html.replace("n = 6, ", "")

    def test_the_browser_learns_that_a_kernel_is_there(self):
        shown, answers = explorer(), []
        shown.plot.send = answers.append
        shown._on_message({"type": "hello"})
        assert answers == [{"type": "welcome"}]

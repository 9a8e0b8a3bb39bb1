"""The ridge explorer in Python: state, gradient descent in the background, messages."""

import json
import threading
import time
import warnings

import numpy as np
import pytest

import grokedu as gk
from grokedu.explorers import RidgeExplorer
from grokedu.explorers.ridge import _CONTROLS, _DEFAULTS, LAYERS
from grokedu.explorers.worker import LatestJob

SETTINGS = list(_DEFAULTS)
SMALL = {"n_samples": 20, "n_features": 60, "weight_decay": 1e-2}
LONG = {"n_samples": 300, "n_features": 400, "weight_decay": 1e-7}


def explorer(**settings):
    return RidgeExplorer(controls=SETTINGS, **{**SMALL, **settings})


def problem_of(settings):
    return gk.gaussian_problem(
        n_samples=settings["n_samples"],
        n_features=settings["n_features"],
        init_variance=settings["init_variance"],
        teacher_norm=settings["teacher_norm"],
        rng=np.random.default_rng(settings["seed"]),
    )


def exact_times(settings):
    names = ("weight_decay", "learning_rate", "train_threshold", "test_threshold")
    chosen = {name: settings[name] for name in names}
    return gk.exact_grokking_times(problem_of(settings), **chosen)


class TestState:
    def test_the_defaults_are_those_of_the_paper(self):
        shown = RidgeExplorer()
        assert shown.plot.settings == _DEFAULTS
        assert shown.plot.initial == {**_DEFAULTS, "step": -1.0, "layers": []}

    def test_the_first_run_is_done_when_the_constructor_returns(self):
        shown = RidgeExplorer()
        times = exact_times(shown.plot.settings)
        assert shown.plot.run["settings"] == shown.plot.settings
        assert shown.plot.run_times["overfit"] == times.overfit_step
        assert shown.plot.run_times["generalize"] == times.generalize_step

    def test_only_the_chosen_controls_are_shown_in_their_order(self):
        shown = RidgeExplorer(controls=("n_samples", "weight_decay"), **SMALL)
        assert list(shown.controls) == ["n_samples", "weight_decay"]
        assert shown.children[0].children == tuple(shown.controls.values())
        assert shown.children[0].layout.flex_flow == "row wrap"
        assert shown.children[1] is shown.plot

    @pytest.mark.parametrize("name", SETTINGS)
    def test_a_control_moves_the_plot_and_the_plot_its_control(self, name):
        shown = explorer()
        low, high = _CONTROLS[name]["range"]
        shown.controls[name].value = type(shown.controls[name].value)(high)
        assert getattr(shown.plot, name) == pytest.approx(high)
        setattr(shown.plot, name, type(getattr(shown.plot, name))(low))
        assert shown.controls[name].value == pytest.approx(low)
        shown.wait()

    def test_the_text_form_is_short_and_the_same_every_time(self):
        assert repr(explorer()) == repr(explorer())
        assert repr(explorer()).startswith("RidgeExplorer(weight_decay=0.01, ")

    def test_the_state_is_strict_json(self):
        shown = explorer(learning_rate=900.0)
        names = [n for n in shown.plot.keys if n not in ("layout", "comm", "tabbable", "tooltip")]
        json.dumps({name: getattr(shown.plot, name) for name in names}, allow_nan=False)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"controls": ("lambda",)}, "controls: 'lambda' unknown"),
            ({"controls": "seed"}, "pass a sequence"),
            ({"layers": ("blunt",)}, "layers: 'blunt' unknown"),
            ({"lam": 1.0}, "settings: 'lam' unknown"),
            ({"weight_decay": 0.0}, "weight_decay=0.0: pass a number from"),
            ({"n_samples": 10.5}, "n_samples=10.5: pass a number from 5 to 500"),
            ({"teacher_norm": float("nan")}, "teacher_norm=nan"),
            ({"step": -2}, "step=-2"),
        ],
    )
    def test_bad_input_says_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            RidgeExplorer(**arguments)

    def test_every_layer_can_be_asked_for(self):
        assert explorer(layers=LAYERS).plot.layers == list(LAYERS)


class TestModes:
    """The problem in its eigenbasis is the one that gaussian_problem draws."""

    @pytest.mark.parametrize(("n", "m"), [(20, 60), (30, 30), (50, 20)])
    def test_norms_and_losses_survive_the_change_of_basis(self, n, m):
        shown = explorer(n_samples=n, n_features=m, init_variance=2.0, teacher_norm=3.0)
        problem, modes = problem_of(shown.plot.settings), shown.plot.modes
        s, start, teacher = (np.array(modes[k]) for k in ("curvatures", "start", "teacher"))
        error = np.sqrt(2.0) * start - 3.0 * teacher
        assert s @ error**2 / 2 == pytest.approx(problem.train_loss(problem.initial_weights))
        hidden = np.sqrt(2.0) * modes["unseen_start"] - 3.0 * modes["unseen_overlap"]
        whole = error @ error + hidden**2 + 9.0 * modes["unseen_teacher"] ** 2
        assert whole / m == pytest.approx(problem.test_loss(problem.initial_weights))


class TestGradientDescent:
    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"learning_rate": 5.0, "seed": 3},
            {"n_samples": 60, "n_features": 20},
            {"init_variance": 10.0, "teacher_norm": 2.0, "test_threshold": 0.5},
            {"init_variance": 1e-6},  # starts below the threshold: t1 does not exist
            {"teacher_norm": 5.0},  # the test loss never gets there
        ],
    )
    def test_the_overlay_equals_the_exact_times_and_curves(self, settings):
        shown = explorer(**settings)
        now, run = shown.plot.settings, shown.plot.run
        times = exact_times(now)
        assert shown.plot.run_times["overfit"] == times.overfit_step
        assert shown.plot.run_times["generalize"] == times.generalize_step
        exact = gk.exact_ridge(
            problem_of(now),
            weight_decay=now["weight_decay"],
            learning_rate=now["learning_rate"],
            steps=run["steps"],
        )
        np.testing.assert_allclose(run["train"], exact.train_loss, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(run["test"], exact.test_loss, rtol=1e-9, atol=1e-14)

    def test_a_change_reruns_it(self):
        shown = explorer()
        shown.controls["seed"].value = 7
        shown.wait()
        assert shown.plot.run["settings"] == shown.plot.settings
        assert shown.plot.modes["seed"] == 7

    def test_thresholds_need_no_new_run(self):
        shown = explorer()
        run = shown.plot.run
        shown.plot.test_threshold = 0.1
        shown.wait()
        assert shown.plot.run is run
        times = exact_times(shown.plot.settings)
        assert shown.plot.run_times["generalize"] == times.generalize_step

    def test_a_lower_threshold_gets_a_longer_run(self):
        shown = explorer(teacher_norm=0.0, test_threshold=0.1)
        shown.plot.test_threshold = 1e-4
        shown.wait()
        times = exact_times(shown.plot.settings)
        assert shown.plot.run_times["generalize"] == times.generalize_step

    def test_a_diverging_run_is_a_result(self):
        shown = explorer(learning_rate=500.0, weight_decay=1e-4)
        assert shown.plot.run["diverged"]
        assert "diverged" in shown.plot.run_times["reason"]
        assert shown.plot.problem == ""

    def test_nothing_runs_where_one_step_would_erase_the_weights(self):
        shown = explorer(learning_rate=1000.0, weight_decay=1.0)
        assert shown.plot.run == {} and shown.plot.problem == ""

    @pytest.mark.parametrize("name", SETTINGS)
    @pytest.mark.parametrize("end", [0, 1])
    def test_both_extremes_of_every_control(self, name, end):
        shown = RidgeExplorer(controls=SETTINGS, n_samples=20, n_features=60, weight_decay=1e-3)
        value = _CONTROLS[name]["range"][end]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shown.controls[name].value = type(shown.controls[name].value)(value)
            if not shown.wait(timeout=5):
                shown._on_message({"type": "stop"})
                assert shown.wait(timeout=10)
        assert shown.plot.problem == ""
        now, run = shown.plot.settings, shown.plot.run
        assert bool(run) == (now["learning_rate"] * now["weight_decay"] < 1)
        assert np.isfinite(run.get("train", []) + run.get("test", [])).all()

    def test_an_exception_becomes_a_message(self, monkeypatch):
        shown = explorer()
        monkeypatch.setattr(
            "grokedu.explorers.ridge.train_ridge", lambda *_, **__: 1 / 0, raising=True
        )
        shown.plot.seed = 5
        shown.wait()
        assert shown.plot.problem == "division by zero"


class TestLongRuns:
    def test_the_constructor_does_not_wait_and_stop_keeps_what_was_done(self):
        started = time.perf_counter()
        shown = RidgeExplorer(**LONG)
        reports = []
        shown.plot.observe(lambda change: reports.append(change.new), "progress")
        assert time.perf_counter() - started < 5
        while not reports and time.perf_counter() - started < 20:
            time.sleep(0.01)
        assert 0 < reports[0]["done"] < reports[0]["of"]
        shown._on_message({"type": "stop"})
        assert shown.wait(timeout=10)
        assert shown.plot.run["stopped"]
        assert 0 < shown.plot.run["n_steps"] < reports[0]["of"]
        assert shown.plot.progress == {}

    def test_a_newer_change_supersedes_the_older_run(self):
        shown = RidgeExplorer(**LONG)
        shown.plot.weight_decay = 0.01
        assert shown.wait(timeout=10)
        assert shown.plot.run["settings"]["weight_decay"] == 0.01
        assert not shown.plot.run["stopped"]

    def test_what_lies_beyond_the_limit_of_a_run_is_said(self, monkeypatch):
        monkeypatch.setattr("grokedu.explorers.ridge._MAX_STEPS", 50)
        shown = explorer()
        assert not shown.plot.run["complete"]
        assert shown.plot.run_times["generalize"] is None
        assert "within the run" in shown.plot.run_times["reason"]


class TestWithoutScripts:
    def test_the_figure_and_table_show_the_same_times(self):
        shown = explorer(layers=LAYERS, test_threshold=0.1)
        times, html = shown.plot.run_times, shown.plot.fallback
        assert html == shown.fallback_html()
        for name, step in (("t₁", times["overfit"]), ("t₂", times["generalize"])):
            assert f"{name} = {step:,}" in html
            assert f"<td>{step:,}</td>" in html
        assert "<script" not in html and "nan" not in html
        assert 'role="img" aria-label="Training and test loss over steps. ' in html

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"learning_rate": 900.0, "weight_decay": 1e-4}, "stability limit"),
            ({"learning_rate": 1000.0, "weight_decay": 1.0}, "one step would erase the weights"),
            ({"teacher_norm": 5.0}, "test loss tends to"),
            ({"init_variance": 1e-6, "teacher_norm": 0.0}, "below 0.01 at every step"),
            ({"init_variance": 1e-6, "layers": LAYERS}, "says nothing"),
        ],
    )
    def test_what_cannot_be_drawn_is_a_sentence(self, settings, words):
        assert words in explorer(**settings).plot.fallback


class TestMessages:
    def test_the_browser_learns_that_a_kernel_is_there(self):
        shown, answers = explorer(), []
        shown.plot.send = answers.append
        shown._on_message({"type": "hello"})
        assert answers == [{"type": "welcome"}]

    def test_run_answers_at_once_and_runs_again(self):
        shown, answers = explorer(), []
        shown.plot.send = answers.append
        before = shown.plot.run
        shown._on_message({"type": "run"})
        shown.wait()
        assert answers == [{"type": "welcome"}]
        assert shown.plot.run is not before

    def test_unknown_messages_are_ignored(self):
        shown = explorer()
        shown._on_message({"type": "nonsense"})
        shown._on_message({})
        assert shown.plot.problem == ""


class TestLatestJob:
    def test_only_the_latest_of_many_jobs_counts(self):
        worker, done = LatestJob(), []
        started, release = threading.Event(), threading.Event()

        def first(permit):
            started.set()
            release.wait(5)
            done.append(("first", bool(permit)))

        worker.submit(first)
        started.wait(5)
        for name in ("second", "third"):
            worker.submit(lambda permit, name=name: done.append((name, bool(permit))))
        release.set()
        assert worker.wait(5)
        assert done == [("first", False), ("third", True)]

    def test_it_can_be_used_again_after_it_ran_dry(self):
        worker, done = LatestJob(), []
        for k in range(3):
            worker.submit(lambda permit, k=k: done.append(k))
            assert worker.wait(5)
        assert done == [0, 1, 2]

"""The ridge explorer in Python: state, gradient descent in the background, messages."""

import json
import threading
import warnings
from functools import partial

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import grokedu as gk
from grokedu.explorers import KINDS, Explorer, RidgeExplorer
from grokedu.explorers.ridge import LAYERS, SETTINGS
from grokedu.explorers.settings import defaults
from grokedu.explorers.worker import LatestJob, stop_all

NAMES = [setting.name for setting in SETTINGS]
SMALL = {"n_samples": 20, "n_features": 60, "weight_decay": 1e-2}
LONG = {"n_samples": 300, "n_features": 400, "weight_decay": 1e-7}
_IMAGES = np.random.default_rng(0).integers(0, 17, (20, 64))
MAKERS = {
    **KINDS,
    "digits": partial(KINDS["digits"], _IMAGES, np.arange(20) % 10),
    "modular": partial(KINDS["modular"], modulus=5, width=8, n_steps=200),
}
EVERY_SETTING = [
    pytest.param(MAKERS[kind], setting, id=f"{kind} {setting.name}")
    for kind in KINDS
    for setting in KINDS[kind].SETTINGS
]


def with_strict_link(shown):
    """An explorer whose messages must be strict JSON, as a notebook's are."""
    shown.comm.publish_msg = lambda *_, data, **__: json.dumps(data, allow_nan=False)
    return shown


def explorer(**settings):
    """A small explorer after its first run."""
    shown = with_strict_link(RidgeExplorer(**{**SMALL, **settings}))
    assert shown.wait(60)
    return shown


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


def receive(shown, content):
    """What a message of the browser does."""
    message = {"data": {"method": "custom", "content": content}}
    shown.comm.handle_msg({"content": message, "buffers": []})


class TestState:
    def test_the_defaults_are_those_of_the_paper(self):
        shown = RidgeExplorer()
        assert shown.settings == defaults(SETTINGS)
        others = {"step": -1.0, "layers": [], "linear": False}
        assert shown.initial == {**defaults(SETTINGS), **others}

    def test_nothing_runs_before_somebody_looks(self):
        shown = RidgeExplorer(**LONG)
        assert shown.run == {}
        shown.weight_decay = 0.01
        assert shown.run == {}
        receive(shown, {"type": "hello"})
        assert shown.wait(60)
        assert shown.run["settings"]["weight_decay"] == 0.01

    def test_a_page_made_of_it_has_the_problem_of_python(self):
        shown = RidgeExplorer(**SMALL, seed=3)
        assert (shown.modes["n"], shown.modes["m"], shown.modes["seed"]) == (20, 60, 3)

    def test_only_the_chosen_controls_in_their_order(self):
        shown = RidgeExplorer(controls=("n_samples", "weight_decay"))
        assert shown.controls == ["n_samples", "weight_decay"]

    def test_a_preset_is_the_initial_state_with_its_changes(self):
        changes = {"weight_decay": 1e-5, "layers": ("sharp",), "step": 7}
        shown = RidgeExplorer(seed=3, linear=True, presets=[("slow", changes)])
        [preset] = shown.presets
        assert preset["label"] == "slow"
        assert preset["state"] == {**shown.initial, **changes, "layers": ["sharp"]}

    def test_the_text_form_is_short_and_the_same_every_time(self):
        assert repr(explorer()) == repr(explorer())
        assert repr(explorer()).startswith("RidgeExplorer(weight_decay=0.01, ")

    @pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
    def test_wherever_it_is_shown_there_are_words(self, make):
        data, _ = make()._repr_mimebundle_()
        assert set(data) >= {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
        assert "run this cell" in data["text/html"]

    @pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
    def test_the_state_is_strict_json(self, make):
        shown = make(learning_rate=1.0)
        names = [n for n in shown.keys if n not in ("layout", "comm", "tabbable", "tooltip")]
        json.dumps({name: getattr(shown, name) for name in names}, allow_nan=False)
        assert isinstance(shown, KINDS[shown.kind])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"controls": ("lambda",)}, "controls: 'lambda' unknown"),
            ({"controls": "seed"}, "pass a sequence"),
            ({"controls": 3}, "controls: 3 unknown; pass a sequence"),
            ({"presets": None}, "presets=None: pass pairs"),
            ({"layers": ("blunt",)}, "layers: 'blunt' unknown"),
            ({"lam": 1.0}, "settings: 'lam' unknown"),
            ({"n_samples": 10.5}, "n_samples=10.5: pass a whole number from 5 to 500"),
            ({"teacher_norm": float("nan")}, "teacher_norm=nan"),
            ({"step": -2}, "step=-2"),
            ({"linear": 1}, "linear=1: pass True or False"),
            ({"simple": "yes"}, "simple='yes': pass True or False"),
            ({"presets": "slow"}, "presets: 's'; pass pairs"),
            ({"presets": [("slow", 3)]}, "presets: .*; pass pairs of a label and a dict"),
            ({"presets": [("", {})]}, "presets: .*; pass pairs"),
            ({"presets": [("slow", {"lam": 1})]}, "presets: 'slow': 'lam' unknown"),
            ({"presets": [("slow", {"n_samples": 7.5})]}, "presets: 'slow': n_samples=7.5: pass"),
            ({"presets": [("slow", {"layers": ["blunt"]})]}, "presets: 'slow': layers: 'blunt'"),
            ({"presets": [("slow", {"step": -3})]}, "presets: 'slow': step=-3"),
            ({"presets": [("slow", {"linear": None})]}, "presets: 'slow': linear=None"),
        ],
    )
    def test_bad_input_says_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            RidgeExplorer(**arguments)

    @pytest.mark.parametrize(
        ("name", "good", "wrong", "message"),
        [
            ("layers", LAYERS, ["blunt"], "layers: 'blunt' unknown; pass a sequence of sharp"),
            ("layers", [], None, "layers: None unknown; pass a sequence"),
            ("controls", ("seed",), ["lambda"], "controls: 'lambda' unknown"),
            ("controls", ["seed"], "seed", "controls: 'seed' unknown; pass a sequence"),
            ("step", None, float("nan"), "step=nan: pass a number"),
            ("step", 7, "7", "step='7': pass a number"),
            ("step", 7, 10**400, "step=10*: pass a number"),
            ("linear", True, None, "linear=None: pass True or False"),
            ("simple", True, 1, "simple=1: pass True or False"),
        ],
    )
    def test_how_it_looks_is_checked_as_attributes_too(self, name, good, wrong, message):
        shown = RidgeExplorer(**{name: good})
        before = getattr(shown, name)
        setattr(shown, name, good)
        assert getattr(shown, name) == before
        with pytest.raises(ValueError, match=message):
            setattr(shown, name, wrong)
        assert getattr(shown, name) == before

    def test_one_of_no_kind_cannot_be_made(self):
        with pytest.raises(ValueError, match="make one of a kind"):
            Explorer()

    @pytest.mark.parametrize("timeout", ["1", -1, float("inf")])
    def test_how_long_to_wait_is_checked(self, timeout):
        with pytest.raises(ValueError, match=f"timeout={timeout!r}: pass a number, 0 or more"):
            RidgeExplorer(**SMALL).wait(timeout)


class TestSettings:
    """The value given is the value used, or an error in words, wherever it is given."""

    @pytest.mark.parametrize(("make", "setting"), EVERY_SETTING)
    def test_legal_values_are_taken_exactly(self, make, setting):
        within = 0.3 * setting.low + 0.7 * setting.high
        values = [setting.low, setting.high, int(within) if setting.whole else within]
        if setting.zero:
            values.append(0)
        shown = make()
        for value in values:
            assert make(**{setting.name: value}).settings[setting.name] == value
            setattr(shown, setting.name, value)
            assert shown.settings[setting.name] == value

    @pytest.mark.parametrize(("make", "setting"), EVERY_SETTING)
    @pytest.mark.parametrize(
        "wrong", [float("nan"), float("inf"), -1.0, -(10**400), 10**400, 1e10, "7", None]
    )
    def test_others_are_refused_by_constructor_attribute_and_message(self, make, setting, wrong):
        with pytest.raises(ValueError, match=setting.name):
            make(**{setting.name: wrong})
        shown = make()
        before = shown.settings
        with pytest.raises(ValueError, match=setting.name):
            setattr(shown, setting.name, wrong)
        shown.set_state({setting.name: wrong})
        assert setting.name in shown.message
        assert shown.settings == before

    @given(st.floats(1e-7, 1))
    def test_no_grid_rounds_a_value(self, value):
        (decay,) = (setting for setting in SETTINGS if setting.name == "weight_decay")
        assert decay.check(value) == value

    def test_whole_numbers_in_a_float_are_whole(self):
        assert RidgeExplorer(n_features=1234.0).settings["n_features"] == 1234

    @pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
    def test_the_browser_gets_the_same_table(self, make):
        shown = make()
        table = {row["name"]: row for row in shown.table}
        for setting in shown.SETTINGS:
            row = table[setting.name]
            assert (row["low"], row["high"], row["symbol"]) == (
                setting.low,
                setting.high,
                setting.symbol,
            )


class TestModes:
    """The problem in its eigenbasis is the one that gaussian_problem draws."""

    @pytest.mark.parametrize(("n", "m"), [(20, 60), (30, 30), (50, 20)])
    def test_norms_and_losses_survive_the_change_of_basis(self, n, m):
        shown = RidgeExplorer(n_samples=n, n_features=m, init_variance=2.0, teacher_norm=3.0)
        problem, modes = problem_of(shown.settings), shown.modes
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
            {"weight_decay": 0},  # nothing is forgotten
        ],
    )
    def test_the_overlay_equals_the_exact_times_and_curves(self, settings):
        shown = explorer(**settings)
        now, run = shown.settings, shown.run
        times = exact_times(now)
        assert shown.run_times["overfit"] == times.overfit_step
        assert shown.run_times["generalize"] == times.generalize_step
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
        shown.seed = 7
        assert shown.wait(60)
        assert shown.run["settings"] == shown.settings
        assert shown.modes["seed"] == 7

    def test_thresholds_need_no_new_run(self):
        shown = explorer()
        run = shown.run
        shown.test_threshold = 0.1
        assert shown.wait(60)
        assert shown.run is run
        times = exact_times(shown.settings)
        assert shown.run_times["generalize"] == times.generalize_step

    def test_a_lower_threshold_gets_a_longer_run(self):
        shown = explorer(teacher_norm=0.0, test_threshold=0.1)
        shown.test_threshold = 1e-4
        assert shown.wait(60)
        times = exact_times(shown.settings)
        assert shown.run_times["generalize"] == times.generalize_step

    def test_a_diverging_run_is_a_result(self):
        shown = explorer(learning_rate=500.0, weight_decay=1e-4)
        assert shown.run["diverged"]
        assert "diverged" in [reason["kind"] for reason in shown.run_times["reasons"]]
        assert shown.message == ""

    def test_nothing_runs_where_one_step_would_erase_the_weights(self):
        shown = explorer(learning_rate=1000.0, weight_decay=1.0)
        assert shown.run == {} and shown.message == ""

    @pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
    @pytest.mark.parametrize("end", ["low", "high"])
    def test_both_extremes_of_every_setting(self, setting, end):
        shown = with_strict_link(RidgeExplorer(n_samples=20, n_features=60, weight_decay=1e-3))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            setattr(shown, setting.name, getattr(setting, end))
            if not shown.wait(timeout=5):
                shown.stop()
                assert shown.wait(timeout=10)
        assert shown.message == ""
        now, run = shown.settings, shown.run
        assert bool(run) == (now["learning_rate"] * now["weight_decay"] < 1)
        assert np.isfinite(run.get("train", []) + run.get("test", [])).all()

    def test_an_exception_becomes_a_message(self, monkeypatch):
        shown = explorer()
        monkeypatch.setattr("grokedu.explorers.ridge.train_ridge", lambda *_, **__: 1 / 0)
        shown.seed = 5
        assert shown.wait(60)
        assert shown.message == "division by zero"

    def test_a_run_that_cannot_be_sent_is_said_and_the_next_one_comes(self, monkeypatch):
        shown = explorer()
        with monkeypatch.context() as patched:
            patched.setattr("grokedu.explorers.ridge._thinned", lambda _: {"steps": np.True_})
            shown.seed = 5
            assert shown.wait(60)
        assert "not JSON serializable" in shown.message
        assert shown.run == {}
        shown.seed = 6
        assert shown.wait(60)
        assert shown.message == "" and shown.run["settings"]["seed"] == 6


def first_report(shown):
    """Wait for the first news of a long run."""
    reported = threading.Event()
    shown.observe(lambda change: change.new and reported.set(), "progress")
    receive(shown, {"type": "hello"})
    assert reported.wait(20)
    return shown.progress


class TestLongRuns:
    @pytest.mark.parametrize(
        "stop", [lambda shown: receive(shown, {"type": "stop"}), lambda _: stop_all()]
    )
    def test_stop_and_interrupt_keep_what_was_done(self, stop):
        shown = RidgeExplorer(**LONG)
        report = first_report(shown)
        assert 0 < report["done"] < report["of"]
        stop(shown)
        assert shown.wait(timeout=10)
        assert shown.run["stopped"]
        assert 0 < shown.run["n_steps"] < report["of"]
        assert shown.progress == {}

    def test_a_newer_change_supersedes_the_older_run(self):
        shown = RidgeExplorer(**LONG)
        receive(shown, {"type": "hello"})
        shown.weight_decay = 0.01
        assert shown.wait(timeout=10)
        assert shown.run["settings"]["weight_decay"] == 0.01
        assert not shown.run["stopped"]

    def test_what_lies_beyond_the_limit_of_a_run_is_said(self):
        shown = explorer(n_samples=5, n_features=10, teacher_norm=0.0, weight_decay=1e-7)
        assert exact_times(shown.settings).generalize_step > shown.run["n_steps"]
        assert not shown.run["complete"]
        assert shown.run_times["generalize"] is None
        kinds = [reason["kind"] for reason in shown.run_times["reasons"]]
        assert "test not reached within the run" in kinds


class TestStill:
    def test_the_figure_and_the_table_show_the_exact_times(self):
        shown = RidgeExplorer(**SMALL, layers=LAYERS, test_threshold=0.1)
        still = RidgeExplorer.still(shown.get_state())
        times = exact_times(shown.settings)
        assert still.times == times
        assert still.rows[0][1:] == (f"{times.overfit_step:,}", f"{times.generalize_step:,}")
        assert len(still.rows) == 1 + len(LAYERS)
        assert still.trajectory.steps[0] == 0
        assert still.trajectory.steps[-1] == still.horizon > times.generalize_step

    @pytest.mark.parametrize(
        "settings",
        [
            {"learning_rate": 900.0, "weight_decay": 1e-4},
            {"learning_rate": 1000.0, "weight_decay": 1.0},
        ],
    )
    def test_what_cannot_run_is_a_sentence(self, settings):
        still = RidgeExplorer.still({**SMALL, **settings})
        assert still.trajectory is None
        assert "cannot run" in still.sentence

    @pytest.mark.parametrize(
        "settings",
        [
            {"teacher_norm": 5.0},
            {"init_variance": 1e-6, "teacher_norm": 0.0},
            {"init_variance": 1e-6, "layers": LAYERS},
            {"weight_decay": 0, "layers": LAYERS},
        ],
    )
    def test_times_that_do_not_exist_have_their_reason(self, settings):
        still = RidgeExplorer.still({**SMALL, **settings})
        assert still.times.delay is None
        assert still.times.reason[1:] in still.sentence
        assert np.isfinite(still.trajectory.test_loss).all()


class TestMessages:
    @pytest.mark.parametrize("kind", ["hello", "run"])
    def test_the_browser_learns_that_a_kernel_is_there(self, kind):
        shown, answers = explorer(), []
        shown.send = answers.append
        before = shown.run
        receive(shown, {"type": kind})
        assert answers == [{"type": "welcome"}]
        assert shown.wait(60)
        assert (shown.run is before) == (kind == "hello")

    def test_unknown_messages_are_ignored(self):
        shown = explorer()
        receive(shown, {"type": "nonsense"})
        receive(shown, {})
        assert shown.message == ""

    @pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
    def test_the_run_of_every_kind_at_its_least_weight_decay_can_be_sent(self, make):
        shown = with_strict_link(make())
        decay = next(s for s in shown.SETTINGS if s.name == "weight_decay")
        shown.weight_decay = 0 if decay.zero else decay.low
        while not shown.wait(1):
            shown.stop()
        assert shown.message == ""
        assert shown.run["settings"] == shown.settings


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

    def test_a_job_that_fails_does_not_keep_the_next_one(self, capsys):
        worker, done = LatestJob(), []
        worker.submit(lambda _: 1 / 0)
        assert worker.wait(5)
        worker.submit(lambda _: done.append("next"))
        assert worker.wait(5)
        assert done == ["next"] and "ZeroDivisionError" in capsys.readouterr().err

    def test_it_can_be_used_again_after_it_ran_dry(self):
        worker, done = LatestJob(), []
        for k in range(3):
            worker.submit(lambda permit, k=k: done.append(k))
            assert worker.wait(5)
        assert done == [0, 1, 2]


@pytest.fixture(scope="module")
def executed():
    """A notebook with an explorer of each kind and one whose run takes minutes, after execution."""
    calls = ["RidgeExplorer()", "NetworkExplorer()", f"RidgeExplorer(**{LONG})"]
    source = "from grokedu.explorers import NetworkExplorer, RidgeExplorer"
    cells = [nbformat.v4.new_code_cell(text) for text in (source, *calls)]
    return NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3").execute()


class TestExecutedNotebook:
    def test_a_page_made_of_it_has_every_short_run_and_waits_for_no_long_one(self, executed):
        saved = executed.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
        states = [model["state"] for model in saved.values() if "kind" in model["state"]]
        assert [(s["kind"], bool(s.get("run"))) for s in states] == [
            ("ridge", True),
            ("network", True),
            ("ridge", False),
        ]
        for state in states:
            assert KINDS[state["kind"]].still(state).sentence

    def test_converted_to_html_it_is_never_an_empty_box(self, executed):
        """Without the widgets' state, as when a notebook was saved after its kernel ended."""
        bare = nbformat.from_dict({**executed, "metadata": {}})
        html, _ = HTMLExporter().from_notebook_node(bare)
        assert html.count("run this cell to bring it alive") == 3

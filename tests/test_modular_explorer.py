"""The explorer of modular addition in Python: state, training in the background, the still."""

import json
import warnings

import numpy as np
import pytest
from test_explorers import first_report, receive

import grokedu as gk
from grokedu.explorers import ModularExplorer
from grokedu.explorers.modular import SETTINGS
from grokedu.explorers.settings import defaults

NAMES = [setting.name for setting in SETTINGS]
SMALL = {"modulus": 5, "width": 16, "n_steps": 300, "weight_decay": 1e-2, "learning_rate": 0.5}
LONG = {"modulus": 23, "width": 256, "n_steps": 50_000}


def explorer(**settings):
    """A small explorer after its first run."""
    shown = ModularExplorer(**{**SMALL, **settings})
    assert shown.wait(60)
    return shown


def trained(settings):
    """The run of these settings."""
    problem = gk.modular_addition_problem(
        **{name: settings[name] for name in ("modulus", "width", "train_fraction", "init_scale")},
        rng=np.random.default_rng(settings["seed"]),
    )
    rule = {name: settings[name] for name in ("weight_decay", "learning_rate", "n_steps")}
    return gk.train_network(problem, **rule, progress=False)


def times(run, settings):
    """t1, the last step below the training level; t2, the first at the test level."""
    below = np.flatnonzero(run.train_accuracy < settings["train_level"])
    reached = np.flatnonzero(run.test_accuracy >= settings["test_level"])
    settled = below.size and below[-1] < len(run) - 1
    return {
        "overfit": int(below[-1]) if settled else None,
        "generalize": int(reached[0]) if reached.size else None,
    }


def reasons(shown):
    return [reason["kind"] for reason in shown.run_times["reasons"]]


def test_the_first_run_groks():
    shown = ModularExplorer()
    assert shown.run == {}
    assert shown.wait(60)
    assert shown.settings == defaults(SETTINGS) == shown.run["settings"]
    found = times(trained(shown.settings), shown.settings)
    assert shown.run_times.items() >= found.items()
    assert found["generalize"] > 50 * found["overfit"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"controls": ("lambda",)}, "controls: 'lambda' unknown"),
        ({"train_threshold": 1.0}, "settings: 'train_threshold' unknown"),
        ({"modulus": 24}, "modulus=24: pass a whole number from 5 to 23"),
        ({"train_fraction": 0}, "train_fraction=0: pass a number from 0.05 to 1"),
        ({"step": -2}, "step=-2"),
        ({"layers": ["sharp"]}, "layers: 'sharp' unknown; pass \\(\\), there are none here"),
    ],
)
def test_bad_input_says_what_to_pass(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModularExplorer(**arguments)


def test_a_level_moves_its_time_without_a_new_run():
    shown = explorer()
    run = shown.run
    for level in (0.5, 0.6, 1.0):
        shown.test_level = shown.train_level = level
        assert shown.run_times.items() >= times(trained(shown.settings), shown.settings).items()
    assert shown.run is run


def test_a_diverging_run_is_a_result():
    shown = explorer(learning_rate=10.0, init_scale=4.0)
    assert shown.run["diverged"] and shown.message == ""
    assert reasons(shown) == [gk.Why.DIVERGED]
    assert np.isfinite(shown.run["train"] + shown.run["test"]).all()
    still = ModularExplorer.still(shown.get_state())
    assert "diverged" in still.sentence
    assert np.isfinite(still.trajectory.train_loss).all()


def test_without_other_cells_nothing_is_known_of_them():
    shown = explorer(train_fraction=1.0)
    assert gk.Why.TEST_EMPTY in reasons(shown)
    assert shown.run["test"] == shown.run["accuracy"]["test"] == []
    json.dumps(shown.run, allow_nan=False)
    assert "no cell is left to test" in ModularExplorer.still(shown.get_state()).sentence


def test_a_start_at_zero_stays_there():
    shown = explorer(init_scale=0.0)
    assert reasons(shown) == [
        gk.Why.TRAIN_ACCURACY_BELOW_AT_THE_END,
        gk.Why.TEST_ACCURACY_NOT_WITHIN_THE_RUN,
    ]
    assert set(shown.run["train"]) == {0.5}  # (1/2n) Σ ‖0 − e_c‖²


@pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
@pytest.mark.parametrize("end", ["low", "high"])
def test_both_extremes_of_every_setting(setting, end):
    shown = ModularExplorer(**SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(shown, setting.name, getattr(setting, end))
        if not shown.wait(timeout=3):
            shown.stop()
            assert shown.wait(timeout=10)
    assert shown.message == ""
    assert shown.run["settings"] == shown.settings
    json.dumps(shown.run, allow_nan=False)


def test_stop_keeps_what_was_done_and_a_change_supersedes():
    shown = ModularExplorer(**LONG)
    report = first_report(shown)
    assert 0 < report["done"] < report["of"] == LONG["n_steps"]
    receive(shown, {"type": "stop"})
    assert shown.wait(timeout=10)
    assert shown.run["stopped"] and shown.progress == {}
    assert 0 < shown.run["n_steps"] < LONG["n_steps"]
    shown.seed = 1
    first_report(shown)
    for name, value in SMALL.items():
        setattr(shown, name, value)
    assert shown.wait(timeout=30)
    assert shown.run["settings"] == shown.settings
    assert not shown.run["stopped"]


@pytest.mark.parametrize("step", [-1, 0, 40, 10**6])
def test_the_still_shows_the_table_at_the_step(step):
    state = {**explorer().get_state(), "step": float(step)}
    still = ModularExplorer.still(state)
    last = SMALL["n_steps"]
    assert still.step == (last if step < 0 else min(step, last))
    assert (still.horizon, still.trained.sum()) == (last, round(0.7 * 25))
    run = trained({**defaults(SETTINGS), **SMALL})
    assert still.right[still.trained].mean() == run.train_accuracy[still.step]
    assert still.right[~still.trained].mean() == run.test_accuracy[still.step]
    assert still.rows[0][1:] == tuple(
        "none" if t is None else f"{t:,}" for t in times(run, state).values()
    )

"""The mathematics of the network explorer in JavaScript against the same in Python."""

import numpy as np
import pytest
from node import driver
from test_network_explorer import problem_of

import grokedu as gk
from grokedu.explorers import NetworkExplorer
from grokedu.explorers.network import SETTINGS
from grokedu.explorers.settings import defaults
from grokedu.networks import population_square

javascript = driver("network")
N_STEPS = 500


def network_of(settings):
    """The draws that Python sends to the browser."""
    return NetworkExplorer(**settings).network


def trained_in_python(settings):
    shown = NetworkExplorer(**settings)
    assert shown.wait(60)
    return shown


def random_settings(rng):
    return {
        **defaults(SETTINGS),
        "n_samples": int(rng.integers(2, 16)),
        "input_dim": int(rng.integers(2, 25)),
        "width": int(rng.integers(10, 80)),
        "seed": int(rng.integers(1000)),
        "init_variance": 10.0 ** rng.uniform(-1, 0.5),
        "weight_decay": 10.0 ** rng.uniform(-3, -1),
        "learning_rate": 10.0 ** rng.uniform(-2, -1.3),
        "train_threshold": 10.0 ** rng.uniform(-3, -1),
        "test_threshold": 10.0 ** rng.uniform(-3, -1),
    }


@pytest.fixture(scope="module")
def every():
    rng = np.random.default_rng(20261123)
    return [random_settings(rng) for _ in range(12)]


def close(actual, desired):
    actual, desired = np.ravel(actual), np.ravel(desired)
    assert np.linalg.norm(actual - desired) <= 1e-9 * np.linalg.norm(desired)


def test_weights_and_losses_after_five_hundred_steps(every):
    cases = []
    for settings in every:
        problem, network = problem_of(settings), network_of(settings)
        network["hidden"] = problem.hidden_weights[0].ravel().tolist()
        cases.append({"network": network, "settings": settings, "nSteps": N_STEPS})
    for settings, answer in zip(every, javascript(action="train", cases=cases), strict=True):
        rule = {name: settings[name] for name in ("weight_decay", "learning_rate")}
        run = gk.train_network(problem_of(settings), **rule, n_steps=N_STEPS)
        close(answer["hidden"], run.weights[0])
        close(answer["output"], run.weights[1])
        assert answer["test"] == pytest.approx(run.test_loss[-1], rel=1e-9)
        assert answer["test"] == pytest.approx(population_square(*run.weights), rel=1e-9)
        # The training loss of fitted data is a difference of numbers near 1.
        assert answer["train"] == pytest.approx(run.train_loss[-1], rel=1e-9, abs=1e-16)


def test_times_are_those_of_python_to_one_step(every):
    cases = [{"network": network_of(settings), "settings": settings} for settings in every]
    answers = javascript(action="run", cases=cases)
    found = 0
    for settings, answer in zip(every, answers, strict=True):
        shown = trained_in_python(settings)
        assert answer["phase"] == ("done" if shown.run["complete"] else "unfitted")
        assert answer["fitted"] == shown.run["n_steps"] or not shown.run["complete"]
        for name in ("overfit", "generalize"):
            step = shown.run_times[name]
            if step is None:
                assert answer["times"][name] is None
            else:
                assert abs(answer["times"][name] - step) <= 1
                found += 1
    assert found >= 20


def test_the_late_stage_has_the_rate_of_the_law(every):
    cases = [{"network": network_of(settings), "settings": settings} for settings in every]
    answers = javascript(action="run", cases=cases)
    rates = [answer["rate"] for answer in answers if answer["phase"] == "done"]
    assert len(rates) >= 8
    np.testing.assert_allclose(rates, 4, rtol=0.05)


def test_the_law_meets_the_full_run():
    settings = {**defaults(SETTINGS), "weight_decay": 0.03, "learning_rate": 0.03}
    cases = [{"network": network_of(settings), "settings": settings}]
    [answer] = javascript(action="run", cases=cases)
    rule = {name: settings[name] for name in ("weight_decay", "learning_rate")}
    levels = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    run = gk.train_network(problem_of(settings), **rule, n_steps=2000)
    full = gk.grokking_times(run, **levels)
    assert answer["times"]["overfit"] == full.overfit_step
    assert answer["times"]["generalize"] == pytest.approx(full.generalize_step, rel=0.005)


def test_its_own_networks_have_the_right_law():
    network = javascript(action="draw", n=40, d=40, m=300, seed=1)
    inputs, hidden, output = (np.array(network[k]) for k in ("inputs", "hidden", "output"))
    assert (inputs.size, hidden.size, output.size) == (1600, 12000, 300)
    assert np.std(inputs) == pytest.approx(1, rel=0.1)
    assert np.std(hidden) == pytest.approx(40**-0.5, rel=0.05)
    assert np.std(output) == pytest.approx(300**-0.5, rel=0.2)
    assert network == javascript(action="draw", n=40, d=40, m=300, seed=1)
    assert network != javascript(action="draw", n=40, d=40, m=300, seed=2)


def test_an_overflow_is_the_end_of_a_run():
    settings = {**defaults(SETTINGS), "learning_rate": 1.0}
    [answer] = javascript(
        action="run", cases=[{"network": network_of(settings), "settings": settings}]
    )
    assert answer["phase"] == "diverged" and answer["rate"] is None
    assert trained_in_python(settings).run["diverged"]


def test_neurons_shrink_alike_and_keep_their_switches_after_the_fit():
    network = network_of(defaults(SETTINGS))
    start, fitted, later = javascript(
        action="neurons", network=network, settings=defaults(SETTINGS), steps=[0, 377, 1377]
    )
    hidden = np.reshape(network["hidden"], (network["m"], network["d"]))
    norms = np.linalg.norm(hidden, axis=1) * np.abs(network["output"])
    close(start["strengths"], norms)
    inputs = np.reshape(network["inputs"], (network["n"], network["d"]))
    assert start["counts"] == (hidden @ inputs.T > 0).sum(axis=1).tolist()
    assert later["counts"] == fitted["counts"]
    close(later["strengths"], np.array(fitted["strengths"]) * (1 - 1e-4) ** 2000)

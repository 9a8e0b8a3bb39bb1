"""Modular addition: the table, the network, its training, and learning that comes late."""

import pickle
from dataclasses import replace

import naive_network
import numpy as np
import pytest

import grokedu as gk

RULE = dict(weight_decay=1e-3, learning_rate=1.0)


def problem_of(seed=0, **settings):
    settings = dict(modulus=5, width=7, train_fraction=0.6) | settings
    return gk.modular_addition_problem(**settings, rng=np.random.default_rng(seed))


class TestProblem:
    def test_every_cell_of_the_table_is_for_training_or_for_testing(self):
        problem = problem_of(modulus=6, train_fraction=0.5)
        cells = np.concatenate([problem.train_pairs, problem.test_pairs])
        assert len(problem.train_pairs) == 18
        assert {tuple(cell) for cell in cells} == {(a, b) for a in range(6) for b in range(6)}

    def test_the_network_is_3_homogeneous(self):
        problem = problem_of()
        weights = problem.first_weights, problem.second_weights, problem.output_weights
        scaled = problem.outputs(problem.test_pairs, tuple(1.5 * layer for layer in weights))
        np.testing.assert_allclose(scaled, 1.5**3 * problem.outputs(problem.test_pairs), rtol=1e-13)

    def test_outputs_at_weights_of_any_width(self):
        problem, wide = problem_of(), problem_of(width=50)
        weights = wide.first_weights, wide.second_weights, wide.output_weights
        pairs = problem.test_pairs
        np.testing.assert_array_equal(problem.outputs(pairs, weights), wide.outputs(pairs))
        with pytest.raises(ValueError, match="weights have the shapes"):
            problem.outputs(pairs, (*weights[:2], problem.output_weights))

    def test_the_start_has_the_scale_that_is_asked_for(self):
        problem = problem_of(modulus=31, width=500, init_scale=1.2)
        assert problem.first_weights.std() * np.sqrt(31) == pytest.approx(1.2, rel=0.03)
        assert problem.output_weights.std() * np.sqrt(500) == pytest.approx(1.2, rel=0.03)

    def test_it_pickles_and_says_its_shapes(self):
        problem = problem_of()
        again = pickle.loads(pickle.dumps(problem))
        assert (
            repr(again)
            == repr(problem)
            == ("ModularAdditionProblem(modulus=5, width=7, n_train=15, n_test=10)")
        )
        np.testing.assert_array_equal(again.output_weights, problem.output_weights)
        assert not again.output_weights.flags.writeable

    @pytest.mark.parametrize(
        "settings, words",
        [
            ({"modulus": 1}, "modulus=1"),
            ({"width": 0}, "width=0"),
            ({"train_fraction": 0}, "train_fraction=0"),
            ({"train_fraction": 1.5}, "train_fraction=1.5"),
            ({"init_scale": -1}, "init_scale=-1"),
            ({"width": 2**60}, "width=1152921504606846976: pass at most"),
        ],
    )
    def test_bad_settings_are_refused_in_words(self, settings, words):
        with pytest.raises(ValueError, match=words):
            problem_of(**settings)

    @pytest.mark.parametrize(
        "change, words",
        [
            ({"train_pairs": [[0, 5]]}, "train_pairs holds"),
            ({"train_pairs": [[0.5, 1]]}, "train_pairs holds"),
            ({"train_pairs": [[0, 1], [2]]}, "train_pairs is not an array of numbers"),
            ({"test_pairs": [0, 1]}, "test_pairs has shape"),
            ({"second_weights": np.zeros((5, 6))}, "second_weights has shape"),
            ({"first_weights": np.zeros(5)}, "first_weights has shape"),
        ],
    )
    def test_parts_that_do_not_fit_are_refused_in_words(self, change, words):
        with pytest.raises(ValueError, match=words):
            replace(problem_of(), **change)

    def test_other_cells_and_weights_are_refused_in_words(self):
        problem = problem_of()
        for pairs in ([0, 1], [[0, 5]], [["a", "b"]], [[0, 1], [2]]):
            for asked in (problem.outputs, problem.answers):
                with pytest.raises(ValueError, match="pairs "):
                    asked(pairs)
        for weights in (3, (), (problem.first_weights,) * 3):
            with pytest.raises(ValueError, match=r"weights have .*: pass .* run\.weights"):
                problem.outputs([[0, 1]], weights)


class TestTraining:
    def test_the_gradient_is_that_of_the_loss(self):
        """By central differences of the loss, one weight at a time."""
        problem = problem_of()
        weights = problem.first_weights, problem.second_weights, problem.output_weights
        gradients = naive_network.modular_gradients(problem, weights)
        for number, layer in enumerate(weights):
            for place in [(0, 0), (2, 3), (4, 1)]:
                bumped = []
                for bump in (1e-5, -1e-5):
                    moved = [part.copy() for part in weights]
                    moved[number][place] += bump
                    bumped.append(naive_network.modular_loss(problem, moved))
                slope = (bumped[0] - bumped[1]) / 2e-5
                assert gradients[number][place] == pytest.approx(slope, rel=1e-7, abs=1e-9)
                assert layer is weights[number]

    @pytest.mark.parametrize("momentum", [0.0, 0.8])
    def test_equals_the_naive_loop(self, kernels, momentum):
        problem, n_steps = problem_of(), 2000 if kernels == "compiled" else 20
        learning_rate = 0.5 * (1 - momentum)
        run = gk.train_network(
            problem, weight_decay=1e-3, learning_rate=learning_rate, momentum=momentum,
            n_steps=n_steps,
        )  # fmt: skip
        twin = naive_network.modular_descent(problem, 1e-3, learning_rate, momentum, n_steps)
        for step, weights in enumerate(twin):
            if step % 50 and step < n_steps:
                continue
            outputs = problem.outputs(problem.test_pairs, weights)
            answers = problem.answers(problem.test_pairs)
            errors = outputs - np.eye(5)[answers]
            assert run.train_loss[step] == pytest.approx(
                naive_network.modular_loss(problem, weights), rel=1e-10
            )
            assert run.test_loss[step] == pytest.approx(np.mean(np.sum(errors**2, 1)), rel=1e-10)
            assert run.test_accuracy[step] == np.mean(outputs.argmax(axis=1) == answers)
        for ours, theirs in zip(run.weights, weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)

    def test_it_learns_long_after_it_has_fitted(self):
        """The original experiment: every training cell right by step 100, other cells by 10,000."""
        problem = gk.modular_addition_problem(rng=np.random.default_rng(0))
        run = gk.train_network(problem, weight_decay=1e-3, learning_rate=1.5, n_steps=10_000)
        assert (run.train_accuracy[100:] == 1).all()
        assert run.test_accuracy[:1000].max() < 0.2
        assert run.test_accuracy[-1] > 0.95

    def test_a_run_in_pieces_is_the_run_at_once_and_can_be_stopped(self):
        whole = gk.train_network(problem_of(), **RULE, n_steps=300)
        short = gk.train_network(problem_of(), **RULE, n_steps=300, progress=lambda done: done < 50)
        assert 50 <= short.steps[-1] < 300
        np.testing.assert_array_equal(short.test_loss, whole.test_loss[: len(short)])
        assert not short.diverged

    def test_a_run_that_diverges_says_when(self):
        run = gk.train_network(problem_of(), weight_decay=0, learning_rate=1e3, n_steps=500)
        assert run.diverged and run.divergence_step < 500
        assert np.isfinite(run.train_loss[:-1]).all() and not np.isfinite(run.train_loss[-1])

    def test_the_whole_table_leaves_nothing_to_test_on(self, kernels):
        run = gk.train_network(problem_of(train_fraction=1), **RULE, n_steps=5)
        assert np.isnan(run.test_loss).all() and np.isnan(run.test_accuracy).all()
        assert np.isfinite(run.train_loss).all()

    def test_a_run_outlives_the_session(self, tmp_path):
        run = gk.train_network(problem_of(), **RULE, n_steps=20)
        run.save(tmp_path / "run.npz")
        again = gk.load_trajectory(tmp_path / "run.npz")
        np.testing.assert_array_equal(again.test_accuracy, run.test_accuracy)
        assert list(again.to_frame().columns) == [
            "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "change, words",
        [
            ({"momentum": -0.1}, "momentum=-0.1"),
            ({"momentum": 1}, "momentum=1"),
            ({"n_steps": 10**13}, "n_steps=10000000000000 losses do not fit"),
            ({"tail": "exact"}, "tail='exact'"),
            ({"test_threshold": 0}, "test_threshold=0"),
        ],
    )
    def test_bad_settings_are_refused_in_words(self, change, words):
        with pytest.raises(ValueError, match=words):
            gk.train_network(problem_of(), **{**RULE, "n_steps": 1, **change})

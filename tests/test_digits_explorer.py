"""The digits explorer in Python: what it takes, and its gradient descent against the exact run."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from test_explorers import receive

import grokedu as gk
from grokedu.explorers import DigitsExplorer

PIXELS, DIGITS = load_digits(return_X_y=True)
SHORT = {"weight_decay": 1e-4, "n_features": 1000, "test_threshold": 0.6}


def explorer(count=80, **settings):
    return DigitsExplorer(PIXELS[:count], DIGITS[:count], **{**SHORT, **settings})


def rule(settings):
    return {name: settings[name] for name in ("weight_decay", "learning_rate")}


@pytest.fixture(scope="module")
def shown():
    """After its first run."""
    shown = explorer(label_noise=0.1)
    assert shown.wait(60)
    return shown


class TestImages:
    def test_they_are_held_as_a_sign_for_each_pixel_and_digit(self):
        images = explorer().images
        levels = [int(sign, 17) for sign in images["pixels"]]
        assert levels == PIXELS[:80].ravel().tolist()
        assert [int(sign) for sign in images["digits"]] == DIGITS[:80].tolist()

    def test_rows_and_squares_are_the_same_images(self):
        squares = DigitsExplorer(PIXELS[:80].reshape(-1, 8, 8).tolist(), list(DIGITS[:80]))
        assert squares.images == explorer().images

    @pytest.mark.parametrize(
        ("pixels", "digits", "message"),
        [
            (PIXELS[:80, :60], DIGITS[:80], "images has shape .*: pass whole numbers from 0 to 16"),
            (PIXELS[:80] / 16, DIGITS[:80], "images contains 0.*: pass whole numbers"),
            (PIXELS[:80] + 1, DIGITS[:80], "images contains 17"),
            (PIXELS[:10], DIGITS[:10], "images holds 10: pass 20 to 600"),
            (PIXELS[:80], DIGITS[:70], "digits"),
            (PIXELS[:80], DIGITS[:80] + 1, "digits contains 10: pass the digit"),
            (PIXELS[:80], ["even"] * 80, "digits"),
        ],
    )
    def test_others_are_refused_in_words(self, pixels, digits, message):
        with pytest.raises(ValueError, match=message):
            DigitsExplorer(pixels, digits)

    def test_an_image_like_the_mean_has_no_direction_and_does_no_harm(self):
        pixels = np.tile(PIXELS[:1], (20, 1))
        shown = DigitsExplorer(pixels, DIGITS[:20], learning_rate=1.0)
        still = DigitsExplorer.still(shown.get_state())
        assert np.isfinite(still.trajectory.test_loss).all()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"controls": ("n_samples",)}, "controls: 'n_samples' unknown"),
            ({"test_level": 1.5}, "test_level=1.5: pass a number from 0.5 to 1"),
            ({"label_noise": 0.6}, "label_noise=0.6"),
            ({"layers": ("sharp",)}, "layers: 'sharp' unknown"),
        ],
    )
    def test_bad_settings_say_what_to_pass(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            explorer(**arguments)


class TestTheProblem:
    def problem(self, **settings):
        shown = explorer(**settings)
        return DigitsExplorer.problem_of({**shown.settings, "images": shown.images})

    def test_half_of_the_images_train_and_the_others_test(self):
        problem = self.problem()
        assert problem.features.shape == problem.test_features.shape == (40, 1000)
        labels = np.concatenate([problem.targets, problem.test_targets])
        assert sorted(labels) == sorted(np.where(DIGITS[:80] % 2, -1.0, 1.0))

    def test_label_noise_turns_that_share_of_the_training_labels(self):
        clean, noisy = self.problem(), self.problem(label_noise=0.25)
        assert np.sum(clean.targets != noisy.targets) == 10
        assert np.array_equal(clean.test_targets, noisy.test_targets)

    def test_features_of_images_of_length_1_have_length_1_on_average(self):
        problem = self.problem(n_features=6000)
        assert problem.mean_squared_feature_norm == pytest.approx(1, abs=0.02)

    def test_the_start_has_the_variance_that_was_asked_for(self):
        assert np.var(self.problem(init_variance=9).initial_weights) == pytest.approx(9, rel=0.1)


class TestGradientDescent:
    def test_its_times_losses_and_accuracies_are_the_exact_ones(self, shown):
        settings, run = shown.settings, shown.run
        problem = DigitsExplorer.problem_of({**settings, "images": shown.images})
        levels = {name: settings[name] for name in ("train_threshold", "test_threshold")}
        times = gk.exact_grokking_times(problem, **rule(settings), **levels)
        assert times.delay is not None
        assert shown.run_times["overfit"] == times.overfit_step
        assert shown.run_times["generalize"] == times.generalize_step
        exact = gk.exact_ridge(problem, **rule(settings), steps=run["steps"])
        np.testing.assert_allclose(run["train"], exact.train_loss, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(run["test"], exact.test_loss, rtol=1e-9)
        shares = run["accuracy"]
        for name, rows, labels in (
            ("train", problem.features, problem.targets),
            ("test", problem.test_features, problem.test_targets),
        ):
            outputs = gk.exact_outputs(problem, rows, **rule(settings), steps=shares["steps"])
            assert shares[name] == np.mean(outputs * labels > 0, axis=1).tolist()
        assert shares["steps"][-1] == run["n_steps"]
        json.dumps(run, allow_nan=False)

    def test_thresholds_of_both_kinds_need_no_new_run(self, shown):
        run = shown.run
        for change in ({"test_threshold": 0.7}, {"test_level": 0.7}, {"train_level": 0.9}):
            for name, value in change.items():
                setattr(shown, name, value)
            assert shown.wait(60)
            assert shown.run is run
            assert shown.run_times | change == shown.run_times

    @pytest.mark.parametrize("change", [{"learning_rate": 9.0}, {"seed": 5}, {"label_noise": 0.5}])
    def test_everything_else_does(self, shown, change):
        receive(shown, {"type": "hello"})
        for name, value in change.items():
            setattr(shown, name, value)
        assert shown.wait(60)
        assert shown.run["settings"] == shown.settings
        assert shown.message == ""


class TestStill:
    def test_the_table_has_both_kinds_of_times(self):
        shown = explorer()
        still = DigitsExplorer.still(shown.get_state())
        problem = DigitsExplorer.problem_of({**shown.settings, "images": shown.images})
        levels = {name: shown.settings[name] for name in ("train_level", "test_level")}
        times = gk.accuracy_times(problem, **rule(shown.settings), **levels)
        rows = {label: cells for label, *cells in still.rows}
        assert rows["exact, by accuracy"] == [
            f"{times.overfit_step:,}",
            f"{times.generalize_step:,}",
        ]
        assert still.times.delay > 0

    def test_what_cannot_run_is_a_sentence(self):
        still = DigitsExplorer.still(explorer(learning_rate=10.0).get_state())
        assert still.trajectory is None
        assert "cannot run" in still.sentence

"""t1, t2 and their delay, read off a trajectory; the accuracy view of the test loss."""

import json
import math

import numpy as np
import pytest
from draws import examples
from hypothesis import given
from hypothesis import strategies as st

import grokedu as gk
from grokedu.grokking import Reason, Why


def trajectory(train_loss, test_loss=None, *, steps=None, diverged=False):
    train_loss = np.asarray(train_loss, dtype=np.float64)
    test_loss = train_loss if test_loss is None else np.asarray(test_loss, dtype=np.float64)
    steps = np.arange(len(train_loss)) if steps is None else np.asarray(steps)
    return gk.Trajectory(steps, train_loss, test_loss, None, diverged)


class TestDefinitions:
    """t1: the last step with training loss ≥ ε. t2: the first step with test loss ≤ c."""

    def test_both(self):
        run = trajectory([3, 2, 1, 0, 0], [9, 9, 9, 9, 5])
        times = gk.grokking_times(run, train_threshold=1, test_threshold=5)
        assert times == gk.GrokkingTimes(2, 4)
        assert times.delay == 2

    def test_a_dip_does_not_end_overfitting_but_does_end_the_wait_for_generalization(self):
        run = trajectory([3, 0, 3, 0], [3, 0, 3, 3])
        times = gk.grokking_times(run, train_threshold=1, test_threshold=1)
        assert (times.overfit_step, times.generalize_step) == (2, 1)
        assert times.delay == -1

    def test_equality_counts_on_both_sides(self):
        run = trajectory([1.0, 0.5, 0.25], [1.0, 0.5, 0.25])
        times = gk.grokking_times(run, train_threshold=0.5, test_threshold=0.5)
        assert (times.overfit_step, times.generalize_step) == (1, 1)

    def test_times_are_steps_and_not_positions(self):
        run = trajectory([3, 3, 0], [9, 9, 0], steps=[0, 100, 10_000])
        times = gk.grokking_times(run, train_threshold=1, test_threshold=1)
        assert (times.overfit_step, times.generalize_step) == (100, 10_000)
        assert type(times.overfit_step) is int and type(times.generalize_step) is int

    @examples(200)
    @given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=12))
    def test_every_curve(self, losses):
        times = gk.grokking_times(trajectory(losses), train_threshold=1, test_threshold=0.5)
        above = [t for t, loss in enumerate(losses) if loss >= 1]
        below = [t for t, loss in enumerate(losses) if loss <= 0.5]
        settled = above and above[-1] < len(losses) - 1
        assert times.overfit_step == (above[-1] if settled else None)
        assert times.generalize_step == (below[0] if below else None)
        assert bool(times.reason) == (not settled or not below)


class TestTimesThatDoNotExist:
    """They are None with a reason, never the length of the run."""

    def test_below_epsilon_from_the_start(self):
        times = gk.grokking_times(trajectory([0.1, 0.1]), train_threshold=1, test_threshold=1)
        assert times.overfit_step is None
        assert times.reasons == (Reason(Why.TRAIN_BELOW_FROM_THE_START, 1.0),)

    def test_not_overfitted_within_the_run(self):
        times = gk.grokking_times(trajectory([3, 2]), train_threshold=1, test_threshold=5)
        assert times.overfit_step is None and times.delay is None
        assert times.reasons == (Reason(Why.TRAIN_ABOVE_AT_THE_END, 1.0, 1),)

    def test_not_generalized_within_the_run(self):
        run = trajectory([3, 0], [3, 2], steps=[0, 10])
        times = gk.grokking_times(run, train_threshold=1, test_threshold=1)
        assert times.generalize_step is None and times.delay is None
        assert times.reasons == (Reason(Why.TEST_NOT_WITHIN_THE_RUN, 1.0, 10),)

    def test_a_run_that_diverged(self):
        run = trajectory([1, 1e200, np.nan], diverged=True)
        times = gk.grokking_times(run, train_threshold=0.1, test_threshold=0.1)
        assert times.overfit_step is None and times.generalize_step is None
        assert times.reasons[-1] == Reason(Why.DIVERGED, value=2)
        assert run.divergence_step == 2
        assert trajectory([1, 1]).divergence_step is None


class TestReasons:
    @pytest.mark.parametrize("kind", Why)
    def test_words_say_the_threshold_or_the_step(self, kind):
        words = str(Reason(kind, 0.125, 77))
        assert "77" in words if kind is Why.DIVERGED else "0.125" in words

    @pytest.mark.parametrize("kind", Why)
    def test_they_survive_json(self, kind):
        data = json.loads(json.dumps(Reason(kind, 0.01, 3).as_dict()))
        assert data == {"kind": kind.value, "threshold": 0.01, "value": 3}
        assert Reason(Why(data["kind"]), data["threshold"], data["value"]) == Reason(kind, 0.01, 3)

    def test_the_words_of_all_of_them_are_joined(self):
        run = trajectory([3, 3], [3, 3])
        times = gk.grokking_times(run, train_threshold=1, test_threshold=1)
        assert len(times.reasons) == 2
        assert all(str(reason) in times.reason for reason in times.reasons)
        assert times.reason in repr(times)


class TestGaussianAccuracy:
    def test_share_of_inputs_within_the_tolerance(self):
        """P(z² ≤ ε) for z ~ N(0, L), counted over 200,000 draws."""
        errors = np.random.default_rng(0).standard_normal(200_000)
        for loss in (0.001, 0.01, 0.5):
            share = np.mean(loss * errors**2 <= 0.01)
            assert gk.gaussian_accuracy(loss) == pytest.approx(share, abs=0.004)

    def test_limits_and_order(self):
        accuracy = gk.gaussian_accuracy([0.0, 1e-9, 0.01, 1.0, np.inf])
        assert accuracy[0] == 1 and accuracy[-1] == 0
        assert np.all(np.diff(accuracy) <= 0)
        assert accuracy[2] == pytest.approx(math.erf(math.sqrt(0.5)), rel=1e-15)

    def test_tolerance_is_in_units_of_the_loss(self):
        assert gk.gaussian_accuracy(8.0, tolerance=2.0) == gk.gaussian_accuracy(4.0, tolerance=1.0)


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(train_threshold=0), ["train_threshold=0", "above 0"]),
            (dict(test_threshold=-1), ["test_threshold=-1", "above 0"]),
            (dict(train_threshold=np.inf), ["train_threshold=inf", "above 0"]),
            (dict(test_threshold=1j), ["test_threshold=1j", "above 0"]),
        ],
    )
    def test_thresholds(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.grokking_times(trajectory([1, 0]), **change)
        assert all(word in str(error.value) for word in words)

    def test_tolerance(self):
        with pytest.raises(ValueError, match="tolerance=0: pass a number above 0"):
            gk.gaussian_accuracy(1.0, tolerance=0)

    def test_a_loss_below_zero(self):
        with pytest.raises(ValueError, match="test_loss goes down to -1: pass losses, 0 or more"):
            gk.gaussian_accuracy([np.nan, 1.0, -1.0])
        with pytest.raises(ValueError, match="test_loss is not an array of numbers"):
            gk.gaussian_accuracy(["low"])

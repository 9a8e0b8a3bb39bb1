"""Sweeps: the same table whatever the workers, tidy, with None for times that do not exist."""

import numpy as np
import pandas as pd
import pytest

import grokedu as gk
from grokedu.sweeps import draw_rng

SMALL = dict(n_samples=10, n_features=200, weight_decay=1e-3, n_seeds=3, n_jobs=1, progress=False)
PARAMETERS = [
    "n_samples",
    "n_features",
    "init_variance",
    "teacher_norm",
    "label_noise",
    "covariance",
    "weight_decay",
    "learning_rate",
    "train_threshold",
    "test_threshold",
]
TIMES = ["overfit_step", "generalize_step", "delay"]


class TestTable:
    def test_one_row_for_each_grid_point_and_draw(self):
        table = gk.sweep(
            **{**SMALL, "n_samples": [5, 10], "weight_decay": [1e-3, 1e-2], "test_threshold": 0.05}
        )
        assert table.columns.tolist() == [*PARAMETERS, "draw", *TIMES, "reason"]
        assert len(table) == 2 * 2 * 3
        assert not table.duplicated([*PARAMETERS, "draw"]).any()
        assert sorted(table.draw.unique()) == [0, 1, 2]
        assert (table.test_threshold == 0.05).all()

    def test_rows_are_what_the_functions_say(self):
        for row in gk.sweep(**{**SMALL, "weight_decay": [1e-3, 1e-2]}).itertuples():
            problem = gk.gaussian_problem(
                n_samples=10, n_features=200, rng=draw_rng(row.draw, seed=0)
            )
            times = gk.exact_grokking_times(problem, weight_decay=row.weight_decay, learning_rate=1)
            assert (row.overfit_step, row.generalize_step) == (
                times.overfit_step,
                times.generalize_step,
            )

    def test_a_draw_uses_the_same_random_numbers_at_every_grid_point(self):
        """Changing the threshold alone gives times in the same order, draw by draw."""
        table = gk.sweep(**SMALL, train_threshold=[0.01, 0.02])
        t1 = table.pivot(index="draw", columns="train_threshold", values="overfit_step")
        assert (t1[0.01] > t1[0.02]).all()
        noisy = gk.sweep(**SMALL, teacher_norm=[0.0, 1e-9])
        t1 = noisy.pivot(index="draw", columns="teacher_norm", values="overfit_step")
        assert (t1[0.0] == t1[1e-9]).all()

    def test_draws_differ_and_the_seed_decides_them(self):
        table = gk.sweep(**SMALL)
        assert table.generalize_step.nunique() == 3
        pd.testing.assert_frame_equal(table, gk.sweep(**SMALL))
        other = gk.sweep(**SMALL, seed=1)
        assert not table.generalize_step.equals(other.generalize_step)

    def test_more_draws_keep_the_first_ones(self):
        few, many = gk.sweep(**SMALL), gk.sweep(**{**SMALL, "n_seeds": 5})
        pd.testing.assert_frame_equal(few, many[many.draw < 3])


def problem_of_two_rows(*, scale=1.0, label="none", rng):
    """A drawing function of a user: two samples of three features."""
    if scale == 3.0:
        raise ZeroDivisionError("no such scale")
    features = 0.2 * scale * rng.standard_normal((2, 3))
    return gk.realizable_problem(features, np.zeros(3), rng.standard_normal(3), covariance=1.0)


def small_network(*, width=4, rng):
    return gk.relu_network_problem(n_samples=3, input_dim=2, width=width, rng=rng)


SHORT = dict(n_seeds=2, n_jobs=1, progress=False, weight_decay=1e-2, learning_rate=0.1)


class TestAnyProblem:
    def test_a_function_of_your_own(self):
        table = gk.sweep(problem=problem_of_two_rows, scale=(1.0, 2.0), **SHORT)
        first = ["scale", "label", *PARAMETERS[6:], "draw"]
        assert table.columns.tolist() == [*first, *TIMES, "reason"]
        assert table.scale.tolist() == [1.0, 1.0, 2.0, 2.0]
        assert (table.label == "none").all()
        for row in table.itertuples():
            problem = problem_of_two_rows(scale=row.scale, rng=draw_rng(row.draw))
            times = gk.exact_grokking_times(problem, weight_decay=1e-2, learning_rate=0.1)
            assert row.generalize_step == times.generalize_step

    def test_random_features(self):
        table = gk.sweep(
            problem=gk.relu_feature_problem,
            n_features=np.array([20, 30]),
            n_samples=5,
            input_dim=3,
            **{**SHORT, "test_threshold": 1.0},
        )
        assert table.n_features.tolist() == [20, 20, 30, 30]
        assert not table.reason.str.contains("could not run").any()

    def test_networks_are_trained(self):
        run = {**SHORT, "learning_rate": [0.1, 0.2]}
        table = gk.sweep(
            problem=small_network, width=[3, 4], method="gradient descent", n_steps=50, **run
        )
        assert len(table) == 8
        for row in table.itertuples():
            trained = gk.train_network(
                small_network(width=row.width, rng=draw_rng(row.draw)),
                weight_decay=1e-2,
                learning_rate=row.learning_rate,
                n_steps=50,
                progress=False,
            )
            times = gk.grokking_times(trained)
            assert row.reason == times.reason
            found = [None if pd.isna(row.overfit_step) else row.overfit_step]
            assert found == [times.overfit_step]

    def test_values_may_be_text_or_arrays(self):
        def drawn(*, covariance, kind, rng):
            assert kind == "any"
            return gk.realizable_problem(
                np.eye(2), np.zeros(2), rng.standard_normal(2), covariance=covariance
            )

        table = gk.sweep(
            problem=drawn, covariance=[np.ones(2), np.array([1.0, 0.5])], kind="any", **SHORT
        )
        assert len(table) == 4 and table.generalize_step.notna().all()


class TestBadPoints:
    def test_a_point_that_cannot_run_is_a_row_with_its_reason(self):
        """Drawing or running, in any worker: the other rows are those of a sweep without it."""
        good = gk.sweep(**{**SMALL, "weight_decay": [1e-3, 1e-2]})
        for n_jobs in (1, 2):
            table = gk.sweep(**{**SMALL, "weight_decay": [1e-3, -1.0, 1e-2], "n_jobs": n_jobs})
            bad = table.weight_decay == -1
            words = "could not run: weight_decay=-1.0: pass a number, 0 or more"
            assert bad.sum() == 3 and (table.reason[bad] == words).all()
            assert table.loc[bad, TIMES].isna().all(axis=None)
            pd.testing.assert_frame_equal(table[~bad].reset_index(drop=True), good)

    def test_so_is_one_that_diverges_or_cannot_be_drawn(self):
        table = gk.sweep(**{**SMALL, "n_samples": [0, 10]}, learning_rate=[1.0, 500.0])
        could_not = table.reason.str.startswith("could not run: ")
        reasons = table.reason[could_not].str.extract(r"run: (\w+)=")[0].value_counts()
        assert reasons.to_dict() == {"n_samples": 6, "learning_rate": 3}
        assert table.overfit_step.notna().sum() == 3

    def test_errors_of_other_kinds_are_named(self):
        table = gk.sweep(problem=problem_of_two_rows, scale=[2.0, 3.0], **SHORT)
        assert table.reason[table.scale == 3.0].unique().tolist() == [
            "could not run: ZeroDivisionError: no such scale"
        ]
        assert table.reason[table.scale == 2.0].str.contains("could not run").sum() == 0


class TestInterrupt:
    @staticmethod
    def interrupted_at(call):
        calls = []

        def drawn(*, n_samples, rng):
            calls.append(n_samples)
            if len(calls) == call:
                raise KeyboardInterrupt
            return gk.gaussian_problem(n_samples=n_samples, n_features=50, rng=rng)

        return drawn

    def test_what_was_done_is_returned_and_said_so(self):
        run = dict(n_samples=[3, 4, 5], n_seeds=2, n_jobs=1, progress=False)
        with pytest.warns(UserWarning, match="interrupted: the table holds 4 of 6 problems"):
            table = gk.sweep(problem=self.interrupted_at(5), **run)
        whole = gk.sweep(problem=self.interrupted_at(None), **run)
        pd.testing.assert_frame_equal(table, whole[:4])

    def test_before_anything_is_done_it_is_an_interrupt(self):
        with pytest.raises(KeyboardInterrupt):
            gk.sweep(problem=self.interrupted_at(1), n_samples=3, n_jobs=1, progress=False)


class TestMethods:
    def test_gradient_descent_equals_the_closed_form(self):
        grid = {**SMALL, "weight_decay": [1e-3, 1e-2], "init_variance": [0.5, 2.0]}
        exact = gk.sweep(**grid)
        descent = gk.sweep(**grid, method="gradient descent", n_steps=5000)
        assert exact.overfit_step.notna().all() and exact.delay.notna().sum() > 6
        columns = [*PARAMETERS, "draw", *TIMES]
        pd.testing.assert_frame_equal(exact[columns], descent[columns])

    def test_gradient_descent_does_not_see_beyond_its_last_step(self):
        table = gk.sweep(**SMALL, method="gradient descent", n_steps=100)
        assert table.generalize_step.isna().all()
        assert table.reason.str.contains("within the run").all()


class TestMissingTimes:
    def test_nullable_whole_numbers(self):
        for table in (gk.sweep(**SMALL), gk.sweep(**SMALL, test_threshold=1e-9)):
            assert [str(table[name].dtype) for name in TIMES] == ["Int64"] * 3

    def test_they_are_missing_with_a_reason_and_not_replaced(self):
        table = gk.sweep(**SMALL, test_threshold=[1e-9, 0.1], train_threshold=[0.01, 100])
        for row in table.itertuples():
            assert (row.generalize_step is pd.NA) == (row.test_threshold == 1e-9)
            assert (row.overfit_step is pd.NA) == (row.train_threshold == 100)
            assert (row.delay is pd.NA) == bool(row.reason)

    def test_a_table_in_which_no_time_exists(self):
        table = gk.sweep(**SMALL, test_threshold=1e-9, train_threshold=100)
        assert table[TIMES].isna().all(axis=None)

    def test_large_times_keep_their_digits(self):
        row = gk.sweep(**{**SMALL, "weight_decay": 1e-13, "test_threshold": 0.1}).iloc[0]
        problem = gk.gaussian_problem(n_samples=10, n_features=200, rng=draw_rng(0))
        times = gk.exact_grokking_times(
            problem, weight_decay=1e-13, learning_rate=1, test_threshold=0.1
        )
        assert row.generalize_step == times.generalize_step > 1e12


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(method="magic"), ["method='magic'", "'exact' or 'gradient descent'"]),
            (dict(method="gradient descent"), ["n_steps=None", "whole number"]),
            (dict(method="gradient descent", n_steps=0), ["n_steps=0", "at least 1"]),
            (dict(n_seeds=0), ["n_seeds=0", "at least 1"]),
            (dict(n_seeds=1.5), ["n_seeds=1.5", "whole number"]),
            (dict(seed=-1), ["seed=-1", "at least 0"]),
            (dict(seed="lucky"), ["seed='lucky'", "whole number"]),
            (dict(n_samples=[]), ["n_samples=[]", "value or a list"]),
            (dict(n_samples=[-1, 0]), ["n_samples=-1", "at least 1"]),
            (dict(n_samples=[[1, 2]]), ["n_samples=[1, 2]", "whole number"]),
            (dict(weight_decay=[-1, -2]), ["weight_decay=-1", "0 or more"]),
            (dict(learning_rate=500), ["grid could run: learning_rate=500", "stability limit"]),
            (dict(test_threshold=0), ["test_threshold=0", "above 0"]),
            (dict(weight_decay="1e-3"), ["weight_decay='1e-3'", "0 or more"]),
            (dict(init_variance=None), ["init_variance=None", "0 or more"]),
            (dict(n_sample=3), ["problem=gaussian_problem nor run=exact_times takes 'n_sample'"]),
            (dict(problem=small_network, n_samples=3), ["small_network", "'n_samples'", "by name"]),
            (dict(problem="network"), ["problem='network'", "function that draws"]),
        ],
    )
    def test_message_names_argument_value_and_remedy(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.sweep(**{**SMALL, **change})
        assert all(word in str(error.value) for word in words)

    @pytest.mark.parametrize("numbers, words", [((-1, 0), "draw=-1"), ((0, "a"), "seed='a'")])
    def test_numbers_of_draws(self, numbers, words):
        for generator in (gk.sweeps.draw_rng, gk.sweeps.run_rng):
            with pytest.raises(ValueError, match=f"{words}: pass a whole number, at least 0"):
                generator(numbers[0], seed=numbers[1])

    def test_networks_have_no_closed_form(self):
        with pytest.raises(ValueError, match="no closed form: pass method='gradient descent'"):
            gk.sweep(problem=small_network, n_seeds=1, n_jobs=1, progress=False)


class TestProgress:
    def test_a_bar_over_problems_if_asked_for(self, capsys):
        gk.sweep(**{**SMALL, "progress": True})
        assert "problems" in capsys.readouterr().err
        gk.sweep(**SMALL)
        assert capsys.readouterr().err == ""


def test_paper_figure_2_in_miniature():
    """t2 ∝ 1/λ and λ hardly moves t1; both grow like ln ν²."""
    by_lambda = gk.sweep(**{**SMALL, "weight_decay": [1e-5, 1e-4], "test_threshold": 0.05})
    mean = by_lambda.groupby("weight_decay")[TIMES].mean()
    slope = np.log10(mean.generalize_step[1e-4] / mean.generalize_step[1e-5])
    assert slope == pytest.approx(-1, abs=1e-3)
    assert mean.overfit_step[1e-4] == pytest.approx(mean.overfit_step[1e-5], rel=0.05)
    by_variance = gk.sweep(**SMALL, init_variance=[1e2, 1e4, 1e6], test_threshold=0.05)
    mean = by_variance.groupby("init_variance")[TIMES].mean()
    for name in ("overfit_step", "generalize_step"):
        first, second = np.diff(mean[name])
        assert second == pytest.approx(first, rel=0.05)

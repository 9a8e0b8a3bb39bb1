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


class TestWorkers:
    def test_the_table_does_not_depend_on_their_number(self):
        grid = {**SMALL, "init_variance": [0.5, 1.0], "label_noise": 0.1}
        one = gk.sweep(**grid)
        two = gk.sweep(**{**grid, "n_jobs": 2})
        pd.testing.assert_frame_equal(one, two)


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
            (dict(n_samples=[]), ["n_samples=[]", "number or a list"]),
            (dict(n_samples=[10, 0]), ["n_samples=0", "at least 1"]),
            (dict(n_samples=[[1, 2]]), ["n_samples=[1, 2]", "whole number"]),
            (dict(weight_decay=[1e-3, -1]), ["weight_decay=-1", "0 or more"]),
            (dict(learning_rate=500), ["learning_rate=500", "stability limit"]),
            (dict(test_threshold=0), ["test_threshold=0", "above 0"]),
            (dict(weight_decay="1e-3"), ["weight_decay='1e-3'", "0 or more"]),
            (dict(init_variance=None), ["init_variance=None", "0 or more"]),
        ],
    )
    def test_message_names_argument_value_and_remedy(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.sweep(**{**SMALL, **change})
        assert all(word in str(error.value) for word in words)

    def test_an_error_in_a_worker_reads_the_same(self):
        with pytest.raises(ValueError, match=r"weight_decay=-1\.0: pass a number, 0 or more"):
            gk.sweep(**{**SMALL, "weight_decay": [1e-3, -1.0], "n_jobs": 2})


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

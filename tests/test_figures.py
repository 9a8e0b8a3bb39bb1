"""Plots: they draw what they are given, by meaning, and touch nothing else."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import grokedu as gk
from grokedu import figures
from grokedu.theory import GrokkingBounds

mpl.use("Agg")
COLORS = figures.COLORS


@pytest.fixture
def ax():
    figure, ax = figures.subplots()
    yield ax
    figure.canvas.draw()  # what cannot be drawn fails here
    figures.plt.close(figure)


def trajectory(n_steps=200):
    steps = np.arange(n_steps)
    return gk.Trajectory(steps, np.exp(-steps / 5.0), np.exp(-steps / 30.0), None)


def table(**columns):
    size = len(next(iter(columns.values())))
    missing = pd.array([pd.NA] * size, dtype="Int64")
    given = {name: pd.array(values) for name, values in columns.items()}
    return pd.DataFrame({"overfit_step": missing, "generalize_step": missing, **given})


def lines(ax, color):
    return [line for line in ax.get_lines() if line.get_color() == color]


def texts(ax):
    return [text.get_text() for text in ax.texts]


class TestStyle:
    def test_plots_leave_the_style_of_the_session_alone(self):
        before = dict(mpl.rcParams)
        figure, ax = figures.subplots()
        figures.plot_losses(ax, trajectory())
        figures.plot_thresholds(ax)
        figures.plot_stages(ax, gk.GrokkingTimes(23, 138))
        figures.add_legend(ax)
        figure.canvas.draw()
        figures.plt.close(figure)
        assert dict(mpl.rcParams) == before

    def test_the_house_style_is_set_on_its_own_axes_alone(self):
        figure, ours = figures.subplots()
        other = figures.plt.figure()
        theirs = other.add_subplot()
        assert not ours.spines["top"].get_visible()
        assert theirs.spines["top"].get_visible()
        figures.plt.close(figure)
        figures.plt.close(other)

    def test_rows_and_columns(self):
        figure, axes = figures.subplots(2, 3, height=2.0, width=9.0)
        assert axes.shape == (2, 3)
        assert figure.get_size_inches().tolist() == [9.0, 4.0]
        figures.plt.close(figure)

    def test_the_three_meanings_have_three_colors(self):
        assert len(set(COLORS.values())) == len(COLORS)


class TestLosses:
    def test_blue_is_training_and_vermilion_is_test(self, ax):
        run = trajectory()
        figures.plot_losses(ax, run)
        (train,), (test,) = lines(ax, COLORS["train"]), lines(ax, COLORS["test"])
        assert (train.get_label(), test.get_label()) == ("training loss", "test loss")
        np.testing.assert_array_equal(train.get_ydata(), run.train_loss[1:])
        np.testing.assert_array_equal(test.get_ydata(), run.test_loss[1:])
        assert ax.get_xscale() == ax.get_yscale() == "log"

    def test_step_zero_has_no_place_on_a_logarithmic_axis(self, ax):
        figures.plot_losses(ax, trajectory())
        assert all(line.get_xdata()[0] == 1 for line in ax.get_lines())

    def test_a_label_of_none_leaves_its_curve_out(self, ax):
        figures.plot_losses(ax, trajectory(), labels=(None, "mine"))
        assert not lines(ax, COLORS["train"])
        assert lines(ax, COLORS["test"])[0].get_label() == "mine"

    def test_predictions_are_green_and_thin_with_one_entry_in_the_legend(self, ax):
        figures.plot_prediction(ax, trajectory())
        drawn = lines(ax, COLORS["theory"])
        assert len(drawn) == len(ax.get_lines()) == 2
        assert all(line.get_linewidth() <= 1 for line in drawn)
        assert len(ax.get_legend_handles_labels()[1]) == 1

    @pytest.mark.parametrize("n_steps", [0, 1, 2, 3])
    def test_short_runs(self, ax, n_steps):
        figures.plot_losses(ax, trajectory(n_steps))
        figures.plot_prediction(ax, trajectory(n_steps))
        assert len(ax.get_lines()) == (4 if n_steps > 1 else 0)

    def test_a_run_that_diverged(self, ax):
        losses = np.array([1.0, 10.0, 1e300, np.inf])
        figures.plot_losses(ax, gk.Trajectory(np.arange(4), losses, losses, None, True))


class TestThinning:
    @pytest.mark.parametrize("n_steps", [601, 602, 5000, 25_001])
    def test_the_first_and_the_last_step_stay(self, n_steps):
        steps = np.arange(n_steps)
        shown = figures._thinned(steps)
        assert steps[shown[0]] == 1
        assert steps[shown[-1]] == n_steps - 1
        assert np.all(np.diff(shown) > 0)
        assert len(shown) <= figures._DRAWN_POINTS

    def test_it_is_even_in_the_logarithm(self):
        steps = np.arange(1_000_001)
        shown = steps[figures._thinned(steps)]
        late = shown[shown > 1000]
        gaps = np.diff(np.log(late))
        assert gaps.max() < 1.2 * np.log(1_000_000) / figures._DRAWN_POINTS

    def test_few_points_are_all_drawn(self):
        np.testing.assert_array_equal(figures._thinned(np.arange(601)), np.arange(1, 601))
        np.testing.assert_array_equal(figures._thinned(np.array([0, 7, 10**15])), [1, 2])
        assert figures._thinned(np.array([0])).size == 0

    def test_steps_that_do_not_start_at_zero(self):
        steps = np.arange(1000, 5000)
        shown = figures._thinned(steps)
        assert (shown[0], shown[-1]) == (0, 3999)


class TestThresholds:
    def test_two_in_the_colors_of_their_losses(self, ax):
        figures.plot_losses(ax, trajectory())
        figures.plot_thresholds(ax, train_threshold=0.01, test_threshold=0.05)
        assert texts(ax) == ["ε = 0.01", "c = 0.05"]
        assert len(lines(ax, COLORS["train"])) == len(lines(ax, COLORS["test"])) == 2

    def test_one_line_if_they_are_equal(self, ax):
        figures.plot_losses(ax, trajectory())
        figures.plot_thresholds(ax)
        assert texts(ax) == ["ε = c = 0.01"]
        assert len(lines(ax, COLORS["neutral"])) == 1


class TestStages:
    def test_three_stages_and_two_marks(self, ax):
        figures.plot_losses(ax, trajectory())
        limits = ax.get_xlim()
        figures.plot_stages(ax, gk.GrokkingTimes(23, 138))
        assert texts(ax) == [*figures.STAGE_NAMES, "t₁ = 23", "t₂ = 138"]
        assert len(ax.patches) == 3
        assert [line.get_xdata()[0] for line in ax.get_lines()[2:]] == [23, 138]
        assert ax.get_xlim() == limits

    @pytest.mark.parametrize(
        ("times", "marks"),
        [
            (gk.GrokkingTimes(None, None), []),
            (gk.GrokkingTimes(None, 138), ["t₂ = 138"]),
            (gk.GrokkingTimes(138, 23), ["t₁ = 138", "t₂ = 23"]),
        ],
    )
    def test_what_does_not_exist_is_left_out(self, ax, times, marks):
        figures.plot_losses(ax, trajectory())
        figures.plot_stages(ax, times)
        assert texts(ax) == marks
        assert not ax.patches

    def test_without_t2_the_second_stage_lasts_to_the_end(self, ax):
        figures.plot_losses(ax, trajectory())
        figures.plot_stages(ax, gk.GrokkingTimes(23, None), last_step=138)
        assert texts(ax) == ["stage I", "stage II", "t₁ = 23"]
        assert ax.patches[1].get_corners()[:, 0].max() == 138

    def test_times_at_step_zero(self, ax):
        figures.plot_losses(ax, trajectory())
        figures.plot_stages(ax, gk.GrokkingTimes(0, 138))
        assert texts(ax) == ["stage II", "stage III", "t₂ = 138"]
        figures.plot_stages(ax, gk.GrokkingTimes(0, 0))
        assert len(ax.patches) == 2

    def test_large_times_are_grouped_by_thousands(self, ax):
        figures.plot_losses(ax, trajectory(30_000))
        figures.plot_stages(ax, gk.GrokkingTimes(210, 22_950), last_step=25_000)
        assert "t₂ = 22,950" in texts(ax)


class TestBounds:
    def test_dashed_and_green_at_their_places(self, ax):
        figures.plot_losses(ax, trajectory())
        figures.plot_bounds(ax, GrokkingBounds(60.0, 90.0), name="Eq. (8)")
        drawn = lines(ax, COLORS["theory"])
        assert [line.get_xdata()[0] for line in drawn] == [60, 90]
        assert all(line.get_linestyle() == "--" for line in drawn)
        assert texts(ax) == ["t₁ ≤ 60  (Eq. (8))", "t₂ ≥ 90  (Eq. (8))"]

    @pytest.mark.parametrize(
        "bounds", [(0.0, -3.0), (np.inf, -np.inf), (np.inf, np.inf), (np.nan, np.nan)]
    )
    def test_one_that_says_nothing_is_left_out(self, ax, bounds):
        figures.plot_losses(ax, trajectory())
        figures.plot_bounds(ax, GrokkingBounds(*bounds))
        assert not lines(ax, COLORS["theory"])
        assert not ax.texts


class TestSweep:
    def test_mean_and_spread_over_draws(self, ax):
        data = table(
            weight_decay=[1e-3, 1e-3, 1e-2, 1e-2],
            overfit_step=[10, 12, 20, 20],
            generalize_step=[100, 300, 50, 70],
        )
        figures.plot_sweep(ax, data, "weight_decay", label="λ")
        (train,), (test,) = lines(ax, COLORS["train"]), lines(ax, COLORS["test"])
        assert train.get_ydata().tolist() == [11, 20]
        assert test.get_ydata().tolist() == [200, 60]
        assert train.get_xdata().tolist() == [1e-3, 1e-2]
        assert ax.get_xlabel() == "λ"
        spread = ax.collections[1].get_paths()[0].vertices[:, 1]
        assert spread.min() == pytest.approx(60 - 10 * np.sqrt(2))
        assert spread.max() == pytest.approx(200 + 100 * np.sqrt(2))

    def test_draws_without_a_time_are_left_out_of_its_mean(self, ax):
        data = table(
            weight_decay=[1e-3, 1e-3, 1e-2], generalize_step=pd.array([100, pd.NA, pd.NA], "Int64")
        )
        figures.plot_sweep(ax, data, "weight_decay")
        (test,) = lines(ax, COLORS["test"])
        assert (test.get_xdata().tolist(), test.get_ydata().tolist()) == ([1e-3], [100])
        assert not lines(ax, COLORS["train"])

    def test_a_table_in_which_no_time_exists(self, ax):
        figures.plot_sweep(ax, table(weight_decay=[1e-3, 1e-2]), "weight_decay")
        assert not ax.get_lines()

    def test_bounds_are_dashed_and_predictions_thin(self, ax):
        data = table(weight_decay=[1e-3, 1e-2], overfit_step=[10, 20], generalize_step=[100, 50])
        figures.plot_sweep(
            ax,
            data,
            "weight_decay",
            bounds=[(1e-3, 30, 70), (1e-2, np.inf, -4)],
            prediction=[(1e-3, 10.5, None), (1e-2, 20.5, 51.0)],
        )
        drawn = lines(ax, COLORS["theory"])
        dashed = [line.get_ydata() for line in drawn if line.get_linestyle() == "--"]
        solid = [line.get_ydata() for line in drawn if line.get_linestyle() == "-"]
        assert [list(values) for values in dashed] == [[30], [70]]
        assert [list(values) for values in solid] == [[10.5, 20.5], [51.0]]
        labels = ax.get_legend_handles_labels()[1]
        assert labels == ["t₁ measured", "t₂ measured", "bound", "prediction"]

    def test_a_table_from_sweep(self, ax):
        data = gk.sweep(
            n_samples=5, n_features=200, n_seeds=2, n_jobs=1, progress=False, init_variance=[0, 1]
        )
        figures.plot_sweep(ax, data[data.init_variance > 0], "init_variance", bounds=[])
        assert len(ax.get_lines()) == 2


class TestSpectrum:
    def test_histogram_with_its_law(self, ax):
        figures.plot_spectrum(ax, np.linspace(1, 2, 100), density=([1, 2], [1, 1]), n_bins=10)
        assert len(ax.patches) == 10
        area = sum(patch.get_height() * patch.get_width() for patch in ax.patches)
        assert area == pytest.approx(1)
        assert lines(ax, COLORS["theory"])[0].get_label() == "Marchenko–Pastur law"

    @pytest.mark.parametrize("eigenvalues", [[], [1.0], np.ones(5)])
    def test_empty_and_degenerate(self, ax, eigenvalues):
        figures.plot_spectrum(ax, np.array(eigenvalues))
        assert bool(ax.patches) == bool(len(eigenvalues))


def test_legends_have_no_frame(ax):
    figures.plot_losses(ax, trajectory())
    figures.add_legend(ax, loc="lower left")
    assert not ax.get_legend().get_frame_on()

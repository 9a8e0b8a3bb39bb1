"""Plots: they draw what they are given, by meaning, and touch nothing else."""

from itertools import combinations

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


def boxes(ax):
    """Where the texts of the axes stand in the finished picture."""
    ax.figure.canvas.draw()
    return {text.get_text(): text.get_window_extent() for text in ax.texts}


def assert_apart(ax):
    """No two texts overlap, and none leaves the picture."""
    found = boxes(ax)
    for first, second in combinations(found.values(), 2):
        assert not first.overlaps(second), found
    for box in found.values():
        assert box.x0 >= 0 and box.x1 <= ax.figure.bbox.x1 and box.y1 <= ax.figure.bbox.y1
    return found


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

    def test_predictions_lie_over_a_run_and_let_it_show(self, ax):
        """Dashed, and half as wide, whichever is drawn first; one entry in the legend."""
        figures.plot_prediction(ax, trajectory())
        drawn = lines(ax, COLORS["theory"])
        assert len(drawn) == len(ax.get_lines()) == 2
        assert len(ax.get_legend_handles_labels()[1]) == 1
        figures.plot_losses(ax, trajectory())
        for prediction in drawn:
            assert prediction.is_dashed()
            for run in ax.get_lines()[2:]:
                assert prediction.get_linewidth() < run.get_linewidth() / 2
                assert prediction.get_zorder() > run.get_zorder()

    @pytest.mark.parametrize("scale", ["log1p", "linear"])
    def test_axes_on_which_step_zero_has_a_place(self, ax, scale):
        run = trajectory()
        figures.plot_losses(ax, run, scale=scale)
        figures.plot_prediction(ax, run)
        for line, loss in zip(ax.get_lines(), 2 * (run.train_loss, run.test_loss), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), run.steps)
            np.testing.assert_array_equal(line.get_ydata(), loss)
        assert ax.get_xlim()[0] == 0 and ax.get_yscale() == "log"

    def test_log1p_is_the_axis_of_the_explorers(self, ax):
        """Places go like log(1 + t); labels are 0 and powers of ten."""
        figures.plot_losses(ax, trajectory(1001), scale="log1p")
        ax.set_xlim(0, 1000)
        ax.figure.canvas.draw()
        steps = np.array([0, 1, 10, 100, 1000])
        places = ax.transData.transform(np.column_stack([steps, np.ones(5)]))[:, 0]
        share = (places - places[0]) / (places[-1] - places[0])
        np.testing.assert_allclose(share, np.log1p(steps) / np.log1p(1000), rtol=1e-12)
        labels = [tick.get_text() for tick in ax.get_xticklabels()[:3]]
        assert labels == ["0", "$10^{0}$", "$10^{1}$"]

    def test_a_scale_that_is_none(self, ax):
        with pytest.raises(ValueError, match="scale='loglog': pass one of 'log', 'log1p'"):
            figures.plot_losses(ax, trajectory(), scale="loglog")

    def test_accuracies_of_a_run_that_counts_none(self, ax):
        with pytest.raises(ValueError, match="counts no right answers: pass a run of modular"):
            figures.plot_accuracies(ax, trajectory(), None)

    @pytest.mark.parametrize("n_steps", [0, 1, 2, 3])
    def test_short_runs(self, ax, n_steps):
        figures.plot_losses(ax, trajectory(n_steps))
        figures.plot_prediction(ax, trajectory(n_steps))
        assert len(ax.get_lines()) == (4 if n_steps > 1 else 0)

    def test_a_run_that_diverged(self, ax):
        losses = np.array([1.0, 10.0, 1e300, np.inf])
        figures.plot_losses(ax, gk.Trajectory(np.arange(4), losses, losses, None, True))


class TestThinning:
    """A long run is drawn from a few hundred of its steps."""

    @staticmethod
    def drawn(ax, steps, scale):
        losses = np.ones(len(steps))
        figures.plot_losses(ax, gk.Trajectory(steps, losses, losses, None), scale=scale)
        return ax.get_lines()[0].get_xdata()

    @pytest.mark.parametrize("n_steps", [601, 602, 5000, 25_001])
    @pytest.mark.parametrize(("scale", "first"), [("log", 1), ("log1p", 0), ("linear", 0)])
    def test_the_first_and_the_last_step_stay(self, ax, n_steps, scale, first):
        shown = self.drawn(ax, np.arange(n_steps), scale)
        assert (shown[0], shown[-1]) == (first, n_steps - 1)
        assert np.all(np.diff(shown) > 0)
        assert len(shown) <= 600

    @pytest.mark.parametrize(
        ("scale", "place"), [("log", np.log), ("log1p", np.log1p), ("linear", np.float64)]
    )
    def test_it_is_even_along_the_axis(self, ax, scale, place):
        shown = self.drawn(ax, np.arange(1_000_001), scale)
        gaps = np.diff(place(shown[shown > 1000]))
        assert gaps.max() < 1.2 * place(1_000_000) / 600

    @pytest.mark.parametrize("steps", [[7, 10**15], range(1, 601), range(1000, 1600)])
    def test_few_points_are_all_drawn(self, ax, steps):
        steps = np.array(steps)
        np.testing.assert_array_equal(self.drawn(ax, steps, "log"), steps)


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

    @pytest.mark.parametrize(("epsilon", "c"), [(0.01, 0.0100001), (0.013, 0.01), (0.2, 0.01)])
    def test_words_of_close_levels_stay_apart(self, ax, epsilon, c):
        figures.plot_losses(ax, trajectory())
        figures.plot_thresholds(ax, train_threshold=epsilon, test_threshold=c)
        assert_apart(ax)


class TestStages:
    def test_three_stages_and_two_marks(self, ax):
        figures.plot_losses(ax, trajectory())
        limits = ax.get_xlim()
        figures.plot_stages(ax, gk.GrokkingTimes(5, 138))
        assert texts(ax) == ["t₁ = 5", "t₂ = 138", "stage I", "stage II", "III"]
        assert len(ax.patches) == 3
        assert [line.get_xdata()[0] for line in ax.get_lines()[2:]] == [5, 138]
        assert ax.get_xlim() == limits

    @pytest.mark.parametrize(
        ("times", "marks"),
        [
            (gk.GrokkingTimes(None, None), []),
            (gk.GrokkingTimes(None, 138), ["t₂ = 138"]),
            (gk.GrokkingTimes(138, 23), ["t₂ = 23", "t₁ = 138"]),
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
        assert texts(ax) == ["t₁ = 23", "stage I", "stage II"]
        assert ax.patches[1].get_corners()[:, 0].max() == 138

    def test_times_at_step_zero(self, ax):
        figures.plot_losses(ax, trajectory())
        figures.plot_stages(ax, gk.GrokkingTimes(0, 138))
        assert texts(ax) == ["t₂ = 138", "stage II", "III"]
        figures.plot_stages(ax, gk.GrokkingTimes(0, 0))
        assert len(ax.patches) == 2

    def test_step_zero_is_marked_where_it_has_a_place(self, ax):
        figures.plot_losses(ax, trajectory(), scale="log1p")
        figures.plot_stages(ax, gk.GrokkingTimes(0, 138))
        assert texts(ax)[:2] == ["t₁ = 0", "t₂ = 138"]

    def test_large_times_are_grouped_by_thousands(self, ax):
        figures.plot_losses(ax, trajectory(30_000))
        figures.plot_stages(ax, gk.GrokkingTimes(210, 22_950), last_step=25_000)
        assert "t₂ = 22,950" in texts(ax)

    @pytest.mark.parametrize(
        ("first", "second", "scale"),
        [
            (1, 2, "log"),
            (3, 9, "log1p"),
            (260, 210, "log"),
            (500, 500, "linear"),
            (20_000, 20_001, "log"),
            (29_990, 29_998, "log1p"),
            (1, 29_998, "linear"),
        ],
    )
    def test_words_stand_above_the_axes_and_apart(self, ax, first, second, scale):
        """However close the times are, to each other or to an end of the axis."""
        figures.plot_losses(ax, trajectory(30_000), scale=scale)
        figures.plot_stages(ax, gk.GrokkingTimes(first, second))
        figures.plot_bounds(ax, GrokkingBounds(1450.0, 1500.0))
        found = assert_apart(ax)
        assert all(box.y0 >= ax.bbox.y1 for box in found.values())

    def test_words_stay_over_their_lines_where_there_is_room(self, ax):
        figures.plot_losses(ax, trajectory(30_000))
        figures.plot_stages(ax, gk.GrokkingTimes(20, 2000))
        found = boxes(ax)
        for text, step in (("t₁ = 20", 20), ("t₂ = 2,000", 2000)):
            box = found[text]
            place = ax.transData.transform((step, 1))[0]
            assert (box.x0 + box.x1) / 2 == pytest.approx(place, abs=2)


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

    def test_two_bounds_have_a_row_each(self, ax):
        figures.plot_losses(ax, trajectory(30_000))
        figures.plot_bounds(ax, GrokkingBounds(60.0, 9000.0), name="Eq. (8)")
        figures.plot_bounds(ax, GrokkingBounds(61.0, 9001.0), name="Theorem 4.2")
        assert_apart(ax)


class TestRun:
    """The whole picture at once, which pages without scripts show."""

    def test_losses_thresholds_stages_and_times(self, ax):
        run = trajectory(300)
        times = gk.grokking_times(run, train_threshold=0.02)
        figures.plot_run(ax, run, times, train_threshold=0.02)
        assert {"ε = 0.02", "c = 0.01", f"t₁ = {times.overfit_step}"} <= set(texts(ax))
        assert f"t₂ = {times.generalize_step}" in texts(ax)
        assert len(ax.patches) == 3
        assert ax.get_xlim()[1] == 299
        assert_apart(ax)

    def test_the_picture_may_end_elsewhere(self, ax):
        figures.plot_run(ax, trajectory(300), gk.GrokkingTimes(23, 138), last_step=1000)
        assert ax.get_xlim() == (0, 1000)

    @pytest.mark.parametrize("n_steps", [1, 2])
    def test_short_runs(self, ax, n_steps):
        figures.plot_run(ax, trajectory(n_steps), gk.GrokkingTimes(None, None))

    def test_a_run_that_diverged(self, ax):
        losses = np.array([1.0, 10.0, 1e300, np.inf])
        run = gk.Trajectory(np.arange(4), losses, losses, None, True)
        figures.plot_run(ax, run, gk.grokking_times(run))

    def test_with_every_floating_point_error_raised(self):
        with np.errstate(all="raise"):
            figure, ax = figures.subplots()
            figures.plot_run(ax, trajectory(), gk.GrokkingTimes(23, 138))
            figures.plot_bounds(ax, GrokkingBounds(60.0, -np.inf))
            figure.canvas.draw()
            figures.plt.close(figure)


class TestValley:
    """One sample, two weights: φ = (0.8, 0.6), θ* = (0.9, 0.8)."""

    PATH = np.array([[0.0, -1.5], [1.0, 0.5], [0.9, 0.7]])

    @pytest.fixture
    def valley(self, ax):
        def valley(weight_decay=0.01):
            problem = gk.realizable_problem(
                np.array([[0.8, 0.6]]), np.array([0.9, 0.8]), self.PATH[0], covariance=0.5
            )
            solution = gk.ridge_solution(problem, weight_decay=weight_decay)
            figures.plot_valley(ax, problem, self.PATH, solution, weight_decay=weight_decay)
            return problem, {line.get_label(): line.get_xydata() for line in ax.get_lines()}

        return valley

    @pytest.mark.parametrize("weight_decay", [0, 0.01, 1.0])
    def test_marks_stand_where_they_belong(self, valley, weight_decay):
        problem, drawn = valley(weight_decay)
        np.testing.assert_allclose(drawn["weights that fit the sample"] @ [0.8, 0.6], 1.2)
        np.testing.assert_array_equal(drawn["path of the weights"], self.PATH)
        np.testing.assert_array_equal(drawn["start θ(0)"], self.PATH[:1])
        np.testing.assert_array_equal(drawn["teacher θ*"], [problem.teacher])
        name = "ridge solution" if weight_decay else "least-norm solution"
        solution = gk.ridge_solution(problem, weight_decay=weight_decay)
        np.testing.assert_array_equal(drawn[name], [solution])

    @pytest.mark.parametrize("weight_decay", [0, 0.01, 1.0])
    def test_contours_join_weights_of_one_loss(self, valley, ax, weight_decay):
        problem, _ = valley(weight_decay)
        (contours,) = ax.collections
        for level, path in zip(contours.levels, contours.get_paths(), strict=True):
            for weights in path.vertices[::20]:
                loss = problem.train_loss(weights) + weight_decay / 2 * weights @ weights
                assert loss == pytest.approx(level, rel=0.02, abs=1e-3)

    def test_start_and_teacher_are_inside(self, valley, ax):
        problem, _ = valley()
        low, high = ax.get_xlim()
        assert (low, high) == ax.get_ylim()
        assert np.abs([*problem.teacher, *self.PATH[0]]).max() < high == -low

    def test_more_weights_than_a_plane_has(self, ax):
        problem = gk.gaussian_problem(n_samples=1, n_features=3, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match=r"features of shape \(1, 3\), .*: pass one"):
            figures.plot_valley(ax, problem, self.PATH, self.PATH[0], weight_decay=0.1)


class TestPhase:
    X, Y = np.array([1e-4, 1e-3, 1e-2]), np.array([0.1, 0.2])
    VALUES = np.array([[3.0, 40.0, np.nan], [0.5, 2000.0, -1.0]])

    def test_cells_have_their_colors_and_where_nothing_groks_none(self, ax):
        ax.set(xscale="log")
        figures.plot_phase(ax, self.X, self.Y, self.VALUES)
        [mesh] = ax.collections
        np.testing.assert_array_equal(mesh.get_array().mask.ravel(), [0, 0, 1, 0, 0, 1])
        assert (mesh.norm.vmin, mesh.norm.vmax) == (1, 10_000)
        np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], 10 ** np.arange(-4.5, -1))
        np.testing.assert_allclose(mesh.get_coordinates()[:, 0, 1], [0.05, 0.15, 0.25])
        assert ax.patch.get_hatch()

    @pytest.mark.parametrize("certified", [0, 1, [[1, 1, 0], [1, 0, 0]]])
    @pytest.mark.parametrize("values", [VALUES, np.full((2, 3), np.nan)])
    def test_a_region_everywhere_or_nowhere_and_no_number_at_all(self, ax, certified, values):
        certified = np.broadcast_to(np.array(certified, dtype=bool), (2, 3))
        figures.plot_phase(ax, self.X, self.Y, values, certified=certified)
        ax.figure.canvas.draw()
        names = [text.get_label() for text in [*ax.get_lines(), *ax.patches]]
        assert ("Eq. (8) certifies a delay" in names) == certified.any()
        assert "nothing groks" in names

    @pytest.mark.parametrize("untypical", [0, [[0, 1, 0], [0, 0, 1]]])
    def test_a_dot_in_each_cell_whose_mean_is_not_typical(self, ax, untypical):
        untypical = np.broadcast_to(np.array(untypical, dtype=bool), (2, 3))
        figures.plot_phase(ax, self.X, self.Y, self.VALUES, untypical=untypical)
        dots = {tuple(place) for line in ax.get_lines() for place in line.get_xydata()}
        assert dots == ({(1e-3, 0.1), (1e-2, 0.2)} if untypical.any() else set())


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

    def test_a_grid_of_two_axes_is_refused(self, ax):
        """Its mean over both would be no mean over draws."""
        data = table(
            weight_decay=[1e-3, 1e-3, 1e-2, 1e-2],
            n_samples=[10, 20, 10, 20],
            generalize_step=[100, 300, 50, 70],
            reason=["", "never", "", ""],
            draw=[0, 0, 0, 1],
        )
        with pytest.raises(ValueError) as error:
            figures.plot_sweep(ax, data, "weight_decay")
        for words in (
            "several values of n_samples",
            "weight_decay",
            "table.query('n_samples == 10')",
        ):
            assert words in str(error.value)
        assert not ax.has_data()
        figures.plot_sweep(ax, data.query("n_samples == 10"), "weight_decay")
        assert lines(ax, COLORS["test"])[0].get_ydata().tolist() == [100, 50]

    def test_columns_that_go_with_the_parameter_are_no_second_axis(self, ax):
        data = table(n_features=[10, 20], label=["ten", "twenty"], generalize_step=[100, 300])
        figures.plot_sweep(ax, data, "n_features")
        assert len(lines(ax, COLORS["test"])) == 1

    def test_results_of_a_run_of_your_own_are_no_second_axis(self, ax):
        data = table(n_features=[10, 10], draw=[0, 1], generalize_step=[1, 3], norm=[0.1, 0.2])
        figures.plot_sweep(ax, data, "n_features")
        assert lines(ax, COLORS["test"])[0].get_ydata().tolist() == [2]

    def test_a_column_that_is_not_there(self, ax):
        with pytest.raises(ValueError, match="parameter='m' is no column"):
            figures.plot_sweep(ax, table(n_features=[1]), "m")


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

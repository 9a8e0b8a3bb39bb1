"""The recipes of book/results: what is done survives an interruption, and what is found holds."""

import hashlib
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import grokedu as gk
from grokedu.sweeps import draw_rng

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _recipe(name):
    return pytest.fixture(scope="module")(lambda: _load(RESULTS / f"{name}.py"))


def _table(name, **options):
    file = RESULTS / f"{name}.csv"
    return pytest.fixture(scope="module")(lambda: pd.read_csv(file, **options))


recipe, trained = _recipe("networks"), _table("networks", keep_default_na=False)
teachers, taught = _recipe("networks_teacher"), _table("networks_teacher")
ratios, by_steps = _recipe("step_ratios"), _table("step_ratios")
modular, additions = _recipe("modular"), _table("modular")
predictions, table = _recipe("predictions"), _table("predictions")
paper, figures = _recipe("paper"), _table("paper", dtype={"figure": str})


class Measure:
    """Stands in for training: notes what it was asked, and stops once when told so."""

    def __init__(self):
        self.asked = []
        self.interrupt_at = None

    def __call__(self, panel, parameters, draw):
        if len(self.asked) == self.interrupt_at:
            self.interrupt_at = None
            raise KeyboardInterrupt
        self.asked.append((panel, parameters, draw))
        return {"panel": panel, **parameters, "draw": draw, "overfit_step": 2 * draw}


@pytest.fixture
def measure():
    return Measure()


@pytest.fixture
def grid(recipe):
    return list(recipe.grid())[45:60]


@pytest.fixture
def interrupted(recipe, grid, measure, tmp_path):
    """The file of a computation that was interrupted after four rows."""
    file = tmp_path / "networks.unfinished"
    measure.interrupt_at = 4
    with pytest.raises(KeyboardInterrupt):
        recipe.compute(grid, file, measure, n_jobs=1)
    return file


class TestAnInterruptedComputation:
    def test_computes_each_row_once(self, recipe, grid, measure, interrupted):
        rows = recipe.compute(grid, interrupted, measure, n_jobs=1)
        assert measure.asked == grid
        assert [(row["panel"], row["draw"]) for row in rows] == [(p, draw) for p, _, draw in grid]
        assert all(row["overfit_step"] == 2 * row["draw"] for row in rows)

    def test_computes_a_row_again_that_was_written_in_part(
        self, recipe, grid, measure, interrupted
    ):
        interrupted.write_text(interrupted.read_text()[:-20])
        assert len(recipe.compute(grid, interrupted, measure, n_jobs=1)) == len(grid)
        assert len(measure.asked) == len(grid) + 1

    def test_starts_anew_after_a_change_of_the_code(self, recipe, grid, measure, interrupted):
        first, *rows = interrupted.read_text().splitlines(keepends=True)
        interrupted.write_text("".join([first.replace('"', '"0', 1), *rows]))
        recipe.compute(grid, interrupted, measure, n_jobs=1)
        assert measure.asked == [*grid[:4], *grid]


def test_the_tables_are_those_that_the_recipes_recorded():
    records = "".join(path.read_text() for path in RESULTS.glob("*.json"))
    tables = {path.name: path.read_bytes() for path in RESULTS.glob("*.csv")}
    for name in ("predictions.csv", "published_times.csv", "benchmarks.csv"):
        del tables[name]  # have no record of a run
    digests = {hashlib.sha256(content).hexdigest() for content in tables.values()}
    assert digests == set(re.findall("[0-9a-f]{64}", records))


class TestRecordedRuns:
    """book/results/networks.csv."""

    def test_the_table_holds_the_grid_of_the_recipe(self, recipe, trained):
        for row, (panel, parameters, draw) in zip(
            trained.itertuples(index=False), recipe.grid(), strict=True
        ):
            assert (row.panel, row.draw) == (panel, draw)
            assert {name: getattr(row, name) for name in parameters} == parameters

    def test_one_of_the_cheap_runs_gives_the_same_times(self, recipe, trained):
        """A different one every time the tests run."""
        grid = list(recipe.grid())
        cheap = [i for i, (_, parameters, _) in enumerate(grid) if parameters["width"] == 250]
        index = int(np.random.default_rng().choice(cheap))
        measured, recorded = recipe.measure(*grid[index]), trained.iloc[index]
        for name in ("overfit_step", "generalize_step", "reason"):
            assert str(measured[name]) == str(recorded[name]), f"row {index}: {name}"


class TestPredictions:
    """book/results/predictions.csv: predicted times beside those of fresh draws."""

    def test_it_holds_the_grid_of_the_recipe(self, table, predictions):
        places = table[["panel", "setting"]].drop_duplicates()
        assert list(places.itertuples(index=False, name=None)) == predictions.grid()

    def test_t2_for_any_covariance(self, table):
        """The median of 200 draws is within 2% of the prediction for 27 spectra and n."""
        rows = table[table.panel == "covariance"]
        assert len(rows) == 27
        assert np.all(np.abs(rows["median"] / rows.predicted - 1) < 0.02)

    def test_isotropic_times(self, table):
        """At 36 settings × 20 draws the prediction is within one standard deviation of the mean."""
        rows = table[table.panel == "isotropic"]
        assert len(rows) == 2 * 36
        assert np.mean(np.abs(rows.predicted - rows["mean"]) < rows.sd) >= 0.95

    def test_delays_that_were_asked_for(self, table):
        """One draw each, of 100: three in four within one predicted standard deviation or so."""
        rows = table[table.panel == "targets"]
        off = np.abs(rows["mean"] - rows.predicted) / rows.predicted_sd
        assert len(off) == 100
        assert np.mean(off < 1) > 0.55 and np.mean(off < 2) > 0.9 and off.max() < 4

    def test_one_setting_gives_the_same_numbers(self, table, predictions):
        """A different one every time the tests run."""
        number = int(np.random.default_rng().integers(100))
        [measured] = predictions.measure("targets", number)
        recorded = table[(table.panel == "targets") & (table.setting == number)].iloc[0]
        for name in ("weight_decay", "init_variance", "predicted", "predicted_sd", "mean"):
            assert measured[name] == pytest.approx(recorded[name], rel=1e-6), (number, name)


class TestRecordedStepRatios:
    """book/results/step_ratios.csv."""

    def test_the_first_hundred_steps_give_the_same_rows(self, ratios, by_steps):
        rows = pd.DataFrame(ratios.measure(0, ratios.STEPS[:4]))
        recorded = by_steps.query("draw == 0 and last < 100").reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, recorded, rtol=1e-5)

    def test_the_first_ratio_is_that_of_the_package(self, ratios, by_steps):
        problem = gk.relu_network_problem(rng=draw_rng(0))
        rule = {"weight_decay": ratios.WEIGHT_DECAY, "learning_rate": ratios.LEARNING_RATE}
        start = problem.hidden_weights, problem.output_weights
        recorded = by_steps.query("draw == 0 and first == 0").largest_ratio
        expected = gk.theory.network_step_ratios(problem, *start, **rule)
        np.testing.assert_allclose(recorded, expected, rtol=1e-5)

    def test_every_step_shrinks_both_layers_until_the_condition_holds(self, ratios, by_steps):
        assert (by_steps.largest_ratio < 1).all() and (by_steps.norm_share <= 1).all()
        for _, run in by_steps.groupby(["draw", "layer"]):
            assert list(run["first"]) == ratios.STEPS[:-1]
            assert list(run["last"] + 1) == ratios.STEPS[1:]
        limit = 2 * (1 - ratios.WEIGHT_DECAY * ratios.LEARNING_RATE)
        assert (by_steps[by_steps["last"] == ratios.STEPS[-1] - 1].condition <= limit).all()


class TestModularAddition:
    """book/results/modular.csv and modular_97.csv."""

    def test_one_run_gives_the_same_row(self, modular, additions):
        """A different one each time: short ones, far from the edge of stability."""
        rows = additions.query("modulus == 11 and learning_rate < 2 and end < 20_000")
        row = rows.sample(random_state=np.random.default_rng()).iloc[0]
        problem = gk.modular_addition_problem(
            **{name: row[name] for name in modular.SMALL}, rng=draw_rng(row["draw"])
        )
        measured = modular.measure(problem, row["weight_decay"], row["learning_rate"])
        for name in ("t1_answers", "t2_answers", "t1_loss", "t2_loss"):
            expected = None if np.isnan(row[name]) else pytest.approx(row[name], rel=0.01, abs=2)
            assert measured[name] == expected, (dict(row), name)

    def test_the_large_run_begins_as_recorded(self, modular, tmp_path):
        modular.train_large(tmp_path / "beginning.csv", n_steps=modular.LARGE_EVERY)
        beginning = pd.read_csv(tmp_path / "beginning.csv")
        recorded = pd.read_csv(RESULTS / "modular_97.csv")[: len(beginning)]
        assert len(beginning) == 2
        pd.testing.assert_frame_equal(beginning, recorded, rtol=1e-6)

    def test_small_weight_decay_is_the_clock(self, additions):
        """At p = 11 and λ ≤ 0.002 the median of ηλ t2 varies by less than a tenth."""
        rows = additions[(additions.panel == "weight decay") & (additions.weight_decay <= 2e-3)]
        clock = rows.learning_rate * rows.weight_decay * rows.t2_answers
        medians = clock.groupby(rows.weight_decay).median()
        assert len(medians) == 5 and medians.max() / medians.min() < 1.1


class TestTheFiguresOfThePaper:
    """book/results/paper.csv and paper_curves.csv."""

    def test_every_panel_has_all_its_draws(self, paper, figures):
        for (figure, panel), plan in paper.PANELS.items():
            rows = figures[(figures.figure == figure) & (figures.panel == panel)]
            expected = [(value, draw) for value in plan.values for draw in range(plan.draws)]
            recorded = rows[["value", "draw"]].itertuples(index=False, name=None)
            assert sorted(recorded) == sorted(expected)
            assert plan.draws >= (50 if figure in ("1 left", "2") else 20)

    @pytest.mark.parametrize(
        ("weight_decay", "read_off"),
        [(2e-6, 1.17e6), (4e-6, 5.78e5), (8e-6, 2.93e5), (16e-6, 1.44e5), (32e-6, 0.72e5)],
    )
    def test_t2_of_figure_2_is_that_of_the_plot(self, figures, weight_decay, read_off):
        rows = figures[(figures.figure == "2") & (figures.panel == "λ")]
        rows = rows[np.isclose(rows.value, weight_decay)]
        assert len(rows) == 50
        assert rows.generalize_step.mean() == pytest.approx(read_off, rel=0.03)

    def test_one_run_gives_the_same_numbers(self, paper, figures):
        """A different one every time the tests run, of those that take no second."""
        quick = figures[figures.figure.isin(["1 left", "2"]) & (figures.panel != "ReLU features")]
        row = quick.sample(random_state=np.random.default_rng()).iloc[0]
        measured = paper.measure(row.figure, row.panel, row.value, int(row.draw))
        for name in ("overfit_step", "generalize_step", "start_test_loss", "unseen_loss"):
            assert measured[name] == pytest.approx(row[name], rel=1e-6), (row.name, name)

    def test_a_run_settles_once_it_stays_near_its_end(self, paper):
        problem = gk.relu_feature_problem(
            n_features=300, input_dim=20, label_noise=0.2, rng=draw_rng(0)
        )
        rule = {"weight_decay": 1e-4, "learning_rate": 1.0}
        found = paper.ridge_run(problem, weight_decay=1e-4)
        step, level = found["settled_step"], 1.1 * found["final_test_loss"]
        losses = gk.exact_ridge(problem, **rule, steps=np.arange(step - 1, step + 50_000)).test_loss
        assert losses[0] > level and np.all(losses[1:] <= level)

    def test_small_inputs_are_inputs_made_small(self, paper):
        """Inputs N(0, I/d): features and labels shrink by √d, all population moments by d."""
        usual, small = gk.relu_feature_problem(rng=draw_rng(0)), paper.small_inputs(rng=draw_rng(0))
        inputs = draw_rng(0).standard_normal((100, 100)) / 10
        hidden = usual.covariance.moments.left
        np.testing.assert_allclose(small.features, np.maximum(inputs @ hidden.T, 0), atol=1e-15)
        np.testing.assert_allclose(10 * small.targets, usual.targets)
        few = slice(0, 5)
        np.testing.assert_allclose(
            100 * small.covariance.moments(few, few), usual.covariance.moments(few, few)
        )
        np.testing.assert_allclose(100 * small.misfit_moment, usual.misfit_moment)
        assert 100 * small.misfit_power == pytest.approx(usual.misfit_power)


@pytest.fixture(scope="module")
def paper_check():
    path = RESULTS.parents[1] / "tools" / "paper_check.py"
    return _load(path)


class TestMakePaperCheck:
    def test_it_knows_every_table(self, paper_check):
        tables = {path.stem for path in RESULTS.glob("*.csv")}
        assert tables == {*paper_check.TABLES, *paper_check.LEFT_OUT}

    def test_it_finds_what_does_not_come_out(self, paper_check, figures):
        rows = figures[(figures.figure == "2") & (figures.panel == "λ")].tail(3).copy()
        rng = np.random.default_rng(0)
        assert paper_check.check("paper", rows, rng, share=1, n_jobs=1) == []
        rows.iloc[1, rows.columns.get_loc("generalize_step")] += 2
        rows.iloc[2, rows.columns.get_loc("final_test_loss")] *= 1 + 1e-5
        found = paper_check.check("paper", rows, rng, share=1, n_jobs=1)
        assert len(found) == 2
        assert "generalize_step" in found[0] and "final_test_loss" in found[1]

    def test_a_time_that_does_not_exist_is_no_number(self, paper_check):
        assert paper_check.same(np.nan, None, 0, 1)
        assert not paper_check.same(np.nan, 5, 0, 1) and not paper_check.same(5, None, 0, 1)


class TestTheLedger:
    """book/paper.ipynb: every line has its five parts, and every number comes from the page."""

    VERDICTS = (
        "confirmed",
        "holds, loose",
        "not covered",
        "contradicted",
        "does not occur",
        "used",
        "open",
    )

    @pytest.fixture
    def lines(self):
        path = RESULTS.parent / "paper.ipynb"
        cells = json.loads(path.read_text(encoding="utf8"))["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        rows = [row.strip("| ") for row in text.splitlines() if row.startswith("|")]
        tables = [re.split(r"(?<!\\) \| ", row) for row in rows]
        return [row for row in tables if row[-1].startswith("**")]

    def test_no_cell_is_empty(self, lines):
        assert len(lines) > 60
        for line in lines:
            assert len(line) == 4 and all(cell.strip() for cell in line), line

    def test_each_has_a_verdict_and_a_place_in_the_book(self, lines):
        for line in lines:
            verdict, _, place = line[-1].removeprefix("**").partition("**")
            assert verdict.startswith(self.VERDICTS), line
            assert re.search(r"\{(ref|eq|numref|prf:ref)\}`", place), line

    def test_what_was_measured_comes_from_the_page(self, lines):
        """As glued numbers; the build fails where one is missing."""
        for _, _, measured, verdict in lines:
            if verdict.startswith(("**confirmed", "**holds", "**not covered", "**does not")):
                assert "{glue:text}" in measured, measured


class TestRecordedTeachers:
    """book/results/networks_teacher.csv."""

    def test_the_table_holds_the_grid_of_the_recipe(self, teachers, taught):
        expected = [
            (panel, value, draw)
            for panel, (_, values) in teachers.PANELS.items()
            for value in values
            for draw in range(teachers.DRAWS)
        ]
        names = {panel: name for panel, (name, _) in teachers.PANELS.items()}
        rows = [
            (row["panel"], row[names[row["panel"]]], row["draw"]) for _, row in taught.iterrows()
        ]
        assert rows == expected

    def test_one_run_gives_the_same_row(self, teachers, taught):
        """A different one every time the tests run."""
        row = taught.query("width <= 100").sample(random_state=np.random.default_rng()).iloc[0]
        settings = {name: type(value)(row[name]) for name, value in teachers.DEFAULTS.items()}
        rule = {name: settings.pop(name) for name in ("weight_decay", "learning_rate")}
        problem = gk.relu_network_problem(**settings, rng=draw_rng(int(row.draw)))
        measured = teachers.measure(problem, **rule)
        for name, value in measured.items():
            recorded = row[name]
            missing = np.nan if value is None else value
            assert missing == pytest.approx(recorded, rel=1e-3, abs=1e-9, nan_ok=True), name

"""The recipes of book/results: what is done survives an interruption, and what is found holds."""

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import grokedu as gk
from grokedu.sweeps import draw_rng

RECIPE = Path(__file__).resolve().parents[1] / "book" / "results" / "networks.py"


@pytest.fixture(scope="module")
def recipe():
    return _load(RECIPE)


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(RECIPE.with_name("predictions.csv"))


@pytest.fixture(scope="module")
def predictions():
    return _load(RECIPE.with_name("predictions.py"))


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


@pytest.fixture(scope="module")
def ratios():
    return _load(RECIPE.with_name("step_ratios.py"))


@pytest.fixture(scope="module")
def by_steps():
    return pd.read_csv(RECIPE.with_name("step_ratios.csv"))


class TestRecordedStepRatios:
    """book/results/step_ratios.csv."""

    def test_checksum(self, by_steps):
        record = json.loads((RECIPE.with_name("step_ratios.json")).read_text())
        content = (RECIPE.with_name("step_ratios.csv")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == record["sha256"]
        assert record["rows"] == len(by_steps)

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


@pytest.fixture(scope="module")
def modular():
    return _load(RECIPE.with_name("modular.py"))


@pytest.fixture(scope="module")
def additions():
    return pd.read_csv(RECIPE.with_name("modular.csv"))


class TestModularAddition:
    """book/results/modular.csv."""

    def test_checksums(self, additions):
        record = json.loads((RECIPE.with_name("modular.json")).read_text())
        content = (RECIPE.with_name("modular.csv")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == record["sha256"]
        assert record["rows"] == len(additions)

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

    def test_small_weight_decay_is_the_clock(self, additions):
        """At p = 11 and λ ≤ 0.002 the median of ηλ t2 varies by less than a tenth."""
        rows = additions[(additions.panel == "weight decay") & (additions.weight_decay <= 2e-3)]
        clock = rows.learning_rate * rows.weight_decay * rows.t2_answers
        medians = clock.groupby(rows.weight_decay).median()
        assert len(medians) == 5 and medians.max() / medians.min() < 1.1

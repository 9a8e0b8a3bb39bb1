"""The recipe of book/results: what is done survives an interruption."""

import importlib.util
from pathlib import Path

import pytest

RECIPE = Path(__file__).resolve().parents[1] / "book" / "results" / "networks.py"


@pytest.fixture(scope="module")
def recipe():
    spec = importlib.util.spec_from_file_location("recipe", RECIPE)
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

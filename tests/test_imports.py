"""Imports cost nothing until used, and every public name exists."""

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import grokedu as gk

PACKAGE = Path(gk.__file__).parent
CONTRACT = [
    "RidgeProblem",
    "NetworkProblem",
    "Trajectory",
    "gaussian_problem",
    "sampled_problem",
    "realizable_problem",
    "relu_feature_problem",
    "fourier_feature_problem",
    "relu_network_problem",
    "modular_addition_problem",
    "data_problem",
    "relu_features",
    "fourier_features",
    "exact_outputs",
    "accuracy_times",
    "load_trajectory",
    "train_ridge",
    "train_network",
    "exact_ridge",
    "exact_grokking_times",
    "grokking_times",
    "sweep",
    "theory.conditions",
    "theory.gaussian_bounds",
    "theory.grokking_bounds",
    "theory.theorem_4_1",
    "theory.theorem_4_4",
    "theory.theorem_4_5",
    "theory.theorem_4_6",
    "predictions.ridge_curves",
    "predictions.ridge_grokking_times",
]
HEAVY = ["numba", "pandas", "matplotlib", "ipywidgets", "anywidget", "scipy", "joblib"]


def loaded_by(code):
    """Which modules are loaded after `code`, in a fresh interpreter."""
    script = f"import sys\n{code}\nprint(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return set(done.stdout.split())


class TestLaziness:
    def test_importing_the_package_loads_nothing_heavy(self):
        loaded = loaded_by("import grokedu")
        assert not loaded & set(HEAVY)
        assert "numpy" not in loaded

    def test_a_closed_form_curve_waits_for_neither_numba_nor_pandas_nor_matplotlib(self):
        loaded = loaded_by(
            "import numpy, grokedu as gk\n"
            "p = gk.gaussian_problem(n_samples=2, n_features=3, rng=numpy.random.default_rng(0))\n"
            "gk.exact_ridge(p, weight_decay=0.1, learning_rate=1, steps=[0, 1])\n"
            "gk.exact_grokking_times(p, weight_decay=0.1, learning_rate=1)\n"
            "gk.theory.grokking_bounds(p, weight_decay=0.1, learning_rate=1)"
        )
        assert not loaded & {"numba", "pandas", "matplotlib", "ipywidgets", "joblib"}

    def test_gradient_descent_waits_for_neither_pandas_nor_matplotlib(self):
        assert not loaded_by("import grokedu; grokedu.train_ridge") & {"pandas", "matplotlib"}


def takes_a_problem(thing):
    first = next(iter(inspect.signature(thing).parameters.values()), None)
    return first is not None and first.name == "problem" and first.kind != first.KEYWORD_ONLY


ABOUT_A_PROBLEM = [
    function
    for module in (gk, gk.theory)
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if takes_a_problem(function) and not name.startswith(("_", "check_"))
]


class TestPublicNames:
    @pytest.mark.parametrize("name", CONTRACT)
    def test_the_contract(self, name):
        thing = gk
        for part in name.split("."):
            thing = getattr(thing, part)
        assert callable(thing)
        assert thing.__doc__

    @pytest.mark.parametrize("name", gk.__all__)
    def test_all_that_is_listed_exists(self, name):
        assert getattr(gk, name).__doc__

    @pytest.mark.parametrize("function", ABOUT_A_PROBLEM)
    def test_another_kind_of_problem_is_refused_in_words(self, function):
        parameters = inspect.signature(function).parameters.values()
        needed = {p.name: 0.1 for p in parameters if p.default is p.empty and p.name != "problem"}
        with pytest.raises(ValueError, match="problem is a object: pass a"):
            function(object(), **needed)

    def test_each_name_is_listed_once(self):
        names = dir(gk)
        assert sorted(set(names)) == sorted(names) == sorted(gk.__all__)

    def test_other_names_do_not_exist(self):
        with pytest.raises(AttributeError, match="groking"):
            gk.groking  # noqa: B018

    def test_every_module_is_on_the_map(self):
        for path in PACKAGE.glob("*.py"):
            if not path.stem.startswith("_"):
                assert f"`{path.stem}`" in gk.__doc__

    def test_type_checkers_are_told_to_look(self):
        """PEP 561."""
        assert (PACKAGE / "py.typed").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows the home without being told")
def test_kernels_compile_where_nothing_can_be_written(tmp_path):
    """A read-only install without a home: numba finds no place to keep what it compiled."""
    package = tmp_path / "grokedu"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "explorers"))
    (package / "__pycache__").touch()  # a file, so that not even root can make the folder
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith("NUMBA")
    }
    script = (
        "from grokedu import _kernels; from grokedu.networks import population_square\n"
        "assert _kernels.__file__.startswith(sys.argv[1])\n"
        "assert abs(population_square(numpy.eye(1), numpy.ones(1)) - 1 / 2) < 1e-15"
    )
    subprocess.run(
        [sys.executable, "-c", f"import numpy, sys\n{script}", str(tmp_path)],
        check=True,
        cwd=tmp_path,
        env={
            **surroundings,
            "PYTHONPATH": str(tmp_path),
            "HOME": os.devnull,
            "XDG_CACHE_HOME": os.devnull,
        },
    )

"""Sweeps of any function, on any engine, that a kill does not undo: always the same table."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib.parallel import BACKENDS
from threadpoolctl import threadpool_info, threadpool_limits

import grokedu as gk
from grokedu.sweeps import draw_rng, run_rng

ROOT = Path(__file__).resolve().parents[1]
PATHS = os.pathsep.join([str(ROOT / "tests"), *sys.path])
QUIET = dict(n_jobs=2, progress=False)


def drawn(*, scale=1.0, log=None, kills=None, rng):
    """Three numbers. Writes down that it was called; ends its process once, or each time."""
    if kills and (kills == "always" or not os.path.exists(kills)):
        if kills != "always":
            Path(kills).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if log:
        if (calls := lines(log)) == int(os.environ.get("KILLED_AFTER", -1)):
            os.kill(os.getpid(), signal.SIGKILL)
        Path(log).write_text(f"{scale}\n" * (calls + 1))
    return scale * rng.standard_normal(3)


def lines(file):
    return len(Path(file).read_text().splitlines()) if Path(file).exists() else 0


def moments(numbers, *, power, rng):
    """Results of every kind, one of which depends on the run's own generator."""
    if power < 0:
        raise ValueError(f"power={power}: pass 0 or more")
    mean = float(np.mean(numbers**power))
    return {
        "mean": mean,
        "noisy": mean + rng.standard_normal(),
        "count": np.int64((numbers > 0).sum()),
        "first": int(1e17) + 1 if numbers[0] > 0 else None,
        "large": mean > 1,
        "sign": "positive" if mean > 0 else "negative",
        "unknown": np.nan,
    }


GRID = dict(problem=drawn, run=moments, scale=[1.0, 0.5, 2], power=[1, 2, -1], n_seeds=4)
ALONE = dict(n_jobs=1, progress=False)


def same(one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    return True


@pytest.fixture(scope="module")
def table():
    return gk.sweep(**GRID, **ALONE)


class TestAnyRun:
    def test_a_row_is_what_the_functions_say(self, table):
        assert len(table) == 3 * 3 * 4
        settings, results = (
            ["scale", "log", "kills", "power", "draw"],
            moments(np.ones(3), power=1, rng=run_rng(0)),
        )
        assert table.columns.tolist() == [*settings, *results, "reason"]
        good = table[table.power > 0]
        for row in good.itertuples():
            numbers = drawn(scale=row.scale, rng=draw_rng(row.draw))
            expected = moments(numbers, power=row.power, rng=run_rng(row.draw))
            for name, value in expected.items():
                if name == "unknown" or value is None:
                    assert pd.isna(getattr(row, name))
                else:
                    assert getattr(row, name) == value
        assert (good.reason == "").all()
        bad = table[table.power < 0]
        assert bad.reason.unique().tolist() == ["could not run: power=-1: pass 0 or more"]
        assert bad[list(results)].isna().all(axis=None)
        assert str(table["count"].dtype) == str(table["first"].dtype) == "Int64"

    def test_a_name_that_both_have_goes_to_both(self):
        def problem(*, size, rng):
            return rng.standard_normal(size)

        def run(numbers, *, size, more=0):
            return {"same": len(numbers) == size, "sum": size + more}

        table = gk.sweep(problem=problem, run=run, size=[2, 3], more=[0, 1], n_seeds=1, **QUIET)
        assert table.same.all() and table["sum"].tolist() == [2, 3, 3, 4]

    def test_settings_and_results_of_any_name(self):
        def run(numbers, **settings):
            return {f"twice {name}": 2 * value for name, value in settings.items()}

        table = gk.sweep(problem=drawn, run=run, a=[1, 2], b=3.5, n_seeds=1, **ALONE)
        assert table["twice a"].tolist() == [2, 4] and table["twice b"].tolist() == [7.0, 7.0]

    def test_what_the_package_draws_with_a_run_of_your_own(self):
        def losses(problem, *, weight_decay, steps=3):
            train = gk.train_network if isinstance(problem, gk.NetworkProblem) else gk.train_ridge
            rates = dict(weight_decay=weight_decay, learning_rate=0.01, progress=False)
            curve = train(problem, **rates, n_steps=steps)
            return {"last": curve.test_loss[-1]}

        small = dict(weight_decay=[0.01, 1.0], n_seeds=2, **ALONE)
        network = dict(n_samples=3, input_dim=2, width=4)
        features = dict(n_samples=3, input_dim=2, n_features=10)
        for problem, sizes in [
            (gk.relu_network_problem, network),
            (gk.relu_feature_problem, features),
        ]:
            table = gk.sweep(problem=problem, run=losses, **sizes, **small)
            drawn = problem(**sizes, rng=draw_rng(1))
            assert table["last"].iloc[-1] == losses(drawn, weight_decay=1.0)["last"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(run="adam"), ["run='adam'", "function"]),
            (dict(method="gradient descent"), ["method='gradient descent'", "leave one"]),
            (dict(powr=2), ["drawn", "moments", "'powr'", "by name"]),
            (dict(draw=2), ["draw=2", "column"]),
            (dict(problem=lambda scale: scale), ["takes no rng"]),
            (dict(problem=lambda scale, size, rng: 1), ["needs 'size'", "by name"]),
            (dict(run=lambda numbers, power: 3), ["returned int", "a dict"]),
            (dict(run=lambda numbers, power: {"power": 3}), ["'power'", "rename"]),
            (dict(run=lambda numbers, power: {"all": numbers}), ["all of type ndarray", "None"]),
            (dict(run=lambda numbers, power: {"reason": 3}), ["reason of type int"]),
        ],
    )
    def test_what_fits_no_sweep_is_refused_in_words(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.sweep(**{**GRID, "n_jobs": 1, "progress": False, **change})
        assert all(word in str(error.value) for word in words)


def commands_of_the_page():
    cells = json.loads((ROOT / "book" / "machines.ipynb").read_text(encoding="utf8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    scripts = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    return re.findall(r"^dask [^&\n]*$", text, re.M), scripts


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers, started as the page "Beyond one machine" says."""
    folder = tmp_path_factory.mktemp("cluster")
    scheduler, workers = commands_of_the_page()[0]
    here = "--host 127.0.0.1 --no-dashboard"
    environment = {
        **os.environ,
        "PYTHONPATH": PATHS,
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    }
    start = partial(subprocess.Popen, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    python = [sys.executable, "-m"]
    with (
        start([*python, *scheduler.split(), "--port", "0", *here.split()]) as scheduling,
        start([*python, *workers.split(), *here.split()]) as working,
    ):
        yield folder
        working.terminate()
        working.wait()
        scheduling.terminate()


@pytest.fixture(params=["loky", "threading", "multiprocessing", "dask"])
def engine(request):
    if request.param == "dask":
        from dask.distributed import Client

        folder = request.getfixturevalue("cluster")
        with Client(scheduler_file=folder / "scheduler.json") as client:
            client.wait_for_workers(2)
            yield request.param
    else:
        yield request.param


def threads(numbers):
    found = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {"most": max(found), "thread": threading.get_ident(), "process": os.getpid()}


CLIENTS = {}


def closing(numbers, *, client):
    """Takes the client away from the sweep that waits for this."""
    threading.Thread(target=CLIENTS[client].close).start()
    time.sleep(0.3)
    return {"closed": client}


class TestEngines:
    def test_the_table_is_the_same_bit_for_bit(self, engine, table, tmp_path):
        with joblib.parallel_config(backend=engine):
            assert same(gk.sweep(**GRID, **QUIET), table)
            assert same(gk.sweep(**GRID, **QUIET, checkpoint=tmp_path / "kept"), table)

    def test_so_it_is_in_closed_form_with_bad_points(self, engine):
        grid = dict(n_samples=10, n_features=200, weight_decay=[1e-3, -1.0], n_seeds=2)
        with joblib.parallel_config(backend=engine):
            assert same(gk.sweep(**grid, **QUIET), gk.sweep(**grid, **ALONE))

    def test_every_worker_keeps_blas_to_one_thread(self, engine):
        with joblib.parallel_config(backend=engine), threadpool_limits(2, user_api="blas"):
            table = gk.sweep(problem=drawn, run=threads, n_seeds=8, **QUIET)
            assert threads(None)["most"] == 2
        assert (table.most == 1).all()
        elsewhere = table.thread if engine == "threading" else table.process
        assert not elsewhere.isin([os.getpid(), threading.get_ident()]).any()

    @pytest.mark.parametrize("engine", ["loky", "multiprocessing", "dask"], indirect=True)
    def test_a_worker_that_is_killed_loses_nothing(self, engine, tmp_path, table):
        kills, log = str(tmp_path / "killed"), str(tmp_path / "log")
        with joblib.parallel_config(backend=engine):
            killed = gk.sweep(**GRID, **QUIET, kills=[kills], log=log)
        assert os.path.exists(kills)
        assert same(killed.assign(kills=None, log=None), table)

    @pytest.mark.parametrize("engine", ["loky", "multiprocessing", "dask"], indirect=True)
    def test_a_problem_that_always_kills_its_worker_is_a_row(self, engine):
        grid = dict(problem=drawn, run=moments, power=1, kills=["always", None], n_seeds=1)
        with joblib.parallel_config(backend=engine):
            found = gk.sweep(**grid, **QUIET)
        assert re.match(
            r"could not run: (Terminated|Killed|Broken)(Worker|Process)", found.reason[0]
        )
        assert found["mean"].isna().tolist() == [True, False]

    def test_where_the_scheduler_is_gone_it_says_so(self):
        from dask.distributed import Client, LocalCluster

        workers = dict(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0")
        with LocalCluster(**workers) as cluster, Client(cluster) as client:
            stop = dict(problem=drawn, run=closing, client=id(client), n_seeds=2)
            CLIENTS[id(client)] = client
            with joblib.parallel_config(backend="dask"), pytest.raises(RuntimeError) as error:
                gk.sweep(**stop, **QUIET)
        assert all(word in str(error.value) for word in ("scheduler is gone", "checkpoint="))

    def test_an_engine_that_answers_when_all_is_done(self, table):
        class Another(BACKENDS["multiprocessing"]):
            pass

        joblib.register_parallel_backend("another", Another)
        try:
            with joblib.parallel_config(backend="another"):
                assert same(gk.sweep(**GRID, **QUIET), table)
        finally:
            del BACKENDS["another"]

    def test_the_script_of_the_page(self, cluster, monkeypatch):
        monkeypatch.chdir(cluster)
        [script] = commands_of_the_page()[1]
        exec(script, {})
        assert len(pd.read_parquet("figure_2.parquet")) == len(pd.read_parquet("figure_2")) == 50


def other(numbers, *, power, rng):
    return {**moments(numbers, power=power, rng=rng), "mean": 0.0}


class TestCheckpoint:
    @pytest.fixture
    def kept(self, tmp_path):
        return tmp_path / "kept"

    def test_killed_and_resumed_it_is_the_same_table_and_nothing_was_run_twice(
        self, table, kept, tmp_path
    ):
        log, calls = str(tmp_path / "log"), 5
        script = (
            "import grokedu as gk, test_sweeps_machines as t\n"
            f"gk.sweep(**t.GRID, **t.ALONE, log={log!r}, checkpoint={str(kept)!r})"
        )
        environment = {**os.environ, "PYTHONPATH": PATHS, "KILLED_AFTER": str(calls)}
        killed = subprocess.run([sys.executable, "-c", script], env=environment)
        assert killed.returncode == -signal.SIGKILL and lines(log) == calls
        resumed = gk.sweep(**GRID, **ALONE, log=log, checkpoint=kept)
        assert lines(log) == 3 * 4
        assert same(resumed.assign(log=None), table)

    def test_it_is_a_table_that_pandas_reads_also_while_the_sweep_runs(self, table, kept):
        seen = []

        def watching(numbers, *, power, rng):
            seen.append(len(pd.read_parquet(kept)) if len(seen) > 1 else 0)
            return moments(numbers, power=power, rng=rng)

        gk.sweep(**{**GRID, "run": watching, "power": [1, 2]}, **ALONE, checkpoint=kept)
        assert seen == [rows for rows in range(0, 24, 2) for _ in range(2)]
        read = pd.read_parquet(kept)
        assert len(list(kept.glob("*.parquet"))) == 1
        good = table[table.power > 0].reset_index(drop=True)
        assert read[["scale", "power", "draw"]].equals(good[["scale", "power", "draw"]])
        assert read["mean"].equals(good["mean"]) and read.sign.tolist() == good.sign.tolist()

    def test_many_files_are_merged_as_it_goes(self, kept, monkeypatch):
        monkeypatch.setattr("grokedu.checkpoints.FILES_BEFORE_MERGING", 3)
        most = []

        def watching(numbers, *, power, rng):
            most.append(len(list(kept.glob("*.parquet"))))
            return {"sum": numbers.sum()}

        gk.sweep(**{**GRID, "run": watching, "power": 1}, **ALONE, checkpoint=kept)
        assert max(most) == 4

    def test_more_draws_run_only_those_that_are_new(self, table, kept, tmp_path):
        log = str(tmp_path / "log")
        few = gk.sweep(**{**GRID, "n_seeds": 1}, **ALONE, log=log, checkpoint=kept)
        many = gk.sweep(**GRID, **ALONE, log=log, checkpoint=kept)
        again = gk.sweep(**{**GRID, "n_seeds": 1}, **ALONE, log=log, checkpoint=kept)
        assert lines(log) == 3 * 4
        assert same(many.assign(log=None), table) and same(again, few)

    def test_what_the_disk_lost_is_run_again(self, table, kept):
        gk.sweep(**{**GRID, "n_seeds": 2}, **ALONE, checkpoint=kept)
        (kept / "rows.parquet").write_bytes(b"PAR1")
        (kept / ".point-0-draw-3.parquet").write_bytes(b"PAR1")
        with pytest.warns(UserWarning, match="is damaged: its problems are run again"):
            assert same(gk.sweep(**GRID, **ALONE, checkpoint=kept), table)

    def test_after_an_interrupt(self, table, kept):
        stopped = []

        def interrupting(*, scale, rng):
            if scale == 2 and not stopped:
                stopped.append(scale)
                raise KeyboardInterrupt
            return drawn(scale=scale, rng=rng)

        grid = {**GRID, "problem": interrupting}
        with pytest.warns(UserWarning, match="the table holds 8 of 12 problems"):
            gk.sweep(**grid, **ALONE, checkpoint=kept)
        whole = gk.sweep(**grid, **ALONE, checkpoint=kept)
        assert same(whole, table.drop(columns=["log", "kills"]))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(seed=1), ["seed is 0", "this one's 1"]),
            (dict(scale=[1.0, 0.5]), ["grid of scale is (1.0, 0.5, 2)", "(1.0, 0.5)"]),
            (dict(run=other), ["run is", "moments", "other"]),
            (dict(problem=partial(drawn, kills=None)), ["problem is", "drawn", "with kills=None"]),
        ],
    )
    def test_another_sweep_is_refused_in_words(self, kept, change, words):
        few = {**GRID, "n_seeds": 1}
        gk.sweep(**few, **ALONE, checkpoint=kept)
        with pytest.raises(ValueError, match=r"holds another sweep.*pass another path") as error:
            gk.sweep(**{**few, **change}, **ALONE, checkpoint=kept)
        assert all(word in str(error.value) for word in words)

    def test_a_function_is_told_by_its_source_and_by_the_data_it_uses(self, kept):
        def with_data(data):
            return lambda *, rng: data * rng.standard_normal()

        def run(number):
            return {"number": number}

        def sweep(data):
            return gk.sweep(problem=with_data(data), run=run, n_seeds=1, **ALONE, checkpoint=kept)

        first = sweep(np.float64(2.0))
        assert same(sweep(np.float64(2.0)), first)
        with pytest.raises(ValueError, match="holds another sweep: its problem is"):
            sweep(np.float64(3.0))

    def test_a_folder_of_something_else_is_left_alone(self, tmp_path):
        (tmp_path / "thesis.tex").touch()
        for path in (tmp_path, tmp_path / "thesis.tex"):
            with pytest.raises(ValueError, match="was made by no sweep: pass a new folder"):
                gk.sweep(**GRID, **ALONE, checkpoint=path)

    def test_without_pyarrow_the_extra_is_named(self, monkeypatch, kept):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(ImportError, match=r"pip install 'grokedu\[sweeps\]'"):
            gk.sweep(**GRID, **ALONE, checkpoint=kept)
        assert not kept.exists()

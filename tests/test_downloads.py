"""The notebooks behind the download buttons say what the page says, and run with grokedu alone."""

import ast
import builtins
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import page_downloads  # noqa: E402

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
CHEAP_CHAPTERS = ["intro", "notation"]
DIRECTIVE = re.compile(r"^(```|:::+)\{|\{[a-z:]+\}`|^\([a-z-]+\)=", re.MULTILINE)
FORMULA = re.compile(r"\$\$\n(.*?)\n\$\$|\$(.+?)\$", re.DOTALL)


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, book):
    """The finished page and its notebook."""
    page = BeautifulSoup((book / "book" / f"{request.param}.html").read_text("utf8"), "html.parser")
    link = page.select_one("a.btn-download-source-button")["href"]
    return page, nbformat.read(book / "book" / link, as_version=4)


def text_of(notebook):
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return "\n\n".join(cells)


def code_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def in_one_line(formula):
    """A formula without spaces and delimiters, its number said in one way."""
    bare = re.sub(r"\\(?:begin|end)\{split\}|\\\[|\\\]|\\\(|\\\)|\s", "", formula).replace(
        r"\vert", "|"
    )
    return re.sub(r"^\((\d+)\)#(.*)$", r"\2\\tag{\1}", bare, flags=re.DOTALL)


def test_the_text_needs_no_program_that_knows_directives(chapter):
    _, notebook = chapter
    assert not DIRECTIVE.search(text_of(notebook))


def test_the_code_needs_no_package_of_the_book(chapter):
    _, notebook = chapter
    assert "myst_nb" not in code_of(notebook)
    assert "install the package\n`grokedu`" in notebook.cells[0].source


def test_the_notebook_has_the_headings_of_the_page(chapter):
    page, notebook = chapter
    on_page = [tag.get_text() for tag in page.select("article :is(h1, h2, h3, h4)")]
    in_notebook = re.findall(r"^#+ (.+)$", text_of(notebook), re.MULTILINE)
    assert len(on_page) == len(in_notebook) > 1


def test_the_notebook_has_the_formulas_of_the_page(chapter):
    page, notebook = chapter
    on_page = {in_one_line(tag.get_text()) for tag in page.select("article .math:not(h1 *)")}
    pairs = FORMULA.findall(text_of(notebook))
    in_notebook = {in_one_line(display or inline) for display, inline in pairs}
    assert on_page <= in_notebook


def test_the_notebook_has_the_figures_of_the_page(chapter):
    page, notebook = chapter
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/svg+xml" in output.get("data", {})]
    captions = re.findall(r"^\*\*Figure \d+\.\*\* .", text_of(notebook), re.MULTILINE)
    assert len(pictures) == len(captions) == len(page.select("article figure:not(.grokedu-still)"))


@pytest.mark.parametrize("name", CHEAP_CHAPTERS)
def test_the_notebook_runs_where_nothing_of_the_book_is(name, book, tmp_path):
    missing = tmp_path / "missing" / "myst_nb"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError('not installed')\n")
    packages = [str(missing.parent), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(packages),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    notebook = nbformat.read(book / "_sources" / "book" / f"{name}.ipynb", as_version=4)
    folder = tmp_path / "downloads"
    folder.mkdir()
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, timeout=120)
    client.execute(env=environment)
    for stub in notebook.cells:
        if "raises-exception" in stub.metadata.get("tags", []):
            assert any(output.output_type == "error" for output in stub.outputs), stub.source


def test_recorded_results_come_along_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = sorted((ROOT / "book" / "results").glob("*.[cj]s*"))
    assert len(files) >= 2
    exec(page_downloads.results_code(files), {})
    assert all(
        (tmp_path / "results" / file.name).read_bytes() == file.read_bytes() for file in files
    )


class TestStudentEdition:
    @pytest.fixture
    def edition(self, chapter, book):
        """The chapter as the page has it, and without what students are to find themselves."""
        name = Path(chapter[0].select_one("a.btn-download-source-button")["href"]).name
        whole = nbformat.read(ROOT / "book" / name, as_version=4)
        return whole, nbformat.read(book / "_sources" / "student" / name, as_version=4)

    def test_no_solution_is_in_it_and_every_stub(self, edition):
        whole, student = edition
        sources = {cell.source for cell in student.cells}
        for stub, solution in exercises(whole):
            assert stub.source in sources
            assert solution and not {cell.source for cell in solution} & sources
        assert "\\[x\\]" not in text_of(student) and "**Solution" not in text_of(student)

    def test_nothing_is_read_that_only_a_solution_has_bound(self, edition):
        code = page_downloads.MAGIC.sub("", code_of(edition[1]))
        parts = list(ast.walk(ast.parse(code)))
        known = {*dir(builtins), "display"} | page_downloads.names(code, ast.Store)
        known |= {part.arg for part in parts if isinstance(part, ast.arg)}
        known |= {part.name for part in parts if isinstance(part, ast.ExceptHandler)}
        assert page_downloads.names(code, ast.Load) <= known


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_stub_leaves_open_what_its_check_needs(name):
    """So the check fails as it stands; one that is written down with the solution holds."""
    notebook = nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4)
    for stub, solution in exercises(notebook):
        left_open = [node for node in ast.walk(ast.parse(stub.source)) if is_open(node)]
        assert left_open, stub.source
        assert asserts(stub)
        assert any(map(asserts, solution)), stub.source


def exercises(notebook):
    """Pairs: the stub of an exercise, and the cells of code of its solution."""
    found, in_solution = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            starts, ends = (
                cell.source.rfind("{solution-start}"),
                cell.source.rfind("{solution-end}"),
            )
            in_solution = in_solution if starts == ends else starts > ends
        elif "stub" in cell.metadata.get("tags", []):
            found.append((cell, []))
        elif in_solution:
            found[-1][1].append(cell)
    return found


def is_open(node):
    return isinstance(node, ast.Constant) and node.value is ...


def asserts(cell):
    return [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)]

"""The chapters, as they are committed: complete, normalized, executed, readable."""

import re
import sys
import types
from pathlib import Path

import nbformat
import pytest
import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

import grokedu as gk

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
sys.path.insert(0, str(ROOT / "tools"))

import notebooks  # noqa: E402

CHAPTERS = sorted(BOOK.glob("*.ipynb"))
LONGEST_CELL = 30

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def code_cells(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code" and cell.source]


def files_in_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter for part in contents["parts"] for chapter in part["chapters"]]
    return {contents["root"], *(chapter["file"] for chapter in chapters)}


def draws_a_figure(cell):
    return any(
        "Figure size" in output.get("data", {}).get("text/plain", "") for output in cell.outputs
    )


def test_the_contents_list_every_chapter_and_nothing_else():
    written = {f"book/{path.stem}" for path in [*CHAPTERS, *BOOK.glob("*.md")]}
    assert written == files_in_contents()


@each_chapter
def test_chapter_is_as_make_notebooks_leaves_it(path):
    """In normal form, with a picture of every figure and explorer."""
    assert not list(notebooks.faults_of_file(path)), "run make notebooks"


@each_chapter
def test_chapter_was_executed_without_errors(path):
    cells = code_cells(path)
    assert all(cell.execution_count for cell in cells)
    assert any(cell.outputs for cell in cells)
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@each_chapter
def test_cells_are_short(path):
    cells = [cell for cell in code_cells(path) if "stub" not in cell.metadata.get("tags", [])]
    long_cells = [cell.id for cell in cells if len(cell.source.splitlines()) > LONGEST_CELL]
    assert not long_cells, f"more than {LONGEST_CELL} lines: {long_cells}"


@each_chapter
def test_figures_have_alt_text_and_caption(path):
    for cell in filter(draws_a_figure, code_cells(path)):
        settings = cell.metadata.get("mystnb", {})
        assert settings.get("image", {}).get("alt"), f"{cell.id}: no mystnb.image.alt"
        assert settings.get("figure", {}).get("caption"), f"{cell.id}: no mystnb.figure.caption"


class TestNormalForm:
    """What the committed notebooks must not contain, shown on a small one."""

    @pytest.fixture
    def notebook(self):
        outputs = [
            nbformat.v4.new_output("stream", name="stdout", text="one\n"),
            nbformat.v4.new_output("stream", name="stdout", text="two\n"),
            nbformat.v4.new_output(
                "display_data",
                data={"text/plain": "<Figure>", "image/png": "AAAA", "image/svg+xml": "<svg/>"},
                metadata={"needs_background": "light"},
            ),
            nbformat.v4.new_output(
                "execute_result",
                data={
                    "text/plain": "Slider()",
                    "application/vnd.jupyter.widget-view+json": {"model_id": "abc"},
                },
                execution_count=41,
            ),
        ]
        cell = nbformat.v4.new_code_cell(
            "1 + 1  \n", id="x", execution_count=41, metadata={"tags": ["a"], "collapsed": True}
        )
        cell.outputs = outputs
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A"), cell])
        notebook.metadata["widgets"] = {"state": {}}
        return notebooks.normalize(notebook)

    def test_counts_and_ids_follow_the_order(self, notebook):
        assert [cell.id for cell in notebook.cells] == ["cell-0", "cell-1"]
        cell = notebook.cells[1]
        assert cell.execution_count == cell.outputs[-1].execution_count == 1

    def test_one_picture_of_a_figure_stays_and_of_widgets_the_text(self, notebook):
        *_, picture, widget = notebook.cells[1].outputs
        assert picture.data == {"text/plain": "<Figure>", "image/png": "AAAA"}
        assert widget.data == {"text/plain": "Slider()"}
        assert picture.metadata == {}

    def test_neighboring_streams_are_joined(self, notebook):
        assert notebook.cells[1].outputs[0].text == "one\ntwo\n"
        assert len(notebook.cells[1].outputs) == 3

    def test_only_settings_of_the_book_stay(self, notebook):
        assert notebook.cells[1].metadata == {"tags": ["a"]}
        assert set(notebook.metadata) == {"kernelspec", "language_info"}

    def test_normalizing_twice_changes_nothing(self, notebook):
        text = notebooks.as_text(notebook)
        again = notebooks.normalize(nbformat.reads(text, as_version=4))
        assert notebooks.as_text(again) == text


def parsed(text):
    """The text as the book's parser reads it: tokens, without those of blank lines and lengths."""
    config = MdParserConfig(enable_extensions={"colon_fence", "dollarmath"})
    tokens = create_md_parser(config, RendererHTML).parse(text)
    return [
        (token.info, [line for line in token.content.split("\n") if line])
        if "fence" in token.type
        else (token.type, token.content)
        for token in tokens
    ]


class TestColonFences:
    """A program without directives shows the text inside, the book shows the same as before."""

    @pytest.mark.parametrize(
        "text",
        [
            "```{prf:theorem} Name\n:label: thm-a\nThere is\n\n$$\n1 > 0\n$$\n```\nmore",
            "```{exercise}\n:label: ex-a\n\nShow it.\n```",
            "```{note}\n```",
        ],
    )
    def test_the_directive_stays(self, text):
        changed = notebooks.with_colon_fences(text)
        assert "```" not in changed
        assert parsed(changed) == parsed(text)
        assert notebooks.with_colon_fences(changed) == changed

    def test_a_fence_is_longer_than_the_fences_inside(self):
        text = "````{prf:proof}\n```{note}\nInside.\n```\n````"
        assert notebooks.with_colon_fences(text) == (
            "::::{prf:proof}\n\n:::{note}\n\nInside.\n\n:::\n\n::::"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "```python\nx = 1\n```",
            "```{math}\nx = 1\n```",
            "```{exercise-start}\n:label: ex-a\n```",
            "::::{dropdown} Answer\nYes.\n::::",
        ],
    )
    def test_other_fences_stay_as_they_are(self, text):
        assert notebooks.with_colon_fences(text) == text


def test_the_page_of_the_package_has_every_public_name_and_code_that_does_what_it_says():
    names = {name for name in dir(gk) if not isinstance(getattr(gk, name), types.ModuleType)}
    explorers = set(gk.explorers.__all__) - {"KINDS"}
    page = (BOOK / "api.md").read_text(encoding="utf8")
    shown = set(re.findall(r":: (\w+)$", page, re.MULTILINE))
    assert "sweep" in names and {name for name in names if name[0] != "_"} | explorers <= shown
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1)
    scope = {}
    exec(code, scope)
    told = re.findall(r"^(.+?)  # (.+)$", code, re.MULTILINE)
    assert len(told) == 2 and all(repr(eval(line, scope)) == value for line, value in told)
    assert scope["ax"].has_data()

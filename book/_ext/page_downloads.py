"""The notebook behind the download button: readable anywhere, and run with grokedu alone.

The chapters are written for Jupyter Book. Their copies say in plain Markdown what the page says,
keep the outputs of the page, need no package of the book, and carry the recorded numbers that
they read. The edition for students, in a folder beside them, is without solutions and answers.
"""

import ast
import copy
import itertools
import re
import textwrap
from pathlib import Path

import nbformat
import page_quiz
from docutils import nodes
from jupyter_cache import get_cache
from page_markdown import Cell, MarkdownWriter

GLUE = "from myst_nb import glue"
NO_GLUE = "glue = lambda *args, **options: None  # the numbers are in the text already"
MAGIC = re.compile(r"^[%!].*", re.MULTILINE)
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
KEPT_OUTPUTS = {"image/svg+xml", "image/png", "text/html", "text/plain"}
PREFACE = """\
*This notebook is the chapter “{title}” of the book “{book}”. To run it, install the package
`grokedu` (`pip install` and the path of its wheel, or of the folder of its source) and, if need be,
`jupyterlab`.{results}
The text is under the license CC BY 4.0, the code under the MIT license.*"""
RESULTS_NOTE = """ The first cell of code
writes the recorded results that the chapter reads into a folder `results`, unless it is there."""


def name_the_source(app, pagename, templatename, context, doctree):
    """Make the theme's download button lead to our copy."""
    if context.get("page_source_suffix") == ".ipynb":
        context["sourcename"] = f"{pagename}.ipynb"


def forget_the_source(app, pagename, templatename, context, doctree):
    """Sphinx would copy the chapter itself over the copy of the same name."""
    context["sourcename"] = ""


def write_download(app, doctree, docname):
    source = Path(app.env.doc2path(docname))
    if app.builder.format != "html" or source.suffix != ".ipynb":
        return
    cache = get_cache(app.env.mystnb_config.execution_cache_path)
    chapter = nbformat.read(source, as_version=4)
    _, executed = cache.merge_match_into_notebook(chapter)
    sources = Path(app.outdir) / "_sources"
    for target, told, cells in (
        (sources / f"{docname}.ipynb", doctree, executed),
        (sources / "student" / f"{source.stem}.ipynb", *for_students(doctree, executed)),
    ):
        notebook = readable_copy(app, told, docname, cells)
        drop_glue(notebook)
        add_results(notebook, source.parent / "results")
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.validate(notebook)
        nbformat.write(notebook, target)


def for_students(doctree, executed):
    """Both without the solutions of the exercises and the answers of the quiz."""
    doctree, executed = doctree.deepcopy(), copy.deepcopy(executed)
    for solution in list(doctree.findall(is_solution)):
        for cell in solution.findall(nodes.container):
            if cell.get("nb_element") == "cell_code":
                executed.cells[cell["cell_index"]].source = ""
        solution.parent.remove(solution)
    for quiz in list(doctree.findall(is_quiz)):
        quiz.parent.replace(quiz, page_quiz.questions_only(quiz))
    return doctree, executed


def is_solution(node):
    return type(node).__name__ == "solution_node"


def is_quiz(node):
    return isinstance(node, nodes.admonition) and "quiz" in node["classes"]


def readable_copy(app, doctree, docname, executed):
    def number_of(kind, label):
        numbers = app.env.toc_fignumbers.get(docname, {}).get(kind, {}).get(label, ())
        return ".".join(map(str, numbers))

    def link_to(address):
        """Into the published book, once it has an address."""
        home = app.config.html_baseurl
        page = docname + ".html" if address.startswith("#") else f"{Path(docname).parent}/"
        return home and f"{home.rstrip('/')}/{page}{address}"

    blocks = MarkdownWriter(number_of, link_to).blocks(doctree)
    title = app.env.titles[docname].astext()
    note = PREFACE.format(title=title, book=app.config.html_title, results="{results}")
    cells = list(join_text([note, *blocks], executed.cells))
    kernel = {"kernelspec": executed.metadata["kernelspec"]}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position}"
    return notebook


def join_text(blocks, cells):
    """Cells of text from the blocks, and between them the code, hidden cells too if needed."""
    done = -1
    for is_code, group in itertools.groupby(blocks, lambda block: isinstance(block, Cell)):
        if not is_code:
            yield nbformat.v4.new_markdown_cell("\n\n".join(block for block in group if block))
            continue
        for place in group:
            for index in range(done + 1, place.index + 1):
                if index == place.index or is_needed(cells, index):
                    yield plain_cell(cells[index])
            done = place.index


def is_needed(cells, index):
    """Whether a cell that the page does not show defines what later cells use."""
    if cells[index].cell_type != "code":
        return False
    later = [cell.source for cell in cells[index + 1 :] if cell.cell_type == "code"]
    return bool(names(cells[index].source, ast.Store) & names("\n".join(later), ast.Load))


def names(source, context):
    """The names that code binds (`ast.Store`; functions and imports too) or reads (`ast.Load`)."""
    found = set()
    for node in ast.walk(ast.parse(MAGIC.sub("", source))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, context):
            found.add(node.id)
        elif context is ast.Store and isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif context is ast.Store and isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


def plain_cell(cell):
    tags = set(cell.metadata.get("tags", []))
    plain = nbformat.v4.new_code_cell(cell.source, execution_count=cell.execution_count)
    if FOLDED & tags:
        plain.metadata["jupyter"] = {"source_hidden": True}
    if "skip-execution" in tags:  # an exercise that is still to be done
        plain.metadata["tags"] = ["raises-exception"]
    plain.outputs = [output for output in map(plain_output, cell.outputs) if output]
    return plain


def plain_output(output):
    if output.output_type in ("stream", "error"):
        return output
    data = {kind: value for kind, value in output.data.items() if kind in KEPT_OUTPUTS}
    if "scrapbook" in output.metadata or not data:
        return None
    return nbformat.from_dict({**output, "data": data, "metadata": {}})


def drop_glue(notebook):
    """Let the cells do without the function that hands numbers to the text of the page."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    is_used = any("glue(" in cell.source for cell in cells)
    for cell in cells:
        cell.source = cell.source.replace(GLUE, NO_GLUE if is_used else "").lstrip("\n")


def add_results(notebook, folder):
    """Let the notebook bring along the files of recorded results that its code mentions."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    files = [file for file in sorted(folder.glob("*")) if f'"{file.name}"' in code]
    preface = notebook.cells[0]
    preface.source = preface.source.replace("{results}", RESULTS_NOTE if files else "")
    if files:
        cell = nbformat.v4.new_code_cell(results_code(files), id="cell-results")
        cell.metadata["jupyter"] = {"source_hidden": True}
        first = next(k for k, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        notebook.cells.insert(first, cell)


def results_code(files):
    contents = ",\n".join(f'    "{file.name}": r"""{file.read_text("utf8")}"""' for file in files)
    start = textwrap.dedent("""\
        from pathlib import Path

        Path("results").mkdir(exist_ok=True)
        recorded_results = {
        """)
    end = textwrap.dedent("""
        }
        for name, content in recorded_results.items():
            if not (Path("results") / name).exists():
                (Path("results") / name).write_bytes(content.encode())
        """)
    return f"{start}{contents},{end}".rstrip()


def setup(app):
    app.connect("html-page-context", name_the_source, priority=100)
    app.connect("html-page-context", forget_the_source, priority=900)
    app.connect("doctree-resolved", write_download, priority=900)
    return {"parallel_read_safe": True}

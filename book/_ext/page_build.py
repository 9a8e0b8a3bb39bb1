"""What the page about this book tells of its build: versions, and how long every chapter ran.

`{versions}` and `{running-times}` stand for two tables. The times come from the cache of executed
chapters, hence the page is written anew whenever a chapter was run.
"""

import os
import platform
from importlib import metadata

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective

PACKAGES = [
    *("grokedu", "numpy", "scipy", "numba", "pandas", "scikit-learn", "matplotlib"),
    *("ipywidgets", "anywidget", "jupyter-book", "Sphinx", "myst-nb"),
]
HAS_TIMES = "grokedu_running_times"


class RunningTimesNode(nodes.General, nodes.Element):
    """Stands where the table of times will be, once all chapters were run."""


class RunningTimes(SphinxDirective):
    def run(self):
        NbMetadataCollector.set_doc_data(self.env, self.env.docname, HAS_TIMES, True)
        return [RunningTimesNode()]


class Versions(SphinxDirective):
    def run(self):
        machine = f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores"
        rows = [("machine", machine), ("Python", platform.python_version())]
        rows += [(name, metadata.version(name)) for name in PACKAGES]
        return [table(["what", "version"], [map(text, row) for row in rows])]


def write_anew(app, env):
    """The pages with a table of times, if a chapter was run."""
    if not NbMetadataCollector.new_exec_data(env):
        return []
    pages = NbMetadataCollector.get_doc_data(env)
    return [name for name, data in pages.items() if data.get(HAS_TIMES)]


def fill_in_times(app, doctree, docname):
    for place in list(doctree.findall(RunningTimesNode)):
        place.replace_self(table(["chapter", "seconds"], rows_of_times(app, docname)))


def rows_of_times(app, docname):
    data = NbMetadataCollector.get_doc_data(app.env)
    total = 0.0
    for chapter in in_order(app.env):
        seconds = data[chapter]["exec_data"]["runtime"] if "exec_data" in data[chapter] else None
        if seconds is None:
            continue
        total += seconds
        address = app.builder.get_relative_uri(docname, chapter)
        link = nodes.reference("", app.env.titles[chapter].astext(), refuri=address, internal=True)
        yield nodes.paragraph("", "", link), text(f"{seconds:.1f}")
    yield text("sum"), text(f"{total:.1f}")


def in_order(env):
    """The pages as the table of contents lists them."""

    def below(name):
        yield name
        for child in env.toctree_includes.get(name, ()):
            yield from below(child)

    return below(env.config.root_doc)


def text(words):
    return nodes.paragraph(text=words)


def table(heading, rows):
    columns = [nodes.colspec(colwidth=1) for _ in heading]
    body = nodes.tbody("", *map(table_row, rows))
    head = nodes.thead("", table_row(map(text, heading)))
    group = nodes.tgroup("", *columns, head, body, cols=len(columns))
    return nodes.table("", group, classes=["colwidths-auto"])


def table_row(cells):
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app):
    app.add_node(RunningTimesNode)
    app.add_directive("running-times", RunningTimes)
    app.add_directive("versions", Versions)
    app.connect("env-updated", write_anew)
    app.connect("doctree-resolved", fill_in_times)
    return {"parallel_read_safe": True}

"""A cell that is to be a figure must have drawn one, or the build fails."""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


def warn_of_missing_pictures(app, doctree):
    for cell in doctree.findall(nodes.container):
        settings = cell.get("cell_metadata", {}).get("mystnb", {})
        if "figure" in settings and not any(cell.findall(nodes.image)):
            name = settings["figure"].get("name", cell["cell_index"])
            logger.warning(f"the cell of figure {name} has drawn no picture", location=cell)


def setup(app):
    app.connect("doctree-read", warn_of_missing_pictures)
    return {"parallel_read_safe": True}

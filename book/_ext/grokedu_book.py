"""A small Sphinx extension: pages that need no network and that everyone can read.

* Widgets and mathematics run on files of the book itself (`page_files`).
* Each finished page loses what it does not need (1.5 MB of icons, live-code scripts) and gains
  the names and roles that screen readers ask for (`page_repairs`); its quiz answers (`page_quiz`).
* The icon font keeps only the icons that are shown (`page_icons`).
* The download button gives a notebook that reads well anywhere (`page_downloads`).
* Links to the glossary say what the term means (`page_terms`).
* The page of the package shows docstrings as they are meant (`page_api`).
* A page tells versions and running times (`page_build`).
* The site has descriptions, a page for wrong addresses, a sitemap (`page_site`).
* All figures are on one page, for teaching (`page_slides`).
* A figure without a picture fails the build (`figure_check`).
"""

from pathlib import Path

import page_files
import page_icons
import page_repairs
import page_slides

MATHJAX = {
    "loader": {"load": ["input/tex", "output/chtml", "a11y/assistive-mml"]},
    "options": {"enableAssistiveMml": True},
}


def serve_everything_from_the_book(app, config):
    folder = Path(app.srcdir) / "_build" / "page"
    page_files.make(folder)
    config.html_static_path.append(str(folder))
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax_options = {"defer": "defer"}
    config.mathjax3_config = MATHJAX
    config.nb_ipywidgets_js = {"page_runtime.js": {"defer": "defer"}}


def repair_pages(app, exception):
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            page_repairs.repair_file(page)
        page_icons.shrink(Path(app.outdir))
        chapters = app.env.toctree_includes.get(app.config.root_doc, [])
        page_slides.write(Path(app.outdir), [app.config.root_doc, *chapters], app.config.html_title)


def setup(app):
    app.setup_extension("figure_check")
    app.setup_extension("page_api")
    app.setup_extension("page_build")
    app.setup_extension("page_downloads")
    app.setup_extension("page_site")
    app.setup_extension("page_terms")
    app.connect("config-inited", serve_everything_from_the_book, priority=100)
    app.connect("build-finished", repair_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

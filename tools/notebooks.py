"""Execute the chapters and write them down in one normal form, the same bytes every time.

    python tools/notebooks.py book/*.ipynb               execute, then normalize
    python tools/notebooks.py --no-execute FILES         normalize only
    python tools/notebooks.py --check FILES              say which files are not normalized

What stays is what nbval compares: text, tables, streams. Pictures are drawn anew when the book
is built, and widgets come alive there, so their bytes and their state are not kept.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import nbformat
import surroundings
from nbclient import NotebookClient

CELL_TIMEOUT = 120
KERNEL_SETTINGS = 'c.IPKernelApp.log_level = "ERROR"\n'
PICTURES = {"image/png", "image/svg+xml"}
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"tags", "mystnb"}


def execute(notebook, folder):
    """Run every cell in a fresh kernel that ignores the settings of the user."""
    with tempfile.TemporaryDirectory() as settings:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            store_widget_state=False,
        )
        client.execute(env=surroundings.kernel_environment(Path(settings), KERNEL_SETTINGS))


def faults(notebook, committed):
    """What is wrong with an executed chapter, in words; `committed` is the one it would replace."""
    had_outputs = {cell.source for cell in committed.cells if cell.get("outputs")}
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        kinds = {output.output_type for output in cell.outputs}
        drawn = {kind for output in cell.outputs for kind in output.get("data", {})}
        if "error" in kinds:
            yield f"cell {position} raises an error"
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"cell {position} writes to stderr"
        if "figure" in cell.metadata.get("mystnb", {}) and not drawn & PICTURES:
            yield f"cell {position} is to be a figure and draws no picture"
        if not cell.outputs and cell.source in had_outputs:
            yield f"cell {position} had outputs and has none now"


def normalize(notebook):
    """Drop from a notebook, in place, all that depends on time, machine or editor."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position}"
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().split("\n"))
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA & set(cell.metadata)}
        if cell.cell_type == "code":
            count += 1
            _normalize_outputs(cell, count)
    return notebook


def _normalize_outputs(cell, count):
    cell.outputs = _merge_streams(cell.outputs)
    cell.execution_count = count if cell.source else None
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = count
        if "data" in output:
            output.data = {kind: v for kind, v in output.data.items() if not _is_redrawn(kind)}
            output.metadata = {k: v for k, v in output.metadata.items() if k == "scrapbook"}


def _is_redrawn(kind):
    return "image/" in kind or kind == "application/vnd.jupyter.widget-view+json"


def _merge_streams(outputs):
    """Join neighboring pieces of one stream: how it was cut depends on the moment."""
    merged = []
    for output in outputs:
        previous = merged[-1] if merged else {}
        is_stream = output.output_type == "stream"
        if is_stream and previous.get("name") == output.name:
            previous["text"] += output.text
        else:
            merged.append(output)
    return merged


def as_text(notebook):
    """The bytes of the file: sorted keys, one space of indent, one newline at the end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def normalized_text(path):
    return as_text(normalize(nbformat.read(path, as_version=4)))


def is_normalized(path):
    return Path(path).read_text(encoding="utf8") == normalized_text(path)


def refresh(path, run):
    """Write the chapter at `path` anew, unless the run went wrong; return what did."""
    notebook = nbformat.read(path, as_version=4)
    if run:
        execute(notebook, path.parent)
        wrong = list(faults(notebook, nbformat.read(path, as_version=4)))
        if wrong:
            return wrong
    path.write_text(as_text(normalize(notebook)), encoding="utf8")
    return []


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--no-execute", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    paths = [path for path in options.notebooks if path.exists()]
    if options.check:
        strays = [str(path) for path in paths if not is_normalized(path)]
        sys.exit("Not normalized: " + ", ".join(strays) if strays else 0)
    for path in paths:
        print(f"{'Normalizing' if options.no_execute else 'Executing'} {path}", flush=True)
        wrong = refresh(path, run=not options.no_execute)
        if wrong:
            sys.exit(f"{path} was left as it is: " + "; ".join(wrong))


if __name__ == "__main__":
    main()

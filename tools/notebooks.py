"""Execute the chapters and write them down in one normal form, the same bytes every time.

    python tools/notebooks.py book/*.ipynb               execute, then normalize
    python tools/notebooks.py --no-execute FILES         normalize only
    python tools/notebooks.py --check FILES              say which files are not as they leave them

What stays is what nbval compares (text, tables, streams) and, for readers on a code host, a small
picture of each figure and each explorer. The book draws its own. Bytes of a picture depend on the
machine's fonts: a check asks only that it is there.
"""

import argparse
import base64
import io
import re
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import nbformat
import surroundings
from nbclient import NotebookClient
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "_ext"))
import page_stills

CELL_TIMEOUT = 120
PICTURE = "image/png"
PICTURE_COLORS = 64
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BACKTICK_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,})\{(?P<name>[\w:-]+)\}(?P<title>.*)")
TEXT_DIRECTIVES = {"admonition", "dropdown", "exercise", "margin", "note", "solution", "tip"}
OPTION = re.compile(r" *:[\w-]+:( |$)")
COLONS = re.compile(r"^ *(:{3,})", re.MULTILINE)
EXPLORER = re.compile(r"\w+Explorer\(")
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
        )
        client.execute(
            env=surroundings.kernel_environment(Path(settings), surroundings.SMALL_PICTURES)
        )


def keep_small_pictures(notebook):
    """Reduce the colors of every picture, and put a picture behind every explorer, in place."""
    mpl.use("agg")
    mpl.rcdefaults()
    widgets = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for cell in _code_cells(notebook):
        for output in list(cell.outputs):
            data = output.get("data", {})
            if PICTURE in data:
                data[PICTURE] = small_picture(base64.b64decode(data[PICTURE]))
            if WIDGET_VIEW in data:
                cell.outputs += picture_of_widget(widgets[data[WIDGET_VIEW]["model_id"]]["state"])


def picture_of_widget(state):
    """As outputs: none, or one that holds nothing else, since nbval ignores only pictures."""
    still = page_stills.still_of(state)
    png = page_stills.picture(still, state, "png", **surroundings.PICTURE_STYLE)
    return [nbformat.v4.new_output("display_data", {PICTURE: small_picture(png)})] if png else []


def small_picture(png):
    """A PNG with few colors and nothing but its pixels, in base64."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image = image.quantize(PICTURE_COLORS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode() + "\n"


def without_picture(notebook):
    """The ids of cells that are to show a figure or an explorer and have stored no picture."""
    return [
        cell.id
        for cell in _code_cells(notebook)
        if _is_to_be_seen(cell) and not any(PICTURE in o.get("data", {}) for o in cell.outputs)
    ]


def _is_to_be_seen(cell):
    texts = (output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    return "figure" in cell.metadata.get("mystnb", {}) or any(map(EXPLORER.match, texts))


def with_colon_fences(text):
    """The same directives of text in colon fences.

    Programs that know no directives show what is inside as text, formulas included; what is
    inside backticks they show as code. Blank lines keep the fence apart from the text.
    """
    lines, output = text.split("\n"), []
    while lines:
        line = lines.pop(0)
        opening = BACKTICK_FENCE.fullmatch(line)
        if opening is None:
            output.append(line)
            continue
        end = next(k for k, line in enumerate(lines) if line.strip() == opening["fence"])
        body, lines = lines[:end], lines[end + 1 :]
        if opening["name"] in TEXT_DIRECTIVES or opening["name"].startswith("prf:"):
            output += _in_colons(opening, body)
        else:
            output += [line, *body, opening["indent"] + opening["fence"]]
    return "\n".join(output)


def _in_colons(opening, body):
    n_options = next((k for k, line in enumerate(body) if not OPTION.match(line)), len(body))
    options = body[:n_options]
    inside = with_colon_fences("\n".join(body[n_options:]).strip("\n"))
    longest = max(map(len, COLONS.findall(inside)), default=2)
    fence = opening["indent"] + ":" * (longest + 1)
    start = f"{fence}{{{opening['name']}}}{opening['title']}"
    return [start, *options, "", inside, "", fence] if inside else [start, *options, fence]


def _code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def faults(notebook, committed):
    """What is wrong with an executed chapter, in words; `committed` is the one it would replace."""
    pictureless = without_picture(notebook)
    had_outputs = {cell.source for cell in committed.cells if cell.get("outputs")}
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        kinds = {output.output_type for output in cell.outputs}
        if "error" in kinds:
            yield f"cell {position} raises an error"
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"cell {position} writes to stderr"
        if cell.id in pictureless:
            yield f"cell {position} is to be a figure and draws no picture"
        if not cell.outputs and cell.source in had_outputs:
            yield f"cell {position} had outputs and has none now"


def normalize(notebook):
    """Drop from a notebook, in place, all that depends on time, machine, editor or habit."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position}"
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().split("\n"))
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA & set(cell.metadata)}
        if cell.cell_type == "markdown":
            cell.source = with_colon_fences(cell.source)
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
            output.data = {kind: v for kind, v in output.data.items() if _is_kept(kind)}
            output.metadata = {k: v for k, v in output.metadata.items() if k == "scrapbook"}


def _is_kept(kind):
    return kind == PICTURE or not (kind.startswith("image/") or kind == WIDGET_VIEW)


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


def faults_of_file(path):
    """What `make notebooks` would repair, in words; the bytes of pictures are not looked at."""
    if not is_normalized(path):
        yield f"{path} is not normalized"
    for cell in without_picture(nbformat.read(path, as_version=4)):
        yield f"{path} has no picture in {cell}"


def refresh(path, run):
    """Write the chapter at `path` anew, unless the run went wrong; return what did."""
    notebook = nbformat.read(path, as_version=4)
    if run:
        execute(notebook, path.parent)
        keep_small_pictures(notebook)
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
        strays = [fault for path in paths for fault in faults_of_file(path)]
        sys.exit("\n".join(strays) or 0)
    for path in paths:
        print(f"{'Normalizing' if options.no_execute else 'Executing'} {path}", flush=True)
        wrong = refresh(path, run=not options.no_execute)
        if wrong:
            sys.exit(f"{path} was left as it is: " + "; ".join(wrong))


if __name__ == "__main__":
    main()

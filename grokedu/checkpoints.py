"""A folder of Parquet files in which a sweep keeps every problem that it has finished."""

import functools
import hashlib
import inspect
import json
import numbers
import os
import types
import warnings
from pathlib import Path

import numpy as np

_DESCRIPTION, _MERGED = "_sweep.json", "rows.parquet"
FILES_BEFORE_MERGING = 256  # later an eighth of all, so that merging costs O(n)


class Checkpoint:
    """The results of the finished problems of one sweep, by (number of the grid point, draw).

    `rows.parquet` holds them; a problem that was finished since it was written has a file of its
    own beside it. A file is replaced in one step, so that a kill at any time leaves whole files.

    Parameters
    ----------
    path : path
        Of the folder, which is made if it is not there.
    description : dict of str
        What makes this sweep another than others, in words.
    settings : list of list of dict
        For each grid point the parameters of its runs, for whoever reads the files.
    """

    def __init__(self, path, description, settings):
        self._path, self._settings = Path(path), settings
        self._loose, self.done = set(), {}
        try:
            import pyarrow.parquet  # noqa: F401  now, lest finished problems wait for it
        except ImportError:
            raise ImportError(
                f"checkpoint={str(path)!r} is a folder of Parquet files, which pyarrow writes: "
                "pip install 'grokedu[sweeps]'"
            ) from None
        self._open(description)
        for file in [self._path / _MERGED, *self._path.glob("point-*.parquet")]:
            self._read(file)

    def add(self, key, results):
        """Keep the results of one finished problem."""
        self.done[key] = results
        file = self._path / "point-{}-draw-{}.parquet".format(*key)
        self._write(file, [key])
        self._loose.add(file)
        if len(self._loose) > max(FILES_BEFORE_MERGING, len(self.done) // 8):
            self.merge()

    def merge(self):
        """Write one file of all rows in place of many."""
        if self._loose:
            self._write(self._path / _MERGED, sorted(self.done))
            for file in self._loose:
                file.unlink(missing_ok=True)
            self._loose.clear()

    def _open(self, description):
        """Make the folder, or see that it belongs to the sweep of this description."""
        file, here = self._path / _DESCRIPTION, f"checkpoint={str(self._path)!r}"
        if file.exists():
            found = json.loads(file.read_text(encoding="utf8"))
            for name in {**description, **found}:
                was, now = found.get(name, "not there"), description.get(name, "not there")
                if was != now:
                    raise ValueError(
                        f"{here} holds another sweep: its {name} is {_short(was)}, and this one's "
                        f"{_short(now)}; pass another path, or remove the folder to start anew"
                    )
        elif self._path.exists() and (self._path.is_file() or any(self._path.iterdir())):
            raise ValueError(f"{here} is there and was made by no sweep: pass a new folder")
        else:
            self._path.mkdir(parents=True, exist_ok=True)
            text = json.dumps(description, indent=1, ensure_ascii=False)
            _replace(file, lambda new: new.write_text(text, encoding="utf8"))

    def _read(self, file):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            rows = pq.ParquetFile(file).read(["point", "draw", "results"]).to_pylist()
        except FileNotFoundError:
            return
        except pa.ArrowInvalid:  # the machine, not only the sweep, stopped while it was written
            warnings.warn(f"{file} is damaged: its problems are run again", stacklevel=4)
            return
        if file.name != _MERGED:
            self._loose.add(file)
        found = {}
        for row in rows:
            found.setdefault((row["point"], row["draw"]), []).append(json.loads(row["results"]))
        self.done |= found

    def _write(self, file, keys):
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [
            {"point": key[0], **settings, "draw": key[1], **results, "results": json.dumps(results)}
            for key in keys
            for settings, results in zip(self._settings[key[0]], self.done[key], strict=True)
        ]
        table = pa.table({name: _cells(values) for name, values in columns_of(rows).items()})
        _replace(file, lambda new: pq.write_table(table, new))


def columns_of(rows):
    """Rows that need not have the same keys as lists by name, with None where a key is missing."""
    names = dict.fromkeys(name for row in rows for name in row)
    for last in ("reason", "results"):  # a row without results has them early
        if last in names:
            del names[last]
            names[last] = None
    return {name: [row.get(name) for row in rows] for name in names}


def _cells(values):
    """As Parquet can hold them: numbers, or text for all that is something else."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError):
        return pa.array([None if value is None else describe(value) for value in values])


def _replace(file, write):
    new = file.with_name("." + file.name)  # readers of the folder pass over it
    write(new)
    os.replace(new, file)


def _short(text):
    return text if len(text) <= 120 else f"{text[:100]} … {text[-15:]}"


def describe(value):
    """A text that tells this value from others, in every process: text and numbers as they are.

    A function is told by its name and source, by what it uses from around it (numbers, text,
    arrays, tables) and by the functions of its module that it calls. An object of another kind is
    told by its type alone.
    """
    if isinstance(value, functools.partial):
        given = [*map(describe, value.args)]
        given += [f"{name}={describe(given)}" for name, given in value.keywords.items()]
        return f"{describe(value.func)} with {', '.join(given)}"
    if isinstance(value, types.MethodType):
        return f"{describe(value.__func__)} of {describe(value.__self__)}"
    if isinstance(value, types.FunctionType):
        return f"{_name(value)} ({_digest(_parts(value, set()))})"
    if isinstance(value, type) or not _is_data(value):
        return _name(value if hasattr(value, "__qualname__") else type(value))
    if value is None or isinstance(value, numbers.Number | str):
        return repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, list | tuple | dict):
        inside = value.items() if isinstance(value, dict) else value
        text = ", ".join(map(describe, inside))
        return f"({text})" if len(text) < 200 else f"{type(value).__name__} ({_digest([text])})"
    import joblib

    return f"{type(value).__name__} ({joblib.hash(value)[:12]})"


def _is_data(value):
    if isinstance(value, list | tuple | dict):
        return True
    pandas = type(value).__module__.startswith("pandas.")
    return value is None or pandas or isinstance(value, numbers.Number | str | bytes | np.ndarray)


def _name(value):
    return f"{value.__module__}.{value.__qualname__}"


def _digest(texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def _parts(function, seen):
    """What the digest of a function is made of."""
    seen.add(function)
    try:
        yield inspect.getsource(function)
    except (OSError, TypeError):  # typed at a prompt
        yield repr((function.__code__.co_code, function.__code__.co_names))
    around = inspect.getclosurevars(function)
    for name, value in sorted({**around.globals, **around.nonlocals}.items()):
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            if value not in seen:
                yield from _parts(value, seen)
        elif not isinstance(value, types.ModuleType):
            # What a function fills, such as a list of what it has seen, is not what it is.
            filled = isinstance(value, list | dict)
            yield f"{name} = {type(value).__name__ if filled else describe(value)}"

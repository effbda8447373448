"""Make the picture of the README, from what a terminal is really sent.

python docs/picture.py      writes docs/preview.svg
"""

import io
import os
from pathlib import Path

from rich.console import Console
from rich.text import Text

from generators.preview import preview
from tasks.spellingbee import SpellingBee

WIDTH = 113  # columns


def main() -> None:
    """Preview the first conversation as on a terminal of 256 colours, and draw it."""
    os.environ.pop("NO_COLOR", None)
    os.environ |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    sent = io.StringIO()
    preview(SpellingBee, 1, sent)
    drawn = Console(record=True, width=WIDTH, file=io.StringIO())
    drawn.print(Text.from_ansi(sent.getvalue().rstrip()), no_wrap=False)
    # A fixed id: without it, two runs give two files.
    svg = drawn.export_svg(title="python -m tasks.spellingbee", unique_id="preview")
    Path(__file__).with_name("preview.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Text files to train a vocabulary on.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     file = Path(folder) / "rose.txt"
...     _ = file.write_bytes("A rose\\nis a rosé.".encode())
...     list(Corpus([file]).texts())
['A rose\\nis a rosé.']
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizer.sources import EncodingError

BLOCK = 1 << 20  # bytes to read at once


class CorpusError(EncodingError):
    """A file that cannot be trained on; the message says why, in one sentence."""


class Corpus:
    """Some files of plain UTF-8 text.

    Args:
        files: their paths.

    Attributes:
        bytes: how many have been read.

    Raises CorpusError where a file is missing, a folder, empty or unreadable: before anything is trained.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self.bytes = 0
        for path in files:
            try:
                if path.is_dir():
                    raise CorpusError(f"{path} is a folder; name its text files, such as {path}/*.txt")
                with path.open("rb") as file:
                    if not file.read(1):
                        raise CorpusError(f"{path} is empty; text is wanted")
            except FileNotFoundError:
                raise CorpusError(f"there is no file {path}") from None
            except (OSError, ValueError) as error:
                raise CorpusError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None

    def texts(self) -> Iterator[str]:
        """Yield the files in blocks of whole lines, about a million bytes each.

        Raises CorpusError that gives the place of the first byte that is no UTF-8.
        """
        for path in self.files:
            done = 0
            for block in _blocks(path):
                try:
                    text = block.decode()
                except UnicodeDecodeError as error:
                    found = f"byte {done + error.start:,} is 0x{block[error.start]:02X}"
                    raise CorpusError(f"{path} is no plain UTF-8 text: {found}") from None
                done += len(block)
                self.bytes += len(block)
                yield text


def _blocks(path: Path) -> Iterator[bytes]:
    held, seen = bytearray(), 0
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            if cut := held.rfind(b"\n", seen) + 1:
                yield bytes(held[:cut])
                del held[:cut]
            seen = len(held)
            held += data
    if held:
        yield bytes(held)

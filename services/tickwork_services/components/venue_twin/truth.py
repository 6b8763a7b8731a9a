"""The truth file: what the true book was at every update id, 64 bytes each, without a header."""

import pathlib
from typing import BinaryIO

from tickwork import run_directory

DIGEST_AT = 24


class TruthFile:
    """Writes rows; spoils one in ``corrupt_every`` (0: none), so that a proof can be proven."""

    def __init__(self, directory: pathlib.Path, corrupt_every: int) -> None:
        self.rows = 0
        self.corrupted = 0
        self._corrupt_every = corrupt_every
        self._file: BinaryIO = (directory / run_directory.TRUTH).open("wb")

    def write(self, row: bytes) -> None:
        """Appends one row."""
        self.rows += 1
        if self._corrupt_every and self.rows % self._corrupt_every == 0:
            self.corrupted += 1
            row = row[:DIGEST_AT] + bytes((row[DIGEST_AT] ^ 1,)) + row[DIGEST_AT + 1 :]
        self._file.write(row)

    def flush(self) -> None:
        """Hands what is buffered to the system."""
        self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        self._file.close()

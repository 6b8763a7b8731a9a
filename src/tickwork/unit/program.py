"""The programs a unit can be: our own host, or a foreign one without Control."""

from typing import Literal

ProgramName = Literal["tickwork"]

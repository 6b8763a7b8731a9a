"""Starts a unit: ``python -m tickwork_services unit.json``."""

import sys

from tickwork_services import catalog
from tickwork_services.host import run_unit

if __name__ == "__main__":
    sys.exit(run_unit.run(sys.argv[1:], catalog.make))

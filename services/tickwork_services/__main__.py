"""Starts a unit: ``python -m tickwork_services unit.json``.

Nothing that is imported ever becomes garbage, so the collector rests until all of it is there and
then never looks at it again: a start is a tenth cheaper.
"""

import gc
import sys

gc.disable()

from tickwork_services.host import environment  # noqa: E402

environment.skip_plugins()

from tickwork_services import catalog  # noqa: E402
from tickwork_services.host import run_unit  # noqa: E402

if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(run_unit.run(sys.argv[1:], catalog.make))

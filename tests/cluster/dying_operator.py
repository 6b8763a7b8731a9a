"""The operator, killed after so many writes to the API: what a node's failure does at any point.

``dying_operator.py WRITES --options FILE``. The product has no switch for this: the one door that
all requests go through is wrapped from outside.
"""

import os
import signal
import sys

from tickwork_operator import __main__ as product
from tickwork_operator import cluster


def die_after(writes):
    whole = cluster.Cluster.request
    left = [writes]

    async def request(self, method, *words, **more):
        answer = await whole(self, method, *words, **more)
        if method != "GET":
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    cluster.Cluster.request = request


if __name__ == "__main__":
    die_after(int(sys.argv[1]))
    sys.exit(product.main(sys.argv[2:]))

"""``python -m torture --seconds 60``: prints kills, torn, miscounted; exit 1 otherwise."""

import argparse
import math
import sys

from torture import driver

KILLS_PER_SECOND = 200 / 60


def main() -> int:
    """Runs all scenes in turn; returns the exit code."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=20240808)
    options = parser.parse_args()
    kills_min = math.ceil(KILLS_PER_SECOND * options.seconds)
    score = driver.torture(options.seconds, options.seed, kills_min)
    for problem in score.problems:
        sys.stderr.write(f"{problem}\n")
    sys.stdout.write(f"kills {score.kills}, torn {score.torn}, miscounted {score.miscounted}\n")
    return 1 if score.torn or score.miscounted else 0


if __name__ == "__main__":
    sys.exit(main())

"""The units of a run that somebody else started, somewhere: known by their answers alone."""

import pathlib
from collections.abc import Callable, Mapping

from tickwork import clock, errors
from tickwork.unit.unit import Tls

# A unit says how it is twice a second. One that may be restarted needs the time of a pause too:
# Kubernetes waits 10 s, 20 s, 40 s before it starts a container again.
AWAY_NS_MAX = 15_000_000_000
AWAY_RESTARTS_NS_MAX = 90_000_000_000


class FarFleet:
    """The units at ``targets`` (``group/unit`` → ``host:port``), as a Conductor wants to see them.

    A unit that answered once and was then silent for longer than ``away_ns_max`` has ended. Raises
    InputError where ``targets`` lacks one of ``units``.
    """

    def __init__(
        self,
        units: list[str],
        targets: Mapping[str, str],
        tls: Tls | None,
        *,
        patience_ns: int,
        away_ns_max: int,
        interrupted: Callable[[], bool],
    ) -> None:
        missing = [unit for unit in units if unit not in targets]
        if missing:
            raise errors.InputError(
                f"Driving {len(units)} units: no address was given for {', '.join(missing)}.",
                "The addresses and the plan are written together, by one executor: use both.",
            )
        self._targets = dict(targets)
        self._tls = tls
        self._patience_ns = patience_ns
        self._away_ns_max = away_ns_max
        self._interrupted = interrupted
        self._heard_ns: dict[str, int] = {}
        self._incarnations: dict[str, int] = {}

    def target(self, unit: str) -> str:
        """Returns ``host:port`` of the unit's Control."""
        return self._targets[unit]

    def tls(self) -> Tls | None:
        """Returns the files by which Control is secured, or None where it is not."""
        return self._tls

    def patience_ns(self) -> int:
        """Returns how long a unit may take to come up."""
        return self._patience_ns

    def heard(self, unit: str, incarnation: int) -> None:
        """Notes that the unit answered, and what it said of its starts."""
        self._heard_ns[unit] = clock.now_mono_ns()
        self._incarnations[unit] = incarnation

    def incarnation(self, unit: str) -> int:
        """Returns how often the unit was started, as it said last; 0 while it said nothing."""
        return self._incarnations.get(unit, 0)

    def ending(self, unit: str) -> str | None:
        """Returns that the unit is away for too long; None while it may come (back)."""
        heard_ns = self._heard_ns.get(unit)
        if heard_ns is None:
            return None
        silent_ns = clock.now_mono_ns() - heard_ns
        if silent_ns <= self._away_ns_max:
            return None
        return f"no answer for {silent_ns / 1e9:.0f} s"

    def last_lines(self, unit: str) -> tuple[str, ...]:  # noqa: ARG002
        """Returns nothing: the log of a unit that does not answer is with whoever started it."""
        return ()

    def left_behind(self, unit: str) -> pathlib.Path | None:  # noqa: ARG002
        """Returns None: a far unit's disk cannot be read without it."""
        return None

    def interrupted(self) -> bool:
        """Says whether somebody asked for the end of the run."""
        return self._interrupted()


def away_ns_max(restart: str) -> int:
    """Returns how long a unit of a plan with ``restart`` may be silent."""
    return AWAY_RESTARTS_NS_MAX if restart == "onFailure" else AWAY_NS_MAX

"""Gathers what a unit says of itself at one scrape; called by the thread of the pages."""

from collections.abc import Mapping

from tickwork_services import clocks
from tickwork_services.host import environment, unit_host
from tickwork_services.telemetry import reading

PAGES = "pages"


def read(host: unit_host.UnitHost, own: Mapping[str, int]) -> reading.Reading:
    """Returns the reading of ``host``; ``own`` are the counters of the pages themselves.

    Counts the scrape: a Conductor may hold the unit until one more has come.
    """
    host.scrapes += 1
    unit, facts = host.unit, host.host_facts
    block = host.lifecycle.block
    return reading.Reading(
        labels={
            "experiment": unit.experiment,
            "run": unit.run,
            "group": unit.group,
            "unit": unit.name,
            "arm": unit.arm,
        },
        kinds={spec.name: spec.component for spec in unit.components},
        counters={**host.registry.read(), PAGES: own},
        links=host.link_counters(),
        books=host.books(),
        histograms=host.registry.histograms_by_component(),
        info={
            "build": str(facts.get("build", "")),
            "clock_source": str(facts.get("clockSource", "")),
            "kernel": str(facts["kernel"]),
            "wait": unit.wait,
        },
        values=_values(host),
        state=host.lifecycle.state,
        block=block,
    )


def _values(host: unit_host.UnitHost) -> dict[str, float]:
    """Returns the unit's own numbers; the clock's bound only where a clock was calibrated."""
    use = environment.read_process_use()
    found = {
        "tickwork_unit_serving": float(host.serving().serving),
        "tickwork_unit_incarnation": float(host.unit.incarnation),
        "tickwork_unit_beat_age_seconds": (clocks.now_mono_ns() - host.beat_ns) / 1e9,
        "tickwork_unit_cpu_seconds": use.cpu_seconds,
        "tickwork_unit_memory_bytes": float(use.rss_anon_bytes),
        "tickwork_unit_open_files": float(use.open_files),
    }
    bound_ns = host.host_facts.get("fastClockBoundNs")
    if bound_ns is not None:
        found["tickwork_unit_clock_bound_seconds"] = bound_ns / 1e9
    return found

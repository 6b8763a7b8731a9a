"""The overview of an experiment: is it running, is it right, how much flows, what it costs."""

from dashboards.board import RUN, RUN_VARIABLES, Board, Panel, Query, Row, lines, number, quantile
from dashboards.board import rate as rate_of

NOW = Row(
    "Now",
    (
        number(
            "Units running",
            "Units in state running.",
            f'sum(tickwork_unit_state{{{RUN},state="running"}})',
        ),
        number(
            "Books LIVE",
            "Share of the instruments whose book is LIVE.",
            f"avg(tickwork_instrument_state{{{RUN}}} == bool 2)",
            "percentunit",
            good="one",
        ),
        number(
            "Unequal best prices",
            "Best prices of the venue that differ from the book's own. One is too many.",
            f"sum(tickwork_book_ticker_compared_total{{{RUN}}}"
            f" - tickwork_book_ticker_equal_total{{{RUN}}})",
            good="zero",
        ),
        number(
            "Gaps open",
            "Books that miss something now.",
            f"sum(tickwork_book_open_gaps{{{RUN}}})",
            good="zero",
        ),
        number(
            "Frames dropped",
            "Frames that the forwarder had no room for.",
            f"sum(tickwork_forwarder_frames_dropped_total{{{RUN}}})",
            good="zero",
        ),
        number(
            "Records lost",
            "Records that readers never saw.",
            f"sum(tickwork_consumer_lost_total{{{RUN}}})",
            good="zero",
        ),
    ),
)

FLOW = Row(
    "Flow",
    (
        lines(
            "Through the pipeline",
            "Records a second, stage by stage; frames are counted on every line.",
            "ops",
            Query(rate_of("tickwork_forwarder_frames_total"), "forwarder: frames"),
            Query(rate_of("tickwork_normalizer_deltas_total"), "normalizer: diffs"),
            Query(rate_of("tickwork_book_updates_total"), "book: updates"),
            Query(rate_of("tickwork_publisher_tops_total"), "publisher: tops"),
            Query(
                rate_of("tickwork_consumer_received_total", "component"), "{{component}}: received"
            ),
        ),
        lines(
            "From the wire to the reader",
            "Half of the records took at most p50, 99 of 100 at most p99; exact to a bucket.",
            "s",
            Query(quantile(0.5, "unit, arm", 'hop="endToEnd"'), "p50 {{unit}} {{arm}}"),
            Query(quantile(0.99, "unit, arm", 'hop="endToEnd"'), "p99 {{unit}} {{arm}}"),
            logarithmic=True,
        ),
        lines(
            "Faults that struck",
            "Scheduled faults of the venue twin, since the run began.",
            "short",
            Query(f"sum(tickwork_venue_twin_injected_faults_total{{{RUN}}})", "faults"),
            Query(f"sum(tickwork_book_gaps_total{{{RUN}}})", "gaps of books"),
            Query(f"sum(tickwork_book_resyncs_total{{{RUN}}})", "resyncs of books"),
        ),
        lines(
            "Bytes from the venue",
            "Payload bytes a second, over all lines.",
            "Bps",
            Query(rate_of("tickwork_forwarder_bytes_total", "unit"), "{{unit}}"),
        ),
    ),
)

UNITS = Row(
    "Units",
    (
        lines(
            "Processor time",
            "Cores used by each unit.",
            "none",
            Query(rate_of("tickwork_unit_cpu_seconds_total", "group, unit"), "{{group}}/{{unit}}"),
        ),
        lines(
            "Memory",
            "Anonymous memory of each unit; shared segments are not in it.",
            "bytes",
            Query(
                f"sum by (group, unit) (tickwork_unit_memory_bytes{{{RUN}}})", "{{group}}/{{unit}}"
            ),
        ),
        lines(
            "Since the event loop last turned",
            "Over 5 s the unit counts as dead.",
            "s",
            Query(
                f"max by (group, unit) (tickwork_unit_beat_age_seconds{{{RUN}}})",
                "{{group}}/{{unit}}",
            ),
        ),
        Panel(
            "What runs",
            "Units with what they run on and how often they were started.",
            "table",
            "short",
            (
                Query(
                    f"tickwork_unit_incarnation{{{RUN}}}"
                    " * on (run, group, unit, arm) group_left (build, clock_source, kernel, wait)"
                    f" tickwork_unit_info{{{RUN}}}"
                ),
            ),
        ),
    ),
)

BOARD = Board(
    "tickwork-experiment",
    "Tickwork / Experiment",
    "One experiment at a glance: is it right, how much flows, how long it takes.",
    RUN_VARIABLES,
    (NOW, FLOW, UNITS),
)

"""The hops of a pipeline: where the time goes, and which link fills."""

from dashboards.board import RUN, RUN_VARIABLES, Board, Panel, Query, Row, Variable, lines, quantile
from dashboards.board import rate as rate_of

BY = "hop, unit, arm"
LEGEND = "{{hop}} ({{unit}}) {{arm}}"
CHOSEN = 'hop=~"$hop"'


def percentile(title: str, share: float) -> Panel:
    """Returns the panel of one percentile of every hop."""
    return lines(
        title,
        "Of each hop, over the records of the interval; histograms are added, never percentiles.",
        "s",
        Query(quantile(share, BY, CHOSEN), LEGEND),
        logarithmic=True,
    )


TIME = Row(
    "Where the time goes",
    (
        percentile("p50 of each hop", 0.5),
        percentile("p99 of each hop", 0.99),
        percentile("p99.9 of each hop", 0.999),
        lines(
            "Records measured",
            "Records a second that ended each hop.",
            "ops",
            Query(rate_of("tickwork_hop_seconds_count", BY, CHOSEN), LEGEND),
        ),
        Panel(
            "From the wire to the reader",
            "Every record: how many took how long.",
            "heat",
            "s",
            (Query(rate_of("tickwork_hop_seconds_bucket", "le", 'hop="endToEnd"'), "{{le}}"),),
            24,
            9,
        ),
    ),
)

LINKS = Row(
    "Links",
    (
        lines(
            "Waiting in links",
            "Bytes that were sent and not yet read: what a queue costs.",
            "bytes",
            Query(f"max by (link) (tickwork_link_pending_bytes{{{RUN}}})", "{{link}}"),
        ),
        lines(
            "Fullest so far",
            "The most that ever waited, of what a link holds. At 1 a forwarder drops frames.",
            "percentunit",
            Query(
                f"max by (link) (tickwork_link_high_water_bytes{{{RUN}}}"
                f" / tickwork_link_capacity_bytes{{{RUN}}})",
                "{{link}}",
            ),
        ),
        lines(
            "Into links",
            "Records a second.",
            "ops",
            Query(rate_of("tickwork_link_sent_total", "link"), "{{link}}"),
        ),
        lines(
            "Clients over TCP",
            "Connected now, and how many were cut because they read too slowly.",
            "short",
            Query(
                f"sum by (unit) (tickwork_publisher_tcp_clients{{{RUN}}})", "connected to {{unit}}"
            ),
            Query(
                f"sum by (unit) (tickwork_publisher_tcp_clients_cut_total{{{RUN}}})",
                "cut by {{unit}}",
            ),
        ),
    ),
)

LOSSES = Row(
    "What is missing, and how sure the clocks are",
    (
        lines(
            "Losses",
            "Records a second that somebody never saw.",
            "ops",
            Query(rate_of("tickwork_forwarder_frames_dropped_total"), "frames dropped"),
            Query(rate_of("tickwork_consumer_lost_total", "component"), "lost by {{component}}"),
            Query(rate_of("tickwork_normalizer_frames_missing_total"), "frames missing"),
        ),
        lines(
            "Durations below zero",
            "Hops whose two clocks disagree by more than the hop took.",
            "short",
            Query(
                f"sum by (hop, unit) (tickwork_hop_negative_total{{{RUN}}})", "{{hop}} ({{unit}})"
            ),
        ),
        lines(
            "Bound of the fast clocks",
            "How far a unit's clock may be off.",
            "s",
            Query(f"max by (unit) (tickwork_unit_clock_bound_seconds{{{RUN}}})", "{{unit}}"),
        ),
        lines(
            "Reads that the kernel stamped",
            "A hop receive begins at the kernel's stamp; without it that record has no such hop.",
            "ops",
            Query(rate_of("tickwork_forwarder_kernel_stamped_total"), "stamped"),
            Query(rate_of("tickwork_forwarder_kernel_stamps_missing_total"), "not stamped"),
        ),
    ),
)

BOARD = Board(
    "tickwork-hops",
    "Tickwork / Pipeline hops",
    "Where the time goes between the venue's socket and the reader.",
    (
        *RUN_VARIABLES,
        Variable("hop", "Hop", 'label_values(tickwork_hop_seconds_count{run=~"$run"}, hop)'),
    ),
    (TIME, LINKS, LOSSES),
)

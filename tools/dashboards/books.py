"""The health of books: their states, what they missed, how they came back."""

from dashboards.board import RUN, RUN_VARIABLES, Board, Panel, Query, Row, Variable, lines
from dashboards.board import rate as rate_of

CHOSEN = f'{RUN},instrument=~"$instrument"'

STATES = Row(
    "States",
    (
        Panel(
            "State of each book",
            "A book that is not LIVE is not read by anybody who trusts it.",
            "states",
            "short",
            (
                Query(
                    f"max by (instrument) (tickwork_instrument_state{{{CHOSEN}}})", "{{instrument}}"
                ),
            ),
            24,
            9,
        ),
        lines(
            "Time LIVE",
            "Share of the interval that each book was LIVE.",
            "percentunit",
            Query(
                "sum by (instrument) "
                f"(rate(tickwork_instrument_live_seconds_total{{{CHOSEN}}}[$__rate_interval]))",
                "{{instrument}}",
            ),
        ),
        lines(
            "Gaps and returns",
            "Since the run began.",
            "short",
            Query(
                f"sum by (instrument) (tickwork_instrument_gaps_total{{{CHOSEN}}})",
                "gaps {{instrument}}",
            ),
            Query(
                f"sum by (instrument) (tickwork_instrument_resyncs_total{{{CHOSEN}}})",
                "resyncs {{instrument}}",
            ),
        ),
    ),
)

PROOF = Row(
    "Is it the venue's book?",
    (
        lines(
            "Best prices compared",
            "The venue's best prices against the book's own at the same update, a second.",
            "ops",
            Query(rate_of("tickwork_book_ticker_compared_total"), "compared"),
            Query(rate_of("tickwork_book_ticker_equal_total"), "equal"),
            Query(rate_of("tickwork_book_ticker_unpaired_total"), "without a pair"),
        ),
        lines(
            "Never expected",
            "What a sound run has none of, whatever faults strike it.",
            "short",
            Query(f"sum(tickwork_book_crossed_total{{{RUN}}})", "crossed"),
            Query(f"sum(tickwork_book_overflows_total{{{RUN}}})", "buffers run over"),
            Query(f"sum(tickwork_book_failed_total{{{RUN}}})", "instruments that stand still"),
            Query(f"sum(tickwork_book_gaps_left_open_total{{{RUN}}})", "gaps left open"),
        ),
        lines(
            "Snapshots",
            "Asked for, taken, and those that came too early or too late.",
            "short",
            Query(f"sum(tickwork_book_requests_total{{{RUN}}})", "asked for"),
            Query(f"sum(tickwork_book_snapshots_total{{{RUN}}})", "taken"),
            Query(f"sum(tickwork_book_old_snapshots_total{{{RUN}}})", "older than the buffer"),
            Query(f"sum(tickwork_book_late_snapshots_total{{{RUN}}})", "not needed any more"),
        ),
        lines(
            "Could not be read",
            "Payloads that became no record, by reason.",
            "short",
            Query(
                f"sum by (reason) (tickwork_normalizer_unparsed_by_reason_total{{{RUN}}})",
                "{{reason}}",
            ),
            Query(
                f"sum by (reason) (tickwork_forwarder_unparsed_by_reason_total{{{RUN}}})",
                "{{reason}} (forwarder)",
            ),
        ),
    ),
)

VENUE = Row(
    "The venue",
    (
        lines(
            "Connections",
            "Since the run began.",
            "short",
            Query(f"sum(tickwork_forwarder_connects_total{{{RUN}}})", "live"),
            Query(f"sum(tickwork_forwarder_reconnects_total{{{RUN}}})", "live again"),
            Query(f"sum(tickwork_forwarder_connections_lost_total{{{RUN}}})", "lost"),
            Query(f"sum(tickwork_forwarder_server_shutdowns_total{{{RUN}}})", "ends announced"),
            Query(f"sum(tickwork_forwarder_stalls_total{{{RUN}}})", "silent"),
        ),
        lines(
            "Requests",
            "REST requests since the run began; limited ones lead to a ban.",
            "short",
            Query(f"sum(tickwork_forwarder_rest_requests_total{{{RUN}}})", "sent"),
            Query(f"sum(tickwork_forwarder_rest_errors_total{{{RUN}}})", "failed"),
            Query(f"sum(tickwork_forwarder_rest_limited_total{{{RUN}}})", "limited"),
            Query(f"sum(tickwork_forwarder_weight_spent_total{{{RUN}}})", "weight spent"),
        ),
        lines(
            "Two lines",
            "Messages a second that came once more, had to wait, or came too late to be known.",
            "ops",
            Query(
                rate_of("tickwork_forwarder_duplicates_total"), "brought by the other line first"
            ),
            Query(rate_of("tickwork_forwarder_held_total"), "held back"),
            Query(rate_of("tickwork_forwarder_late_total"), "too late"),
        ),
        lines(
            "What came",
            "Records a second by type.",
            "ops",
            Query(rate_of("tickwork_normalizer_deltas_total"), "diffs"),
            Query(rate_of("tickwork_normalizer_tickers_total"), "best prices"),
            Query(rate_of("tickwork_normalizer_trades_total"), "trades"),
            Query(rate_of("tickwork_normalizer_snapshots_total"), "snapshots"),
        ),
    ),
)

BOARD = Board(
    "tickwork-books",
    "Tickwork / Book health",
    "Whether the books are those of the venue, what they missed, how they came back.",
    (
        *RUN_VARIABLES,
        Variable(
            "instrument",
            "Instrument",
            'label_values(tickwork_instrument_state{run=~"$run"}, instrument)',
        ),
    ),
    (STATES, PROOF, VENUE),
)

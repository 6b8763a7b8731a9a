"""The operator: what it decides, how fast, what waits; and the digest of every Experiment."""

from dashboards.board import Board, Panel, Query, Row, Variable, lines, number

WHERE = 'namespace=~"$namespace"'
DIGEST = f'{WHERE},experiment=~"$experiment"'


def rate(metric: str, by: str) -> str:
    """Returns the rate of a counter of the operator, by labels."""
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


def duration(share: float) -> str:
    """Returns a percentile of the operator's decisions."""
    return (
        f"histogram_quantile({share}, {rate('tickwork_operator_reconcile_seconds_bucket', 'le')})"
    )


NOW = Row(
    "Now",
    (
        number(
            "Running",
            "Experiments that run.",
            f'sum(tickwork_operator_experiments{{{WHERE},phase="Running"}})',
        ),
        number(
            "Complete",
            "Experiments that are over and were collected.",
            f'sum(tickwork_operator_experiments{{{WHERE},phase="Complete"}})',
        ),
        number(
            "Failed",
            "Experiments that failed.",
            f'sum(tickwork_operator_experiments{{{WHERE},phase="Failed"}})',
            good="zero",
        ),
        number(
            "Longest wait",
            "Age of the oldest Experiment that does not run yet.",
            "max(tickwork_operator_oldest_pending_seconds)",
            "s",
        ),
        number(
            "Errors",
            "Calls and handlers that failed, conflicts left out.",
            'sum(tickwork_operator_errors_total{kind!="conflict"}) or vector(0)',
            good="zero",
        ),
        number(
            "Watch blind",
            "For how long a watch has not brought a change that a listing shows.",
            "max(tickwork_operator_watch_silence_seconds)",
            "s",
        ),
    ),
)

WORK = Row(
    "Work",
    (
        lines(
            "Decisions",
            "Decisions a second, by what they changed.",
            "ops",
            Query(rate("tickwork_operator_reconciles_total", "outcome"), "{{outcome}}"),
        ),
        lines(
            "How long a decision takes",
            "With its writes.",
            "s",
            Query(duration(0.5), "p50"),
            Query(duration(0.99), "p99"),
            logarithmic=True,
        ),
        lines(
            "How long calls of the API take",
            "99 of 100 took at most this, by method.",
            "s",
            Query(
                "histogram_quantile(0.99, "
                f"{rate('tickwork_operator_request_seconds_bucket', 'method, le')})",
                "p99 {{method}}",
            ),
            logarithmic=True,
        ),
        lines(
            "What the watches bring",
            "Changes a second, by kind of object; and what waits to be looked at.",
            "short",
            Query(rate("tickwork_operator_watch_events_total", "kind"), "{{kind}}"),
            Query("max(tickwork_operator_queue)", "waiting"),
        ),
        lines(
            "Experiments by phase",
            "All that the operator knows.",
            "short",
            Query(f"sum by (phase) (tickwork_operator_experiments{{{WHERE}}})", "{{phase}}"),
        ),
        lines(
            "Deadlines",
            "How many are waited for.",
            "short",
            Query("max(tickwork_operator_deadlines)", "deadlines"),
        ),
    ),
)

DIGESTS = Row(
    "Digests of Experiments",
    (
        Panel(
            "Experiments",
            "What the status of each says.",
            "table",
            "short",
            (Query(f"tickwork_experiment_info{{{DIGEST}}}"),),
            24,
            8,
        ),
        Panel(
            "Latency of the results",
            "Percentiles as the analysis of the run made them.",
            "table",
            "s",
            (Query(f"tickwork_experiment_latency_seconds{{{DIGEST}}}"),),
            12,
            13,
        ),
        lines(
            "Start skew",
            "How far apart the Groups of each run started.",
            "s",
            Query(f"tickwork_experiment_start_skew_seconds{{{DIGEST}}}", "{{experiment}}"),
            height=13,
        ),
        lines(
            "Updates proven",
            "Updates at which the book was compared with the venue's, and was equal.",
            "short",
            Query(f"tickwork_experiment_book_compared{{{DIGEST}}}", "compared {{experiment}}"),
            Query(f"tickwork_experiment_book_equal{{{DIGEST}}}", "equal {{experiment}}"),
        ),
        lines(
            "Time LIVE",
            "Share of the measured time that books were LIVE.",
            "percentunit",
            Query(f"tickwork_experiment_book_live_ratio{{{DIGEST}}}", "{{experiment}}"),
        ),
    ),
)

BOARD = Board(
    "tickwork-operator",
    "Tickwork / Operator",
    "What the operator decides, how fast, and what came of every Experiment.",
    (
        Variable(
            "namespace", "Namespace", "label_values(tickwork_operator_experiments, namespace)"
        ),
        Variable(
            "experiment",
            "Experiment",
            'label_values(tickwork_experiment_info{namespace=~"$namespace"}, experiment)',
        ),
    ),
    (NOW, WORK, DIGESTS),
)

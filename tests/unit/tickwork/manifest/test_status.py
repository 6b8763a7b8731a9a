from tickwork.manifest import status


def test_a_status_reads_what_the_two_writers_write() -> None:
    made = status.Status.model_validate(
        {
            "conditions": [{"type": "Running", "status": "True", "observedGeneration": 1}],
            "phase": "Running",
            "progress": {"percent": 12.5, "block": 0, "blocks": 4},
            "digest": {"questions": [{"name": "endToEnd", "own": 1}], "skewNs": 1200},
        }
    )
    assert made.conditions[0].type in status.CONDITIONS
    assert made.phase in status.PHASES
    assert made.progress is not None
    assert made.progress.percent == 12.5

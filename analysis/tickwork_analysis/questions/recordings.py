"""What was recorded, and is it all of it?"""

from tickwork_analysis import read, results


def answer(run: read.Run) -> tuple[results.Recording, ...]:
    """Returns one row a recording; one whose recorder died says ``recording``."""
    return tuple(
        results.Recording(
            arm=block.arm,
            file=str(recorder.facts["file"]),
            status=recorder.facts["status"],
            reason=recorder.facts["reason"],
            frames=recorder.counters.get("frames", 0),
            dropped=recorder.counters.get("dropped", 0),
            unrecorded=recorder.counters.get("unrecorded", 0),
            file_bytes=recorder.facts["fileBytes"],
        )
        for block in run.blocks
        for _, recorder in block.of_kind("recorder")
        if "file" in recorder.facts
    )

"""``Ring``: arrays, losses, waiting with asyncio."""

import asyncio
import pathlib

import native_records
import pytest
import tickwork_native


@pytest.fixture
def publication(tmp_path: pathlib.Path) -> tickwork_native.Publication:
    return tickwork_native.Publication.create(
        tmp_path / "demo" / "book", "demo", [("BTCUSDT", 1)], 16, 1 << 16, 5
    )


def test_a_batch_is_an_array_of_its_own(
    publication: tickwork_native.Publication, tmp_path: pathlib.Path
) -> None:
    with tickwork_native.Ring.open("demo", root=tmp_path) as ring:
        publication.send(native_records.image(1) + native_records.image(2))
        tops, lost = ring.read_batch()
        publication.send(native_records.image(3))
        assert (tops["update_id"].tolist(), lost) == ([1, 2], 0)
        assert tops["bid"].tolist() == [999, 1999]
        later, _ = ring.read_batch(max_records=1)
        assert (later["update_id"].tolist(), tops["update_id"].tolist()) == ([3], [1, 2])
        assert len(ring.read_batch()[0]) == 0
        assert (ring.received, ring.lost, ring.laps, ring.state) == (3, 0, 0, "live")


def test_a_lap_is_told_with_the_batch(
    publication: tickwork_native.Publication, tmp_path: pathlib.Path
) -> None:
    with tickwork_native.Ring.open("demo", root=tmp_path) as ring:
        publication.send(b"".join(native_records.image(n) for n in range(1, 41)))
        tops, lost = ring.read_batch()
        assert (tops["update_id"].tolist(), lost, ring.laps) == ([40], 39, 1)


def test_a_cancelled_wait_has_read_nothing(
    publication: tickwork_native.Publication, tmp_path: pathlib.Path
) -> None:
    async def cancel_and_read(ring: tickwork_native.Ring) -> list[int]:
        waiting = asyncio.create_task(ring.next_batch())
        await asyncio.sleep(0)
        waiting.cancel()
        publication.send(native_records.image(1))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        tops, _ = await ring.next_batch()
        ids: list[int] = tops["update_id"].tolist()
        return ids

    with tickwork_native.Ring.open("demo", root=tmp_path) as ring:
        assert asyncio.run(cancel_and_read(ring)) == [1]


def test_the_end_of_a_stream_is_an_empty_batch(
    publication: tickwork_native.Publication, tmp_path: pathlib.Path
) -> None:
    async def wait_for_the_end(ring: tickwork_native.Ring) -> tuple[int, int]:
        waiting = asyncio.create_task(ring.next_batch())
        await asyncio.sleep(0)
        publication.close()
        tops, lost = await waiting
        return len(tops), lost

    with tickwork_native.Ring.open("demo", root=tmp_path) as ring:
        assert asyncio.run(wait_for_the_end(ring)) == (0, 0)
        assert ring.state == "closed"


def test_a_name_means_its_book(tmp_path: pathlib.Path) -> None:
    with pytest.raises(tickwork_native.SegmentMissing, match="demo/book"):
        tickwork_native.Ring.open("demo", root=tmp_path)
    assert tickwork_native.segment_path("/a/b") == "/a/b"
    assert tickwork_native.segment_path("demo").endswith("/demo/book")

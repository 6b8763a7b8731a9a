"""The code of docs/how-to/attach-a-consumer.md and of the README, run as it is printed there."""

import asyncio
import pathlib
import re
import threading
from collections.abc import Iterator

import pytest
import tickwork_native
from tickwork_cli import inspect
from tickwork_services.record import layout, market

ROOT = pathlib.Path(__file__).parents[2]
PAGES = ("docs/how-to/attach-a-consumer.md", "README.md")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
IMAGE = 1
EVERY_S = 0.01


def _blocks() -> list[tuple[str, str]]:
    return [
        (page, code) for page in PAGES for code in BLOCK.findall((ROOT / page).read_text("utf-8"))
    ]


def _image(update_id: int) -> bytes:
    return market.Market(
        type=layout.SNAPSHOT,
        venue=2,
        state=layout.LIVE,
        flags=IMAGE,
        instrument=0,
        price_exponent=-2,
        quantity_exponent=-3,
        last=update_id,
        received_ns=tickwork_native.monotonic_raw_ns(),
        bids=((6_160_201, 1_500), (6_160_200, 10)),
        asks=((6_160_202, 2_500),),
    ).to_bytes()


@pytest.fixture
def segment(tmp_path: pathlib.Path) -> Iterator[str]:
    """A publication that a thread writes to until the test ends."""
    path = str(tmp_path / "book")
    writer = tickwork_native.Publication.create(
        path, "demo", [("BTCUSDT", 2)], ring_slots=1024, depth_bytes=1 << 16, table_levels=20
    )
    ending = threading.Event()

    def write() -> None:
        update_id = 0
        while not ending.wait(EVERY_S):
            update_id += 1
            writer.send(_image(update_id))

    writer.send(_image(0))
    thread = threading.Thread(target=write)
    thread.start()
    yield path
    ending.set()
    thread.join()
    writer.close()


@pytest.mark.parametrize(("page", "code"), _blocks())
def test_code_of_the_page_runs(
    segment: str, page: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {}
    exec(compile(code.replace('"demo"', repr(segment)), page, "exec"), names)
    told = capsys.readouterr().out
    assert "6160201" in told
    if "tops" in names:
        assert names["lost"] == 0
        assert len(names["tops"]) > 0
    else:
        assert told.startswith("LIVE")


def test_pages_attach_in_five_lines_with_the_native_package_alone() -> None:
    for page, code in _blocks():
        lines = [line for line in code.split("\n") if line.strip()]
        assert len(lines) <= 5, page
        assert [line for line in lines if "import" in line] == ["import tickwork_native"]


def test_next_batch_is_awaited(segment: str) -> None:
    async def read() -> int:
        ring = tickwork_native.Ring.open(segment)
        tops, _ = await asyncio.wait_for(ring.next_batch(), 10)
        ring.close()
        return len(tops)

    assert asyncio.run(read()) > 0


def test_inspect_shows_a_live_segment_with_its_readers(segment: str) -> None:
    ring = tickwork_native.Ring.open(segment)
    ring.read_batch(timeout_ns=1_000_000_000)
    drawn = "\n".join(inspect.draw(segment, tickwork_native.inspect_segment(segment)))
    ring.close()
    for words in ("demo", "top", "depth", "table", "BTCUSDT"):
        assert words in drawn
    assert len(drawn.split("\n")) > 10

"""What only a browser can say of a report; skips where no Chromium is installed."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import synthetic_run
from tickwork_analysis import summary
from tickwork_analysis.report import comparison, palette, write

from browser import chromium

PAGES_MAX = 4
NO_CHROMIUM = "no Chromium is installed on this machine (looked for chromium and google-chrome)"
NOISE = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
DOMAIN = "figures['latency-over-time'].scale('x').domain()"

pytestmark = [
    pytest.mark.skipif(chromium.find() is None, reason=NO_CHROMIUM),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def tab() -> Iterator[chromium.Tab]:
    path = chromium.find()
    assert path is not None
    with chromium.running(path) as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    root = synthetic_run.write_run(tmp_path_factory.mktemp("runs") / "run")
    return write.write(summary.summarise(root))


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    blocks = tuple(
        synthetic_run.Block(index=2 * repeat + place, arm=arm, factor=1 + place)
        for repeat in range(10)
        for place, arm in enumerate(("fused", "split"))
    )
    root = synthetic_run.write_run(tmp_path_factory.mktemp("runs") / "run", blocks)
    return write.write(summary.summarise(root))


def _colour(tab: chromium.Tab, element: str, style: str) -> str:
    return str(tab.evaluate(f"getComputedStyle(document.querySelector('{element}')).{style}"))


def _as_rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[place : place + 2], 16) for place in (1, 3, 5)))


def _quiet(tab: chromium.Tab) -> list[tuple[str, Any]]:
    return [(name, told) for name, told in tab.events if name in NOISE]


@pytest.mark.parametrize(("scheme", "colours"), [("light", palette.LIGHT), ("dark", palette.DARK)])
def test_both_schemes_are_drawn_without_an_error_or_a_request(
    tab: chromium.Tab, report: pathlib.Path, scheme: str, colours: dict[str, str]
) -> None:
    tab.events.clear()
    tab.show(scheme, 1100)
    tab.open(report)
    assert _quiet(tab) == []
    asked = [
        told["request"]["url"] for name, told in tab.events if name == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert _colour(tab, "html", "backgroundColor") == _as_rgb(colours["paper"])
    assert _colour(tab, ".drawing.live text", "fill") in {
        _as_rgb(colours["ink"]), _as_rgb(colours["muted"])
    }  # fmt: skip


def test_every_figure_becomes_live(tab: chromium.Tab, report: pathlib.Path) -> None:
    tab.show("light", 1100)
    tab.open(report)
    drawings = tab.evaluate("document.querySelectorAll('.drawing').length")
    assert drawings == tab.evaluate("document.querySelectorAll('.drawing.live svg').length") == 7


@pytest.mark.parametrize("width", [400, 1100, 1800])
def test_page_is_never_wider_than_its_window(
    tab: chromium.Tab, report: pathlib.Path, width: int
) -> None:
    tab.show("light", width)
    tab.open(report)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_wheel_with_ctrl_zooms_and_a_double_click_goes_back(
    tab: chromium.Tab, report: pathlib.Path
) -> None:
    tab.show("light", 1100)
    tab.open(report)
    tab.evaluate("document.querySelector('[data-figure=latency-over-time]').scrollIntoView()")
    box = tab.evaluate(
        "(() => { const b = document.querySelector('[data-figure=latency-over-time] svg')"
        ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    whole = tab.evaluate(DOMAIN)
    place = {"x": box[0], "y": box[1]}
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", **place)
    wheel = {"type": "mouseWheel", "deltaX": 0, "deltaY": -240, **place}
    tab.call("Input.dispatchMouseEvent", modifiers=2, **wheel)
    tab.until(f"{DOMAIN}[1] - {DOMAIN}[0] < {whole[1] - whole[0]}")
    for clicks in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            tab.call(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=clicks, **place
            )
    tab.until(f"{DOMAIN}[1] - {DOMAIN}[0] === {whole[1] - whole[0]}")


def test_wheel_alone_scrolls_the_page(tab: chromium.Tab, report: pathlib.Path) -> None:
    tab.show("light", 1100)
    tab.open(report)
    tab.evaluate("document.querySelector('[data-figure=latency-over-time]').scrollIntoView()")
    before, whole = tab.evaluate("scrollY"), tab.evaluate(DOMAIN)
    place = {"x": 550, "y": 100}
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", **place)
    tab.call("Input.dispatchMouseEvent", type="mouseWheel", deltaX=0, deltaY=200, **place)
    tab.until(f"scrollY > {before}")
    assert tab.evaluate(DOMAIN) == whole


@pytest.mark.parametrize("which", ["report", "arms"])
def test_print_is_light_and_four_pages_at_most(
    tab: chromium.Tab, request: pytest.FixtureRequest, which: str
) -> None:
    tab.show("dark", 1100)
    tab.open(request.getfixturevalue(which))
    assert 1 <= chromium.count_pages(tab.print()) <= PAGES_MAX
    tab.show("dark", 1100, media="print")
    assert _colour(tab, "body", "color") == _as_rgb(palette.LIGHT["ink"])


def test_arms_and_comparison_are_drawn_without_an_error(
    tab: chromium.Tab, report: pathlib.Path, arms: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    pair = comparison.compare(*(summary.summarise(path.parent) for path in (report, report)))
    both = write.replace_text(tmp_path / "comparison.html", comparison.render(pair))
    for path in (arms, both):
        tab.events.clear()
        tab.show("light", 1100)
        tab.open(path)
        assert _quiet(tab) == []

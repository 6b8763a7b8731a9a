"""Colours of the page and of its figures, once for light and once for dark.

Series differ in lightness as well as in hue, so that they stay apart for every kind of colour
vision and in grey print. A figure is drawn with the light values; on the page each of them becomes
the custom property of its name, so that the reader's scheme decides.
"""

import re

LIGHT: dict[str, str] = {
    "paper": "#ffffff",
    "surface": "#f5f7f9",
    "ink": "#1a2129",
    "muted": "#5b6773",
    "hairline": "#dde2e7",
    "accent": "#0a61ae",
    "second": "#d9731a",
    "third": "#6f7c89",
    "fourth": "#0e8c7f",
    "alarm": "#b3261f",
    "mild": "#f3c9a0",
    "strong": "#de7a33",
    "severe": "#97310e",
    "calm": "#d5e3f1",
}
DARK: dict[str, str] = {
    "paper": "#12171c",
    "surface": "#1a2027",
    "ink": "#e7ebef",
    "muted": "#9ba7b3",
    "hairline": "#2d353e",
    "accent": "#63b0f7",
    "second": "#f2a05a",
    "third": "#8d9aa7",
    "fourth": "#45c9b8",
    "alarm": "#ff7b70",
    "mild": "#6b4a2c",
    "strong": "#c8702f",
    "severe": "#ffb28a",
    "calm": "#22374c",
}
SERIES = ("accent", "second", "fourth", "third")
"""Roles of series, in the order in which they are given out; the first is the accent."""

_NAMES = {value: name for name, value in LIGHT.items()}
_COLOUR = re.compile("|".join(re.escape(value) for value in _NAMES))


def series_colours(count: int) -> list[str]:
    """Returns ``count`` colours; after the last role they begin again."""
    return [LIGHT[SERIES[place % len(SERIES)]] for place in range(count)]


def as_properties(text: str) -> str:
    """Returns ``text`` (SVG or JSON) with every colour of a figure as ``var(--<name>)``."""
    return _COLOUR.sub(lambda match: f"var(--{_NAMES[match.group()]})", text)


def style_sheet() -> str:
    """Returns the custom properties of both schemes; paper is always light."""
    light = _declarations(LIGHT)
    return (
        f":root{{{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_declarations(DARK)}}}}}\n"
    )


def _declarations(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())

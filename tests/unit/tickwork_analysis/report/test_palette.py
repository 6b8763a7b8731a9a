from tickwork_analysis.report import palette


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_both_schemes_have_every_role_once() -> None:
    assert palette.LIGHT.keys() == palette.DARK.keys()
    assert len(set(palette.LIGHT.values())) == len(palette.LIGHT)


def test_text_has_contrast_in_both_schemes() -> None:
    for colours in (palette.LIGHT, palette.DARK):
        for role in ("ink", "muted", "alarm", "accent"):
            assert _contrast(colours[role], colours["paper"]) >= 4.5, role


def test_colours_become_properties() -> None:
    text = f'<line stroke="{palette.LIGHT["accent"]}"/>'
    assert palette.as_properties(text) == '<line stroke="var(--accent)"/>'

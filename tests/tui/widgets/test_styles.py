"""The colors can be read: contrasts by the formula of WCAG 2.2, section 1.4.3."""

from pathlib import Path

import pytest
from backprop_tui.tui.terminal.background import theme
from backprop_tui.tui.widgets.styles import DARK, LIGHT
from rich.color import Color, ColorType
from rich.style import Style

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def luminance(color: tuple[int, int, int]) -> float:
    """Of an sRGB color, from 0 to 1."""
    parts = (part / 255 for part in color)
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_gives_the_published_contrasts() -> None:
    # https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio: from 1:1 to 21:1.
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == 1


@pytest.mark.parametrize(("styles", "background"), [(DARK, BLACK), (LIGHT, WHITE)])
def test_what_is_text_can_be_read(styles: dict[str, Style], background: tuple[int, int, int]) -> None:
    colored = {role: style.color for role, style in styles.items() if style.color is not None}
    assert {"positive", "negative", "key", "alarm"} <= set(colored)
    for role, color in colored.items():
        assert isinstance(color, Color)
        assert color.type is ColorType.EIGHT_BIT, "one of the 256, which no terminal's theme changes"
        assert contrast(tuple(color.get_truecolor()), background) >= 4.5, role  # type: ignore[arg-type]


def test_blue_and_orange_and_never_red_against_green() -> None:
    for styles in (DARK, LIGHT):
        for role, blue in (("positive", True), ("negative", False)):
            color = styles[role].color
            assert color is not None
            red, _, last = color.get_truecolor()
            assert (last > red) == blue


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", "ansi-dark"),
        ("15;0", "ansi-dark"),
        ("0;15", "ansi-light"),
        ("0;default;15", "ansi-light"),
        ("x", "ansi-dark"),
    ],
)
def test_the_terminal_says_which_background_it_has(said: str, expected: str) -> None:
    assert theme({"COLORFGBG": said}) == expected
    assert theme({}) == "ansi-dark"


def test_no_other_file_says_how_a_role_looks() -> None:
    import backprop_tui.tui.widgets.styles as styles

    folder = Path(styles.__file__).parents[1]
    found = [path.name for path in folder.rglob("*.py") if 'color="color(' in path.read_text(encoding="utf-8")]
    assert found == ["styles.py"]

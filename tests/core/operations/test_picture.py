"""An image in characters."""

import numpy as np
from backprop_tui.core.operations.picture import SHADES, is_image, moved_in_image, picture, turned_image


def test_an_image_has_height_width_and_one_or_three_colors() -> None:
    sizes = {
        (4, 4, 1): True,
        (2, 5, 4, 3): True,
        (4, 4): False,
        (3, 4, 1): False,
        (4, 4, 2): False,
        (0, 4, 4, 1): False,
    }
    for shape, expected in sizes.items():
        assert is_image(np.zeros(shape)) == expected, shape


def test_every_shade_stands_for_a_tenth() -> None:
    values = np.arange(40.0).reshape(1, 4, 10, 1) % 10
    found = picture(values, (0, 2, 3, 0), 10, 40)
    assert found.lines == ("".join(2 * shade for shade in SHADES),) * 4
    assert (found.least, found.largest, found.side, found.row, found.column) == (0, 9, 1, 2, 3)


def test_a_large_image_is_drawn_by_means() -> None:
    values = np.kron(np.eye(4), np.ones((3, 3)))[..., None]
    found = picture(values, (11, 5, 0), 4, 100)
    assert found.side == 3
    assert found.lines == tuple("".join("@@" if row == at else "  " for at in range(4)) for row in range(4))
    assert (found.row, found.column) == (3, 1)


def test_colors_are_as_bright_as_they_look_and_nan_is_a_question_mark() -> None:
    values = np.zeros((4, 4, 3))
    values[0, 0], values[0, 1], values[0, 2] = (1, 0, 0), (0, 1, 0), (np.nan, 0, 0)
    line = picture(values, (0, 0, 0), 4, 8).lines[0]
    assert SHADES.index(line[0]) < SHADES.index(line[2])
    assert line[4] == "?"
    assert picture(np.full((4, 4, 1), np.inf), (0, 0, 0), 4, 8).lines == ("?" * 8,) * 4


def test_the_cursor_moves_over_pixels_and_images() -> None:
    assert moved_in_image((2, 5, 6, 3), (1, 4, 0, 2), 1, 1) == (1, 4, 1, 2)
    assert turned_image((2, 2, 5, 6, 3), (1, 1, 4, 0, 2), 1) == (0, 0, 4, 0, 2)
    assert turned_image((5, 6, 3), (4, 0, 2), 1) == (4, 0, 2)

"""The first hour from beginning to end by its keys, in a real terminal of 80x24, as a person does it."""

import pytest
from backprop_tui.core.course import bundled
from real_terminal import RealTerminal

BYTES = {
    "space": " ",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
}

ANSWERS = {
    2: "14.68",  # ln 2,384,000
    3: "2",
    4: "1.457",  # (3650 - 2127.13) / 1044.97, the mean and deviation of 499 rows
    5: "3",
    6: "4",  # 2·0 + 4
    7: "-0.4",  # 0 - 0.1·4
    9: "-2",  # 0 - 0.5·4
    11: "24",  # 2·0.8ⁿ < 0.01 from n = 24 on
    13: "0.8",  # 1 - 2·0.1
    15: "2",  # 1 - 2·1 = -1: to and fro
    16: "5",  # 3·2 - 1
    17: "4.5",  # ½(5 - 8)²
    18: "-9",  # (5 - 8)·3
    19: "2.9",  # 2 - 0.1·(-9)
    20: "8",  # 3·2.9 - 0.7
    21: "2",
    22: "-3",  # -1·3·1
    # The numbers that the teaching notebook prints for its Part 4, and products of them.
    23: "-0.353",  # 0.5488·(-0.4332) + 0.7152·(-0.7533) + 0.4237
    24: "0.413",  # 1/(1 + e^0.353)
    25: "1",
    26: "-4.57",  # (1.5844 - 12.6540)·0.4127
    27: "2",  # 0.494 > 0.413
    28: "-1.174",  # -4.844·0.4127·0.5873
    29: "0.5086",  # -1.174·(-0.4332)
    31: "0.4471",  # 0.5488 - 0.2·0.5086
    33: "0",  # σ′(20) = 2·10⁻⁹
    35: "1",
}
"""What is typed, by the task's number: worked out by hand. A digit picks an answer where there are several."""

WHY = {30: "all three agree"}
"""What is read before a page is closed."""


@pytest.mark.slow
@pytest.mark.usefixtures("shared_engine")
def test_the_first_hour_by_keys_at_80x24() -> None:
    course = bundled()
    count = len(course.tasks)
    with RealTerminal("--course", columns=80, rows=24) as terminal:
        terminal.wait_for("Part 1, What the network sees")
        terminal.press("\x1b")
        for number, task in enumerate(course.tasks, 1):
            terminal.wait_for(f"Task {number} of {count}")
            assert " ".join(task.text.split()) in " ".join(terminal.text.split()), "the task is seen whole"
            if number in ANSWERS:
                is_choice = number in (3, 5, 15, 21, 25, 27, 35)
                terminal.press(ANSWERS[number] + "\r" * (not is_choice))
            else:
                press(terminal, task.keys, WHY.get(number, ""))
            terminal.wait_for("A goes on", 120)
            assert "No." not in terminal.text
            terminal.press("A")
            lesson = course.lesson_of(number - 1)
            if number == count or course.lesson_of(number) is not lesson:
                terminal.wait_for(f"{lesson.title}: done")
                assert "…" not in terminal.text, "a number of the summary is missing"
                terminal.press("\x1b")
        terminal.wait_for(f"The course is done: {count} of {count} tasks done")
        terminal.press("q")
        assert terminal.wait_for_end(20) == 0
        assert terminal.is_restored()


def press(terminal: RealTerminal, keys: tuple[str, ...], read: str) -> None:
    """The keys at once, as somebody types who knows them; what must be read is waited for before esc."""
    typed = "".join(BYTES.get(key, key) for key in keys)
    before, escape, after = typed.partition("\x1b" if keys[-1] == "escape" else "\0")
    terminal.press(before)
    if escape:
        terminal.wait_for(read)
        terminal.press(escape + after)


def test_the_answers_are_those_of_the_tasks_that_ask() -> None:
    asked = {number for number, task in enumerate(bundled().tasks, 1) if not task.keys}
    assert set(ANSWERS) == asked

"""Course files: what is read from them, and every mistake told with its line, its key and what was expected."""

import re
from pathlib import Path

import pytest
from backprop_tui.core.course import CourseError, bundled, bundled_names, open_course, parse, read
from backprop_tui.core.course.build import LINES, WIDTH, choices
from backprop_tui.core.course.conditions import Chosen, Explained, Extreme, Reached, Rises, Together, Typed, Within
from backprop_tui.core.course.keys import BadKeys, keys_of
from backprop_tui.core.course.read import is_course
from backprop_tui.core.scenario import ScenarioError
from backprop_tui.core.scenario import parse as parse_scenario
from backprop_tui.core.scenario import read as read_scenario
from backprop_tui.core.scenario.write import dumps, present
from backprop_tui.core.session.session import Session

HEAD = 'title = "A course"\n[[lesson]]\ntitle = "One"\nscreen = "back-propagation"\ngoal = "to see"\n'
TASK = '[[lesson.task]]\ntext = "Do."\nhint = "So."\ndone = "Well."\n'
ASKED = TASK + 'number = { of = "loss", tolerance = 0.1 }\n'


def the_condition(line: str, screen: str = "back-propagation") -> object:
    text = HEAD.replace("back-propagation", screen) + TASK + 'keys = "s"\nworked = "s does it."\n' + line + "\n"
    if line.startswith(("number", "choice")):
        text = text.replace('keys = "s"\n', "")
    (task,) = parse(text, None, "it").tasks
    return task.condition


@pytest.mark.parametrize(
    ("line", "screen", "condition"),
    [
        ('number = { of = "gw1[1,2]", tolerance = 0.1, step = 3 }', "training", Typed("gw1[1,2]", 0.1, 3)),
        ('number = { of = "y", tolerance = 0.1 }', "data", Typed("y", 0.1)),
        ('number = { of = "x[2]", tolerance = 0.1 }', "data", Typed("x[2]", 0.1)),
        (
            'number = { of = "steps", near = -2.0, within = 0.5, tolerance = 1.0 }',
            "descent",
            Typed("steps", 1.0, None, -2.0, 0.5),
        ),
        ('choice = { of = ["a", "b"], answer = 2 }', "data", Chosen(("a", "b"), 2)),
        ('choice = { of = ["-", "+"], sign = "gy_pred" }', "training", Chosen(("-", "+"), None, "gy_pred")),
        (
            'choice = { of = ["1", "2"], most = ["h1[1]", "h1[2]"], step = 2 }',
            "training",
            Chosen(("1", "2"), None, "", ("h1[1]", "h1[2]"), 2),
        ),
        ('why = "gw1[1,1]"', "back-propagation", Explained("gw1[1,1]")),
        ('reach = { value = "gw1", step = 2 }', "back-propagation", Reached("gw1", 2)),
        ('reach = { lesson = "data" }', "back-propagation", Reached("", 0, "data")),
        ("reach = { between = { lr = [0.5, 1] }, steps = 9 }", "training", Within("lr", 0.5, 1.0, 9)),
        ("reach = { loss_rises = 3 }", "training", Rises(3)),
        ('reach = { smallest = "price", rows = 9 }', "data", Extreme("price", 9, True)),
        (
            "reach = { between = { x = [0, 1], lr = [2, 3] } }",
            "autograd",
            Together((Within("x", 0.0, 1.0), Within("lr", 2.0, 3.0))),
        ),
    ],
)
def test_every_condition_is_read(line: str, screen: str, condition: object) -> None:
    assert the_condition(line, screen) == condition


TRAINS = HEAD.replace("back-propagation", "training")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = 3", "it, line 1: title: expected text in quotes, got a whole number"),
        ('title = "x"', "it: the key lesson is missing"),
        ('title = "x"\nlesson = 1', "it, line 2: lesson: expected [[lesson]], in double brackets"),
        (HEAD, "it, line 2: lesson[1]: the key task is missing"),
        (HEAD + "[lesson.task]\n", "it, line 6: lesson[1].task: expected [[lesson.task]], in double brackets"),
        (HEAD.replace("back-propagation", "backprop") + ASKED, "it, line 4: lesson[1].screen: expected one of data,"),
        (
            HEAD + ASKED + "hints = 1",
            "hints: no such key in [lesson[1].task[1]]; is hint meant?",
        ),
        (HEAD + TASK, "it, line 6: lesson[1].task[1]: expected one of number, choice, reach and why"),
        (HEAD + ASKED + 'why = "loss"', "it, line 6: lesson[1].task[1]: expected one of number, choice, reach and why"),
        (HEAD + ASKED + TASK, "it, line 11: lesson[1].task[2]: expected one of"),
        (HEAD + ASKED.replace("loss", "q7"), "it, line 10: lesson[1].task[1].number.of: expected x, y, loss"),
        (HEAD + ASKED.replace("loss", "gw1"), "number.of: expected one number of it, such as gw1[1,1], got gw1"),
        (HEAD + ASKED.replace("loss", "gw1[1]"), "number.of: expected a row and a column, as in gw1[1,2], got gw1[1]"),
        (HEAD + ASKED.replace("loss", "h1[3]"), "number.of: expected a place within 2 by 1, counted from 1, got h1[3]"),
        (HEAD + ASKED.replace("loss", "w7[1,1]"), "number.of: expected"),
        (HEAD + ASKED.replace("0.1", "0"), "tolerance: expected a number > 0.0"),
        (HEAD + ASKED + 'keys = "s"', "keys: expected none: an answer is typed or chosen"),
        (HEAD + TASK + 'why = "loss"', "task[1]: expected keys, which do the task, and worked"),
        (HEAD + TASK + 'why = "loss"\nkeys = "sss"\nworked = "x"', "keys: expected keys such as s,"),
        (HEAD + ASKED.replace("Do.", "Do it again. " * 14), "line 7: lesson[1].task[1].text: takes 3 lines at 80x24"),
        (HEAD + ASKED.replace("So.", "So it is. " * 13), "hint: expected at most 117 characters"),
        (HEAD + TASK + 'choice = { of = ["a"], answer = 1 }', "choice.of: expected"),
        (
            HEAD + TASK + 'choice = { of = ["a", "b"], answer = 3 }',
            "answer: expected a choice from 1 to 2, got 3",
        ),
        (HEAD + TASK + 'choice = { of = ["a", "b"] }', "choice: expected one of answer, sign and most"),
        (HEAD + TASK + 'choice = { of = ["a", "b", "c"], sign = "loss" }', "choice.of: expected two choices"),
        (
            HEAD + TASK + 'choice = { of = ["a", "b"], most = ["loss"] }',
            "most: expected a number for each of the 2",
        ),
        (HEAD + TASK + "reach = {}", "reach: expected one of value, step, lesson, between, accuracy"),
        (HEAD + TASK + 'reach = { value = "q" }', "reach.value: expected a value of the step, such as gw1, got q"),
        (HEAD + TASK + "reach = { between = { lr = [2, 1] } }", "between.lr: expected the lower bound first"),
        (HEAD + TASK + "reach = { steps = 3 }", "reach.steps: expected between or accuracy as well"),
        (HEAD + TASK + "reach = { epochs = 3 }", "reach.epochs: expected between or accuracy as well"),
        (HEAD + TASK + "reach = { accuracy = 0.9 }", "reach.accuracy: expected in the lesson training, where an"),
        (
            HEAD + TASK + "reach = { between = { accuracy = [0, 1] } }",
            "between.accuracy: expected in the lesson training",
        ),
        (HEAD + TASK + "reach = { accuracy = 90 }", "reach.accuracy: expected a number <= 1.0"),
        (HEAD + TASK + "reach = { between = { lr = [0, 1] }, epochs = 3 }", "epochs: expected in the lesson training"),
        (TRAINS + TASK + "reach = { accuracy = 0.9 }", "accuracy: expected a scenario that predicts classes; half sq"),
        (
            TRAINS + 'scenario = "xor-training"\n' + TASK + "reach = { held_out_accuracy = 0.9 }",
            "held_out_accuracy: expected a scenario with holdout in [data]: no row is held out",
        ),
        (HEAD + TASK + 'reach = { largest = "price" }', "reach: expected rows as well"),
        (
            HEAD + TASK + 'number = { of = "loss", tolerance = 1.0, near = 1.0 }',
            "expected near and within together",
        ),
        (
            HEAD + TASK + 'number = { of = "loss", tolerance = 1.0, near = 1.0, within = 1.0 }',
            'number.near: expected with of = "steps" in the lesson descent',
        ),
        (HEAD + 'scenario = "nobody"\n' + ASKED, "it, line 6: lesson[1].scenario: 'nobody' is no example"),
        (
            HEAD + 'scenario = "../x.toml"\n' + ASKED,
            "scenario: expected an example's name, or a file",
        ),
        (HEAD + 'function = { formula = "x", x = 0.0, lr = 0.1 }\n' + ASKED, "function: expected only in"),
        (HEAD + 'scenario = "absent.toml"\n' + ASKED, "scenario: absent.toml: no such file"),
        (HEAD + 'summary = "{w9}"\n' + ASKED, "it, line 6: lesson[1].summary: expected"),
        (HEAD + ASKED.replace("Do.", "\\u001b[2J"), "text: expected text without control characters, got U+001B"),
    ],
)
def test_every_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(CourseError) as error:
        parse(text, None, "it")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bad_function_is_told() -> None:
    text = HEAD.replace("back-propagation", "autograd") + 'function = { formula = "x +", x = 0.0, lr = 0.1 }\n' + ASKED
    with pytest.raises(CourseError, match=r"line 6: lesson\[1\]\.function"):
        parse(text, None, "it")


@pytest.mark.parametrize("name", ["nobody", "../first-hour", "\x1b[2J"])
def test_a_course_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(CourseError, match="is no course; there are: first-hour") as error:
        open_course(name)
    assert "\x1b" not in str(error.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    with pytest.raises(CourseError, match="no such file"):
        read(path)
    path.write_bytes(b"\xff")
    with pytest.raises(CourseError, match="line 1: is not UTF-8 text"):
        open_course(str(path))
    (tmp_path / "run.toml").write_text('title = "a run"\n[training]\nlr = 0.5\n')
    path.write_text(HEAD + 'scenario = "run.toml"\n' + ASKED, "utf-8")
    course = open_course(str(path))
    assert course.origin == str(path)
    scenario = course.lessons[0].scenario
    assert scenario is not None
    assert scenario.run.settings.lr == 0.5
    assert is_course(path)
    assert not is_course(tmp_path / "run.toml")
    assert not is_course(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("s s*2 enter", ("s", "s", "s", "enter")),
        ('l "0.5" enter', ("l", "0", ".", "5", "enter")),
        ('= "(x - 1)" down*2', ("=", *"(x - 1)", "down", "down")),
        ("", ()),
    ],
)
def test_keys_are_read(text: str, keys: tuple[str, ...]) -> None:
    assert keys_of(text) == keys


@pytest.mark.parametrize("text", ["ctrl+c", "ss", "enterr*3"])
def test_keys_that_are_none_are_told(text: str) -> None:
    with pytest.raises(BadKeys, match="expected keys such as s"):
        keys_of(text)


def test_the_example_on_the_page_is_a_course() -> None:
    page = (Path(__file__).parents[3] / "docs" / "courses.md").read_text("utf-8")
    (text,) = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(parse(text, None, "it").tasks) == 4


# The tasks of a scenario

SCENARIO = """title = "A run with tasks"
subject = "one step"
[training]
lr = 0.5
[show]
lesson = "training"
[[task]]
text = "How many?"
number = { of = "loss", tolerance = 0.1, step = 1 }
hint = "So."
done = "Well."
[[task]]
text = "Train."
reach = { between = { lr = [0.5, 1.0] }, steps = 3, epochs = 2 }
keys = 'j "3" enter'
hint = "j"
worked = "j, then 3"
done = "Done."
"""


def test_a_scenario_may_hold_tasks(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SCENARIO, "utf-8")
    course = open_course(str(path))
    assert course.origin == str(path)
    assert not is_course(path)
    (lesson,) = course.lessons
    assert (course.title, lesson.goal, lesson.screen.name) == ("A run with tasks", "one step", "training")
    assert lesson.scenario == read_scenario(path)
    assert [task.text for task in course.tasks] == ["How many?", "Train."]
    assert course.tasks[1].condition == Within("lr", 0.5, 1.0, steps=3, epochs=2)


def test_its_tasks_are_written_as_they_were_read(tmp_path: Path) -> None:
    scenario = parse_scenario(SCENARIO, None, "run")
    written = dumps(scenario)
    assert parse_scenario(written, None, "it") == scenario
    session = Session(scenario.run, scenario)
    assert present(session.timeline, scenario).tasks == scenario.tasks
    session.timeline.set_lr(0.1)
    assert present(session.timeline, scenario).tasks == (), "they are about another run"


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('hint = "So."\n', "", "line 7: task[1]: the key hint is missing"),
        ("tolerance", "tolerances", "line 9: task[1].number.tolerances: no such key in [task[1].number]; is tolerance"),
        ("steps = 3", "steps = 0", "line 14: task[2].reach.steps: expected a whole number >= 1"),
    ],
)
def test_what_is_no_task_of_a_scenario_is_told(was: str, becomes: str, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse_scenario(SCENARIO.replace(was, becomes), None, "it")
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('of = "loss"', 'of = "q7"', ", line 9: task[1].number.of: expected x, y, loss"),
        ("lr = [0.5, 1.0]", "lr = [1.0, 0.5]", ", line 14: task[2].reach.between.lr: expected the lower bound first"),
        ("keys = 'j \"3\" enter'\n", "", ", line 12: task[2]: expected keys, which do the task"),
    ],
)
def test_what_a_task_of_a_scenario_can_not_ask_is_told_with_its_line(
    was: str, becomes: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SCENARIO.replace(was, becomes), "utf-8")
    with pytest.raises(CourseError) as error:
        open_course(str(path))
    assert str(error.value).startswith(str(path) + ", line")
    assert told in str(error.value)


# The courses that come along


@pytest.mark.parametrize("name", bundled_names())
def test_a_course_of_ours_is_whole(name: str) -> None:
    course = bundled(name)
    assert [course.lesson_of(number) for number in range(len(course.tasks))] == [
        lesson for lesson in course.lessons for _ in lesson.tasks
    ]
    assert all(lesson.summary for lesson in course.lessons)
    with pytest.raises(IndexError):
        course.lesson_of(len(course.tasks))


def test_the_first_hour_goes_through_all_five_lessons_and_gives_no_answer_away() -> None:
    course = bundled()
    assert {lesson.screen.number for lesson in course.lessons} == {1, 2, 3, 4, 5}
    assert 25 <= len(course.tasks) <= 45
    for task in course.tasks:
        if isinstance(task.condition, Chosen):
            assert len(f"{task.text}  {choices(task.condition)}") <= WIDTH * LINES
    right = {task.condition.answer for task in course.tasks if isinstance(task.condition, Chosen)}
    assert len(right) > 2, "not always the first"

"""`work_out ENGINE-SOCKET COURSE NUMBER`: a task of a course, by its number from 0, as a question to a class.

A workshop starts it. It plays the course up to that task with the right answers, with the workshop's engine, and
writes a `Posed` to its standard output: the question with the truth that this run has, or why there is none.
"""

import asyncio
import os
import sys

import msgspec
from backprop_tui.core.course import CourseError, open_course
from backprop_tui.core.course.classroom.about_task import task_question
from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.client.socket import SharedEngine
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.tui.serve.notes import Posed

from .play import facts_at


async def posed(engine: str, name: str, number: int) -> Posed:
    """The question."""
    try:
        course = open_course(name)
        facts = await facts_at(course, number, SharedEngine(engine))
        return Posed(task_question(number, course.tasks[number], facts))
    except (CourseError, EngineLost, EngineRefused, WireError, ValueError) as error:
        return Posed(None, str(error)[:300])


def main() -> None:
    """Write it."""
    output = os.dup(1)
    os.dup2(2, 1)  # nothing but the question comes there
    engine, name, number = sys.argv[1:]
    data = msgspec.msgpack.encode(asyncio.run(posed(engine, name, int(number))))
    with os.fdopen(output, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()

"""Scenarios: an example that a person wrote, with what their textbook says comes out, as one TOML file.

`read` and `bundled` give a `Scenario`, `write` makes a file of one, `present_run` is the run that goes on from where
a session is. What may stand in a file is listed in `format`.
"""

from .facts import LESSONS, PANES, Expectation, Scenario, ScenarioError, Show
from .read import bundled, bundled_names, open_scenario, parse, read
from .write import dumps, present_run, write

__all__ = [
    "LESSONS",
    "PANES",
    "Expectation",
    "Scenario",
    "ScenarioError",
    "Show",
    "bundled",
    "bundled_names",
    "dumps",
    "open_scenario",
    "parse",
    "present_run",
    "read",
    "write",
]

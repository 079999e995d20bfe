"""Scenarios: an example that a person wrote, with what their textbook says comes out, as one TOML file.

`read`, `bundled` and `open_scenario` give a `Scenario`; the module `write` makes a file of one, and a scenario of
where a session is. What may stand in a file is listed in `format`.
"""

from .facts import PANES, Expectation, Scenario, ScenarioError, Show
from .read import bundled, bundled_names, open_scenario, parse, read

__all__ = [
    "PANES",
    "Expectation",
    "Scenario",
    "ScenarioError",
    "Show",
    "bundled",
    "bundled_names",
    "open_scenario",
    "parse",
    "read",
]

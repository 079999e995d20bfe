"""The house table and the worked examples that come with the program."""

from importlib.resources import files
from importlib.resources.abc import Traversable

HOUSE_TABLE: Traversable = files(__name__) / "house_price_full.csv"
"""499 residential sales around Seattle, spring 2014: bedrooms, sqft_living, price in dollars."""

EXAMPLES: Traversable = files(__name__) / "examples"
"""Scenario files, one a worked example."""

COURSES: Traversable = files(__name__) / "course"
"""Courses, one a file; the runs that they begin with lie in `scenarios`."""

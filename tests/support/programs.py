"""The programs of the system that some tests need: where they are, and what one installs to have them."""

import shutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A program, if it is there, and the package of Debian and Ubuntu that brings it."""

    path: str | None
    package: str


def _find(*names: str) -> str | None:
    places = (None, "/usr/sbin", "/usr/local/sbin")
    return next((path for name in names for place in places if (path := shutil.which(name, path=place))), None)


PROGRAMS = {
    "ssh": Program(_find("ssh"), "openssh-client"),
    "sshd": Program(_find("sshd"), "openssh-server"),
    "chromium": Program(_find("chromium", "chromium-browser", "google-chrome"), "chromium"),
}
"""By the names that a test's mark `needs` gives."""

SSH = PROGRAMS["ssh"].path
SSHD = PROGRAMS["sshd"].path
CHROMIUM = PROGRAMS["chromium"].path

"""A real browser without a window, driven as a person would: pages, keys, sizes."""

import base64
import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from processes import wait_until
from programs import CHROMIUM
from websockets.sync.client import connect

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
)

# textual.js keeps its terminals to itself: whoever is given a `terminal` that is one shows it here too.
SHOW_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {
  configurable: true,
  set(value) {
    Object.defineProperty(this, "terminal", { value, writable: true, configurable: true });
    if (value && value.buffer) window.shownTerminal = value;
  },
});
"""
READ_SCREEN = """(() => {
  const terminal = window.shownTerminal, lines = [];
  if (!terminal) return "";
  for (let row = 0; row < terminal.rows; row++) lines.push(terminal.buffer.active.getLine(row).translateToString(true));
  return lines.join("\\n");
})()"""


class Browser:
    """Chromium with a profile of its own."""

    def __init__(self, profile: Path, *flags: str) -> None:
        self.process = subprocess.Popen(
            [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        said = profile / "DevToolsActivePort"
        wait_until(lambda: said.exists() and len(said.read_text().split()) == 2, 30, lambda: "Chromium")
        port, path = said.read_text().split()
        self._open = ExitStack()
        self._line = self._open.enter_context(
            connect(f"ws://127.0.0.1:{port}{path}", max_size=None, open_timeout=20, ping_interval=None)
        )
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def call(self, method: str, session: str | None = None, **given: Any) -> dict[str, Any]:
        """A method of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": given} | ({"sessionId": session} if session else {})
        self._line.send(json.dumps(message))
        while True:
            answer = json.loads(self._line.recv(30))
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def tab(self, address: str = "about:blank", width: int = 1000, height: int = 700) -> "Tab":
        """A new page."""
        return Tab(self, address, width, height)


class Tab:
    """One page. `with` closes it."""

    def __init__(self, browser: Browser, address: str, width: int, height: int) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=SHOW_TERMINAL)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)  # as if each tab were a window in front
        self.resize(width, height)
        self.go(address)

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """A method of the DevTools protocol, of this page."""
        return self._browser.call(method, self._session, **given)

    def events(self, method: str) -> list[dict[str, Any]]:
        """What has happened on this page, of one kind."""
        self.evaluate("0")
        mine = (event for event in self._browser.events if event.get("sessionId") == self._session)
        return [event["params"] for event in mine if event["method"] == method]

    def go(self, address: str) -> None:
        """Open an address and wait until it is there."""
        self.call("Page.navigate", url=address)
        self.wait_until(lambda: self.evaluate("document.readyState") == "complete", f"{address} to load")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression on the page; a promise's once it is kept."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return done["result"].get("value", done.get("exceptionDetails", {}).get("text"))

    def click(self, selector: str) -> None:
        """The left button, in the middle of an element."""
        place = f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
        x, y = self.evaluate(place + "return [r.x + r.width / 2, r.y + r.height / 2] })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Keys, one after the other, into whatever has the focus."""
        for letter in text:
            special = {"\r": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}}
            key = special.get(letter, {"key": letter, "windowsVirtualKeyCode": ord(letter.upper())})
            self.call("Input.dispatchKeyEvent", type="keyDown", text=letter, **key)
            self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def paste(self, text: str) -> None:
        """All at once, as from the clipboard."""
        self.evaluate(f"window.shownTerminal.paste({json.dumps(text)})")

    def resize(self, width: int, height: int) -> None:
        """The window, in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def screen(self) -> str:
        """What the terminal on the page shows."""
        return str(self.evaluate(READ_SCREEN) or "")

    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal."""
        return tuple(self.evaluate("[window.shownTerminal.cols, window.shownTerminal.rows]"))

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Wait until the terminal shows it."""
        self.wait_until(lambda: text in self.screen(), f"{text!r}", seconds)

    def wait_until(self, is_so: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Wait until something is so."""
        wait_until(is_so, seconds, lambda: f"{what} on\n{self.screen()}\n{self.evaluate('document.body.innerText')}")

    def picture(self, path: Path) -> None:
        """What a person would see, as a PNG."""
        time.sleep(0.3)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        """As a person closes it."""
        self._browser.call("Target.closeTarget", targetId=self._target)

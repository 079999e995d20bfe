"""A workshop in a real browser: coming in, stepping, resizing, going; and what is refused, to it and to others."""

import contextlib
import http.client
import http.server
import json
import os
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.door.web_terminal import NONSENSE
from browser import Browser, Tab
from processes import resident, wait_until
from served_web import Web
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

pytestmark = [pytest.mark.serve, pytest.mark.one_worker]
needs_browser = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with Web(tmp_path_factory.mktemp("web") / "state", "--max-sessions", "6", "--max-per-address", "4") as served:
        yield served


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def come(web: Web, tab: Tab, name: str, password: str = "") -> None:
    """Fill in the page's form."""
    tab.go(web.address)
    tab.type(name)
    tab.click("#password")
    tab.type((password or web.password) + "\r")


def note(tab: Tab) -> str:
    return str(tab.evaluate("document.querySelector('#note').textContent"))


def gone(web: Web) -> bool:
    """Whether no session runs, and the server has heard of the end of each."""
    log = web.read_log()
    return not web.processes("session") and log.count(" came from ") == log.count(" left at step ")


def wait_until_gone(web: Web) -> None:
    wait_until(lambda: gone(web), 30, lambda: f"the end of the sessions in\n{web.log}")


# In a browser


@needs_browser
def test_come_in_step_resize_close_the_tab_and_come_back(web, browser) -> None:
    tab = browser.tab()
    come(web, tab, "anna")
    tab.wait_for("Gradients")
    tab.type(" ")
    tab.wait_for("step 1")
    columns, lines = tab.size()
    tab.resize(1300, 900)
    tab.wait_until(lambda: tab.size() > (columns, lines), "a larger terminal")
    tab.wait_until(lambda: max(map(len, tab.screen().split("\n"))) == tab.size()[0], "a screen as wide as that")
    tab.close()
    wait_until_gone(web)
    assert web.saved("anna").timeline.steps == 1
    with browser.tab() as tab:
        come(web, tab, "anna")
        tab.wait_for("resumed at step 1")
        tab.type(" ")
        tab.wait_for("step 2")
        tab.type("q")
        tab.wait_until(lambda: "The line has closed" in note(tab), "word that it is over")
        assert tab.evaluate("document.querySelector('#password').value") == ""
    assert web.saved("anna").timeline.steps == 2


@needs_browser
def test_an_exported_file_is_downloaded(web, browser, tmp_path) -> None:
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    with browser.tab() as tab:
        come(web, tab, "dan")
        tab.wait_for("Gradients")
        tab.type(" ")
        tab.wait_for("step 1")
        tab.type("e")
        tab.paste("mine.md")
        tab.type("\r")
        tab.wait_for("Your browser downloads mine.md")
        tab.wait_until(lambda: (tmp_path / "mine.md").exists(), "the file")
        assert (tmp_path / "mine.md").read_bytes() == (web.state / "dan" / "mine.md").read_bytes()
    wait_until_gone(web)


@needs_browser
def test_a_wrong_password_is_refused_and_the_right_one_then_taken(web, browser) -> None:
    with browser.tab() as tab:
        began = time.monotonic()
        come(web, tab, "bea", "wrong")
        tab.wait_until(lambda: note(tab) == "that is not the password", "a refusal")
        assert time.monotonic() - began >= limits.WRONG_PASSWORD_PAUSE
        assert not web.processes("session")
        assert not (web.state / "bea").exists()
        tab.evaluate("document.querySelector('#password').value = ''")
        tab.type(web.password + "\r")
        tab.wait_for("Gradients")
    wait_until_gone(web)


@needs_browser
def test_everything_comes_from_the_server_itself_and_no_address_holds_the_password(web, browser) -> None:
    with browser.tab() as tab:
        come(web, tab, "carl")
        tab.wait_for("Gradients")
        asked = [event["request"]["url"] for event in tab.events("Network.requestWillBeSent")]
        asked += [event["url"] for event in tab.events("Network.webSocketCreated")]
        own = [address for address in asked if address != "data:,"]
        assert any("/ws?" in address for address in own)
        assert {re.sub(r"^(http|ws)://", "", address).partition("/")[0] for address in own} == {
            f"127.0.0.1:{web.web_port}"
        }
        assert not [address for address in asked if web.password in address or "carl" in address]
        told = [event["entry"] for event in tab.events("Log.entryAdded")]
        assert not [entry for entry in told if entry["source"] == "security" or entry["level"] == "error"], told
        assert not tab.events("Runtime.exceptionThrown")
        assert tab.evaluate("document.cookie") == ""
    assert web.password not in web.read_log(0.2)


@needs_browser
def test_a_page_from_elsewhere_gets_no_terminal_and_no_frame(web, browser, tmp_path) -> None:
    (tmp_path / "evil.html").write_text(f"<iframe src='{web.address}'></iframe>")
    with elsewhere(tmp_path) as address, browser.tab(f"{address}/evil.html") as tab:
        opened = tab.evaluate(
            f"new Promise((told) => {{ const line = new WebSocket('ws://127.0.0.1:{web.web_port}/ws');"
            "line.onopen = () => told('open'); line.onerror = () => told('refused') })"
        )
        assert opened == "refused"
        read = tab.evaluate(f"fetch('{web.address}/').then((answer) => answer.text(), () => 'refused')")
        assert read == "refused"
        assert any("frame-ancestors" in event["entry"]["text"] for event in tab.events("Log.entryAdded"))


@contextlib.contextmanager
def elsewhere(folder: Path) -> Iterator[str]:
    """Another site: the same machine under another port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given) -> None:
            super().__init__(*given, directory=str(folder))

        def log_message(self, *_) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@needs_browser
def test_a_name_that_is_here_already_is_asked_about(web, browser) -> None:
    with browser.tab() as first, browser.tab() as second:
        come(web, first, "dora")
        first.wait_for("Gradients")
        first.type("  ")
        first.wait_for("step 2")
        come(web, second, "dora")
        second.wait_for("dora is here already")
        second.type("\r")
        second.wait_for("step 2")
        first.wait_for("taken over")
    wait_until_gone(web)


@needs_browser
def test_more_than_a_person_pastes_ends_the_session_and_says_so(web, browser) -> None:
    with browser.tab() as tab:
        come(web, tab, "emil")
        tab.wait_for("Gradients")
        tab.type(" ")
        tab.wait_for("step 1")
        tab.paste("x" * (limits.PASTE + 1000))
        tab.wait_for("more than a person types")
        assert web.saved("emil").timeline.steps == 1
    wait_until_gone(web)


@needs_browser
def test_a_clean_end_tells_everyone_and_an_idle_session_ends(tmp_path, browser) -> None:
    with Web(tmp_path / "state", "--open", "--idle-timeout", "8s") as web, browser.tab() as idle, browser.tab() as busy:
        idle.go(web.address)
        assert idle.evaluate("getComputedStyle(document.querySelector('#password')).display") == "none"
        idle.type("fay\r")
        idle.wait_for("Gradients")
        idle.wait_for("is saved under your name")
        busy.go(web.address)
        busy.type("gil\r")
        busy.wait_for("Gradients")
        busy.type(" ")
        busy.wait_for("step 1")
        assert web.stop() == 0
        busy.wait_for("the workshop has ended")
        assert web.saved("gil").timeline.steps == 1


@needs_browser
def test_a_flood_is_refused_and_disturbs_nobody(tmp_path, browser) -> None:
    with Web(tmp_path / "state", "--connections-per-second", "2") as web, browser.tab() as tab:
        come(web, tab, "hal")
        tab.wait_for("Gradients")
        flood, answered = [], 0
        for _ in range(400):
            peer = socket.socket()
            peer.settimeout(5)
            with contextlib.suppress(OSError):
                peer.connect(("127.0.0.1", web.web_port))
                peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            flood.append(peer)
        began = time.monotonic()
        tab.type(" ")
        tab.wait_for("step 1")
        assert time.monotonic() - began < 5
        for peer in flood:
            with contextlib.suppress(OSError):
                answered += peer.recv(12) == b"HTTP/1.1 200"
            peer.close()
        # A burst of 96, and 12 a second while this goes on.
        assert 50 < answered < 200, answered
        with browser.tab() as late:
            time.sleep(4)
            come(web, late, "ida")
            late.wait_for("Gradients")


# Without one


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "http://[", ""])
def test_a_websocket_of_another_page_is_refused(web, origin) -> None:
    with pytest.raises(InvalidStatus) as refused, web.line(origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_websocket_of_no_page_is_refused(web) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{web.web_port}/ws"):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/static/", "/page.html", "/../limits.py", "/%2e%2e/limits.py", "//etc/passwd", "/download/x", "/..;/web.py", "*"],
)
def test_nothing_else_is_there(web, path) -> None:
    line = http.client.HTTPConnection("127.0.0.1", web.web_port, timeout=10)
    line.putrequest("GET", path, skip_host=False)
    line.endheaders()
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (404, b"there is nothing here but the page at /\n")


@pytest.mark.parametrize("path", ["/", "/page.js", "/textual.js", "/nothing", "/ws"])
def test_every_answer_forbids_what_it_does_not_need(web, path) -> None:
    line = http.client.HTTPConnection("127.0.0.1", web.web_port, timeout=10)
    line.request("GET", path)
    answer = line.getresponse()
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "name", ["../anna", "..", "a/b", "a" * 33, "", "an na", "anna\n", "\x1b[2J", "ann\u202ea", "\ud800"]
)
def test_a_name_that_is_no_label_is_turned_away(web, name) -> None:
    before = set(web.state.parent.rglob("*"))
    with web.come_in(name) as line, pytest.raises(ConnectionClosed) as closed:
        line.recv(10)
    assert closed.value.rcvd.code in (4001, NONSENSE)
    assert set(web.state.parent.rglob("*")) == before


FIRST = [
    "",
    "[]",
    "{}",
    "null",
    '["stdin"," "]',
    '["login"]',
    '["login","a"]',
    '["login",1,2]',
    "\0",
    '["x"]',
    "[" * 5000,
]


@pytest.mark.parametrize("message", FIRST, ids=[ascii(message)[:20] for message in FIRST])
def test_nothing_but_a_login_comes_first(web, message) -> None:
    with web.line() as line:
        line.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(10)
    assert closed.value.rcvd.code == NONSENSE
    assert not web.processes("session")


def read_until(line: ClientConnection, text: bytes, seconds: float = 20) -> None:
    seen, end = b"", time.monotonic() + seconds
    while text not in seen:
        seen += line.recv(max(end - time.monotonic(), 0.01))


def test_nonsense_of_one_who_is_in_ends_that_session_alone(web) -> None:
    generator = random.Random(5)
    with web.come_in("calm") as calm:
        read_until(calm, b"Gradients")
        for number in range(12):
            with contextlib.suppress(ConnectionClosed), web.come_in(f"fuzz{number % 2}") as line:
                line.send(json.dumps(["stdin", "n"]))
                for _ in range(10):
                    width, height = (generator.choice([0, 1, 80, 65535, 100_000]) for _ in range(2))
                    line.send(json.dumps(["resize", {"width": width, "height": height}]))
                    line.send(json.dumps(["stdin", "".join(chr(generator.randrange(0x3000)) for _ in range(50))]))
                    time.sleep(0.01)
                line.send(
                    generator.choice(
                        [b"\xff\xfe", '["resize",{"width":-1,"height":1}]', '["stdin",1]', "x" * 2**20, "[" * 9999]
                    )
                )
                line.recv(10)
        calm.send(json.dumps(["stdin", " "]))
        read_until(calm, b"step 1")
    wait_until_gone(web)


def test_full_is_told(web) -> None:
    with contextlib.ExitStack() as lines:
        for number in range(4):
            read_until(lines.enter_context(web.come_in(f"one{number}")), b"Gradients")
        with web.come_in("more") as line:
            read_until(line, b"your address has 4 sessions already")
    wait_until_gone(web)


def test_a_browser_that_reads_nothing_makes_only_its_own_session_wait(web) -> None:
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", web.web_port))
    with web.come_in("slow", sock=narrow) as slow, web.come_in("nina") as nina:
        read_until(slow, b"Gradients")
        read_until(nina, b"Gradients")
        before = resident(web.process.pid)
        for number in range(150):  # each is painted anew, some 25 MB in all, of which slow takes nothing
            slow.send(json.dumps(["resize", {"width": 380 + number % 2, "height": 190}]))
            time.sleep(0.04)
        assert resident(web.process.pid) - before < 2 * 2**20
        for number in range(1, 4):
            nina.send(json.dumps(["stdin", " "]))
            read_until(nina, b"step %d" % number)
    wait_until_gone(web)


def test_who_says_nothing_is_shown_out(web) -> None:
    with socket.create_connection(("127.0.0.1", web.web_port)) as silent, web.line() as nameless:
        began = time.monotonic()
        silent.sendall(b"GET / HTTP/1.1\r\n")
        silent.settimeout(limits.LOGIN_GRACE + 10)
        with pytest.raises(ConnectionClosed):
            nameless.recv(limits.LOGIN_GRACE + 10)
        while silent.recv(4096):
            pass
        assert limits.LOGIN_GRACE - 5 < time.monotonic() - began < limits.LOGIN_GRACE + 5


def test_it_listens_on_this_machine_alone_unless_told(web) -> None:
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [address] = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(f"{web.web_port:04X}")]
    assert address.startswith("0100007F")


def test_nothing_is_left(web) -> None:
    def held() -> int:
        return len(os.listdir(f"/proc/{web.process.pid}/fd"))

    wait_until_gone(web)
    before = held()
    for number in range(4):
        with web.come_in(f"p{number}") as line:
            read_until(line, b"Gradients")
            if number % 2:
                line.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: held() == before and gone(web), 20, lambda: f"{before} descriptors, not {held()}")

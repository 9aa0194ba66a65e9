"""A real headless Chromium, driven over the DevTools protocol.

    with Browser() as browser:
        page = browser.open("http://127.0.0.1:9797/", width=420, height=900, dark=True)
        page.wait("document.querySelector('h1') !== null")
        assert page.errors == []

Events (console lines, requests) are collected while a call waits for its answer, so
`page.console` and `page.requests` are complete up to the last call that returned.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import websocket

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
KEYS = {"Escape": 27, "Enter": 13, "Tab": 9, "ArrowLeft": 37, "ArrowRight": 39, "?": 191}


class BrowserError(Exception):
    """Chromium is missing, did not start, or refused a call."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page's console; level is log, warning, error or exception."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for a request; status 0 when nothing did."""

    url: str
    status: int


class Browser:
    """One Chromium process with a new, empty profile."""

    def __init__(self, program: str | None = None) -> None:
        self._program = program or next(filter(None, map(shutil.which, PROGRAMS)), None)
        if self._program is None:
            raise BrowserError(f"none of {', '.join(PROGRAMS)} is installed")
        self._profile = tempfile.TemporaryDirectory(
            prefix="jipyo-browser-", ignore_cleanup_errors=True
        )
        self._process = subprocess.Popen(
            [self._program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket = websocket.create_connection(
            self._address(), suppress_origin=True, timeout=60, enable_multithread=False
        )
        self._last_id = 0
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its profile."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def open(
        self,
        url: str,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool | None = None,
        language: str | None = None,
        in_window: bool = False,
    ) -> Page:
        """A new tab at url, loaded; dark and language are what the page sees of its system.

        A page in a window of its own stays visible when another one is opened.
        """
        about = {"url": "about:blank", "newWindow": in_window}
        target = self.call("Target.createTarget", about)["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, session["sessionId"])
        self._pages[session["sessionId"]] = page
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        page.prefer(dark=dark, language=language)
        page.go(url)
        return page

    def call(
        self, method: str, params: dict[str, Any] | None = None, session: str | None = None
    ) -> dict[str, Any]:
        """Ask the browser one thing and wait for the answer, two minutes at most."""
        deadline = time.monotonic() + 120
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": params or {}}
        if session is not None:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        for answer in self._messages():
            if time.monotonic() > deadline:
                break
            if answer.get("id") != self._last_id:
                continue
            if "error" in answer:
                raise BrowserError(f"{method}: {answer['error']['message']}")
            return answer["result"]
        raise BrowserError(f"{method}: no answer")

    def _messages(self) -> Iterator[dict[str, Any]]:
        while text := self._socket.recv():
            message = json.loads(text)
            page = self._pages.get(message.get("sessionId", ""))
            if page is not None and "method" in message:
                page.note(message["method"], message["params"])
            yield message

    def _address(self) -> str:
        port_file = Path(self._profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BrowserError(f"{self._program} ended with {self._process.returncode}")
            lines = port_file.read_text().splitlines() if port_file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.05)
        raise BrowserError(f"{self._program} opened no debugging port within 60 s")


_MOST_CLICKS = 5
_WATCH_CLICKS = """(() => {
  const selector = %s, there = document.elementFromPoint(%s, %s);
  window.clickLanded = false;
  window.clickWatch?.abort();
  window.clickWatch = new AbortController();
  document.addEventListener('click', (event) => {
    if (event.target.closest?.(selector)) window.clickLanded = true;
  }, {capture: true, signal: window.clickWatch.signal});
  return there !== null && there.closest(selector) !== null && !there.closest(':disabled');
})()"""
"""Notes whether a click reaches what a selector names; whether nothing lies above it now."""


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.console: list[Line] = []
        self.requests: list[str] = []
        self.responses: list[Response] = []
        self._urls: dict[str, str] = {}
        self._loaded = 0

    @property
    def errors(self) -> list[str]:
        """Console errors, uncaught exceptions and answers that are refusals."""
        bad = [line.text for line in self.console if line.level in {"error", "exception"}]
        return bad + [f"{r.status} {r.url}" for r in self.responses if not 0 < r.status < 400]

    def call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """One DevTools call on this tab."""
        return self._browser.call(method, params, self._session)

    def go(self, url: str, timeout_s: float = 60) -> None:
        """Load url and wait for its load event."""
        before = self._loaded
        answer = self.call("Page.navigate", {"url": url})
        if "errorText" in answer:
            raise BrowserError(f"{url}: {answer['errorText']}")
        deadline = time.monotonic() + timeout_s
        while self._loaded == before:
            if time.monotonic() > deadline:
                raise BrowserError(f"{url} did not load within {timeout_s:g} s")
            time.sleep(0.02)
            self.eval("0")

    def eval(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate",
            {"expression": expression, "returnByValue": True, "awaitPromise": True},
        )
        if "exceptionDetails" in answer:
            raise BrowserError(f"{expression}: {_said(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def wait(self, condition: str, timeout_s: float = 30) -> Any:
        """Wait until a JavaScript expression is truthy, and return it (True for an element)."""
        deadline = time.monotonic() + timeout_s
        plain = f"Promise.resolve({condition}).then(v => v instanceof Node ? true : v)"
        while not (value := self.eval(plain)):
            if time.monotonic() > deadline:
                raise BrowserError(f"not within {timeout_s:g} s: {condition}; {self.errors}")
            time.sleep(0.05)
        return value

    def click(self, selector: str) -> None:
        """Click the middle of the first element that matches, as a mouse would."""
        for _ in range(_MOST_CLICKS):
            x, y = self._middle(selector)
            is_clear = self.eval(_WATCH_CLICKS % (json.dumps(selector), x, y))
            self.mouse("mousePressed", x, y)
            self.mouse("mouseReleased", x, y)
            # What came in between, as a list that was loaded anew, may have moved it away.
            if not is_clear or self.eval("window.clickLanded !== false"):
                return
        raise BrowserError(f"clicks miss it: {selector}")

    def fill(self, selector: str, value: str) -> None:
        """Give a field a value, as somebody who types or chooses it."""
        self.eval(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)});"
            f" field.value = {json.dumps(value)};"
            " for (const kind of ['input', 'change'])"
            " field.dispatchEvent(new Event(kind, {bubbles: true})); })()"
        )

    def drag(self, selector: str, start: float, end: float) -> None:
        """Drag across an element, from and to a fraction of its width."""
        box = self._box(selector)
        y = box["y"] + box["height"] / 2
        steps = [start + (end - start) * step / 8 for step in range(9)]
        xs = [box["x"] + box["width"] * step for step in steps]
        self.mouse("mouseMoved", xs[0], y, button="none")
        self.mouse("mousePressed", xs[0], y)
        for x in xs[1:]:
            self.mouse("mouseMoved", x, y)
        self.mouse("mouseReleased", xs[-1], y)

    def hover(self, selector: str, at: float = 0.5) -> None:
        """Move the mouse over an element, at a fraction of its width."""
        box = self._box(selector)
        y = box["y"] + box["height"] / 2
        self.mouse("mouseMoved", box["x"] + box["width"] * at, y, button="none")

    def wheel(self, selector: str, delta_y: float, *, shift: bool = False) -> None:
        """Turn the wheel over the middle of an element."""
        x, y = self._middle(selector)
        self.mouse("mouseMoved", x, y, button="none")
        self.call(
            "Input.dispatchMouseEvent",
            {
                "type": "mouseWheel",
                "x": x,
                "y": y,
                "deltaX": 0,
                "deltaY": delta_y,
                "modifiers": 8 if shift else 0,
            },
        )

    def mouse(self, kind: str, x: float, y: float, *, button: str = "left") -> None:
        """One raw mouse event at viewport coordinates."""
        self.call(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": x,
                "y": y,
                "button": button,
                "buttons": int(button == "left" and kind != "mouseReleased"),
                "clickCount": int(kind != "mouseMoved"),
            },
        )

    def press(self, key: str, code: str | None = None, *, shift: bool = False) -> None:
        """Press a key: a letter, a digit, or one of KEYS."""
        code = code or (f"Key{key.upper()}" if key.isalpha() and len(key) == 1 else key)
        if key.isdigit():
            code = f"Digit{key}"
        number = KEYS.get(key, ord(key[0].upper()))
        about = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        about |= {"modifiers": 8 if shift else 0}
        text = {"text": key} if len(key) == 1 else {}
        if key == "Enter":
            text = {"text": "\r"}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **about, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **about})

    def resize(self, width: int, height: int) -> None:
        """Give the tab a viewport of CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, *, dark: bool | None = None, language: str | None = None) -> None:
        """Say what the page learns of its system; None leaves it as it is."""
        if dark is not None:
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            self.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        if language is not None:
            agent = self._browser.call("Browser.getVersion")["userAgent"]
            about = {"userAgent": agent, "acceptLanguage": language}
            self.call("Emulation.setUserAgentOverride", about)

    def offline(self, cut: bool = True) -> None:
        """Cut the page from its network, or join it again."""
        about = {"offline": cut, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.call("Network.emulateNetworkConditions", about)

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        """Write what the tab shows (or the whole page) as PNG."""
        params: dict[str, Any] = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            params["clip"] = {**size, "scale": 1}
        data = self.call("Page.captureScreenshot", params)["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def close(self) -> None:
        """Close the tab."""
        self.call("Page.close")

    def note(self, method: str, params: dict[str, Any]) -> None:
        """Keep what an event carries (called by the browser)."""
        if method == "Page.loadEventFired":
            self._loaded += 1
        elif method == "Runtime.consoleAPICalled":
            joined = " ".join(str(a.get("value", a.get("description"))) for a in params["args"])
            self.console.append(Line(params["type"], joined))
        elif method == "Runtime.exceptionThrown":
            self.console.append(Line("exception", _said(params["exceptionDetails"])))
        elif method == "Log.entryAdded":
            entry = params["entry"]
            self.console.append(Line(entry["level"], f"{entry['text']} {entry.get('url', '')}"))
        else:
            self._note_network(method, params)

    def _note_network(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            self._urls[params["requestId"]] = url
            self.requests.append(url)
        elif method == "Network.responseReceived":
            answer = params["response"]
            self.responses.append(Response(answer["url"], answer["status"]))
        elif method == "Network.loadingFailed" and not params.get("canceled"):
            self.responses.append(Response(self._urls.get(params["requestId"], "?"), 0))

    def _box(self, selector: str) -> dict[str, float]:
        """Where an element is in the viewport, once it is there, scrolled to, and stands still."""
        self.call("Page.bringToFront")
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(found)
        box = self.eval(
            "(async () => { let e, box, before, still = 0;"
            f" do {{ e = {found}; if (!e) return null;"
            " e.scrollIntoView({block: 'center', behavior: 'instant'});"
            " await new Promise(next => { requestAnimationFrame(next); setTimeout(next, 100); });"
            " before = box;"
            " box = JSON.stringify(e.getBoundingClientRect());"
            " still = box === before ? still + 1 : 0; } while (still < 3);"
            " return JSON.parse(box); })()"
        )
        if box is None:
            raise BrowserError(f"gone again: {selector}")
        return box

    def _middle(self, selector: str) -> tuple[float, float]:
        box = self._box(selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _said(details: dict[str, Any]) -> str:
    thrown = details.get("exception", {})
    return str(thrown.get("description") or thrown.get("value") or details.get("text"))

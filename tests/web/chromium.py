"""A real browser for tests, where the machine has Chromium: pages, keys, and what somebody sees and hears of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-extensions",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
)
PATIENCE_SECONDS = 60.0
KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "Escape": ("Escape", 27, ""),
}


def executable() -> str | None:
    """Where Chromium is, if it is anywhere."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Tab:
    """A page of the browser with cookies of its own."""

    def __init__(self, chromium: Chromium, session: str) -> None:
        self._chromium, self._session = chromium, session

    async def call(self, method: str, **params: Any) -> Any:
        """A command of the DevTools protocol."""
        return await self._chromium.call(method, self._session, **params)

    async def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme, still])

    async def open(self, url: str) -> None:
        """Go to a page and wait until it is there, scripts and all."""
        went = await self.call("Page.navigate", url=url)
        assert not went.get("errorText"), went
        await self.until("document.readyState === 'complete'")

    async def look(self, expression: str) -> Any:
        """The value of an expression of the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until the expression holds, across pages."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            # Between two pages there is nothing to ask.
            with contextlib.suppress(ProtocolError):
                if await self.look(f"Boolean({expression})"):
                    return
            assert time.monotonic() < ends, f"{expression} did not come about"
            await asyncio.sleep(0.05)

    async def press(self, key: str) -> None:
        code, number, text = KEYS[key]
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        down = {"text": text} if text else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **down)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def write(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def tab_to(self, selector: str, most: int = 80) -> None:
        """Press Tab until the focus is there."""
        for _ in range(most):
            await self.press("Tab")
            if await self.look(f"document.activeElement.matches({json.dumps(selector)})"):
                return
        raise AssertionError(f"Tab does not lead to {selector}")

    async def named(self) -> list[tuple[str, str]]:
        """Role and name of everything as a screen reader is told."""
        tree = await self.call("Accessibility.getFullAXTree")
        return [
            (str(node["role"]["value"]), str(node.get("name", {}).get("value", "")))
            for node in tree["nodes"]
            if not node["ignored"]
        ]


class ProtocolError(Exception):
    """The browser refused a command."""


class Chromium:
    """A running Chromium."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def listen(self) -> None:
        """Hand the answers to those who wait for them."""
        async for message in self._socket:
            answer = json.loads(message)
            waiting = self._waiting.pop(answer.get("id", 0), None)
            if waiting is None or waiting.done():
                continue
            if "error" in answer:
                waiting.set_exception(ProtocolError(str(answer["error"])))
            else:
                waiting.set_result(answer["result"])

    async def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        said = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        await self._socket.send(json.dumps(said))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await waiting

    async def tab(self) -> Tab:
        """A new page; nothing of another page's cookies is known to it."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = (await self.call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Accessibility"):
            await tab.call(f"{domain}.enable")
        await tab.screen(1280, 900)
        return tab


@contextlib.asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Chromium]:
    """Start Chromium with an empty profile; it ends with the block."""
    profile = Path(tempfile.mkdtemp(prefix="patungan-chromium-"))
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        path, *OPTIONS, f"--user-data-dir={profile}", "about:blank", stdout=quiet, stderr=quiet
    )
    try:
        address = profile / "DevToolsActivePort"
        ends = time.monotonic() + PATIENCE_SECONDS
        while not (address.exists() and "\n" in address.read_text()):
            assert process.returncode is None and time.monotonic() < ends, "Chromium did not start"
            await asyncio.sleep(0.05)
        port, place = address.read_text().split("\n")[:2]
        async with connect(f"ws://127.0.0.1:{port}{place}", max_size=None, proxy=None) as socket:
            running = Chromium(socket)
            listening = asyncio.create_task(running.listen())
            yield running
            listening.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        shutil.rmtree(profile, ignore_errors=True)

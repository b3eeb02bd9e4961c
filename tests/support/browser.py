"""A real browser for tests: the system's Chromium, driven by Playwright. A module whose tests need it says so once:

browser.require()
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
EXECUTABLE = next((path for name in _NAMES if (path := shutil.which(name))), None)

# A foreign host that is resolved to this machine, as after DNS rebinding.
REBOUND = "evil.example"

# A machine that runs everything at once takes its time.
PATIENCE_MS = 60_000
_DEFAULT_MS = 5_000

_ARGUMENTS = (
    # As root, in a container, and without a word to anybody.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
    # What is tried is what our servers refuse, not what this browser does not send.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
)


def require() -> None:
    """Skip the module that calls this while it is imported, where there is no browser: one skip, however many tests."""
    if EXECUTABLE is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is on PATH", allow_module_level=True)


@contextmanager
def browsing() -> Iterator[Browser]:
    """A running browser. What is expected of its pages has `PATIENCE_MS` to come true."""
    expect.set_options(timeout=PATIENCE_MS)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=list(_ARGUMENTS))
            try:
                yield browser
            finally:
                browser.close()
    finally:
        expect.set_options(timeout=_DEFAULT_MS)


@contextmanager
def new_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A browser that remembers nothing, whose pages are waited for as long. `options` are Playwright's."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        context.close()

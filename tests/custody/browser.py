"""The verifier for browsers, opened from disk in Chromium and asked about many bundles at once."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from playwright.sync_api import Page, sync_playwright

from apps.custody import verify

NAMES = ("chromium", "chromium-browser", "google-chrome")
PAGE = Path(verify.__file__).with_name("verify.html")
VERDICTS = {"PASS": verify.PASS, "FAIL": verify.FAIL, "INCOMPLETE": verify.INCOMPLETE}
#: A bundle, the log's key, a kept checkpoint's note, a witness's key, the network's key, a kept head of it.
Case = tuple[bytes, str, bytes, str, str, bytes]

_CHECK_ALL = """async (cases) => {
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const [file] = document.getElementById("bundle").files, all = new Uint8Array(await file.arrayBuffer());
  const kept = (text) => text ? bytes(text) : null;
  return Promise.all(cases.map(([start, end, keys, known, witnesses, network, head]) =>
    verifyBundle(all.slice(start, end), keys, kept(known), witnesses, network, kept(head))));
}"""


def check_all(page: Page, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What the page says of each case: verdict, failures, missing, proven, unproven.

    The bundles go to it as one file, as somebody would choose one: telling them to it as text takes longer
    than checking them.
    """
    told, end = [], 0
    with NamedTemporaryFile(suffix=".zip") as file:
        for bundle, keys, known, witnesses, network, head in cases:
            file.write(bundle)
            kept = [base64.b64encode(note).decode() for note in (known, head)]
            told.append([end, end + len(bundle), keys, kept[0], witnesses, network, kept[1]])
            end += len(bundle)
        file.flush()
        page.set_input_files("#bundle", file.name)
        reports: list[dict[str, Any]] = page.evaluate(_CHECK_ALL, told)
    return reports


@contextmanager
def browser_verifier() -> Iterator[Callable[[Sequence[Case]], list[int]] | None]:
    """Verdicts of the page, one for each case; None where there is no Chromium."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(PAGE.as_uri())
        yield lambda cases: [VERDICTS[report["verdict"]] for report in check_all(page, cases)]
        browser.close()

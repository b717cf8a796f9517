"""How fast the playground is, in the browser that is here: `python tests/benchmarks/playground.py [RUNS]`.

Pyodide is taken from the folder in PYODIDE_FOLDER, or from the user's cache, where npm puts it. Each run is a browser
of its own, with nothing kept; all times are those of the page's own clock. Measure on a machine that does nothing else.
"""

import os
import shutil
import statistics
import sys
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from autograd.play.examples import EXAMPLES
from autograd.play.pyodide import folder_of
from autograd.play.server import server
from autograd.play.site import listing, site

EDITS = 20

# After the edit, until its picture is there; and a step, with the layout that the browser then has to do.
EDIT = """async (text) => {
  const area = document.getElementById("text");
  performance.clearMarks("shown");
  const begin = performance.now();
  area.value = text;
  area.dispatchEvent(new Event("input"));
  while (!performance.getEntriesByName("shown").length) await new Promise((done) => setTimeout(done, 1));
  document.getElementById("view").getBoundingClientRect();
  return performance.now() - begin;
}"""
STEP = """() => {
  document.activeElement.blur();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true, composed: true }));
  const { end } = { end: Number(document.getElementById("view").shadowRoot.getElementById("slider").max) };
  const times = [];
  for (let i = 0; i < end; i++) {
    const begin = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, composed: true }));
    document.getElementById("view").getBoundingClientRect();
    times.push(performance.now() - begin);
  }
  return times;
}"""
MARK = "(name) => performance.getEntriesByName(name)[0].startTime"


def measured(browser: Any, address: str) -> dict[str, list[float]]:
    """The times of one visit, in milliseconds."""
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-answer]", timeout=120_000)
    ready, shown = page.evaluate(MARK, "ready"), page.evaluate(MARK, "shown")
    found = {"Python ready": [ready], "first picture": [shown - ready]}
    for name in ("E3", "E1"):
        found[f"an edit of {name}"] = [page.evaluate(EDIT, f"{EXAMPLES[name]}# {i}") for i in range(EDITS)]
        found[f"a step of {name}"] = page.evaluate(STEP)
    context.close()
    return found


def main(runs: int) -> None:
    """Print the medians and the largest times."""
    folder = os.environ.get("PYODIDE_FOLDER")
    files = site(folder_of(Path(folder) if folder else None))
    times: dict[str, list[float]] = {}
    with server(files, 0) as running, sync_playwright() as driver:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        for _ in range(runs):
            browser = driver.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"))
            for name, found in measured(browser, f"http://127.0.0.1:{running.server_port}/").items():
                times.setdefault(name, []).extend(found)
            browser.close()
        running.shutdown()
    print(f"{'milliseconds':<16}  median  largest  smallest")
    for name, found in times.items():
        print(f"{name:<16}  {statistics.median(found):6.1f}  {max(found):7.1f}  {min(found):8.1f}")
    print(*listing(files).splitlines()[-2:], sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

"""How long from a saved source to the Worker that answers with it, under `make dev`.

    python -m bench.edit_to_live --edits 10

The platform as it is shipped, in a checkout of its own, and an edit of the page deployer that its `/health` shows. The
clock runs from the write of the file to the first answer that has the edit.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from tests.support.checkout import Checkout
from tests.support.dev import Dev, answer_of

AUTOPILOT = """
  - name: bench
    worker: efh-bench
    capabilities: [bench.answer]
    needs:
      workers:
        - {name: efh-bench, source: autopilots/bench/index.ts, public: true}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout.create(Path(folder) / "project")
        checkout.manifest.write_text(checkout.manifest.read_text().replace("\ntasks:\n", f"{AUTOPILOT}\ntasks:\n"))
        source = checkout.folder / "autopilots/bench/index.ts"
        source.parent.mkdir()
        source.write_text(worker("edit 0"))
        try:
            with Dev(checkout) as dev:
                dev.wait("watching autopilots.yaml")
                url = dev.wait(r"efh-bench +(http://\S+)")[1]
                seconds = [edit(source, url, f"edit {number}") for number in range(1, options.edits + 1)]
        finally:
            checkout.make("destroy")
    print(" ".join(f"{each:.2f}" for each in seconds))
    print(f"{options.edits} edits: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")


def worker(text: str) -> str:
    return f'export default {{ fetch: () => new Response("{text}") }};\n'


def edit(source: Path, url: str, text: str) -> float:
    """Save, and ask until the answer has it; in seconds."""
    answer_of(url)  # as a person would: what is live was called before
    start = time.monotonic()
    source.write_text(worker(text))
    while not is_live(url, text):
        time.sleep(0.01)
    return time.monotonic() - start


def is_live(url: str, text: str) -> bool:
    try:
        return answer_of(url) == text
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    main()

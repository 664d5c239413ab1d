"""`pulumi preview` of this program against one that declares the same resources by hand, in one run.

    python -m bench.preview 100

For each number of autopilots with a Worker each: the wall time of a preview on an empty state, the two programs in
turn, and the ratio of the medians. Ours also reads and checks the file, bundles, counts the plan's limits, and looks
for what exists in the account already. The other one (bench/by_hand) finds the modules bundled.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from bench.heal_check import bash
from bench.scale import manifest
from tests.support.checkout import Checkout

TIMED = "TIMEFORMAT=%R; time pulumi preview --suppress-progress > preview.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="+", metavar="AUTOPILOTS")
    parser.add_argument("--rounds", type=int, default=3, help="previews of each program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout.create(Path(folder) / "project")
        try:
            prepare(checkout)
            print(f"{'autopilots':>10} {'by hand':>9} {'ours':>9} {'ratio':>7}  (median seconds)")
            for count in options.counts:
                checkout.manifest.write_text(manifest(count))
                preview(checkout, ".", count)  # bundles
                by_hand, ours = [], []
                for _ in range(options.rounds):
                    by_hand.append(preview(checkout, "by_hand", count))
                    ours.append(preview(checkout, ".", count))
                theirs, own = statistics.median(by_hand), statistics.median(ours)
                print(f"{count:10} {theirs:9.2f} {own:9.2f} {own / theirs:7.2f}", flush=True)
        finally:
            checkout.make("destroy")


def prepare(checkout: Checkout) -> None:
    """The local Cloudflare, the stack of the file as `make up` leaves it but empty, and the project beside it."""
    checkout.make("up")
    bash(checkout, "pulumi destroy -s local --yes --skip-preview --suppress-progress")
    as_us = '-H "Authorization: Bearer $CLOUDFLARE_API_TOKEN"'
    empty = f"curl -sf -X POST {as_us} ${{CLOUDFLARE_BASE_URL%/client/v4}}/_local/reset"
    bash(checkout, empty)  # the data that a destroy leaves
    project = checkout.folder / "by_hand"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(
        "name: by-hand\nruntime: {name: python, options: {toolchain: pip, virtualenv: ../.venv}}\n"
    )
    (project / "__main__.py").write_bytes((checkout.folder / "bench" / "by_hand" / "__main__.py").read_bytes())
    bash(checkout, "cd by_hand && pulumi stack init local")


def preview(checkout: Checkout, project: str, count: int) -> float:
    """Seconds."""
    return float(bash(checkout, f"cd {project} && export WORKERS={count} && {TIMED}").split()[-1])


if __name__ == "__main__":
    main()

"""What one heal check costs where nothing has drifted, against `pulumi refresh` of the same stack, in one run.

    python -m bench.heal_check 10 100 1000

For each number of Workers: API calls and wall time of `pulumi refresh`, of the first `python -m orchestrator drift`
(which reads every Worker once) and of the next ones (which know what they have read), as ratios to the refresh. The
calls are counted by the local Cloudflare. Both are whole commands, with their start.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import httpx

from bench.scale import manifest
from local_cloudflare.settings import load
from tests.support.checkout import Checkout

TIMEOUT_S = 3600
# Pulumi writes the whole state after each step: of a thousand Workers that takes longer than all the rest, and is not
# what is measured here.
UP = "PULUMI_EXPERIMENTAL=true PULUMI_SKIP_CHECKPOINTS=true pulumi up -s local --yes --skip-preview --suppress-progress"
STEPS = {
    "pulumi refresh": "pulumi refresh -s local --yes --skip-preview --suppress-progress",
    "drift, first": "python -m orchestrator drift -s local",
    "drift, again": "python -m orchestrator drift -s local",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="+", metavar="WORKERS")
    options = parser.parse_args()
    print(f"{'Workers':>7}  {'step':16} {'calls':>7} {'seconds':>9} {'calls':>9} {'time':>9}  (of the refresh)")
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout.create(Path(folder) / "project")
        try:
            checkout.make("up")
            for count in sorted(options.counts):
                checkout.manifest.write_text(manifest(count))
                bash(checkout, UP)
                shutil.rmtree(checkout.folder / ".build" / "drift", ignore_errors=True)
                measure(checkout, count)
        finally:
            checkout.make("destroy")


def measure(checkout: Checkout, count: int) -> None:
    settings = load(checkout.folder / ".local" / "cloudflare")
    assert settings is not None
    url = f"http://127.0.0.1:{settings.api_port}/_local/calls"
    with httpx.Client(headers={"Authorization": f"Bearer {settings.api_token}"}, timeout=60) as client:
        refresh: tuple[int, float] | None = None
        for step, command in STEPS.items():
            client.delete(url).raise_for_status()
            seconds = float(bash(checkout, f"TIMEFORMAT=%R; time {command}").split()[-1])
            calls = len(client.get(url).raise_for_status().json()["calls"])
            refresh = refresh or (calls, seconds)
            ratios = f"{calls / refresh[0]:9.3f} {seconds / refresh[1]:9.2f}"
            print(f"{count:7}  {step:16} {calls:7} {seconds:9.2f} {ratios}", flush=True)


def bash(checkout: Checkout, script: str) -> str:
    """What a script printed in the environment of `make shell`."""
    return checkout.run("bash", "-ec", f'eval "$(python -m scripts.shell)"\n{script}', timeout=TIMEOUT_S)


if __name__ == "__main__":
    main()

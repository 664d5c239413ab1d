"""How the tool grows: N autopilots with a Worker each, from `validate` to the first call of one of them.

    python -m bench.scale 200           # everything, on a stack of its own in a temporary checkout
    python -m bench.scale 1000 --preview-only

Prints the wall time of each step in seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import yaml

from tests.support.checkout import Checkout

SCRIPT = "export default {{ fetch: () => Response.json({{ number: {number} }}) }}"


def manifest(count: int) -> str:
    """`count` autopilots, each with one capability, one task and one Worker."""
    autopilots = [
        {
            "name": f"autopilot-{number}",
            "worker": f"efh-{number}",
            "capabilities": [f"work.{number}"],
            "needs": {"workers": [{"name": f"efh-{number}", "content": SCRIPT.format(number=number)}]},
        }
        for number in range(count)
    ]
    tasks = {f"work_{number}": {"capability": f"work.{number}"} for number in range(count)}
    orchestrator = {"worker": "efh-autopilot-orchestrator", "cron": "*/15 * * * *", "kvNamespaces": ["REGISTRY"]}
    return yaml.safe_dump({"orchestrator": orchestrator, "autopilots": autopilots, "tasks": tasks}, sort_keys=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--preview-only", action="store_true", help="stop after `pulumi preview`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout.create(Path(folder) / "project")
        shipped = checkout.manifest.read_text()
        try:
            timed("make up of the shipped manifest", lambda: checkout.make("up"))
            checkout.manifest.write_text(manifest(options.count))
            timed("validate", lambda: checkout.run("python", "-m", "orchestrator", "validate"))
            timed("show --json", lambda: checkout.run("python", "-m", "orchestrator", "show", "--json"))
            timed("pulumi preview", lambda: checkout.shell("pulumi preview -s local --suppress-progress"))
            if options.preview_only:
                return
            timed("pulumi up", lambda: checkout.shell("pulumi up -s local --yes --skip-preview --suppress-progress"))
            for number in (options.count - 1, 0, options.count // 2):
                call = (
                    'curl -sf -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" --json '
                    f"'{json.dumps({'task': f'work_{number}', 'meta': {}})}' -w '\\n%{{time_total}}' "
                    "$ORCHESTRATOR_URL/autopilot/plan"
                )
                answer, seconds = checkout.shell(call).splitlines()
                print(f"{'first call of efh-' + str(number):40} {float(seconds):8.2f} s  {answer}")
        finally:
            checkout.manifest.write_text(shipped)
            checkout.make("destroy")


def timed(name: str, action: object) -> None:
    start = time.monotonic()
    action()  # type: ignore[operator]
    print(f"{name:40} {time.monotonic() - start:8.2f} s", flush=True)


if __name__ == "__main__":
    main()

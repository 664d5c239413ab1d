"""The Stripe of this machine, and somebody's own: what `make up` sets never replaces a key that a person has set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.checkout import Checkout

# In one process, with the stack's real settings: what each step leaves in the stack's file, and what the secrets are.
STEPS = """mkdir -p .local/state; pulumi stack init local >&2; python - <<'END'
import json
from dataclasses import replace
from local_cloudflare.settings import save
from orchestrator.manifest import load
from scripts.local_stack import CLOUDFLARE, ROOT, pulumi, settings
from scripts.local_stripe import set_stripe_secrets

config, manifest, seen = ROOT / "Pulumi.local.yaml", load(ROOT / "autopilots.yaml"), {}

def set_secrets(step, port=None):
    if port:
        save(CLOUDFLARE, replace(settings(), api_port=port))
    set_stripe_secrets(settings(), manifest, config)
    seen[step] = config.read_text()

def own(name, *, remove=False):
    path = ["--path", f"secrets.{name}", "--stack", "local"]
    if remove:
        pulumi("config", "rm", *path, capture=True)
    else:
        pulumi("config", "set", "--secret", *path, capture=True, stdin=f"own_{name}")

def values():
    told = json.loads(pulumi("config", "--show-secrets", "--json", "--stack", "local", capture=True))
    return next(value["objectValue"] for key, value in told.items() if key.endswith(":secrets"))

set_secrets("first")
set_secrets("again")
seen["ours"] = values()
own("STRIPE_API_KEY")
own("STRIPE_WEBHOOK_SECRET")
seen["own"] = config.read_text()
set_secrets("kept")
set_secrets("kept elsewhere", port=7799)
own("STRIPE_API_KEY", remove=True)
set_secrets("back")
seen["mixed"] = values()
print(json.dumps(seen))
END
"""


def test_a_persons_own_keys_stay_and_this_machines_come_back_when_they_are_taken_out(tmp_path: Path) -> None:
    checkout = Checkout.create(tmp_path / "project")
    data = checkout.folder / ".local" / "cloudflare"
    known = {"api_token": "t" * 40, "account_id": "0" * 32, "api_port": 7787, "workers_port": 7788}
    (data / "settings.json").write_text(json.dumps(known))

    seen: dict[str, Any] = json.loads(checkout.shell(STEPS).splitlines()[-1])

    assert seen["first"] == seen["again"], "what is right is not written again"
    assert seen["ours"]["STRIPE_API_KEY"] == "http://sk_test_local@127.0.0.1:7787/_stripe"
    assert seen["ours"]["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
    assert seen["own"] != seen["first"]
    assert seen["kept"] == seen["kept elsewhere"] == seen["own"]
    assert seen["mixed"] == {
        "STRIPE_API_KEY": "http://sk_test_local@127.0.0.1:7799/_stripe",
        "STRIPE_WEBHOOK_SECRET": "own_STRIPE_WEBHOOK_SECRET",
    }

"""Somebody else's page in the place of the admin page, as an upload past Pulumi would put it there.

`python -m tests.support.replaced_page`, in the environment of `make shell`. All that is bound to the Worker stays.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

import httpx

from tests.support.worker_upload import MODULE

ROUTER = "efh-autopilot-orchestrator"
PAGE = b"<h1>Sign in</h1>"
KEPT = ("plain_text", "secret_text", "kv_namespace", "r2_bucket", "d1", "service", "queue", "ai")


def main() -> None:
    account = f"{os.environ['CLOUDFLARE_BASE_URL']}/accounts/{os.environ['CLOUDFLARE_ACCOUNT_ID']}"
    token = {"authorization": f"Bearer {os.environ['CLOUDFLARE_API_TOKEN']}"}
    script = f"{account}/workers/scripts/{ROUTER}"
    with httpx.Client(timeout=60, headers=token) as http:

        def call(method: str, url: str, **options: Any) -> Any:
            return http.request(method, url, **options).raise_for_status().json()["result"]

        digest = hashlib.sha256(PAGE).hexdigest()[:32]
        manifest = {"/admin/index.html": {"hash": digest, "size": len(PAGE)}}
        jwt = call("POST", f"{script}/assets-upload-session", json={"manifest": manifest})
        if jwt["buckets"]:
            files = {digest: (digest, base64.b64encode(PAGE).decode(), "text/html")}
            own = {"authorization": f"Bearer {jwt['jwt']}"}
            jwt = call("POST", f"{account}/workers/assets/upload?base64=true", files=files, headers=own)
        settings = call("GET", f"{script}/settings")
        code = http.get(f"{script}/content/v2").raise_for_status().content
        module = code.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
        metadata = {
            **{name: settings[name] for name in ("compatibility_date", "compatibility_flags")},
            **{"main_module": "w.js", "keep_bindings": KEPT, "observability": {"enabled": True}},
            "assets": {"jwt": jwt["jwt"], "config": {"html_handling": "auto-trailing-slash"}},
        }
        parts = {"metadata": (None, json.dumps(metadata), "application/json"), "w.js": ("w.js", module, MODULE)}
        call("PUT", script, files=parts)


if __name__ == "__main__":
    main()

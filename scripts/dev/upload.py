"""One Worker's code, with its source map, to the local Cloudflare: everything else of it stays."""

from __future__ import annotations

import json

from orchestrator.bundle.modules import Module
from orchestrator.cloudflare.account import Account
from orchestrator.desired.bindings import build_id_of
from orchestrator.names import BUILD_ID
from scripts.local_stack import ROOT

_JAVASCRIPT = "application/javascript+module"
_SOURCE_MAP = "application/source-map"
_Part = tuple[str | None, bytes, str]


def upload(account: Account, name: str, module: Module, *, is_router: bool) -> None:
    """Upload a Worker's modules; the routing Worker's BUILD_ID follows. Raises CloudflareError."""
    main = module.path.rpartition("/")[2]
    parts: dict[str, _Part] = {
        "metadata": (None, json.dumps({"main_module": main}).encode(), "application/json"),
        main: (main, (ROOT / module.path).read_bytes(), _JAVASCRIPT),
        **{each.name: (each.name, (ROOT / each.path).read_bytes(), each.content_type) for each in module.files},
    }
    source_map = ROOT / f"{module.path}.map"
    if source_map.exists():
        parts[source_map.name] = (source_map.name, source_map.read_bytes(), _SOURCE_MAP)
    script = f"/workers/scripts/{name}"
    account.call("PUT", f"{script}/content", files=parts)
    if is_router:
        bound = account.result("GET", f"{script}/settings")["bindings"]
        kept = [{"type": "inherit", "name": each["name"]} for each in bound if each["name"] != BUILD_ID]
        build = {"type": "plain_text", "name": BUILD_ID, "text": build_id_of(module.sha256)}
        settings = json.dumps({"bindings": [*kept, build]}).encode()
        account.call("PATCH", f"{script}/settings", files={"settings": (None, settings, "application/json")})

"""One Worker's code with its source map, or its static assets, to the local Cloudflare: the rest of it stays."""

from __future__ import annotations

import json
import threading
from typing import Any

from local_cloudflare.provider import assets, settings
from local_cloudflare.provider.client import Client
from local_cloudflare.provider.errors import ProviderError
from orchestrator.bundle.admin_page import Assets
from orchestrator.bundle.modules import Module
from orchestrator.cloudflare.account import Account
from orchestrator.desired.bindings import build_id_of
from orchestrator.errors import OrchestratorError
from orchestrator.names import BUILD_ID
from scripts import local_stack
from scripts.local_stack import ROOT

_JAVASCRIPT = "application/javascript+module"
_SOURCE_MAP = "application/source-map"
_Part = tuple[str | None, bytes, str]


def upload(account: Account, name: str, module: Module, *, is_router: bool) -> None:
    """Upload a Worker's modules; the routing Worker's BUILD_ID follows. Raises CloudflareError."""
    script = f"/workers/scripts/{name}"
    account.call("PUT", f"{script}/content", files=_parts(module, {}))
    if is_router:
        bound = account.worker_bindings(name)
        kept = [{"type": "inherit", "name": each["name"]} for each in bound if each["name"] != BUILD_ID]
        build = {"type": "plain_text", "name": BUILD_ID, "text": build_id_of(module.sha256)}
        changed = json.dumps({"bindings": [*kept, build]}).encode()
        account.call("PATCH", f"{script}/settings", files={"settings": (None, changed, "application/json")})


def upload_assets(account: Account, name: str, module: Module, given: Assets) -> None:
    """Upload static assets as an update does, with the Worker's modules: there is no call for assets alone.

    The files are sent as the stand-in provider does it. Raises CloudflareError, and OrchestratorError where they are
    not taken.
    """
    here = local_stack.settings()
    client = Client(settings.Settings(base_url=here.base_url, token=here.api_token), threading.Event())
    try:
        token = assets.upload(client, here.account_id, name, assets.manifest(str(ROOT / given.directory)))
    except ProviderError as error:
        raise OrchestratorError(f"the static assets of {name} were not uploaded: {error}", "save again") from error
    finally:
        client.close()
    live = account.worker_settings(name)
    config = {"_headers": given.headers, "html_handling": given.html_handling, "not_found_handling": given.not_found}
    metadata = {
        **live,
        "bindings": [{"type": "inherit", "name": each["name"]} for each in live["bindings"]],
        "assets": {"jwt": token, "config": config},
    }
    account.call("PUT", f"/workers/scripts/{name}", files=_parts(module, metadata))


def _parts(module: Module, metadata: dict[str, Any]) -> dict[str, _Part]:
    main = module.path.rpartition("/")[2]
    parts: dict[str, _Part] = {
        "metadata": (None, json.dumps({**metadata, "main_module": main}).encode(), "application/json"),
        main: (main, (ROOT / module.path).read_bytes(), _JAVASCRIPT),
        **{each.name: (each.name, (ROOT / each.path).read_bytes(), each.content_type) for each in module.files},
    }
    source_map = ROOT / f"{module.path}.map"
    if source_map.exists():
        parts[source_map.name] = (source_map.name, source_map.read_bytes(), _SOURCE_MAP)
    return parts

"""The admin page in front of a routing Worker with everything behind it: three of the real autopilots, a payer whose
outcomes are what a test says, one autopilot that fails, and the local Cloudflare's account."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrator.admin_page import Assets, build_admin
from orchestrator.bundle import bundle, router_data
from orchestrator.dispatch.signature import secret_of
from orchestrator.routing.table import CallerRule, Resources, Route, RoutingTable, TaskRule
from tests.support.autopilots import STORAGE
from tests.support.diagnosed import EDITS, Account
from tests.support.project import ROOT
from tests.support.workerd import workerd

TOKEN, READER_TOKEN, OPS_TOKEN = "token-of-the-tests", "token-of-the-reader", "token-of-the-operators"
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
HOST = "admin.localhost"
TABLE = RoutingTable(
    autopilots=(
        Route(
            name="ai-employee",
            capabilities=("crm.lead.create", "lms.enrollment.create", "email.process"),
            worker="efh-agent",
            binding="EFH_AGENT",
        ),
        Route(
            name="ai-stylist",
            capabilities=("web.pages.generate", "web.asset.generate"),
            worker="efh-ai-stylist",
            binding="EFH_AI_STYLIST",
        ),
        Route(
            name="page-deployer",
            capabilities=("web.pages.deploy",),
            worker="efh-page-deployer",
            binding="EFH_PAGE_DEPLOYER",
        ),
        Route(name="payout-batch", capabilities=("payouts.batch.run",), worker="efh-payer", binding="EFH_PAYER"),
        Route(name="translator", capabilities=("text.translate",), worker="efh-broken", binding="EFH_BROKEN"),
    ),
    tasks={
        "generate_page": TaskRule(capability="web.pages.generate", description="Generate a branded page"),
        "generate_asset": TaskRule(capability="web.asset.generate", description="Generate a marketing asset"),
        "deploy_page": TaskRule(capability="web.pages.deploy", description="Deploy a page to R2"),
        "create_lead": TaskRule(capability="crm.lead.create", description="Create a CRM lead"),
        "enroll_student": TaskRule(capability="lms.enrollment.create", description="Enrol a student"),
        "translate": TaskRule(capability="text.translate", description="Translate a text"),
        "run_payout_batch": TaskRule(capability="payouts.batch.run", once=True, description="Run affiliate payouts"),
    },
    declared=Resources(kv_namespaces=("AI_EMPLOYEE_LOGS", "REGISTRY"), r2_buckets=("efh-private",)),
    callers={
        "reader": CallerRule(may=("read",)),
        "ops": CallerRule(may=("read", "heal", "resolve", "plan")),
    },
)
# By Worker: the folder of its source, and the autopilot that it is.
AUTOPILOTS = {
    "efh-agent": ("employee", "ai-employee"),
    "efh-ai-stylist": ("stylist", "ai-stylist"),
    "efh-page-deployer": ("page-deployer", "page-deployer"),
}
FRONT = "export default { fetch: (request, { ROUTER }) => ROUTER.fetch(request) };"
BROKEN = "export default { fetch: () => new Response('upstream: no route to the model', { status: 500 }) };"


class World:
    """`url`: where the router answers, for a browser."""

    def __init__(self, url: str, account: Account) -> None:
        self.port = httpx.URL(url).port
        self.url = f"http://{HOST}:{self.port}"
        self.account = account
        self._http = httpx.Client(base_url=url, timeout=60, headers={"host": f"{HOST}:{self.port}"})

    def call(self, method: str, path: str, body: object = None, *, token: str = TOKEN, **headers: str) -> Any:
        given = {"authorization": f"Bearer {token}", **{key.replace("_", "-"): each for key, each in headers.items()}}
        answer = self._http.request(method, path, json=body, headers=given)
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def plan(self, task: str, meta: object, **headers: str) -> Any:
        return self.call("POST", "/autopilot/plan", {"task": task, "meta": meta}, **headers)

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def sign_in_code(self) -> str:
        return str(self.call("POST", "/autopilot/sign-in/codes")["code"])

    def close(self) -> None:
        self._http.close()

    def live_a_while(self) -> None:
        """A morning's work: pages, leads, a payout that nobody knows of, an autopilot that fails."""
        self.plan("generate_page", {"pageType": "home", "description": "Welcome page for new students"})
        self.plan("create_lead", {"email": "ada@example.com", "name": "Ada Lovelace"})
        self.plan("create_lead", {"email": "no address"})
        self.plan("deploy_page", {"slug": "hello", "html": "<h1>Hello</h1>"})
        for _ in range(3):
            self.plan("translate", {"text": "bread"})
        self.plan("run_payout_batch", {"do": "throw"}, idempotency_key="payout-2026-11-25")
        self.plan("run_payout_batch", {"text": "paid"}, idempotency_key="payout-2026-11-24")
        self.plan("run_payout_batch", {"do": "throw"}, token=OPS_TOKEN, idempotency_key=f"mine-{uuid.uuid4()}")
        for _ in range(3):
            self.call("POST", "/__scheduled")


@contextmanager
def running(folder: Path, heal_url: str = "") -> Iterator[World]:
    """Run it all; `heal_url`: the webhook that a heal is asked for at."""
    account = Account(folder)
    try:
        for title in ("REGISTRY", "AI_EMPLOYEE_LOGS"):
            account.add_namespace(title)
        account.add_bucket("efh-private")
        with workerd(_workers(account, heal_url), unsafeTriggerHandlers=True) as url:
            world = World(url, account)
            try:
                yield world
            finally:
                world.close()
    finally:
        account.close()


def _workers(account: Account, heal_url: str) -> list[dict[str, Any]]:
    assets = build_admin(ROOT)
    assert assets is not None
    sources = {"router": "router/src/index.ts", "payer": "tests/support/payer_worker.ts"}
    sources |= {name: f"autopilots/{name}/src/index.ts" for name, _ in AUTOPILOTS.values()}
    made = bundle(
        sources=sources,
        contents={},
        data=router_data(TABLE, root=ROOT),
        root=ROOT,
        build=Path(".build/admin-world"),
        flags=dict.fromkeys(sources, ("nodejs_compat",)),
    )
    modern = {"modules": True, "compatibilityDate": "2026-07-01"}
    return [
        # Only a binding leads through a Worker's assets; a route leads past them.
        {**modern, "name": "front", "script": FRONT, "serviceBindings": {"ROUTER": "router"}},
        {
            **modern,
            "name": "router",
            "scriptPath": made["router"].path,
            "compatibilityFlags": ["enable_request_signal"],
            "bindings": {
                "API_TOKEN": TOKEN,
                "CALLER_TOKENS": json.dumps({"reader": READER_TOKEN, "ops": OPS_TOKEN}),
                "WEBHOOK_SECRET": SECRET,
                "STAGE": "local",
                "BUILD_ID": "8f3c2a91d0e4",
                "CLOUDFLARE_API_TOKEN": account.mint(*EDITS, "Account Settings Read"),
                "CLOUDFLARE_ACCOUNT_ID": account.account_id,
                "CLOUDFLARE_API_URL": account.url,
                **({"HEAL": json.dumps({"url": heal_url})} if heal_url else {}),
            },
            "d1Databases": {"DB": "records"},
            "kvNamespaces": {"REGISTRY": "registry"},
            "serviceBindings": {
                **{route.binding: route.worker for route in TABLE.autopilots if route.binding},
            },
            "assets": {
                "directory": _directory(assets),
                "routerConfig": {"has_user_worker": True},
                "assetConfig": {
                    "html_handling": "auto-trailing-slash",
                    "not_found_handling": "none",
                },
            },
        },
        {**modern, "name": "efh-broken", "script": BROKEN},
        {
            **modern,
            "name": "efh-payer",
            "scriptPath": made["payer"].path,
            "bindings": {"SECRET": secret_of(SECRET, "payout-batch")},
        },
        *(
            {
                **modern,
                "name": worker,
                "scriptPath": made[source].path,
                "compatibilityFlags": ["nodejs_compat"],
                "bindings": {
                    "WEBHOOK_SECRET": secret_of(SECRET, autopilot),
                    "AUTOPILOTS": autopilot,
                    "STAGE": "local",
                    "BRAND_NAME": "EFH",
                },
                **STORAGE[source],
            }
            for worker, (source, autopilot) in AUTOPILOTS.items()
        ),
    ]


def _directory(assets: Assets) -> str:
    """As the local Cloudflare lays it out: the rules are a file among the others."""
    directory = ROOT / ".build/admin-world-assets"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(ROOT / assets.directory, directory)
    (directory / "_headers").write_text(assets.headers)
    return str(directory)

"""The admin page in front of a routing Worker with everything behind it: the real autopilots with the local Stripe, a
payer whose outcomes are what a test says, an autopilot that fails, a queue, and the local Cloudflare's account. Beside
it, at another host, is a router whose cron trigger was cleared long ago, and which has no token for analytics."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.admin_page import Assets, build_assets
from orchestrator.bundle.modules import bundle, router_data, router_documents
from orchestrator.dispatch.signature import secret_of
from orchestrator.routing.table import (
    AlertRule,
    AsyncRule,
    CallerRule,
    Resources,
    Route,
    RoutingTable,
    ScheduleRule,
    TaskRule,
)
from tests.support.autopilots import STORAGE
from tests.support.diagnosed import EDITS, Account
from tests.support.project import ROOT
from tests.support.stripe_service import API_KEY, Stripe, stripe
from tests.support.workerd import EACH_ITS_OWN, workerd

TOKEN, READER_TOKEN, OPS_TOKEN, SHOP_TOKEN = (
    f"token-of-the-{who}-0123456789abcdef" for who in ("tests", "reader", "operators", "little-shop")
)
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
BOSS_TOKEN = "token-of-the-boss-0123456789abcdef"
HOST, LATE_HOST = "admin.localhost", "late.localhost"
EMBEDDING = "http://host.localhost"
"""The origin of a page that has the admin page in it."""
UNKNOWN = {"destination": "acct_1", "amount": 1250, "currency": "eur", "do": "throw"}
"""The meta of a payout of which nobody knows how it ended."""
LONG_AGO = "2026-11-01T00:00:00.000Z"
TABLE = RoutingTable(
    autopilots=(
        Route(
            name="ai-employee",
            capabilities=("crm.lead.create", "lms.enrollment.create", "email.process"),
            worker="efh-agent",
            binding="EFH_AGENT",
            needs=Resources(kv_namespaces=("AI_EMPLOYEE_LOGS",), r2_buckets=("efh-private",)),
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
        Route(
            name="payer",
            capabilities=("payouts.transfer.single", "payouts.transfer.watch"),
            worker="efh-payer",
            binding="EFH_PAYER",
        ),
        Route(
            name="payout-batch",
            capabilities=("payouts.batch.run",),
            worker="efh-payout-batch",
            binding="EFH_PAYOUT_BATCH",
        ),
        Route(name="translator", capabilities=("text.translate",), worker="efh-broken", binding="EFH_BROKEN"),
    ),
    tasks={
        "generate_page": TaskRule(capability="web.pages.generate", description="Generate a branded page"),
        "generate_asset": TaskRule(capability="web.asset.generate", description="Generate a marketing asset"),
        "deploy_page": TaskRule(capability="web.pages.deploy", description="Deploy a page to R2"),
        "create_lead": TaskRule(capability="crm.lead.create", description="Create a CRM lead"),
        "enroll_student": TaskRule(capability="lms.enrollment.create", description="Enrol a student"),
        "translate": TaskRule(capability="text.translate", description="Translate a text"),
        "translate_later": TaskRule(
            capability="text.translate", idempotent=True, later=AsyncRule(retries=0, backoff_ms=1_000)
        ),
        "pay_affiliate_now": TaskRule(capability="payouts.transfer.single", once=True, description="Pay one affiliate"),
        "watch_transfer": TaskRule(capability="payouts.transfer.watch", description="Tell how far a payout is"),
        "run_payout_batch": TaskRule(capability="payouts.batch.run", once=True, description="Run affiliate payouts"),
    },
    declared=Resources(kv_namespaces=("AI_EMPLOYEE_LOGS", "REGISTRY"), r2_buckets=("efh-private",)),
    callers={
        "reader": CallerRule(may=("read",)),
        "ops": CallerRule(may=("read", "heal", "resolve", "plan")),
        "boss": CallerRule(may=("read", "approve")),
        "shop": CallerRule(may=("plan",), tasks=("create_lead", "generate_page")),
    },
    allowed_origins=(EMBEDDING,),
    alerts={"failing": AlertRule(when="health.down", metric="health.down", above=0, to=("slack",))},
    schedules={"yearly": ScheduleRule(task="create_lead", every="0 3 1 1 *", meta={"email": "ada@example.com"})},
)
# By Worker: the folder of its source, and the autopilot that it is.
AUTOPILOTS = {
    "efh-agent": ("employee", "ai-employee"),
    "efh-ai-stylist": ("stylist", "ai-stylist"),
    "efh-page-deployer": ("page-deployer", "page-deployer"),
    "efh-payout-batch": ("payout-batch", "payout-batch"),
}
# It is the routers' cron trigger too, the hand in their records, and lets go the answer that the payer holds.
FRONT = """
export default {
  async fetch(request, { ROUTER, LATE, PAYER, DB, COPY }) {
    const { hostname, pathname } = new URL(request.url);
    const router = hostname.startsWith("late.") ? LATE : ROUTER;
    if (pathname === "/_cron") return Response.json(await router.scheduled({ cron: "*/15 * * * *" }));
    if (pathname === "/_sql") return Response.json((await DB.prepare(await request.text()).all()).results);
    if (pathname === "/_snapshot") return Response.json(await COPY.put("snapshot", await request.text()) ?? null);
    if (pathname === "/_release") return PAYER.fetch("http://payer/release");
    return router.fetch(request);
  },
};
"""
CAPS = {"PAYOUT_CAP_ITEM": "eur:100000"}
BROKEN = "export default { fetch: () => new Response('upstream: no route to the model', { status: 500 }) };"


class World:
    """`url`: where the router answers, for a browser; `late`: the one without a cron trigger; `bank`: Stripe."""

    def __init__(self, url: str, account: Account, bank: Stripe, host: str = HOST) -> None:
        self.port = httpx.URL(url).port
        self.url = f"http://{host}:{self.port}"
        self.account = account
        self.bank = bank
        headers = {"host": f"{host}:{self.port}"}
        self._http = httpx.Client(base_url=url, timeout=60, headers=headers, limits=EACH_ITS_OWN)
        self.late = World(url, account, bank, LATE_HOST) if host == HOST else self

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

    def cron(self) -> None:
        """What Cloudflare does every 15 minutes."""
        assert self._http.get("/_cron").json()["outcome"] == "ok"

    def release(self) -> None:
        """The rest of an answer that comes in parts may come."""
        self._http.post("/_release").raise_for_status()

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """On the router's records, past it."""
        rows: list[dict[str, Any]] = self._http.post("/_sql", content=statement).raise_for_status().json()
        return rows

    def close(self) -> None:
        self._http.close()
        if self.late is not self:
            self.late.close()

    def live_a_while(self) -> None:
        """A morning's work: pages, leads, a payout that nobody knows of, an autopilot that fails; and some use of the
        account for its analytics, which know nothing of Workers that run elsewhere."""
        self.account.use_worker("efh-agent", times=25)
        self.account.local("PUT", "/ai", {"neurons": 19})
        self.plan("generate_page", {"pageType": "home", "description": "Welcome page for new students"})
        self.plan("create_lead", {"email": "ada@example.com", "name": "Ada Lovelace"})
        self.plan("create_lead", {"email": "no address"})
        self.plan("deploy_page", {"slug": "hello", "html": "<h1>Hello</h1>"})
        for _ in range(3):
            self.plan("translate", {"text": "bread"})
        self.plan("pay_affiliate_now", UNKNOWN, idempotency_key="payout-2026-11-25")
        self.plan("pay_affiliate_now", UNKNOWN | {"do": "pay"}, idempotency_key="payout-2026-11-24")
        self.plan("pay_affiliate_now", UNKNOWN, token=OPS_TOKEN, idempotency_key=f"mine-{uuid.uuid4()}")
        batch = {"payouts": [{"destination": "acct_new", "amount": 150_000, "currency": "eur"}]}
        self.plan("run_payout_batch", batch, token=OPS_TOKEN, idempotency_key=f"batch-{uuid.uuid4()}")
        every = {"task": "create_lead", "meta": {"email": "ada@example.com"}, "every": "30 9 1 1 *"}
        self.call("POST", "/autopilot/plan", every | {"timezone": "Europe/Berlin"}, token=OPS_TOKEN)
        forgotten = {"at": LONG_AGO, "cron": {"since": LONG_AGO, "lastRunAt": LONG_AGO}, "autopilots": {}}
        self.late.call("POST", "/_snapshot", forgotten | {"missing": [], "probedUpTo": "", "unsent": []})
        for _ in range(3):
            self.call("POST", "/__scheduled")


@contextmanager
def running(folder: Path, heal_url: str = "") -> Iterator[World]:
    """Run it all; `heal_url`: the webhook that a heal is asked for at; `/last` below it says how it ended."""
    account = Account(folder)
    try:
        for title in ("REGISTRY", "AI_EMPLOYEE_LOGS"):
            account.add_namespace(title)
        account.add_bucket("efh-private")
        with (
            stripe() as bank,
            workerd(_workers(account, heal_url, bank, folder), unsafeTriggerHandlers=True) as url,
        ):
            world = World(url, account, bank)
            try:
                yield world
            finally:
                world.close()
    finally:
        account.close()


def _workers(account: Account, heal_url: str, bank: Stripe, folder: Path) -> list[dict[str, Any]]:
    assets = build_assets(ROOT, router_documents(ROOT))
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
    tokens = {"reader": READER_TOKEN, "ops": OPS_TOKEN, "boss": BOSS_TOKEN, "shop": SHOP_TOKEN}
    router: dict[str, Any] = {
        **modern,
        "scriptPath": made["router"].path,
        "compatibilityFlags": ["enable_request_signal"],
        "bindings": {
            "API_TOKEN": TOKEN,
            "CALLER_TOKENS": json.dumps(tokens),
            "WEBHOOK_SECRET": SECRET,
            "STAGE": "local",
            "BUILD_ID": "8f3c2a91d0e4",
            "CLOUDFLARE_API_TOKEN": account.mint(*EDITS, "Account Settings Read"),
            "CLOUDFLARE_ACCOUNT_ID": account.account_id,
            "CLOUDFLARE_API_URL": account.url,
            **({"HEAL": json.dumps({"url": heal_url, "statusUrl": f"{heal_url}/last"})} if heal_url else {}),
        },
        "queueProducers": {"TASK_QUEUE": "efh-tasks", "DEAD_LETTER_QUEUE": "efh-tasks-dead"},
        "serviceBindings": {route.binding: route.worker for route in TABLE.autopilots if route.binding},
        "assets": {
            "directory": _directory(assets, folder),
            "binding": "ASSETS",
            "routerConfig": {"has_user_worker": True},
            "assetConfig": {
                "html_handling": "auto-trailing-slash",
                "not_found_handling": "none",
            },
        },
    }
    secrets = {"payout-batch": {"STRIPE_API_KEY": bank.url.replace("://", f"://{API_KEY}@"), **CAPS}}
    return [
        # Only a binding leads through a Worker's assets; a route leads past them.
        {
            **modern,
            "name": "front",
            "script": FRONT,
            "compatibilityFlags": ["service_binding_extra_handlers"],
            "serviceBindings": {"ROUTER": "router", "LATE": "late", "PAYER": "efh-payer"},
            "d1Databases": {"DB": "records"},
            "kvNamespaces": {"COPY": "late-registry"},
        },
        {
            **router,
            "name": "router",
            "bindings": {
                **router["bindings"],
                "CLOUDFLARE_ANALYTICS_TOKEN": account.mint("Account Analytics Read"),
            },
            "d1Databases": {"DB": "records"},
            "kvNamespaces": {"REGISTRY": "registry"},
            "queueConsumers": {"efh-tasks": {"maxBatchSize": 5, "maxBatchTimeout": 0}},
        },
        {
            **router,
            "name": "late",
            "d1Databases": {"DB": "late-records"},
            "kvNamespaces": {"REGISTRY": "late-registry"},
        },
        {**modern, "name": "efh-broken", "script": BROKEN},
        {
            **modern,
            "name": "efh-payer",
            "scriptPath": made["payer"].path,
            "bindings": {"SECRET": secret_of(SECRET, "payer")},
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
                    **secrets.get(autopilot, {}),
                },
                **STORAGE[source],
            }
            for worker, (source, autopilot) in AUTOPILOTS.items()
        ),
    ]


def _directory(assets: Assets, folder: Path) -> str:
    """Below `folder`, as the local Cloudflare lays it out: the rules are a file among the others."""
    directory = folder / "assets"
    shutil.copytree(ROOT / assets.directory, directory)
    (directory / "_headers").write_text(assets.headers)
    return str(directory)

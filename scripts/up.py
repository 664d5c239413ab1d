"""`make up`: Cloudflare on this machine, `pulumi up` on the stack `local`, one real task, and what to try next.

Every step can be interrupted and run again: what is there is kept, what an interrupted update left is put right
first (`orchestrator.stack.recover`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import IO, Any, cast

import httpx
import yaml

from local_cloudflare.service import expose
from orchestrator.adopt.leftovers import run_with_leftovers
from orchestrator.errors import OrchestratorError
from orchestrator.files import take_lock
from orchestrator.kinds import DATA_KINDS
from orchestrator.manifest import DEFAULT_FILE
from orchestrator.manifest import load as load_manifest
from orchestrator.router_client.connection import RemoteDispatcher
from orchestrator.router_client.scheduled import Schedule
from orchestrator.stack.config import Stack, read_stack
from orchestrator.stack.recover import recover
from orchestrator.terminal import Terminal
from scripts.local_stack import (
    CLOUDFLARE,
    CONFIG,
    CONFIG_SECRETS,
    LOCAL,
    ROOT,
    STACK,
    STATE,
    environment,
    orchestrator_worker,
    pulumi,
    read_secret,
    secret,
    settings,
    store_secret,
)
from scripts.local_stripe import set_stripe_secrets, tell_stripe_of_webhooks
from scripts.watch import HEAL_COMMAND, watch_secrets

TASK: dict[str, Any] = {
    "task": "generate_page",
    "meta": {"pageType": "home", "description": "Welcome page for new students"},
}


def main() -> int:
    LOCAL.mkdir(mode=0o700, exist_ok=True)
    with (LOCAL / "up.lock").open("w") as lock:
        wait_for_lock(lock)
        return up()


def wait_for_lock(lock: IO[str]) -> None:
    """Until no other `make up` is at work in this checkout."""
    told = False
    while not take_lock(lock):
        if not told:
            print("another `make up` is running in this checkout; waiting for it to end", flush=True)
        told = True
        time.sleep(0.2)


def up() -> int:
    """Everything that `make up` does; the exit code."""
    try:
        start_cloudflare()
        prepare_stack()
        manifest = load_manifest(ROOT / DEFAULT_FILE)
        set_stripe_secrets(settings(), manifest, CONFIG)
        os.environ.update(environment())
        before = outputs()
        stack = read_stack(STACK, ROOT)
        recover(stack, report=print)
        update(stack)
        after = outputs()
        tell_stripe_of_webhooks(settings(), manifest, CONFIG, after["workerUrls"])
        say_what_was_kept(before, after)
        run_task(os.environ["ORCHESTRATOR_URL"])
        check_health(os.environ["ORCHESTRATOR_URL"])
        say_what_next([worker.key for worker in stack.desired().workers], after)
        print(f"\nAdmin page: {told(page_url(os.environ['ORCHESTRATOR_URL']))}")
    except OrchestratorError as error:
        print(f"\nmake up stopped: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted; `make up` continues from here", file=sys.stderr)
        return 130
    return 0


def start_cloudflare() -> None:
    """`make up PORTS=free` takes free ports, in place of those of the last time."""
    command = [sys.executable, "-m", "local_cloudflare", "start", "--dir", str(CLOUDFLARE), "--heal", HEAL_COMMAND]
    if os.environ.get("PORTS") == "free":
        command += ["--api-port", "0", "--workers-port", "0"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    expose(CLOUDFLARE, orchestrator_worker(), port=None, may_come_later=True)


def prepare_stack() -> None:
    """The stack and its configuration, made on the first run and put right when the ports or tokens have changed."""
    open_stack()
    cloudflare = settings()
    plain = {
        "accountId": cloudflare.account_id,
        "workersUrl": cloudflare.workers_url,
        "customDomains": "false",  # there are no zones of yours here, and no certificates
    }
    config = (yaml.safe_load(CONFIG.read_text()) or {}).get("config", {}) if CONFIG.exists() else {}
    values = {key.partition(":")[2]: value for key, value in config.items()}
    secrets = {name: secret(name) for name in CONFIG_SECRETS} | watch_secrets(cloudflare, read_secret)
    stale = [name for name, value in secrets.items() if name not in values or read_secret(name) != value]
    if {**values, **plain} == values and not stale:
        return
    pulumi("config", "set-all", "--stack", STACK, *(f"--plaintext={k}={v}" for k, v in plain.items()), capture=True)
    for name in stale:
        pulumi("config", "set", "--secret", name, "--stack", STACK, capture=True, stdin=secrets[name])
        store_secret(name, secrets[name])


def open_stack() -> None:
    """The stack with its passphrase. Raises SettingsError where what is there was encrypted with another one."""
    STATE.mkdir(parents=True, exist_ok=True)
    if pulumi("stack", "select", STACK, capture=True, check=False) is None:
        pulumi("stack", "init", STACK, capture=True)
    elif not CONFIG.exists():
        pulumi("config", "refresh", "--force", "--stack", STACK, capture=True)


def update(stack: Stack) -> None:
    """`pulumi up`, on this terminal."""

    def run() -> str | None:
        done = pulumi("up", "--yes", "--skip-preview", "--stack", STACK, "--suppress-outputs", check=False)
        return "`pulumi up` failed" if done is None else None

    with stack.account(report=print) as account:
        if failure := run_with_leftovers(stack, account, run, print):
            raise OrchestratorError(failure, "its output above says why; `make up` continues from here")


def outputs() -> dict[str, Any]:
    """The stack's outputs; none before its first update."""
    printed = pulumi("stack", "output", "--json", "--stack", STACK, capture=True)
    return cast("dict[str, Any]", json.loads(printed or "{}"))


def say_what_was_kept(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Data that has left autopilots.yaml is out of Pulumi's sight, not out of the account."""
    for kind in DATA_KINDS:
        output = f"{kind}s"
        for name in sorted(before.get(output, {}).keys() - after.get(output, {}).keys()):
            print(f"Kept, with its data: {kind.word} {name}. It is no longer declared, and still in the account.")


def run_task(url: str) -> None:
    """Send one task through the routing Worker and show the answer."""
    print(f"\nOne task through the routing Worker: {json.dumps(TASK)}")
    start = time.monotonic()
    with RemoteDispatcher(url, secret("apiToken")) as orchestrator:
        answer = orchestrator.plan(TASK["task"], TASK["meta"])
    print(f"{answer.status} in {time.monotonic() - start:.2f} s: {shortened(answer.body)}")
    if answer.status >= 400:
        raise OrchestratorError("the task was not answered", "`make logs` shows what the Workers say")


def shortened(body: bytes) -> str:
    """An answer on one line: of a long text, such as a page's HTML, only where it begins."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")[:200]
    if isinstance(answer, dict):
        answer = {
            name: f"{value[:40]}… ({len(value):,} characters)" if isinstance(value, str) and len(value) > 80 else value
            for name, value in answer.items()
        }
    return json.dumps(answer, ensure_ascii=False)


def check_health(url: str) -> None:
    """The scheduled run, now, so that `/health` and `diagnose` know how the autopilots are."""
    with Schedule(url, secret("apiToken")) as router:
        router.run()


def worker_rows(workers: list[str], urls: dict[str, str]) -> list[list[str]]:
    """A row for each Worker that was made: its name and where it answers."""
    return [[name, urls.get(name, "no address of its own")] for name in sorted(workers)]


def say_what_next(workers: list[str], after: dict[str, Any]) -> None:
    """URLs and curl lines that work as they stand."""
    url = os.environ["ORCHESTRATOR_URL"]
    print()
    Terminal(sys.stdout, sys.stderr, os.environ).table(("WORKER", "ADDRESS"), worker_rows(workers, after["workerUrls"]))
    print(
        f"""
Try next:
  eval "$(make -s shell)"
  curl {url}/health
  curl -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" {url}/autopilot/list
  curl -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" {url}/autopilot/diagnose
  curl -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" {url}/autopilot/plan \\
    --json '{{"task": "deploy_page", "meta": {{"slug": "hello", "html": "<h1>Hello</h1>"}}}}'
  pulumi preview -s {STACK}
`make dev` makes each saved file live, `make logs` follows the Workers, `make down` stops, `make destroy` removes."""
    )


def told(page: str) -> str:
    """The address of the admin page, and how one is signed in."""
    if "#code=" in page:
        return f"{page}\n(signs you in once, within ten minutes)"
    return f'{page}\n(sign in with the token: eval "$(make -s shell)"; echo "$ORCHESTRATOR_TOKEN")'


def page_url(url: str) -> str:
    """The admin page by a link that signs in once, within ten minutes; without a code where the router gives none."""
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {secret('apiToken')}"}, timeout=30) as router:
        answer = router.post("/autopilot/sign-in/codes")
    code = answer.json()["code"] if answer.is_success else None
    return f"{url}/admin/" + (f"#code={code}" if code else "")


if __name__ == "__main__":
    sys.exit(main())

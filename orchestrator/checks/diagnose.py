"""Diagnosis: from this machine against Cloudflare's API, or through the routing Worker with its own token.

Touches the network, and changes nothing. From here the cron and the autopilots are known by the routing Worker's
`/health`, which anybody may read; an account says nothing about them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from orchestrator.checks.account import readiness_checks
from orchestrator.checks.check import Check
from orchestrator.checks.document import document, health_checks, router_fix
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.survey import take_survey
from orchestrator.desired.derive import Desired
from orchestrator.dispatch.pinned_transport import PinnedTransport, is_loopback
from orchestrator.errors import CloudflareError, OrchestratorError, SettingsError
from orchestrator.http_calls import NAME_NOT_KNOWN, failure_words
from orchestrator.kinds import Kind
from orchestrator.router_client.connection import RouterConnection

_TIMEOUT_S = 15


def diagnose(account: Account, desired: Desired, workers_url: str | None, stack: str) -> dict[str, Any]:
    """The document of a stack, made here. `workers_url`: where Workers answer, `https://{worker}.…`; None: under
    workers.dev.

    Raises CloudflareError where the token is not taken or nobody answers.
    """
    survey = take_survey(account, queues=bool(desired.queues))
    jurisdictions = {bucket.jurisdiction for bucket in desired.r2_buckets} - {"default"}
    elsewhere: set[str] = set()
    if not isinstance(survey.r2, CloudflareError):
        elsewhere = elsewhere.union(*(account.names(Kind.R2_BUCKET, each) for each in sorted(jurisdictions)))
    checks = readiness_checks(survey)
    if template := workers_url or _workers_dev(survey.subdomain):
        router = next(worker.name for worker in desired.workers if worker.key == desired.router)
        is_made = not isinstance(survey.workers, CloudflareError) and router in survey.workers
        checks += _ask_router(
            template.format(worker=router), stack, is_made=is_made, under_workers_dev=workers_url is None
        )
    return document(survey, desired, elsewhere, checks, now=datetime.now(UTC))


def _workers_dev(subdomain: str | CloudflareError) -> str | None:
    return None if isinstance(subdomain, CloudflareError) else f"https://{{worker}}.{subdomain}.workers.dev"


def _ask_router(url: str, stack: str, *, is_made: bool, under_workers_dev: bool) -> list[Check]:
    transport = PinnedTransport(allow_loopback=True) if is_loopback(httpx.URL(url).host) else None
    try:
        with httpx.Client(transport=transport, timeout=_TIMEOUT_S) as client:
            health = client.get(f"{url}/health").json()
        return [Check(name="router", state="ok", detail=f"answers at {url}"), *health_checks(health, stack)]
    except httpx.HTTPError as error:
        why = failure_words(error)
    except (ValueError, LookupError, TypeError):
        why = "what answers there is not the routing Worker"
    fix = router_fix(stack, is_new=is_made and why == NAME_NOT_KNOWN, under_workers_dev=under_workers_dev)
    return [Check(name="router", state="problem", detail=f"{url}/health: {why}", fix=fix)]


class RemoteDiagnosis(RouterConnection):
    """The document as the routing Worker makes it, with the token that the stack gives it."""

    def read(self) -> dict[str, Any]:
        """Raises SettingsError where the Worker has no token for it, OrchestratorError where it fails."""
        try:
            response = self._client.get("/autopilot/diagnose")
            answer = response.json()
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            why = failure_words(error) if isinstance(error, httpx.HTTPError) else "its answer is not JSON"
            raise OrchestratorError(
                f"the routing Worker at {self._url} could not diagnose: {why}",
                "check ORCHESTRATOR_URL",
            ) from error
        if response.is_success:
            return dict(answer)
        raise _refusal(response.status_code, answer)


def _refusal(status: int, problem: Mapping[str, Any]) -> OrchestratorError:
    message = f"{problem.get('title', f'HTTP {status}')}: {problem.get('detail', '')}".rstrip(": ")
    hint = str(problem.get("hint", ""))
    return SettingsError(message, hint) if status in (401, 503) else OrchestratorError(message, hint)

"""What a survey of the account means: is the token right, may it do what is needed, is the account ready for Workers.

Pure: from a Survey to findings. The traps of a fresh account are among them: no workers.dev subdomain yet (10007,
10063), R2 not switched on (10042, 10136).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.checks.check import Check
from orchestrator.cloudflare.error_codes import R2_IS_OFF, SUBDOMAIN_NOT_CHOSEN, ErrorCode
from orchestrator.cloudflare.permissions import TOKENS_PAGE
from orchestrator.errors import CloudflareError

if TYPE_CHECKING:
    from orchestrator.cloudflare.survey import Grant, Survey

_PERMISSIONS_FIX = f"edit the token ({TOKENS_PAGE}) and add the account permission"


def account_checks(survey: Survey) -> list[Check]:
    """Token, account, each permission, workers.dev subdomain, R2."""
    return [
        _token(survey),
        _account(survey),
        *(_permission(grant, survey) for grant in survey.grants),
        *readiness_checks(survey),
    ]


def readiness_checks(survey: Survey) -> list[Check]:
    """What a new account lacks: its workers.dev subdomain, R2."""
    return [_subdomain(survey.subdomain), _r2(survey.r2)]


def _token(survey: Survey) -> Check:
    token = survey.token
    if isinstance(token, CloudflareError):
        if _is_passing(token):
            return _unknown("token", token)
        return Check(
            name="token", state="problem", detail=token.message, fix=f"make a new one ({TOKENS_PAGE}) and export it"
        )
    if token.status != "active":
        return Check(
            name="token",
            state="problem",
            detail=f"the API token {token.id} is {token.status}",
            fix=f"make a new one, or switch it on again ({TOKENS_PAGE})",
        )
    return Check(name="token", state="ok", detail=f"valid: {token.id}")


def _account(survey: Survey) -> Check:
    if any(grant.state == "granted" for grant in survey.grants):
        return Check(name="account", state="ok", detail="the token is for this account")
    if all(grant.state == "unknown" for grant in survey.grants):
        return Check(name="account", state="unknown", detail=survey.grants[0].detail)
    seen = f"; it can see {', '.join(survey.other_accounts)}" if survey.other_accounts else ""
    return Check(
        name="account",
        state="problem",
        detail=f"the token has no permission in this account{seen}",
        fix="compare the stack's accountId with the account that the token is for",
    )


def _permission(grant: Grant, survey: Survey) -> Check:
    name = f"permission {grant.name}"
    if grant.state == "granted":
        return Check(name=name, state="ok", detail="granted")
    if grant.state == "unknown":
        return Check(name=name, state="unknown", detail=grant.detail)
    is_none = all(each.state == "missing" for each in survey.grants)
    return Check(
        name=name, state="problem", detail="missing", fix="" if is_none else f"{_PERMISSIONS_FIX} {grant.name}"
    )


def _subdomain(subdomain: str | CloudflareError) -> Check:
    if isinstance(subdomain, str):
        return Check(name="workers.dev subdomain", state="ok", detail=f"{subdomain}.workers.dev")
    if subdomain.api_code in SUBDOMAIN_NOT_CHOSEN:
        return Check(
            name="workers.dev subdomain",
            state="problem",
            detail=f"the account has none yet: no Worker can be reached [code: {subdomain.api_code}]",
            fix=ErrorCode.NO_SUBDOMAIN.hint,
        )
    return _unknown("workers.dev subdomain", subdomain)


def _r2(buckets: set[str] | CloudflareError) -> Check:
    if not isinstance(buckets, CloudflareError):
        return Check(name="R2", state="ok", detail="switched on")
    if buckets.api_code in R2_IS_OFF:
        return Check(
            name="R2",
            state="problem",
            detail=f"not switched on in this account [code: {buckets.api_code}]",
            fix=ErrorCode.R2_NOT_ENABLED.hint,
        )
    return _unknown("R2", buckets)


def _unknown(name: str, error: CloudflareError) -> Check:
    why = error.hint if error.api_code == ErrorCode.NOT_PERMITTED else error.message
    return Check(name=name, state="unknown", detail=why)


def _is_passing(error: CloudflareError) -> bool:
    return error.status in (0, 429) or error.status >= 500

"""The account's calls: what tells a client which token it has, and which accounts that token sees."""

from __future__ import annotations

from local_cloudflare.api.account import errors, models
from local_cloudflare.api.auth import ACCOUNT_READ, MEMBERSHIPS_READ, USER_READ, Owner
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.api.errors import invalid_api_token


async def list_accounts(call: Call) -> Answer:
    wanted = call.page(per_page=20, most=50, malformed=errors.malformed_parameter)
    return page([models.account(call.cloud)], wanted)


async def get_account(call: Call) -> Answer:
    return Answer(result=models.account(call.cloud))


async def list_memberships(call: Call) -> Answer:
    wanted = call.page(per_page=20, most=50, malformed=errors.malformed_parameter)
    return page([models.membership(call.cloud)], wanted)


async def get_user(_call: Call) -> Answer:
    return Answer(result=models.user())


async def verify_user_token(call: Call) -> Answer:
    return _verify(call, "user")


async def verify_account_token(call: Call) -> Answer:
    return _verify(call, "account")


def _verify(call: Call, owner: Owner) -> Answer:
    """A token of the other owner is not known here, as on the real API."""
    if call.token is None or call.token.owner not in (None, owner):
        raise invalid_api_token()
    return Answer(result=models.verification(call.token))


ROUTES = (
    Route(method="GET", path="/accounts", handler=list_accounts, permission=None),
    Route(method="GET", path="/accounts/{account_id}", handler=get_account, permission=ACCOUNT_READ),
    Route(method="GET", path="/memberships", handler=list_memberships, permission=MEMBERSHIPS_READ),
    Route(method="GET", path="/user", handler=get_user, permission=USER_READ),
    Route(method="GET", path="/user/tokens/verify", handler=verify_user_token, permission=None),
    Route(method="GET", path="/accounts/{account_id}/tokens/verify", handler=verify_account_token, permission=None),
)

"""Transfers to connected accounts, their reversals, the balance, and the accounts."""

from __future__ import annotations

from typing import Any

from local_services.stripe import errors, forms, pages
from local_services.stripe.forms import Form
from local_services.stripe.world import World, new_id, now

_PARAMS = ("amount", "currency", "destination", "description", "metadata", "source_type", "transfer_group", "expand")


def check_transfer(world: World, form: Form) -> dict[str, Any]:
    """The transfer that is asked for, as far as its parameters are right by themselves."""
    del world
    forms.only(form, _PARAMS)
    currency = forms.currency(form)
    return {
        "id": new_id("tr_"),
        "object": "transfer",
        "amount": forms.amount(form, "amount", currency, least=1),
        "amount_reversed": 0,
        "balance_transaction": new_id("txn_"),
        "created": now(),
        "currency": currency,
        "description": forms.text(form, "description"),
        "destination": forms.required(form, "destination"),
        "destination_payment": new_id("py_"),
        "livemode": False,
        "metadata": forms.metadata(form),
        "reversals": {"object": "list", "data": [], "has_more": False, "total_count": 0},
        "reversed": False,
        "source_transaction": None,
        "source_type": forms.text(form, "source_type") or "card",
        "transfer_group": forms.text(form, "transfer_group"),
    }


def make_transfer(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    """Move the money. Raises StripeError where there is no such account, or not enough."""
    if not world.is_account(asked["destination"]):
        raise errors.StripeError(
            400,
            f"No such destination: '{asked['destination']}'",
            code="resource_missing",
            param="destination",
            executed=True,
        )
    available = world.available(asked["currency"])
    if available is not None and available < asked["amount"]:
        message = "You have insufficient available funds in your Stripe account."
        raise errors.StripeError(400, message, code="balance_insufficient", executed=True)
    asked["reversals"]["url"] = f"/v1/transfers/{asked['id']}/reversals"
    return world.save("transfer", asked)


def find_transfer(world: World, id: str) -> dict[str, Any]:
    found = world.get("transfer", id)
    if found is None:
        raise errors.no_such("transfer", id)
    return found


def list_transfers(world: World, query: Form) -> dict[str, Any]:
    forms.only(query, (*pages.PARAMS, "destination", "transfer_group", "expand"))
    wanted = {name: forms.text(query, name) for name in ("destination", "transfer_group")}
    found = [
        each
        for each in world.all("transfer")
        if all(value is None or each[name] == value for name, value in wanted.items())
    ]
    return pages.page("/v1/transfers", found, query)


def check_reversal(world: World, form: Form, id: str) -> dict[str, Any]:
    forms.only(form, ("amount", "description", "metadata", "refund_application_fee", "expand"))
    transfer = find_transfer(world, id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = forms.integer(form, "amount", least=1, default=max(left, 1))
    if amount > left:
        raise errors.invalid(
            "amount", f"Transfer reversal amount ({amount}) is greater than unreversed amount ({left})"
        )
    return {
        "id": new_id("trr_"),
        "object": "transfer_reversal",
        "amount": amount,
        "created": now(),
        "currency": transfer["currency"],
        "metadata": forms.metadata(form),
        "transfer": id,
    }


def make_reversal(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    transfer = find_transfer(world, asked["transfer"])
    transfer["amount_reversed"] += asked["amount"]
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, asked)
    transfer["reversals"]["total_count"] += 1
    world.save("transfer", transfer)
    return asked


def check_account(world: World, form: Form) -> dict[str, Any]:
    del world
    forms.only(form, ("type", "country", "email", "metadata", "capabilities", "controller", "expand"))
    return {
        "id": new_id("acct_1"),
        "object": "account",
        "country": forms.text(form, "country") or "DE",
        "created": now(),
        "email": forms.text(form, "email"),
        "metadata": forms.metadata(form),
        "payouts_enabled": True,
        "type": forms.text(form, "type") or "express",
    }


def find_account(world: World, id: str) -> dict[str, Any]:
    found = world.get("account", id)
    if found is None:
        raise errors.StripeError(403, f"No such account: '{id}'", code="account_invalid")
    return found


def show_balance(world: World) -> dict[str, Any]:
    balance = world.settings["balance"] or {}
    available = [{"amount": world.available(each), "currency": each, "source_types": {}} for each in sorted(balance)]
    return {"object": "balance", "available": available, "pending": [], "livemode": False}

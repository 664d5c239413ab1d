"""Checkout Sessions: what may be sold together, and what happens when the customer has paid."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from local_services.stripe import errors, forms
from local_services.stripe.forms import Form
from local_services.stripe.world import World, new_id, now

_PARAMS = (
    "mode",
    "success_url",
    "cancel_url",
    "customer_email",
    "client_reference_id",
    "metadata",
    "line_items",
    "payment_method_types",
    "subscription_data",
    "expand",
)
_INTERVALS = ("day", "week", "month", "year")
_MOST_ITEMS = 100
_EXPIRES_S = 24 * 60 * 60
# The least that can be charged, of docs.stripe.com/currencies; where a currency is not here, anything.
_LEAST = {
    **dict.fromkeys(("aud", "brl", "cad", "chf", "eur", "inr", "nzd", "sgd", "usd"), 50),
    **{"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "jpy": 50, "pln": 200, "hkd": 400, "mxn": 1000, "czk": 1500},
}
SESSION_ID = "{CHECKOUT_SESSION_ID}"


def check_session(world: World, form: Form) -> dict[str, Any]:
    """The session that is asked for. Raises StripeError for what Stripe does not sell."""
    forms.only(form, _PARAMS)
    mode = forms.required(form, "mode")
    if mode not in ("payment", "subscription"):
        raise errors.invalid("mode", "Invalid mode: must be one of payment, setup, or subscription")
    listed = forms.items(form, "line_items")
    if not listed:
        raise errors.missing("line_items")
    if len(listed) > _MOST_ITEMS:
        raise errors.invalid("line_items", f"There can be at most {_MOST_ITEMS} line items.")
    lines = [_line(world, each, f"line_items[{place}]") for place, each in enumerate(listed)]
    currencies = {each["currency"] for each in lines}
    if len(currencies) != 1:
        raise errors.invalid("line_items", "All line items must have the same currency.")
    recurring = [each for each in lines if each["recurring"]]
    if mode == "payment" and recurring:
        raise errors.invalid(
            "line_items", "You specified `payment` mode but passed a recurring price. Use `subscription` mode."
        )
    if mode == "subscription" and not recurring:
        raise errors.invalid(
            "mode", "You must provide at least one recurring price in `subscription` mode when using prices."
        )
    currency = currencies.pop()
    total = sum(each["unit_amount"] * each["quantity"] for each in lines)
    if 0 < total < _LEAST.get(currency, 0):
        message = "The Checkout Session's total amount due must add up to at least the minimum charge amount."
        raise errors.StripeError(400, message, code="amount_too_small", executed=True)
    id = new_id("cs_test_")
    email = forms.text(form, "customer_email", most=512)
    if email is not None and "@" not in email:
        raise errors.invalid("customer_email", f"Invalid email address: {email}", "email_invalid")
    return {
        "id": id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": _url(form, "cancel_url"),
        "client_reference_id": forms.text(form, "client_reference_id", most=200),
        "created": now(),
        "currency": currency,
        "customer_details": {"email": email},
        "customer_email": email,
        "expires_at": now() + _EXPIRES_S,
        "livemode": False,
        "metadata": forms.metadata(form),
        "mode": mode,
        "payment_status": "unpaid",
        "status": "open",
        "subscription": None,
        "success_url": _url(form, "success_url", needed=True),
        "url": f"{world.base}/pay/{id}",
    }


def _line(world: World, item: Form, at: str) -> dict[str, Any]:
    forms.only(item, ("price", "price_data", "quantity"), at)
    quantity = forms.integer(item, "quantity", least=1, param=f"{at}[quantity]", default=1)
    data = item.get("price_data")
    if (data is None) == (item.get("price") is None):
        raise errors.invalid(at, "You must specify exactly one of `price` and `price_data` for each line item.")
    if data is None:
        price = world.get("price", str(item["price"]))
        if price is None:
            raise errors.no_such("price", str(item["price"]), f"{at}[price]", 400)
        return {**price, "quantity": quantity}
    if not isinstance(data, dict):
        raise errors.invalid(f"{at}[price_data]", "Invalid object")
    return {**price_of(data, f"{at}[price_data]"), "quantity": quantity}


def price_of(data: Form, at: str = "") -> dict[str, Any]:
    """A price: a currency, an amount of 0 or more, a product, and how often it recurs."""
    forms.only(data, ("currency", "unit_amount", "product_data", "recurring", "tax_behavior"), at)
    named = (lambda name: f"{at}[{name}]") if at else (lambda name: name)
    currency = forms.currency(data, param=named("currency"))
    product = data.get("product_data") or {}
    if not isinstance(product, dict):
        raise errors.invalid(named("product_data"), "Invalid object")
    forms.only(product, ("name", "description", "images", "metadata", "tax_code"), named("product_data"))
    recurring = data.get("recurring")
    if recurring is not None:
        if not isinstance(recurring, dict):
            raise errors.invalid(named("recurring"), "Invalid object")
        forms.only(recurring, ("interval", "interval_count"), named("recurring"))
        if recurring.get("interval") not in _INTERVALS:
            raise errors.invalid(
                named("recurring[interval]"), f"Invalid interval: must be one of {', '.join(_INTERVALS)}"
            )
        forms.integer(recurring, "interval_count", least=1, param=named("recurring[interval_count]"), default=1)
    return {
        "currency": currency,
        "unit_amount": forms.amount(data, "unit_amount", currency, least=0, param=named("unit_amount")),
        "name": forms.required(product, "name", param=named("product_data[name]")),
        "recurring": recurring,
    }


def make_price(world: World, form: Form) -> dict[str, Any]:
    return world.save("price", {"id": new_id("price_"), "object": "price", "created": now(), **price_of(form)})


def make_session(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    return world.save("session", asked)


def find_session(world: World, id: str) -> dict[str, Any]:
    found = world.get("session", id)
    if found is None:
        raise errors.no_such("checkout.session", id)
    return found


def complete(world: World, id: str) -> dict[str, Any]:
    """The customer has paid: the session, and where the customer goes, with the session's id put in as Stripe does."""
    session = find_session(world, id)
    if session["status"] == "open":
        session |= {
            "status": "complete",
            "payment_status": "paid" if session["amount_total"] else "no_payment_required",
            "subscription": new_id("sub_") if session["mode"] == "subscription" else None,
        }
        world.save("session", session)
    return session


def place_after(session: dict[str, Any]) -> str:
    return str(session["success_url"]).replace(SESSION_ID, session["id"])


def _url(form: Form, name: str, *, needed: bool = False) -> str | None:
    value = forms.required(form, name) if needed else forms.text(form, name)
    if value is not None:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname or " " in value:
            raise errors.invalid(name, "Not a valid URL", "url_invalid")
    return value

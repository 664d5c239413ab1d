"""Stripe's form encoding: `line_items[0][price_data][currency]=eur` as nested dictionaries; and the checks of values.

Numbers within brackets are places in a list. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from local_services.stripe import errors

Form = dict[str, Any]

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_ZERO_DECIMAL_AS_TWO = ("isk", "ugx")
_THREE_DECIMAL = ("bhd", "jod", "kwd", "omr", "tnd")
_MOST_DIGITS = {"idr": 12}
_METADATA_KEYS, _KEY_LENGTH, _VALUE_LENGTH = 50, 40, 500


def parse(text: str) -> Form:
    """The form; lists are dictionaries from place to item. Raises StripeError for what is no form of Stripe's."""
    form: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        match = _NAME.fullmatch(name)
        if match is None:
            raise errors.unknown(name)
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        within = form
        for step in steps[:-1]:
            within = within.setdefault(step, {})
            if not isinstance(within, dict):
                raise errors.invalid(name, f"Invalid object: {name}")
        within[steps[-1]] = value
    return form


def only(form: Mapping[str, Any], known: Collection[str], within: str = "") -> None:
    """Raise for a parameter that is not known."""
    for name in form:
        if name not in known:
            raise errors.unknown(f"{within}[{name}]" if within else name)


def text(form: Mapping[str, Any], name: str, *, most: int = 5000, param: str = "") -> str | None:
    value = form.get(name)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) > most:
        raise errors.invalid(param or name, f"Invalid string: must be at most {most} characters")
    return value


def required(form: Mapping[str, Any], name: str, *, param: str = "") -> str:
    value = text(form, name, param=param)
    if value is None:
        raise errors.missing(param or name)
    return value


def integer(form: Mapping[str, Any], name: str, *, least: int, param: str = "", default: int | None = None) -> int:
    value = text(form, name, param=param)
    if value is None:
        if default is None:
            raise errors.missing(param or name)
        return default
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise errors.invalid(param or name, f"Invalid integer: {value}", "parameter_invalid_integer")
    if int(value) < least:
        message = f"This value must be greater than or equal to {least}."
        raise errors.invalid(param or name, message, "parameter_invalid_integer")
    return int(value)


def currency(form: Mapping[str, Any], *, param: str = "currency") -> str:
    value = required(form, "currency", param=param).lower()
    if not re.fullmatch(r"[a-z]{3}", value):
        raise errors.invalid(param, f"Invalid currency: {value}.")
    return value


def amount(form: Mapping[str, Any], name: str, currency: str, *, least: int, param: str = "") -> int:
    """In the currency's smallest unit, by the rules of docs.stripe.com/currencies."""
    value = integer(form, name, least=least, param=param)
    param = param or name
    if currency in _THREE_DECIMAL and value % 10:
        raise errors.invalid(param, f"Amounts in {currency} must end with a 0.", "parameter_invalid_integer")
    if currency in _ZERO_DECIMAL_AS_TWO and value % 100:
        raise errors.invalid(param, f"Amounts in {currency} must be divisible by 100.", "parameter_invalid_integer")
    if len(str(value)) > _MOST_DIGITS.get(currency, 8):
        raise errors.invalid(param, "Amount is too large.", "amount_too_large")
    return value


def items(form: Mapping[str, Any], name: str) -> list[Form]:
    """A list of objects, by their places."""
    value = form.get(name) or {}
    if not isinstance(value, dict) or not all(place.isdecimal() and isinstance(value[place], dict) for place in value):
        raise errors.invalid(name, f"Invalid array: {name}")
    return [value[place] for place in sorted(value, key=int)]


def metadata(form: Mapping[str, Any]) -> dict[str, str]:
    value = form.get("metadata") or {}
    if not isinstance(value, dict) or len(value) > _METADATA_KEYS:
        raise errors.invalid("metadata", f"Metadata can have up to {_METADATA_KEYS} keys.")
    for key, each in value.items():
        if len(key) > _KEY_LENGTH or not isinstance(each, str) or len(each) > _VALUE_LENGTH:
            raise errors.invalid(
                "metadata",
                f"Metadata keys have at most {_KEY_LENGTH} characters, values at most {_VALUE_LENGTH}.",
            )
    return {key: each for key, each in value.items() if each != ""}

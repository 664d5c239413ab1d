"""The API v1 as an ASGI application: authentication, idempotency, the endpoints, and what goes wrong on request.

The order is Stripe's: the key, then what is kept under the Idempotency-Key, then the parameters, then the work. What
fails before the work is not kept; what fails in it is, errors of the server too.

Beside it, below `/_control`, what tests and people set: `GET state`, `PUT settings`, `PUT faults`, `DELETE state`,
`POST forget-keys`, `POST sessions/<id>/complete`.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from local_cloudflare.api.wire import ABORT
from local_services.stripe import checkout, errors, events, forms, transfers
from local_services.stripe.errors import StripeError
from local_services.stripe.faults import Fault
from local_services.stripe.forms import Form
from local_services.stripe.world import World

_API_KEY = re.compile(r"(sk|rk)_(test|live)_\w+")
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(\.[a-z]+)?")
_MOST_KEY = 255
_HANG_S = 120

Check = Callable[..., dict[str, Any]]
Make = Callable[[World, dict[str, Any]], dict[str, Any]]


class Stripe:
    """One Stripe; `app` answers for it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults: list[Fault] = []
        self.app = Starlette(routes=self._routes())

    def _routes(self) -> list[Route]:
        world = self.world
        return [
            self._post("/v1/transfers", transfers.check_transfer, transfers.make_transfer),
            self._get("/v1/transfers", lambda query: transfers.list_transfers(world, query)),
            self._get("/v1/transfers/{id}", lambda _, id: transfers.find_transfer(world, id)),
            self._post("/v1/transfers/{id}/reversals", transfers.check_reversal, transfers.make_reversal),
            self._get("/v1/balance", lambda _: transfers.show_balance(world)),
            self._post("/v1/accounts", transfers.check_account, lambda _, asked: world.save("account", asked)),
            self._get("/v1/accounts/{id}", lambda _, id: transfers.find_account(world, id)),
            self._post("/v1/prices", lambda _, form: form, checkout.make_price),
            self._post("/v1/checkout/sessions", checkout.check_session, checkout.make_session),
            self._get("/v1/checkout/sessions/{id}", lambda _, id: checkout.find_session(world, id)),
            Route("/pay/{id}", self._show_payment, methods=["GET"]),
            Route("/pay/{id}", self._pay, methods=["POST"]),
            Route("/_control/state", self._state, methods=["GET", "DELETE"]),
            Route("/_control/settings", self._settings, methods=["PUT"]),
            Route("/_control/faults", self._set_faults, methods=["PUT"]),
            Route("/_control/forget-keys", self._forget, methods=["POST"]),
            Route("/_control/sessions/{id}/complete", self._complete, methods=["POST"]),
            Route("/{path:path}", self._unknown, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        ]

    def _post(self, path: str, check: Check, make: Make) -> Route:
        async def endpoint(request: Request) -> Response:
            text = (await request.body()).decode()

            def perform(form: Form) -> tuple[int, dict[str, Any]]:
                asked = check(self.world, form, **request.path_params)
                try:
                    return 200, make(self.world, asked)
                except StripeError as error:
                    error.executed = True
                    raise

            return await self._answer(request, text, perform)

        return Route(path, endpoint, methods=["POST"])

    def _get(self, path: str, read: Callable[..., dict[str, Any]]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._answer(
                request, request.url.query, lambda query: (200, read(query, **request.path_params))
            )

        return Route(path, endpoint, methods=["GET"])

    async def _answer(
        self, request: Request, text: str, perform: Callable[[Form], tuple[int, dict[str, Any]]]
    ) -> Response:
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        call: dict[str, Any] = {
            "method": request.method,
            "path": path,
            "key": key,
            "version": request.headers.get("stripe-version"),
        }
        self.world.calls.append(call)
        try:
            self._authenticate(request)
            form = forms.parse(text)
            call["form"] = form
            fault = next((each for each in self.faults if each.strikes(request.method, path, form)), None)
            call["fault"] = fault and f"{fault.effect} {fault.when}"
            return await self._struck(request, path, text, form, key, perform, fault)
        except StripeError as error:
            call["status"] = error.status
            return JSONResponse(error.document, error.status, error.headers)

    async def _struck(
        self,
        request: Request,
        path: str,
        text: str,
        form: Form,
        key: str | None,
        perform: Callable[[Form], tuple[int, dict[str, Any]]],
        fault: Fault | None,
    ) -> Response:
        if key is not None and not 0 < len(key) <= _MOST_KEY:
            raise errors.invalid("Idempotency-Key", f"must have 1 to {_MOST_KEY} characters")
        if key in self.world.in_flight:
            raise errors.key_in_use(str(key))
        kept = self.world.answer_of(key) if key else None
        if kept and (kept["path"], kept["body"]) != (path, text):
            raise errors.key_reused(str(key), path)
        if fault and fault.when == "before" and fault.effect != "delay":
            if fault.effect == "error":
                raise self._error(fault, key if kept is None else None, path, text)
            return await self._no_answer(request, fault)
        if kept:
            answer: Response = JSONResponse(kept["document"], kept["status"], {"idempotent-replayed": "true"})
        else:
            answer = await self._perform(path, text, form, key, perform, fault)
        if fault and fault.effect == "error":
            raise self._error(fault, key if kept is None else None, path, text)
        return await self._no_answer(request, fault) if fault and fault.effect != "delay" else answer

    async def _perform(
        self,
        path: str,
        text: str,
        form: Form,
        key: str | None,
        perform: Callable[[Form], tuple[int, dict[str, Any]]],
        fault: Fault | None,
    ) -> Response:
        if key:
            self.world.in_flight.add(key)
        try:
            if fault and fault.effect == "delay":
                await asyncio.sleep(fault.seconds)
            with self.world.store.transaction():
                try:
                    status, document = perform(form)
                except StripeError as error:
                    if not error.executed:
                        raise
                    status, document = error.status, error.document
                if key:
                    self.world.keep(key, path, text, status, document)
        finally:
            self.world.in_flight.discard(str(key))
        return JSONResponse(document, status)

    def _error(self, fault: Fault, key: str | None, path: str, text: str) -> StripeError:
        if fault.status == 429:
            return errors.rate_limited(fault.retryAfter)
        if fault.status == 409:
            return errors.key_in_use(str(key))
        error = errors.api_error(fault.status)
        if key:
            self.world.keep(key, path, text, error.status, error.document)
        return error

    async def _no_answer(self, request: Request, fault: Fault) -> Response:
        if fault.effect == "hang":
            await asyncio.wait([asyncio.ensure_future(_gone(request))], timeout=_HANG_S)
        request.scope["extensions"][ABORT]()
        return Response()

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise StripeError(401, "You did not provide an API key.")
        taken = self.world.settings["apiKeys"]
        if not _API_KEY.fullmatch(key) or (taken is not None and key not in taken):
            raise StripeError(401, f"Invalid API Key provided: {key[:7]}****", code="api_key_invalid")
        version = request.headers.get("stripe-version")
        if version is not None and not _VERSION.fullmatch(version):
            raise StripeError(400, f"Invalid Stripe API version: {version}")

    async def _show_payment(self, request: Request) -> Response:
        session = self.world.get("session", request.path_params["id"])
        if session is None:
            return HTMLResponse("<!doctype html><title>Not found</title><p>There is no such session.", 404)
        price = f"{session['amount_total']} {session['currency']} (in its smallest unit)"
        return HTMLResponse(
            "<!doctype html><html lang=en><title>Pay</title><h1>Checkout on this machine</h1>"
            f"<p>{html.escape(price)}</p><form method=post><button>Pay (no money moves)</button></form>"
        )

    async def _pay(self, request: Request) -> Response:
        await self._complete(request)
        return RedirectResponse(checkout.place_after(checkout.find_session(self.world, request.path_params["id"])), 303)

    async def _complete(self, request: Request) -> Response:
        try:
            session = checkout.complete(self.world, request.path_params["id"])
        except StripeError as error:
            return JSONResponse(error.document, error.status)
        event = events.make_event(self.world, "checkout.session.completed", session)
        told = await events.deliver(self.world, event)
        return JSONResponse({"event": event, "delivered": told, "goesTo": checkout.place_after(session)})

    async def _state(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.world.reset()
            self.faults = []
            return Response(status_code=204)
        kinds = {"transfers": "transfer", "sessions": "session", "events": "event"}
        found = {name: self.world.all(kind) for name, kind in kinds.items()}
        return JSONResponse({**found, "calls": self.world.calls, "settings": self.world.settings})

    async def _settings(self, request: Request) -> Response:
        try:
            self.world.set(await request.json())
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(self.world.settings)

    async def _set_faults(self, request: Request) -> Response:
        try:
            self.faults = [Fault.from_object(each) for each in await request.json()]
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(status_code=204)

    async def _forget(self, _: Request) -> Response:
        self.world.forget_keys()
        return Response(status_code=204)

    async def _unknown(self, request: Request) -> Response:
        message = f"Unrecognized request URL ({request.method}: {request.url.path})."
        return JSONResponse({"error": {"type": "invalid_request_error", "message": message}}, 404)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

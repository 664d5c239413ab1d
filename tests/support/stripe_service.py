"""The product's own Stripe (`local_services/stripe`) for tests: on loopback, in a thread of the test run."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn

from local_cloudflare.api.store import Store
from local_cloudflare.listening import listening_on, server_of
from local_services.stripe.app import Stripe as Application
from local_services.stripe.world import World

API_KEY = "sk_test_1234"


class Stripe:
    """What a test sets and sees; `url` is its base."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self.url = url
        self._http = http

    def reset(self) -> None:
        """As at the beginning, and the key of these tests is the only one that it takes."""
        self._http.delete("/_control/state")
        self.set(apiKeys=[API_KEY])

    def set(self, **settings: Any) -> None:
        assert self._http.put("/_control/settings", json=settings).is_success

    def fail(self, *faults: Mapping[str, Any]) -> None:
        """What goes wrong from now on; with none, nothing does."""
        answer = self._http.put("/_control/faults", json=faults)
        assert answer.is_success, answer.text

    def forget_keys(self) -> None:
        self._http.post("/_control/forget-keys")

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._http.get("/_control/state").json()
        return state

    def complete(self, session: str) -> dict[str, Any]:
        """The customer pays."""
        answer: dict[str, Any] = self._http.post(f"/_control/sessions/{session}/complete").json()
        return answer

    def transfers(self) -> list[dict[str, Any]]:
        """Those that really happened, oldest first."""
        found: list[dict[str, Any]] = self.state()["transfers"]
        return found

    def paid(self) -> list[tuple[str, int]]:
        """Destination and amount of each transfer that happened."""
        return sorted((each["destination"], each["amount"]) for each in self.transfers())

    def calls(self, method: str = "POST") -> list[dict[str, Any]]:
        """What was asked."""
        return [each for each in self.state()["calls"] if each["method"] == method]

    def call(self, method: str, path: str, *, key: str | None = None, **form: Any) -> httpx.Response:
        """A call of the API."""
        headers = {"authorization": f"Bearer {API_KEY}", **({"idempotency-key": key} if key else {})}
        if method == "GET":
            return self._http.get(path, params=form or None, headers=headers)
        return self._http.request(method, path, data=form, headers=headers)


@contextmanager
def stripe() -> Iterator[Stripe]:
    """Run one; it listens until the block ends."""
    started = threading.Event()
    running: dict[str, Any] = {}

    def serve(folder: Path) -> None:
        with Store(folder / "stripe.sqlite") as store, listening_on(0) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            server: uvicorn.Server = server_of(Application(World(store, url)).app)
            running.update(url=url, server=server)
            started.set()
            server.run(sockets=[listener])

    with TemporaryDirectory() as folder:
        thread = threading.Thread(target=serve, args=(Path(folder),))
        thread.start()
        assert started.wait(20)
        try:
            with httpx.Client(base_url=running["url"], timeout=20) as http:
                service = Stripe(running["url"], http)
                service.reset()
                yield service
        finally:
            running["server"].should_exit = True
            thread.join()

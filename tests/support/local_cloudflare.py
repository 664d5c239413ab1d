"""A local Cloudflare for tests: the real server with the real runtime, in a process of its own, on free ports.

No cron trigger fires by the clock, so that nothing depends on when a test runs: `local("POST", "/cron", …)` fires one.
`restart` and `kill` are what a person or a crash would do to it; its data directory stays.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from local_cloudflare import process, service, settings
from local_cloudflare.settings import Settings
from tests.support import processes
from tests.support.eventually import eventually


class LocalCloudflare:
    """`url` is the base URL of the API, `workers_url` that of a Worker with `{worker}` for its name."""

    def __init__(self, data: Path, *arguments: str) -> None:
        """`arguments` are further ones of `serve`."""
        self.data = data
        self._arguments = arguments
        self._client = httpx.Client(timeout=60)
        self._start()

    @property
    def url(self) -> str:
        return self._settings.base_url

    @property
    def token(self) -> str:
        return self._settings.api_token

    @property
    def account_id(self) -> str:
        return self._settings.account_id

    @property
    def workers_url(self) -> str:
        return self._settings.workers_url

    @property
    def account_url(self) -> str:
        return f"{self.url}/accounts/{self.account_id}"

    @property
    def s3_url(self) -> str:
        """R2's S3 endpoint of the account."""
        return self._settings.s3_url

    @property
    def environment(self) -> dict[str, str]:
        """What wrangler, the provider and the command line read."""
        return {
            "CLOUDFLARE_BASE_URL": self.url,
            "CLOUDFLARE_API_BASE_URL": self.url,
            "R2_ENDPOINT_URL": self.s3_url,
            "CLOUDFLARE_API_TOKEN": self.token,
            "CLOUDFLARE_ACCOUNT_ID": self.account_id,
        }

    @property
    def settings_of_account(self) -> dict[str, Any]:
        """What `Account` takes to read this one."""
        return {"account_id": self.account_id, "token": self.token, "base_url": self.url}

    def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """One call below the account, by a plain HTTP client."""
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        return self._client.request(method, f"{self.account_url}{path}", headers=headers, **options)

    def call_zone(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """One call below /zones."""
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        return self._client.request(method, f"{self.url}/zones{path}", headers=headers, **options)

    def local(self, method: str, path: str, json: Any = None) -> Any:
        """One call of the controls: `path` is below `/_local`."""
        url = f"http://127.0.0.1:{self._settings.api_port}/_local{path}"
        answer = self._client.request(method, url, json=json, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code < 500, f"{method} {path}: {answer.status_code}\n{self._log()[-4000:]}"
        answer.raise_for_status()
        return answer.json()

    def account(self) -> dict[str, Any]:
        """What is in the account; not what runs of it, which workerd loads when it comes to it."""
        return {name: value for name, value in self.local("GET", "/state").items() if name != "runtime"}

    def fetch(self, worker: str, path: str = "/", method: str = "GET", **options: Any) -> httpx.Response:
        """Call a Worker, as a browser would by its name below `localhost`."""
        port = self._settings.workers_port
        headers = {"Host": f"{worker}.localhost:{port}", **options.pop("headers", {})}
        return self._client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, **options)

    def reset(self) -> None:
        self.local("POST", "/reset")

    def kill(self) -> None:
        """SIGKILL, as a crash or a power cut would."""
        self._process.kill()
        self._process.wait()

    def kill_workers(self) -> None:
        """SIGKILL to each workerd, of the Workers and of the data; they are started again."""
        for each in (each for each in processes.below(self._process.pid) if "/workerd " in each.command):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def close(self) -> None:
        """At the end of the tests."""
        self._client.close()
        if self._process.poll() is None:
            self.stop()

    def restart(self) -> None:
        """Start it again on its data directory, after `kill` or `stop`."""
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "local_cloudflare", "serve", "--no-crons", "--dir", str(self.data)]
        fresh = settings.load(self.data) is None
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments, *(["--api-port", "0", "--workers-port", "0"] if fresh else [])],
                stdout=log,
                stderr=log,
            )
        self._settings: Settings = self._wait()

    def _wait(self) -> Settings:
        def started() -> Settings | None:
            assert self._process.poll() is None, self._log()
            found = process.find(self.data)
            return service.healthy(self.data) if found and found.pid == self._process.pid else None

        try:
            return eventually(started, self._log)
        except AssertionError:
            self.kill()
            raise

    def _log(self) -> str:
        return f"the local Cloudflare says:\n{(self.data / 'server.log').read_text()}"

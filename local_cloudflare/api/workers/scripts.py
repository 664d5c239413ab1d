"""What can be done to a Worker: upload, change its settings, deploy a version, delete.

Each operation first does all that takes time (running the code once, writing files), then checks and commits in one
step without waiting, and only then tells the runtime. So two operations at once never see half of each other, and a
process killed anywhere leaves the Worker as it was or as it was to be; at the next start the runtime is told again.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.queues.models import Queues
from local_cloudflare.api.workers import bindings, config, errors
from local_cloudflare.api.workers.assets import Assets
from local_cloudflare.api.workers.files import Files
from local_cloudflare.api.workers.models import (
    Binding,
    Deployment,
    StoredAssets,
    Version,
    Worker,
    Workers,
)
from local_cloudflare.api.workers.upload import Upload, check_date, check_size
from local_cloudflare.api.zones.models import Domains
from local_cloudflare.runtime.errors import StartupError
from local_cloudflare.runtime.models import Startup

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_DEPLOYMENTS = 10
_RESET = {"logpush": False, "observability": None, "tail_consumers": ()}
"""What an upload sets back where it does not name it; tags stay."""


class Scripts:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._files = Files(cloud.data)
        self.workers = Workers(cloud.store)

    async def upload(self, name: str, upload: Upload, *, source: str, strict: bool) -> Worker:
        """Create or update a Worker, and make the new version the active one."""
        startup = await self._prepare(name, upload)
        version = self._version(name, upload, startup, source=source, strict=strict)
        return await self._deploy(
            name, version, lambda worker: _with_script_settings(worker, {**_RESET, **upload.metadata})
        )

    async def add_version(self, name: str, upload: Upload, *, source: str, strict: bool) -> Version:
        """A new version that is not active yet."""
        self.workers.get(name)
        startup = await self._prepare(name, upload)
        worker = self.workers.get(name)
        version = self._version(name, upload, startup, source=source, strict=strict)
        with self._cloud.store.transaction():
            self.workers.save_version(name, version, active=worker.active.id)
        return version

    async def deploy_versions(
        self, name: str, shares: tuple[tuple[str, float], ...], annotations: dict[str, str]
    ) -> Deployment:
        """Deploy versions, each with its share of the traffic in percent; the first of the greatest runs."""
        self.workers.get(name)
        versions = {id: self.workers.version(name, id) for id, _ in shares}
        most = max(shares, key=lambda share: share[1])[0]
        gradual = shares if len(shares) > 1 else ()
        worker = await self._deploy(name, versions[most], annotations=annotations, shares=gradual)
        return worker.deployments[0]

    async def change_settings(self, name: str, settings: dict[str, Any]) -> Worker:
        """Bindings and compatibility settings, without new code. What `settings` leaves out stays."""
        before = self.workers.get(name).active
        changes: dict[str, Any] = {
            field: settings[field] for field in ("compatibility_date", "placement", "limits") if field in settings
        }
        check_date(str(changes.get("compatibility_date", "")), self._cloud.clock().date())
        if "compatibility_flags" in settings:
            changes["compatibility_flags"] = tuple(settings["compatibility_flags"])
        if "bindings" in settings:
            wanted = bindings.resolve({"keep_bindings": (), **settings}, before.bindings, strict=True)
            changes["bindings"] = bindings.check(self._cloud, name, wanted, has_assets=before.assets is not None)
        version = self._next(name, before, changes)
        return await self._deploy(name, version, lambda worker: _with_script_settings(worker, settings))

    def change_script_settings(self, name: str, settings: dict[str, Any]) -> Worker:
        """What belongs to all versions: logging, tags, tail consumers. Makes no new version."""
        worker = _with_script_settings(self.workers.get(name), settings)
        self.workers.save(worker)
        return worker

    async def put_secret(self, name: str, secret: Binding) -> None:
        """Set a secret, in a new version. A binding of another type keeps its name to itself."""
        before = self.workers.get(name).active
        others = [binding for binding in before.bindings if binding["name"] != secret["name"]]
        taken = [binding for binding in before.bindings if binding["name"] == secret["name"]]
        if taken and taken[0]["type"] != secret["type"]:
            raise errors.duplicate_binding(secret["name"])
        wanted = bindings.check(self._cloud, name, [*others, secret], has_assets=before.assets is not None)
        await self._deploy(name, self._next(name, before, {"bindings": wanted}))

    async def delete_secret(self, name: str, secret: str) -> None:
        before = self.workers.get(name).active
        left = tuple(
            binding for binding in before.bindings if (binding["name"], binding["type"]) != (secret, "secret_text")
        )
        if len(left) == len(before.bindings):
            raise errors.binding_not_found(secret)
        await self._deploy(name, self._next(name, before, {"bindings": left}))

    async def delete(self, name: str, *, force: bool) -> None:
        """Refused while another Worker has a service binding to it, unless forced, and while it consumes a queue."""
        self.workers.get(name)
        referring = [other for other in self.workers.bound_to(type="service", service=name) if other != name]
        if referring and not force:
            raise errors.still_referenced(name, referring)
        if Queues(self._cloud).consumed_by(name):
            raise errors.still_consuming(name)
        self.workers.delete(name)
        Domains(self._cloud).detach(name)
        self._files.forget(name)
        await self._cloud.runtime.delete_worker(name)

    async def set_subdomain(self, name: str, *, workers_dev: bool, previews: bool) -> Worker:
        worker = replace(self.workers.get(name), workers_dev=workers_dev, previews=previews)
        if workers_dev and self._cloud.settings.workers_dev_subdomain is None:
            raise errors.subdomain_required()
        self.workers.save(worker)
        await self._cloud.runtime.set_workers_dev(name, workers_dev)
        return worker

    async def restore(self) -> None:
        """Tell the runtime of every Worker, and remove files that none names: after a start."""
        workers = self.workers.all()
        versions = [version for worker in workers for version in self.workers.versions(worker.name)]
        manifests = {version.assets.manifest for version in versions if version.assets}
        self._files.sweep([worker.name for worker in workers], manifests)
        for worker in workers:
            await self._cloud.runtime.put_worker(config.of_worker(self._files, worker))

    async def _prepare(self, name: str, upload: Upload) -> Startup:
        """What takes time: write the modules, and run the code once to see whether it starts."""
        if not _NAME.fullmatch(name):
            raise errors.invalid_name()
        check_size(upload.modules)
        self._save_modules(name, upload)
        found = self.workers.find(name)
        if found and _runs_alike(found.active, upload):
            return Startup(handlers=found.active.handlers, startup_time_ms=found.active.startup_time_ms)
        try:
            startup = await self._cloud.runtime.check(config.of_upload(self._files, name, upload))
        except StartupError as error:
            raise errors.invalid_script(str(error)) from error
        if not startup.handlers:
            raise errors.no_event_handlers()
        Queues(self._cloud).check_handlers(name, startup.handlers)
        return startup

    def _save_modules(self, name: str, upload: Upload) -> None:
        for module in upload.modules:
            self._files.save_module(name, module.sha256, module.content)
        for content in upload.source_maps.values():
            self._files.save_module(name, sha256(content).hexdigest(), content)

    def _version(self, name: str, upload: Upload, startup: Startup, *, source: str, strict: bool) -> Version:
        metadata = upload.metadata
        check_date(upload.compatibility_date, self._cloud.clock().date())
        self._save_modules(name, upload)  # again: another upload may have removed them while this one's code was run
        found = self.workers.find(name)
        before = found.active if found else None
        assets = self._assets(metadata, before)
        wanted = bindings.resolve(metadata, before.bindings if before else (), strict=strict)
        return Version(
            id=str(uuid.uuid4()),
            number=self.workers.next_number(name),
            created_on=self._cloud.now(),
            etag=upload.etag,
            main_module=upload.main_module,
            modules=config.stored_modules(upload),
            bindings=bindings.check(self._cloud, name, wanted, has_assets=assets is not None),
            compatibility_date=upload.compatibility_date,
            compatibility_flags=upload.compatibility_flags,
            handlers=startup.handlers,
            startup_time_ms=startup.startup_time_ms,
            assets=assets,
            source_maps={module: sha256(content).hexdigest() for module, content in upload.source_maps.items()},
            annotations=dict(metadata.get("annotations") or {}),
            placement=dict(metadata.get("placement") or {}),
            limits=dict(metadata.get("limits") or {}),
            usage_model=metadata.get("usage_model") or "standard",
            source=source,
        )

    def _next(self, name: str, before: Version, changes: dict[str, Any]) -> Version:
        """A version with the same code."""
        return replace(
            before,
            id=str(uuid.uuid4()),
            number=self.workers.next_number(name),
            created_on=self._cloud.now(),
            annotations={},
            **changes,
        )

    def _assets(self, metadata: dict[str, Any], before: Version | None) -> StoredAssets | None:
        given = metadata.get("assets")
        if isinstance(given, dict) and isinstance(given.get("jwt"), str):
            return Assets(self._cloud).complete(given["jwt"], dict(given.get("config") or {}))
        return before.assets if before and metadata.get("keep_assets") else None

    async def _deploy(
        self,
        name: str,
        version: Version,
        change: Callable[[Worker], Worker] = lambda worker: worker,
        *,
        annotations: dict[str, str] | None = None,
        shares: tuple[tuple[str, float], ...] = (),
    ) -> Worker:
        """Commit: the version, and the Worker with it as the active one. Then tell the runtime."""
        now = self._cloud.now()
        deployment = Deployment(
            id=str(uuid.uuid4()),
            version_id=version.id,
            created_on=now,
            source=version.source,
            annotations=version.annotations if annotations is None else annotations,
            shares=shares,
        )
        found = self.workers.find(name) or Worker(
            name=name, tag=secrets.token_hex(16), created_on=now, modified_on=now, active=version, deployments=()
        )
        worker = change(
            replace(
                found,
                modified_on=now,
                active=version,
                deployments=(deployment, *found.deployments)[:_DEPLOYMENTS],
            )
        )
        with self._cloud.store.transaction():
            self.workers.save(worker)
            self.workers.save_version(name, version, active=version.id)
        kept = [worker.active, *self.workers.versions(name)]
        modules = {module.sha256 for version in kept for module in version.modules}
        self._files.keep_modules(name, modules.union(*(version.source_maps.values() for version in kept)))
        await self._cloud.runtime.put_worker(config.of_worker(self._files, worker))
        return worker


def _runs_alike(version: Version, upload: Upload) -> bool:
    """Whether the code was run before under the same conditions."""
    return (version.etag, version.compatibility_date, version.compatibility_flags) == (
        upload.etag,
        upload.compatibility_date,
        upload.compatibility_flags,
    )


def _with_script_settings(worker: Worker, settings: dict[str, Any]) -> Worker:
    """The Worker with those settings of an upload or a change that belong to all its versions."""
    changes: dict[str, Any] = {}
    if "logpush" in settings:
        changes["logpush"] = bool(settings["logpush"])
    if "observability" in settings:
        changes["observability"] = settings["observability"]
    for field in ("tags", "tail_consumers"):
        if field in settings:
            changes[field] = tuple(settings[field] or ())
    return replace(worker, **changes)

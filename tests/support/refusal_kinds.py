"""The refusals that name a command: how each comes about, which command says it, and the ways that it names.

Data for the test that goes each way. Each is done on the stack of `drift_stack`, when it is clean. What has tests of
its own, with data in the stores, is not here: `tests/unit/test_ways_out.py` says where each command is followed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.drift_stack import ARCHIVE, MANIFEST, ROUTER, STACK
from tests.support.healed_stack import HealedStack

ADOPT = rf"python -m orchestrator adopt -s {STACK}"
YES = rf"{ADOPT}(?: --overwrite \S+)* --yes"
HEAL = rf"python -m orchestrator heal -s {STACK}"


@dataclass(frozen=True, kw_only=True)
class RefusalKind:
    """`comes_about` does what is refused. `command`: who refuses, `says`: its words.

    `ways`: for each way out, patterns of the commands that are run one after the other as they are printed: the first
    is in the refusal, each further one in what the one before it has printed. `given`: what a person types, a secret's
    value. A way that only looks (`drift`, `--dry-run`) leads nowhere and is not here.
    """

    name: str
    comes_about: Callable[[HealedStack], object]
    command: tuple[str, ...]
    says: str
    ways: tuple[tuple[str, ...], ...]
    given: str = field(default="", repr=False)


def _edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[HealedStack], object]:
    def write(stack: HealedStack) -> None:
        manifest = copy.deepcopy(MANIFEST)
        edit(manifest)
        stack.project.write(manifest)

    return write


def _needs(manifest: dict[str, Any]) -> Any:
    return manifest["autopilots"][0]["needs"]


def _unset(key: str) -> Callable[[HealedStack], object]:
    return lambda stack: stack.project.project.run("config", "rm", "--path", key)


def _remake_namespace(stack: HealedStack) -> None:
    stack.outside.delete_namespace(ARCHIVE)
    stack.outside.create_namespace(ARCHIVE)


def _others_worker(stack: HealedStack) -> None:
    stack.outside.upload("theirs", "export default { fetch: () => new Response('theirs') }")
    worker = {"name": "theirs", "content": "export default { fetch: () => new Response('ours') }"}
    _edited(lambda manifest: _needs(manifest)["workers"].append(worker))(stack)


def _others_namespace(stack: HealedStack) -> None:
    stack.outside.create_namespace("FOUND")
    _edited(lambda manifest: _needs(manifest)["kvNamespaces"].append("FOUND"))(stack)


def _forgotten(stack: HealedStack) -> None:
    """The state does not have a bucket that the account has."""
    urns = [each["urn"] for each in stack.project.project.resources() if each["urn"].endswith("::efh-cold")]
    stack.project.project.run("state", "delete", "--force", "--yes", "--target-dependents", *urns)


def _many_crons(manifest: dict[str, Any]) -> None:
    _needs(manifest)["workers"][0]["crons"] = [f"{minute} 6 * * *" for minute in range(5)]


PREVIEW = ("pulumi", "preview")

REFUSAL_KINDS = (
    RefusalKind(
        name="heal on another file than was deployed",
        comes_about=_edited(lambda manifest: _needs(manifest)["workers"][0]["vars"].update(MODE="bold")),
        command=("heal",),
        says="what is here would change it",
        ways=((rf"{HEAL} --from-here",), (rf"pulumi up -s {STACK}",)),
    ),
    RefusalKind(
        name="lost data",
        comes_about=lambda stack: stack.outside.delete_namespace(ARCHIVE),
        command=("heal",),
        says="lost",
        ways=((rf"{HEAL} --recreate \S+",),),
    ),
    RefusalKind(
        name="lost data, of which somebody has made another one",
        comes_about=_remake_namespace,
        command=("heal",),
        says="lost",
        ways=((ADOPT, YES),),
    ),
    RefusalKind(
        name="recreate what somebody has made",
        comes_about=_remake_namespace,
        command=("heal", "--recreate", ARCHIVE),
        says="somebody has created another one",
        ways=((ADOPT, YES),),
    ),
    RefusalKind(
        name="drift",
        comes_about=lambda stack: stack.outside.crons(ROUTER),
        command=("drift",),
        says="differs from what is declared",
        ways=((HEAL,),),
    ),
    RefusalKind(
        name="drift, unknown to the state",
        comes_about=_forgotten,
        command=("drift",),
        says="differ",
        ways=((ADOPT, YES),),
    ),
    RefusalKind(
        name="a Worker that is not the stack's",
        comes_about=_others_worker,
        command=PREVIEW,
        says="is not the stack dev's",
        ways=((rf"{ADOPT} --overwrite theirs", YES),),
    ),
    RefusalKind(
        name="adopt of a Worker that is not the stack's",
        comes_about=_others_worker,
        command=("adopt", "--yes"),
        says="did not make theirs",
        ways=((rf"{ADOPT} --overwrite theirs", YES),),
    ),
    RefusalKind(
        name="a namespace that is not the stack's",
        comes_about=_others_namespace,
        command=PREVIEW,
        says="is not in the state of the stack",
        ways=((ADOPT, YES),),
    ),
    RefusalKind(
        name="a secret that is not set",
        comes_about=_unset("secrets.ACCESS_KEY"),
        command=PREVIEW,
        says="secrets.ACCESS_KEY is not set",
        ways=((rf"pulumi config set --secret --path secrets\.ACCESS_KEY -s {STACK}",),),
        given="a-value-that-a-person-has",
    ),
    RefusalKind(
        name="a token of the callers that is not set",
        comes_about=_unset("apiToken"),
        command=PREVIEW,
        says="apiToken is not set",
        ways=((rf"openssl rand -hex 32 \| pulumi config set --secret apiToken -s {STACK}",),),
    ),
    RefusalKind(
        name="a caller's token that is not set",
        comes_about=_edited(lambda manifest: manifest.update(callers={"finance": {"may": ["read"]}})),
        command=PREVIEW,
        says="callers.finance is not set",
        ways=((rf"openssl rand -hex 32 \| pulumi config set --secret --path callers\.finance -s {STACK}",),),
    ),
    RefusalKind(
        name="a signing secret that is not set",
        comes_about=_unset("webhookSecret"),
        command=PREVIEW,
        says="webhookSecret is not set",
        ways=((rf'echo "whsec_\S+ rand -base64 32\)" \| pulumi config set --secret webhookSecret -s {STACK}',),),
    ),
    RefusalKind(
        name="more than the plan has",
        comes_about=_edited(_many_crons),
        command=PREVIEW,
        says="plan does not take this",
        ways=((rf"pulumi config set plan paid -s {STACK}",),),
    ),
)
FEW = ("lost data, of which somebody has made another one", "a Worker that is not the stack's")
"""Those that each run tries."""

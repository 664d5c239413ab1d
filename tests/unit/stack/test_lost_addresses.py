"""Which addresses would go with a Worker that leaves, from what the file, the state and the account say."""

from __future__ import annotations

from orchestrator.desired.derive import Desired, derive
from orchestrator.kinds import Kind
from orchestrator.manifest import parse
from orchestrator.stack.lost_addresses import leaving_workers, lost_addresses
from orchestrator.stack.state import State, StateResource

FILE = """
orchestrator: {{worker: router}}
autopilots:
  - name: greeter
    worker: {worker}
    capabilities: [person.greet]
    needs: {{workers: [{{name: {worker}, content: "export default {{}}", domains: [{domains}]}}]}}
"""


def desired(worker: str, *domains: str) -> Desired:
    return derive(parse(FILE.format(worker=worker, domains=", ".join(domains))))


def known(kind: Kind, name: str) -> StateResource:
    return StateResource(urn="", kind=kind, name=name, id=name, inputs={kind.name_input: name}, outputs={})


STATE = State(
    resources=(
        known(Kind.WORKER, "router"),
        known(Kind.WORKER, "old"),
        known(Kind.CUSTOM_DOMAIN, "ours.example.com"),
    )
)
DOMAINS = [
    {"hostname": host, "service": worker}
    for host, worker in (
        ("ours.example.com", "old"),
        ("moved.example.com", "old"),
        ("theirs.example.com", "old"),
        ("stays.example.com", "router"),
        ("others.example.com", "of-somebody"),
    )
]
ROUTES = [{"pattern": "example.com/old/*", "script": "old"}, {"pattern": "example.com/free/*"}]


def test_a_worker_leaves_by_its_name_in_the_account() -> None:
    assert leaving_workers(desired("old"), STATE) == frozenset()
    assert leaving_workers(desired("new"), STATE) == {"old"}


def test_what_leads_to_it_is_lost_but_what_the_stack_made_and_what_is_declared_elsewhere() -> None:
    found = lost_addresses(desired("new", "moved.example.com"), STATE, {"old"}, DOMAINS, ROUTES)

    assert [(each.name, each.is_route) for each in found] == [
        ("example.com/old/*", True),
        ("theirs.example.com", False),
    ]
    assert str(found[1]) == "the custom domain theirs.example.com leads to the Worker old"

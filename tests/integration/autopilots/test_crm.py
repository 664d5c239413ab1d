"""ai-employee's leads and enrolments, from the signed call to the row in D1."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.autopilots import Autopilot, envelope, running, signature
from tests.support.crm_calls import create, find

LEAD: dict[str, Any] = {"name": "Ada Lovelace 世界", "tags": ["bread"], "notes": "Called.\nWants rye."}


class TestCreate:
    def test_a_lead_is_stored_and_read_back(self, employee: Autopilot, address: str) -> None:
        created = create(employee, address, **LEAD)

        assert created.status_code == 201
        assert created.json().items() >= {"email": address, "version": 1, "etag": '"1"', **LEAD}.items()
        assert created.headers["etag"] == '"1"'
        assert employee.call("crm.lead.update", {"id": created.json()["id"]}).json() == created.json()
        assert find(employee, id=created.json()["id"]) == find(employee, email=address) == [created.json()]

    def test_one_address_is_one_lead_however_often_it_comes(self, employee: Autopilot, address: str) -> None:
        first = create(employee, address, name="Ada", company="Engines").json()
        second = create(employee, address.upper(), name="Ada Lovelace", phone="+43 1 234")

        assert second.status_code == 200
        assert (
            second.json().items()
            >= {
                "id": first["id"],
                "email": address,
                "version": 2,
                "name": "Ada Lovelace",
                "company": "Engines",
                "phone": "+43 1 234",
            }.items()
        )

    @pytest.mark.parametrize(
        ("one", "other", "is_same"),
        [
            ("ada@EXAMPLE.com", "ADA@example.COM", True),
            ("ada@bücher.example", "ada@xn--bcher-kva.example", True),
            ("ada@bu\u0308cher.example", "ada@bücher.example", True),
            ("jose\u0301@example.com", "josé@example.com", True),
            ("ada@उदाहरण.परीक्षा", "ADA@उदाहरण.परीक्षा", True),
            ("ada+a@example.net", "ada+b@example.net", False),
            ("ada@example.org", "a.da@example.org", False),
        ],
    )
    def test_when_two_spellings_are_one_address(self, employee: Autopilot, one: str, other: str, is_same: bool) -> None:
        ids = [create(employee, spelling).json()["id"] for spelling in (one, other)]

        assert (ids[0] == ids[1]) is is_same

    def test_the_same_key_at_once_makes_one_lead_and_says_so_once(self, employee: Autopilot, address: str) -> None:
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda _: create(employee, address, "form-at-once", name="Ada"), range(6)))

        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert find(employee, email=address)[0]["version"] == 1

    def test_every_lead_that_was_told_201_is_there(self, employee: Autopilot) -> None:
        addresses = [f"crowd-{number}@example.com" for number in range(12)]
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda each: create(employee, each), addresses))

        assert {answer.status_code for answer in answers} == {201}
        assert [find(employee, email=each)[0]["id"] for each in addresses] == [each.json()["id"] for each in answers]

    def test_a_repeat_is_the_same_lead_and_undoes_no_update(self, employee: Autopilot, address: str) -> None:
        created = create(employee, address, "form-3", name="Ada").json()
        updated = employee.call("crm.lead.update", {"id": created["id"], "name": "Grace"}).json()

        again = create(employee, address, "form-3", name="Ada")

        assert (again.status_code, again.json()) == (200, updated)

    def test_the_same_key_with_another_lead_is_refused(self, employee: Autopilot, address: str) -> None:
        create(employee, address, "form-2")

        answer = create(employee, address, "form-2", name="Grace")

        assert (answer.status_code, answer.json()["title"]) == (422, "Idempotency-Key reused")
        assert answer.json()["outcome"] == "rejected"

    def test_a_key_is_the_callers_own(self, employee: Autopilot, address: str) -> None:
        """`idempotency-key-across-callers`"""
        bodies = [
            envelope("crm.lead.create", {"email": f"{caller}-{address}"}, autopilot="employee", caller=caller)
            for caller in ("shop", "crm")
        ]
        answers = [
            employee.http.post(
                "/",
                content=body,
                headers={"content-type": "application/json", "idempotency-key": "order-1"} | signature(body),
            )
            for body in bodies
        ]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json()["id"] != answers[1].json()["id"]

    def test_a_replayed_message_makes_no_second_change(self, employee: Autopilot, address: str) -> None:
        meta = {"email": address, "name": "Ada"}
        signed = signature(envelope("crm.lead.create", meta, autopilot="employee"))

        first, replayed = (employee.call("crm.lead.create", meta, headers=signed) for _ in range(2))

        assert (first.status_code, replayed.status_code) == (201, 200)
        assert replayed.json() == first.json()

    @pytest.mark.parametrize(
        "address",
        ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a@b@example.com", "<ada@example.com>",
         "ada@example.com\n", "ada@-", "x" * 65 + "@example.com", 7, None],
    )  # fmt: skip
    def test_what_is_no_address_is_refused(self, employee: Autopilot, address: object) -> None:
        answer = employee.call("crm.lead.create", {"email": address})

        assert [error["pointer"] for error in answer.json()["errors"]] == ["/meta/email"]

    @pytest.mark.parametrize(
        "address", ["ada+rye@mail.example.co.uk", "o'hara@example.com", "用户@例子.公司", "a@b-c.de", "a@हिन्दी.भारत"]
    )
    def test_unusual_addresses_are_good(self, employee: Autopilot, address: str) -> None:
        assert create(employee, address).json()["email"] == address

    def test_nothing_that_came_is_lost_unsaid(self, employee: Autopilot) -> None:
        answer = employee.call("crm.lead.create", {"e-mail": "ada@example.com", "tags": [""], "phone": "call me"})

        pointers = [error["pointer"] for error in answer.json()["errors"]]
        assert pointers == ["/meta/e-mail", "/meta/email", "/meta/phone", "/meta/tags/0"]


class TestUpdate:
    def test_two_updates_at_once_lose_nothing(self, employee: Autopilot, address: str) -> None:
        """`crm-lost-update`"""
        lead = create(employee, address).json()
        changes: list[dict[str, Any]] = [
            {"name": "N"},
            {"company": "C"},
            {"phone": "123"},
            {"source": "S"},
            {"notes": "T"},
            {"tags": ["g"]},
        ]
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda each: employee.call("crm.lead.update", {"id": lead["id"], **each}), changes))

        final = find(employee, id=lead["id"])[0]
        assert {answer.status_code for answer in done} == {200}
        assert final["version"] == 1 + len(changes)
        assert all(final.items() >= each.items() for each in changes)

    def test_null_clears(self, employee: Autopilot, address: str) -> None:
        lead = create(employee, address, name="Ada", company="Engines", tags=["rye"]).json()

        changed = employee.call("crm.lead.update", {"id": lead["id"], "company": None, "tags": None}).json()

        assert "company" not in changed
        assert "tags" not in changed
        assert changed["name"] == "Ada"

    def test_of_two_that_know_the_same_version_one_is_refused(self, employee: Autopilot, address: str) -> None:
        lead = create(employee, address).json()
        with ThreadPoolExecutor() as pool:
            answers = list(
                pool.map(
                    lambda name: employee.call(
                        "crm.lead.update", {"id": lead["id"], "ifMatch": lead["etag"], "name": name}
                    ),
                    ["Ada", "Grace"],
                )
            )

        assert sorted(answer.status_code for answer in answers) == [200, 412]
        refused = max(answers, key=lambda answer: answer.status_code).json()
        assert (refused["title"], refused["etag"], refused["outcome"]) == ("Lead changed meanwhile", '"2"', "rejected")

    def test_a_lead_moves_to_another_address_unless_that_is_taken(self, employee: Autopilot, address: str) -> None:
        lead, other = create(employee, address).json(), create(employee, f"x{address}").json()

        moved = employee.call("crm.lead.update", {"id": lead["id"], "email": f"y{address}"})
        taken = employee.call("crm.lead.update", {"id": lead["id"], "email": other["email"].upper()})

        assert (moved.status_code, find(employee, email=address)) == (200, [])
        assert (taken.status_code, taken.json()["title"]) == (409, "Address taken")

    def test_a_lead_that_is_not_there_is_not_found(self, employee: Autopilot) -> None:
        answer = employee.call("crm.lead.update", {"id": "0" * 32, "name": "Ada"})

        assert (answer.status_code, answer.json()["title"]) == (404, "No such lead")


def test_all_leads_are_found_in_pages_newest_first() -> None:
    with running("employee") as employee:
        made = [create(employee, f"page-{number}@example.com").json()["id"] for number in range(7)]
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = employee.call("crm.lead.find", {"limit": 3, **cursor}).json()
            found += [lead["id"] for lead in page["leads"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

    assert sorted(found) == sorted(made)
    assert len(found) == len(made)


class TestEnrolments:
    def test_a_student_is_enrolled_once_in_a_course(self, employee: Autopilot, address: str) -> None:
        meta = {"student": {"email": address, "name": "Ada"}, "course": "rye-bread"}

        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda _: employee.call("lms.enrollment.create", meta), range(5)))

        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        other = employee.call("lms.enrollment.create", meta | {"course": "wheat-bread"})
        assert other.status_code == 201

    def test_a_repeat_is_the_same_enrolment_and_another_one_is_refused(self, employee: Autopilot, address: str) -> None:
        meta = {"student": {"email": address}, "course": "rye-bread"}

        first, again = (employee.call("lms.enrollment.create", meta, idempotency_key="e-1") for _ in range(2))
        other = employee.call("lms.enrollment.create", meta | {"course": "wheat"}, idempotency_key="e-1")

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
        assert again.json() == first.json()

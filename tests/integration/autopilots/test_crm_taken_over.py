"""The ai-employee's records of the version before, in KV and R2: they are taken over, and nothing of them is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.crm_calls import create, find


class TestTakenOver:
    """Records of the version before, in KV and R2."""

    @pytest.fixture
    def fresh(self) -> Iterator[Autopilot]:
        with running("employee") as autopilot:
            yield autopilot

    def plant(self, fresh: Autopilot, number: int, email: str, **details: object) -> dict[str, object]:
        at = f"2026-11-{1 + number % 28:02}T00:00:00.000Z"
        record = {"id": f"{number:032x}", "createdAt": at, "email": email, **details}
        fresh.store("AI_EMPLOYEE_LOGS", f"lead/{record['id']}", json.dumps(record), {"fingerprint": "f"})
        return record

    def test_many_leads_are_taken_over_a_few_with_each_request(self, fresh: Autopilot) -> None:
        planted = [self.plant(fresh, number, f"old-{number}@example.com", name=f"N{number}") for number in range(50)]
        fresh.store(
            "AI_EMPLOYEE_LOGS",
            f"enrollment/{'e' * 32}",
            json.dumps(
                {"id": "e" * 32, "createdAt": "2026-11-01", "student": {"email": "old-1@example.com"}, "course": "rye"}
            ),
        )
        for _ in range(6):
            find(fresh, email="nobody@example.com")

        for record in planted:
            assert find(fresh, id=record["id"])[0].items() >= record.items()
        known = fresh.call("lms.enrollment.create", {"student": {"email": "OLD-1@example.com"}, "course": "rye"})
        assert (known.status_code, known.json()["id"]) == (200, "e" * 32)
        assert fresh.stored("AI_EMPLOYEE_LOGS", f"lead/{planted[0]['id']}").status_code == 200, "KV stays as it was"

    def test_mail_of_the_first_version_is_taken_over_and_forgotten_too(self, fresh: Autopilot) -> None:
        old = {
            "kind": "lead",
            "rule": "asks for a course",
            "from": "Ada <ada@example.com>",
            "subject": "Hi",
            "text": "A",
        }
        key = f"email/{'7' * 32}"
        fresh.store("AI_EMPLOYEE_LOGS", key, json.dumps({"id": "7" * 32, "createdAt": "2026-11-01", **old}))
        for _ in range(4):
            find(fresh, email="nobody@example.com")

        [row] = fresh.sql("EFH_CRM", "SELECT record, address FROM mails")
        record = json.loads(row["record"])
        assert (record["kind"], record["from"], row["address"]) == (
            "lead",
            {"name": "Ada", "address": "ada@example.com"},
            "ada@example.com",
        )
        gone = fresh.call("crm.lead.delete", {"email": "ada@example.com", "everything": True}).json()
        assert gone["deleted"]["mails"] == 1
        assert fresh.stored("AI_EMPLOYEE_LOGS", key).status_code == 404

    def test_a_value_that_is_no_record_stops_nothing(self, fresh: Autopilot) -> None:
        fresh.store("AI_EMPLOYEE_LOGS", f"lead/{'0' * 32}", "{ half a reco")
        fresh.store("AI_EMPLOYEE_LOGS", f"lead/{'1' * 32}", '"a text"')
        fresh.store("AI_EMPLOYEE_LOGS", f"enrollment/{'2' * 32}", '{"id": 7, "student": null}')
        fresh.store("EFH_PRIVATE", f"mail/{'3' * 32}.json", '{"id": "3"}')
        fresh.store("EFH_PRIVATE", f"mail/{'4' * 32}.json", "no JSON")
        record = self.plant(fresh, 5, "ada@example.com", name="Ada")

        answers = [create(fresh, f"new-{number}@example.com") for number in range(5)]

        assert [answer.status_code for answer in answers] == [201] * 5
        assert find(fresh, email="ada@example.com")[0]["id"] == record["id"]
        assert fresh.stored("AI_EMPLOYEE_LOGS", f"lead/{'0' * 32}").text == "{ half a reco"

    def test_leads_of_one_address_become_one_and_nothing_is_lost(self, fresh: Autopilot) -> None:
        first = self.plant(fresh, 1, "ada@example.com", name="Ada", notes="first")
        second = self.plant(fresh, 2, "Ada@Example.com", company="Engines", notes="second")

        lead = find(fresh, id=second["id"])[0]

        assert lead.items() >= {"id": first["id"], "name": "Ada", "company": "Engines", "notes": "second"}.items()
        assert lead["earlier"] == [second]
        assert find(fresh, id=first["id"]) == find(fresh, email="ada@example.com") == [lead]
        gone = fresh.call("crm.lead.delete", {"email": "ada@example.com", "everything": True}).json()
        assert gone["deleted"]["leads"] == 1
        left = [fresh.stored("AI_EMPLOYEE_LOGS", f"lead/{each['id']}").status_code for each in (first, second)]
        assert left == [404, 404]

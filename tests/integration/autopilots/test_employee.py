"""ai-employee: leads, enrolments, incoming e-mail and files, from the signed call to what was stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from tests.support.autopilots import Autopilot, envelope, running, signature

LEAD = {"email": "ada@example.com", "name": "Ada Lovelace 世界", "tags": ["bread"], "notes": "Called.\nWants rye."}
FILE = {"name": "résumé.pdf", "contentType": "application/pdf", "content": base64.b64encode(b"%PDF-1.7 \xff").decode()}


@pytest.fixture(scope="module")
def employee() -> Iterator[Autopilot]:
    with running("employee") as autopilot:
        yield autopilot


class TestLeads:
    def test_a_lead_is_stored_and_read_back(self, employee: Autopilot) -> None:
        created = employee.call("crm.lead.create", LEAD)
        read = employee.call("crm.lead.update", {"id": created.json()["id"]})

        assert created.status_code == 201
        assert created.json().items() >= LEAD.items()
        assert read.status_code == 200
        assert read.json() == created.json()
        assert employee.stored("AI_EMPLOYEE_LOGS", f"lead/{created.json()['id']}").json() == created.json()

    def test_a_lead_is_updated_member_by_member(self, employee: Autopilot) -> None:
        created = employee.call("crm.lead.create", LEAD).json()

        updated = employee.call("crm.lead.update", {"id": created["id"], "phone": "+43 1 234", "tags": []}).json()

        assert updated.pop("updatedAt") >= created["createdAt"]
        assert updated == created | {"phone": "+43 1 234", "tags": []}

    def test_the_same_idempotency_key_makes_one_lead(self, employee: Autopilot) -> None:
        before = set(employee.stored("AI_EMPLOYEE_LOGS").json())

        first = employee.call("crm.lead.create", LEAD, idempotency_key="form-1")
        in_another_order = dict(reversed(LEAD.items()))
        again = employee.call("crm.lead.create", in_another_order, idempotency_key="form-1")

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert len(set(employee.stored("AI_EMPLOYEE_LOGS").json()) - before) == 1

    def test_the_same_idempotency_key_with_another_lead_is_refused(self, employee: Autopilot) -> None:
        employee.call("crm.lead.create", LEAD, idempotency_key="form-2")

        answer = employee.call("crm.lead.create", LEAD | {"name": "Grace"}, idempotency_key="form-2")

        assert (answer.status_code, answer.json()["title"]) == (422, "Idempotency-Key reused")

    def test_a_repeat_after_an_update_does_not_undo_it(self, employee: Autopilot) -> None:
        created = employee.call("crm.lead.create", LEAD, idempotency_key="form-3").json()
        updated = employee.call("crm.lead.update", {"id": created["id"], "company": "Engines"}).json()

        again = employee.call("crm.lead.create", LEAD, idempotency_key="form-3")

        assert (again.status_code, again.json()) == (200, updated)

    def test_a_replayed_message_makes_no_second_lead(self, employee: Autopilot) -> None:
        signed = signature(envelope("crm.lead.create", LEAD, autopilot="employee"))

        first, replayed = (employee.call("crm.lead.create", LEAD, headers=signed) for _ in range(2))

        assert (first.status_code, replayed.status_code) == (201, 200)
        assert replayed.json() == first.json()

    def test_calls_without_a_key_make_a_lead_each(self, employee: Autopilot) -> None:
        ids = {employee.call("crm.lead.create", LEAD).json()["id"] for _ in range(2)}

        assert len(ids) == 2

    def test_a_lead_that_is_not_there_is_not_found(self, employee: Autopilot) -> None:
        answer = employee.call("crm.lead.update", {"id": "0" * 32, "name": "Ada"})

        assert (answer.status_code, answer.json()["title"]) == (404, "No such lead")

    @pytest.mark.parametrize(
        "address",
        ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a@b@example.com", "<ada@example.com>",
         "ada@example.com\n", "ada@-", "x" * 65 + "@example.com", 7, None],
    )  # fmt: skip
    def test_what_is_no_address_is_refused(self, employee: Autopilot, address: object) -> None:
        answer = employee.call("crm.lead.create", {"email": address})

        assert [error["pointer"] for error in answer.json()["errors"]] == ["/meta/email"]

    @pytest.mark.parametrize(
        "address", ["ada+rye@mail.example.co.uk", "o'hara@example.com", "用户@例子.公司", "a@b-c.de"]
    )
    def test_unusual_addresses_are_good(self, employee: Autopilot, address: str) -> None:
        assert employee.call("crm.lead.create", {"email": address}).json()["email"] == address

    def test_nothing_that_came_is_lost_unsaid(self, employee: Autopilot) -> None:
        answer = employee.call("crm.lead.create", {"e-mail": "ada@example.com", "tags": [""], "phone": "call me"})

        pointers = [error["pointer"] for error in answer.json()["errors"]]
        assert pointers == ["/meta/e-mail", "/meta/email", "/meta/phone", "/meta/tags/0"]


def test_a_student_is_enrolled_once_by_the_same_call(employee: Autopilot) -> None:
    meta = {"student": {"email": "ada@example.com", "name": "Ada"}, "course": "rye-bread"}

    first, again = (employee.call("lms.enrollment.create", meta, idempotency_key="enrol-1") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert employee.stored("AI_EMPLOYEE_LOGS", f"enrollment/{first.json()['id']}").json() == again.json()


class TestFiles:
    def test_a_file_is_kept_in_the_private_bucket(self, employee: Autopilot) -> None:
        answer = employee.call("files.intake.upload", FILE)
        kept = employee.stored("EFH_PRIVATE", answer.json()["key"])

        assert answer.status_code == 201
        assert kept.content == b"%PDF-1.7 \xff"
        assert json.loads(unquote(kept.headers["x-metadata"])) == {
            "contentType": "application/pdf",
            "contentDisposition": "attachment",
            "name": "résumé.pdf",
        }
        assert employee.get(f"/{answer.json()['key']}").status_code == 404, "nothing of it is public"

    def test_a_repeat_finds_the_file_and_another_file_is_refused(self, employee: Autopilot) -> None:
        first, again, other = (
            employee.call("files.intake.upload", file, idempotency_key="upload-1")
            for file in (FILE, FILE, FILE | {"content": ""})
        )

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
        assert again.json() == first.json()
        assert employee.stored("EFH_PRIVATE", first.json()["key"]).content == b"%PDF-1.7 \xff"

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"name": "../../etc/passwd"}, "/meta/name"),
            ({"name": ".."}, "/meta/name"),
            ({"name": "a\\b"}, "/meta/name"),
            ({"contentType": "text/html\r\nx: y"}, "/meta/contentType"),
            ({"content": "YWI"}, "/meta/content"),
            ({"content": "not base64!"}, "/meta/content"),
        ],
    )
    def test_a_file_that_cannot_be_kept_is_refused(
        self, employee: Autopilot, change: dict[str, str], pointer: str
    ) -> None:
        answer = employee.call("files.intake.upload", FILE | change)

        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_scheduling_says_that_it_is_not_there_yet(employee: Autopilot) -> None:
    answer = employee.call("task.schedule", {"at": "2027-01-01T00:00:00Z", "task": "send_followup"})

    assert (answer.status_code, answer.json()["title"]) == (501, "Not implemented")

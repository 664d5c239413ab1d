"""A lead is deleted, and a person who asks is forgotten: everything of theirs, and what is not reached is told."""

from __future__ import annotations

import json

from tests.support.autopilots import Autopilot
from tests.support.crm_calls import create, find


class TestDelete:
    def test_a_lead_is_deleted_and_said(self, employee: Autopilot, address: str) -> None:
        lead = create(employee, address, "form-deleted").json()

        stale = employee.call("crm.lead.delete", {"id": lead["id"], "ifMatch": '"7"'})
        deleted = employee.call("crm.lead.delete", {"id": lead["id"]})
        repeat = create(employee, address, "form-deleted")

        assert stale.status_code == 412
        assert deleted.json()["deleted"] == {"leads": 1, "enrollments": 0, "mails": 0, "sentMails": 0, "files": 0}
        assert "notReached" not in deleted.json()
        assert find(employee, email=address) == []
        assert repeat.status_code == 404, "an old repeat brings nothing back"
        assert employee.call("crm.lead.delete", {"id": lead["id"]}).status_code == 404

    def test_everything_of_a_person_goes_and_nothing_of_another(self, employee: Autopilot, address: str) -> None:
        other = f"other-{address}"
        for email in (address, other):
            create(employee, email, name="Ada")
            for course in ("rye", "wheat"):
                employee.call("lms.enrollment.create", {"student": {"email": email}, "course": course})
            mail = {"from": f"Ada <{email}>", "subject": "Hi", "text": "x" * 250_000}
            kept = employee.call("email.process", mail).json()
            sent = employee.call("email.send", {"to": email, "subject": "Hi", "text": "Hello"}).json()
            file = {"name": "cv.txt", "content": "Q1Y=", "email": email.upper()}
            handed_in = employee.call("files.intake.upload", file).json()["key"]
            [row] = employee.sql("EFH_CRM", "SELECT object FROM files WHERE id = ?", handed_in.removeprefix("intake/"))
            objects = [kept["original"], sent["key"], row["object"]]
            assert [employee.stored("EFH_PRIVATE", key).status_code for key in objects] == [200, 200, 200]
            if email == address:
                gone = objects
            else:
                stays = objects
                theirs = handed_in

        unnamed = employee.call("files.intake.upload", {"name": "photo.txt", "content": "QQ=="}).json()["key"]
        employee.store("EFH_PRIVATE", f"intake/{'e' * 32}", b"of an earlier version")

        asked = {"email": address.upper(), "everything": True}
        answer = employee.call("crm.lead.delete", asked).json()
        files = [unnamed, theirs, f"intake/{'e' * 32}", f"intake/{'0' * 32}"]
        named = employee.call("crm.lead.delete", asked | {"files": files}).json()

        assert answer["deleted"] == {"leads": 1, "enrollments": 2, "mails": 1, "sentMails": 1, "files": 1}
        assert answer["more"] is False
        assert "files that were handed in without `email`" in [each["what"] for each in answer["notReached"]]
        assert all(each["how"] for each in answer["notReached"])
        assert named["deleted"]["files"] == 2
        assert employee.call("files.intake.get", {"key": unnamed}).status_code == 404
        assert employee.stored("EFH_PRIVATE", f"intake/{'e' * 32}").status_code == 404
        assert employee.call("files.intake.get", {"key": theirs}).status_code == 200, "another person's file stays"
        assert [employee.stored("EFH_PRIVATE", key).status_code for key in gone] == [404] * 3
        assert [employee.stored("EFH_PRIVATE", key).status_code for key in stays] == [200] * 3
        for table in ("leads", "enrollments", "mails", "sent", "files"):
            rows = employee.sql("EFH_CRM", f"SELECT * FROM {table}")  # noqa: S608
            assert f'"{address}' not in json.dumps(rows)
            assert other in json.dumps(rows)

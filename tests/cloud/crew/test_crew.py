"""担当者: PINs are hashed, lists of machines follow every change, and nobody sees a PIN twice."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from cloud.crew import rules, service
from cloud.crew.service import Change
from cloud.db.database import Database
from cloud.identity.permissions import Role
from cloud.identity.service import create_user, new_password
from cloud.machines import service as machines
from cloud.seed import seed_staff
from protocol.desired import StaffList

PATH = "/api/v1/admin/crew"
BODY = {"name": "佐藤 花子", "name_kana": "サトウ ハナコ", "rights": ["restock", "cash"]}
PIN = "482915"
one_database = pytest.mark.parametrize("database_kind", ["sqlite"])


def opens(hashed: str, pin: str) -> bool:
    """What a machine does with a PIN somebody types."""
    scheme, n, r, p, salt, known = hashed.split("$")
    made = hashlib.scrypt(pin.encode(), salt=base64.b64decode(salt), n=int(n), r=int(r), p=int(p), dklen=32)
    return scheme == "scrypt" and hmac.compare_digest(made, base64.b64decode(known))


@pytest.mark.parametrize("pin", ["12345", "123456789", "111111", "123456", "87654321", "12a456", "", "１２３９５７"])
def test_pin_when_it_is_none_or_guessed_first_then_is_refused(pin: str) -> None:
    with pytest.raises(rules.WeakPinError):
        rules.check_pin(pin)


def test_pin_when_it_is_hashed_then_only_it_opens_and_the_hash_says_nothing_of_it() -> None:
    first, second = rules.hash_pin(PIN), rules.hash_pin(PIN)
    assert first != second
    assert [opens(first, pin) for pin in (PIN, "482916")] == [True, False]
    assert PIN not in first
    assert StaffList.model_validate({"rev": 1, "staff": [BODY | {"id": "7", "pin": first}]}).staff[0].language == "ja"


def test_drawn_pin_when_drawn_often_then_it_is_one_that_may_be_had() -> None:
    assert all(rules.check_pin(rules.drawn_pin()) for _ in range(50))


async def staff_user(database: Database, email: str = "hana@example.com") -> int:
    async with database.write() as db_session:
        return (await create_user(db_session, email, await new_password("a first sentence"), role=Role.STAFF)).id


async def staff_list(database: Database, machine_id: str) -> tuple[int, list[dict[str, Any]]]:
    async with database.read() as db_session:
        found = (await machines.documents(db_session, [machine_id])).get((machine_id, "staff"))
    return (found.rev, found.doc["staff"]) if found else (0, [])


@one_database
async def test_member_when_saved_changed_and_removed_then_their_machines_get_the_next_list_each_time(
    client: AsyncClient, seeded: Database, machine_id: str
) -> None:
    user = await staff_user(seeded)
    assert (await client.put(f"{PATH}/{user}", json=BODY)).json()["code"] == "not_of_the_crew"
    made = (await client.put(f"{PATH}/{user}", json=BODY | {"is_drawn": True})).json()
    rev, (listed,) = await staff_list(seeded, machine_id)
    assert (rev, listed["id"], listed["name"], listed["rights"]) == (1, str(user), "佐藤 花子", ["cash", "restock"])
    assert opens(listed["pin"], made["pin"])
    changed = await client.put(
        f"{PATH}/{user}", json=BODY | {"pin": PIN, "machines": [machine_id]}, headers={"If-Match": '"1"'}
    )
    assert (changed.json()["pin"], changed.headers["etag"]) == (None, '"2"')
    rev, (listed,) = await staff_list(seeded, machine_id)
    assert (rev, opens(listed["pin"], PIN)) == (2, True)
    stale = await client.put(f"{PATH}/{user}", json=BODY, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert "pin" not in (await client.get(PATH)).json()["items"][0]
    assert (await client.delete(f"{PATH}/{user}")).status_code == 204
    assert await staff_list(seeded, machine_id) == (3, [])
    async with seeded.read() as db_session:
        said = [json.dumps(row.detail) for row in await db_session.execute(text("SELECT detail FROM activities"))]
    assert not [line for line in said if PIN in line or made["pin"] in line or "scrypt" in line]


@one_database
@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "viewer"}])
async def test_member_when_their_user_is_switched_off_or_has_another_role_then_no_machine_lets_them_in(
    client: AsyncClient, seeded: Database, machine_id: str, change: dict[str, Any]
) -> None:
    user = await staff_user(seeded)
    await client.put(f"{PATH}/{user}", json=BODY | {"pin": PIN})
    assert (await client.patch(f"/api/v1/admin/users/{user}", json=change)).status_code == 200
    assert await staff_list(seeded, machine_id) == (2, [])
    refused = await client.put(f"{PATH}/{user}", json=BODY | {"pin": PIN})
    assert (refused.status_code, refused.json()["code"]) == (409, "may_not_visit")


@one_database
async def test_publish_when_nothing_changed_then_no_list_gets_another_revision(
    client: AsyncClient, seeded: Database, machine_id: str
) -> None:
    user = await staff_user(seeded)
    await client.put(f"{PATH}/{user}", json=BODY | {"pin": PIN})
    async with seeded.write() as db_session:
        assert await service.publish(db_session, Change("test", 0)) == 0
    assert (await staff_list(seeded, machine_id))[0] == 1


@one_database
async def test_page_when_a_pin_is_drawn_then_it_is_shown_once_and_a_bad_one_is_told_beside_its_person(
    client: AsyncClient, seeded: Database, machine_id: str
) -> None:
    user = await staff_user(seeded)
    path = f"/dashboard/crew/{user}"
    form = {"name": "佐藤 花子", "language": "ja", "rights": "restock"}
    for pins, words in (
        ({"pin": "482915", "pin_again": "482916"}, "二つの暗証番号が違います"),
        ({"pin": "111111", "pin_again": "111111"}, "連番は使えません"),
        ({}, "番号を自動で決める"),
    ):
        refused = await client.post(path, data=form | pins)
        assert refused.status_code in (404, 422)
        assert words in refused.text
        assert await staff_list(seeded, machine_id) == (0, [])
    made = await client.post(path, data=form | {"is_drawn": "true"})
    _, (listed,) = await staff_list(seeded, machine_id)
    shown = made.text.split("暗証番号 <strong>")[1][:6]
    assert opens(listed["pin"], shown)
    assert shown not in (await client.get("/dashboard/crew")).text
    assert (await client.post(f"{path}/remove")).status_code == 303
    assert await staff_list(seeded, machine_id) == (2, [])


@one_database
async def test_seed_when_it_runs_twice_then_the_demo_has_its_two_people_with_the_first_pins(
    client: AsyncClient, seeded: Database, machine_id: str
) -> None:
    for pins in (["482915", "735206"], ["000111", "000222"]):
        async with seeded.write() as db_session:
            await seed_staff(db_session, pins)
    rev, (first, second) = await staff_list(seeded, machine_id)
    assert (rev, opens(first["pin"], "482915"), opens(second["pin"], "735206")) == (2, True, True)
    assert (first["rights"], second["language"]) == (["restock", "cash", "devices", "update"], "en")
    assert len((await client.get(PATH)).json()["items"]) == 2

"""`/api/v1/admin` over HTTP: tokens, users, and the record of every change."""

from typing import Any

import pytest
from httpx import AsyncClient

from cloud.machines import service as machines
from cloud.machines.receiver import Receiver

ADMIN = "/api/v1/admin"
EMAIL, PASSWORD = "op@example.com", "correct horse"
NEW = {"email": "hana@example.com", "role": "staff", "password": "a first sentence"}
MACHINE = "/api/v1/vending/machines/vm-test-0001"


async def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def newest(client: AsyncClient, **params: Any) -> Any:
    return (await client.get(f"{ADMIN}/activity", params={"limit": 1} | params)).json()["items"][0]


# --- tokens --------------------------------------------------------------------------------------


async def test_token_when_given_refreshed_and_revoked_then_it_opens_until_then(stranger: AsyncClient) -> None:
    login = {"email": EMAIL, "password": PASSWORD}
    answer = await stranger.post(f"{ADMIN}/token", json=login)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in answer.headers
    first = answer.json()
    assert (first["token_type"], first["expires_in"], first["role"]) == ("bearer", 900, "owner")
    second = (await stranger.post(f"{ADMIN}/token/refresh", json={"refresh_token": first["refresh_token"]})).json()
    me = await stranger.get(f"{ADMIN}/me", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert (me.json()["email"], "users.manage" in me.json()["permissions"]) == (EMAIL, True)
    for _ in range(2):
        body = {"refresh_token": second["refresh_token"]}
        assert (await stranger.post(f"{ADMIN}/token/revoke", json=body)).status_code == 204
    again = await stranger.get(f"{ADMIN}/me", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert await refused(again) == (401, "bad_token")
    assert again.headers["www-authenticate"] == "Bearer"


async def test_logout_when_done_then_a_copied_cookie_opens_nothing(client: AsyncClient) -> None:
    copied = client.cookies["vend_session"]
    await client.post(f"{ADMIN}/logout")
    client.cookies.set("vend_session", copied, domain="cloud.test")
    assert await refused(await client.get(f"{ADMIN}/me")) == (401, "bad_token")


async def test_cookie_when_another_sites_page_sends_it_then_nothing_is_changed(client: AsyncClient) -> None:
    headers = {"Origin": "https://evil.test"}
    answer = await client.post("/api/v1/vending/machines", json={"id": "vm-test-0002"}, headers=headers)
    assert await refused(answer) == (403, "wrong_origin")
    page = await client.post("/dashboard/tasks/1/resolve", data={"resolution": "x"}, headers=headers)
    assert page.status_code == 403
    own = await client.post(
        "/api/v1/vending/machines", json={"id": "vm-test-0002"}, headers={"Origin": "http://cloud.test"}
    )
    assert own.status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"password": "wrong", "new_password": "another sentence"}, (403, "wrong_password")),
        ({"password": PASSWORD, "new_password": "short"}, (422, "weak_password")),
    ],
)
async def test_my_password_when_refused_then_i_stay_logged_in(
    client: AsyncClient, body: dict[str, str], expected: tuple[int, str]
) -> None:
    assert await refused(await client.put(f"{ADMIN}/me/password", json=body)) == expected
    assert (await client.get(f"{ADMIN}/me")).status_code == 200


async def test_my_password_when_changed_then_every_session_ends_and_the_new_one_opens(client: AsyncClient) -> None:
    body = {"password": PASSWORD, "new_password": "another sentence"}
    assert (await client.put(f"{ADMIN}/me/password", json=body)).status_code == 204
    assert (await client.get(f"{ADMIN}/me")).status_code == 401
    answer = await client.post(f"{ADMIN}/login", json={"email": EMAIL, "password": "another sentence"})
    assert answer.status_code == 200
    assert (await newest(client, action="user.password_changed"))["who"] == EMAIL


# --- users ---------------------------------------------------------------------------------------


async def test_user_when_added_then_may_log_in_and_no_answer_or_record_holds_the_password(
    client: AsyncClient,
) -> None:
    answer = await client.post(f"{ADMIN}/users", json=NEW)
    assert answer.status_code == 201
    assert NEW["password"] not in (await client.get(f"{ADMIN}/activity")).text + answer.text
    record = await newest(client)
    assert (record["who"], record["role"], record["action"], record["via"]) == (EMAIL, "owner", "user.added", "api")
    assert record["detail"] == {"made": str(answer.json()["id"]), "email": "hana@example.com", "role": "staff"}
    login = {"email": NEW["email"], "password": NEW["password"]}
    assert (await client.post(f"{ADMIN}/token", json=login)).json()["role"] == "staff"


async def test_user_when_the_same_request_comes_again_then_it_is_the_same_user(client: AsyncClient) -> None:
    headers = {"Idempotency-Key": "new-1"}
    first = await client.post(f"{ADMIN}/users", json=NEW, headers=headers)
    again = await client.post(f"{ADMIN}/users", json=NEW, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    other = await client.post(f"{ADMIN}/users", json=NEW | {"role": "viewer"}, headers=headers)
    assert await refused(other) == (409, "key_reused")
    assert await refused(await client.post(f"{ADMIN}/users", json=NEW)) == (409, "user_exists")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "nobody"}, (422, "bad_email")),
        ({"password": "short"}, (422, "weak_password")),
        ({"role": "king"}, (422, "invalid")),
        ({"power": 9}, (422, "invalid")),
    ],
)
async def test_user_when_it_cannot_be_added_then_the_answer_says_why(
    client: AsyncClient, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert await refused(await client.post(f"{ADMIN}/users", json=NEW | change)) == expected
    assert len((await client.get(f"{ADMIN}/users")).json()["items"]) == 1


async def test_user_when_two_owners_edit_then_the_second_is_told(client: AsyncClient) -> None:
    path = f"{ADMIN}/users/{(await client.post(f'{ADMIN}/users', json=NEW)).json()['id']}"
    tag = (await client.get(path)).headers["etag"]
    first = await client.patch(path, json={"role": "viewer"}, headers={"If-Match": tag})
    assert (first.status_code, first.json()["role"]) == (200, "viewer")
    second = await client.patch(path, json={"role": "operator"}, headers={"If-Match": tag})
    assert await refused(second) == (412, "changed_meanwhile")
    assert await refused(await client.patch(path, json={}, headers={"If-Match": '"?"'})) == (412, "changed_meanwhile")
    assert (await client.patch(path, json={"role": "operator"}, headers={"If-Match": "*"})).status_code == 200


async def test_user_when_it_is_the_last_owner_then_neither_role_nor_state_changes(client: AsyncClient) -> None:
    me = (await client.get(f"{ADMIN}/me")).json()["id"]
    for change in ({"role": "viewer"}, {"is_active": False}):
        assert await refused(await client.patch(f"{ADMIN}/users/{me}", json=change)) == (409, "last_owner")


async def test_user_when_given_a_password_or_logged_out_by_an_owner_then_sessions_end(
    client: AsyncClient, stranger: AsyncClient
) -> None:
    user = (await client.post(f"{ADMIN}/users", json=NEW)).json()["id"]
    login = {"email": NEW["email"], "password": NEW["password"]}
    await client.post(f"{ADMIN}/token", json=login)
    (session,) = (await client.get(f"{ADMIN}/users/{user}/sessions")).json()["items"]
    assert (session["kind"], session["address"]) == ("api", "127.0.0.1")
    assert (await client.delete(f"{ADMIN}/users/{user}/sessions")).json() == {"ended": 1}
    assert (await client.get(f"{ADMIN}/users/{user}/sessions")).json()["items"] == []
    body = {"password": "a second sentence"}
    assert (await client.put(f"{ADMIN}/users/{user}/password", json=body)).status_code == 204
    assert await refused(await client.post(f"{ADMIN}/token", json=login)) == (401, "wrong_password")


async def test_users_when_nobody_has_the_number_then_404(client: AsyncClient) -> None:
    answers = [
        await client.get(f"{ADMIN}/users/99"),
        await client.patch(f"{ADMIN}/users/99", json={"role": "viewer"}),
        await client.put(f"{ADMIN}/users/99/password", json={"password": "a second sentence"}),
        await client.get(f"{ADMIN}/users/99/sessions"),
        await client.delete(f"{ADMIN}/users/99/sessions"),
    ]
    assert [await refused(answer) for answer in answers] == [(404, "no_such_user")] * 5


async def test_users_and_activity_when_paged_then_every_row_comes_once(client: AsyncClient) -> None:
    for number in range(3):
        await client.post(f"{ADMIN}/users", json=NEW | {"email": f"u{number}@example.com"})
    for path, least in ((f"{ADMIN}/users", 4), (f"{ADMIN}/activity", 4)):
        seen, cursor = [], None
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=params)).json()
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) >= least
        assert seen in (sorted(seen), sorted(seen, reverse=True))


# --- the record ----------------------------------------------------------------------------------


async def test_activity_when_logins_fail_then_who_was_tried_and_from_where_is_on_record(client: AsyncClient) -> None:
    await client.post(f"{ADMIN}/token", json={"email": "nobody@example.com", "password": "x"})
    record = await newest(client)
    assert (record["action"], record["outcome"], record["who"], record["address"]) == (
        "user.login_failed",
        "refused",
        "nobody@example.com",
        "127.0.0.1",
    )
    await client.post(f"{ADMIN}/token", json={"email": "my secret password", "password": "x"})
    assert (await newest(client))["who"] == ""


@pytest.mark.parametrize(
    ("method", "path", "body", "action"),
    [
        ("POST", "/api/v1/vending/machines", {"id": "vm-test-0002"}, "machine.registered"),
        ("POST", "/api/v1/accounting/journal/1/reversal", {"why": "test"}, "entry.reversed"),
        (
            "POST",
            f"{MACHINE}/offers",
            {"slot": "A1", "price_minor": 130, "coupon": "RAIN"},
            "command.issued",
        ),
        (
            "PUT",
            "/api/v1/products/green-tea",
            {"id": "green-tea", "name_ja": "茶", "name_en": "Tea", "tax_class": "food"},
            "product.saved",
        ),
    ],
)
async def test_activity_when_something_is_changed_then_who_did_it_is_on_record_once(
    client: AsyncClient, seeded: Any, script: Any, method: str, path: str, body: dict[str, Any], action: str
) -> None:
    await Receiver(seeded).handle([script.birth()])
    headers = {"Idempotency-Key": "k"}
    for _ in range(2 if method == "POST" else 1):
        assert (await client.request(method, path, json=body, headers=headers)).status_code in {200, 201}
    rows = (await client.get(f"{ADMIN}/activity", params={"action": action})).json()["items"]
    assert [(row["who"], row["target"], row["outcome"]) for row in rows] == [(EMAIL, path, "done")]


async def test_activity_when_a_planogram_is_published_then_its_revision_is_on_record(client: AsyncClient) -> None:
    document = (await client.get(f"{MACHINE}/planogram")).json()
    await client.put(f"{MACHINE}/planogram", json=document)
    await client.put(f"{MACHINE}/planogram", json=document | {"rev": 2})
    (row,) = (await client.get(f"{ADMIN}/activity", params={"action": "planogram.published"})).json()["items"]
    assert row["detail"] == {"rev": 2, "slots": 12}


async def test_activity_when_somebody_may_not_then_the_try_is_on_record(
    client: AsyncClient, stranger: AsyncClient
) -> None:
    await client.post(f"{ADMIN}/users", json=NEW)
    login = {"email": NEW["email"], "password": NEW["password"]}
    token = (await client.post(f"{ADMIN}/token", json=login)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.post("/api/v1/vending/machines", json={"id": "vm-test-0002"}, headers=headers)
    assert await refused(answer) == (403, "not_allowed")
    record = await newest(client, outcome="refused")
    assert (record["who"], record["role"], record["action"]) == (NEW["email"], "staff", "machines.register")


# --- what others may edit too --------------------------------------------------------------------


async def test_machine_when_registered_twice_under_one_key_then_only_the_newest_secret_counts(
    client: AsyncClient, seeded: Any
) -> None:
    headers, body = {"Idempotency-Key": "k"}, {"id": "vm-test-0002"}
    first = await client.post("/api/v1/vending/machines", json=body, headers=headers)
    async with seeded.read() as db_session:
        before = (await machines.broker_credentials(db_session))["vm-test-0002"]
    again = await client.post("/api/v1/vending/machines", json=body, headers=headers)
    async with seeded.read() as db_session:
        after = (await machines.broker_credentials(db_session))["vm-test-0002"]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["secret"] != again.json()["secret"]
    assert before.sha256 != after.sha256


async def test_machine_when_the_time_zone_is_none_then_422_names_the_field(client: AsyncClient) -> None:
    body = {"id": "vm-test-0002", "timezone": "../../etc/passwd"}
    answer = await client.post("/api/v1/vending/machines", json=body)
    assert await refused(answer) == (422, "invalid")
    (field,) = answer.json()["fields"]
    assert (field["field"], field["what_to_do"]) == (
        "body.timezone",
        "Correct it: not a time zone; use a name like 'Asia/Tokyo'.",
    )


async def test_product_when_two_edit_then_the_second_is_told(client: AsyncClient) -> None:
    path = "/api/v1/products/green-tea"
    found = await client.get(path)
    headers = {"If-Match": found.headers["etag"]}
    saved = await client.put(path, json=found.json() | {"name_en": "Tea"}, headers=headers)
    assert (saved.status_code, saved.headers["etag"] != headers["If-Match"]) == (200, True)
    late = await client.put(path, json=found.json() | {"name_en": "Green"}, headers=headers)
    assert await refused(late) == (412, "changed_meanwhile")
    assert (await client.get(path)).headers["etag"] == saved.headers["etag"]

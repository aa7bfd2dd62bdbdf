"""Users, teams and queues (sheet 5)."""

from __future__ import annotations

import pytest
from tests.plugins.webex_cc.simulator.cloud import Cloud, Clouds, Row

ADA = "agent00@corp.example"


def list_all(center: Cloud, entity: str, **more: object) -> list[Row]:
    """Every entity, by ``totalPages``."""
    found: list[Row] = []
    page = 0
    while True:
        path = f"/organization/{center.tenant.org}/v2/{entity}"
        told = center.get(path, page=page, **more).json()
        found += told["data"]
        page += 1
        if page >= told["meta"]["totalPages"]:
            return found


def test_pages_are_counted_by_the_server(cloud: Clouds) -> None:
    """5: ``orgid`` in lower case; the size is lowered without a word; links are relative."""
    center = cloud(page_most=5)
    meta = center.get(f"/organization/{center.tenant.org}/v2/user", pageSize=500).json()["meta"]
    assert (meta["orgid"], meta["pageSize"]) == (center.tenant.org, 5)
    assert meta["links"]["next"].startswith("/organization/")
    assert "prev" not in meta["links"]
    assert len({user["id"] for user in list_all(center, "user", pageSize=500)}) == 16


def test_lists_drop_arrays_and_single_reads_have_them(center: Cloud) -> None:
    """5: the users of a team, for instance."""
    team = list_all(center, "team")[0]
    assert "userIds" not in team
    path = f"/organization/{center.tenant.org}/v2/team/{team['id']}"
    assert center.get(path).json()["userIds"]
    bare = center.get(f"/organization/{center.tenant.org}/team").json()
    assert isinstance(bare, list)


def test_there_are_inactive_and_disabled_ones(center: Cloud) -> None:
    """5: what a sync must leave out."""
    users, teams = list_all(center, "user"), list_all(center, "team")
    assert sum(not user["active"] for user in users) == 2
    assert sum(not user["contactCenterEnabled"] for user in users) == 1
    assert {team["teamType"] for team in teams} == {"AGENT", "CAPACITY"}
    assert sum(not team["active"] for team in teams) == 1
    queues = list_all(center, "contact-service-queue")
    assert {queue["queueType"] for queue in queues} == {"INBOUND", "OUTBOUND"}
    for entity in ("site", "auxiliary-code", "entry-point", "cad-variable", "user-profile"):
        assert list_all(center, entity), entity


def test_users_are_found_by_their_ci_id(center: Cloud) -> None:
    """0, 5: and not by the other one."""
    user = list_all(center, "user")[0]
    home = f"/organization/{center.tenant.org}/user/by-ci-user-id"
    assert center.get(f"{home}/{user['ciUserId']}").json()["id"] == user["id"]
    assert center.get(f"{home}/{user['id']}").status_code == 404


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ("email==agent00@corp.example", 1),
        ("active==true;contactCenterEnabled==true", 13),
        ("lastName=in=(Quill,Clerk)", 2),
        ("active!=true,lastName==Office", 3),
        ("lastName=out=(Quill,Clerk)", 14),
    ],
)
def test_lists_can_be_filtered(center: Cloud, told: str, count: int) -> None:
    """5: RSQL."""
    assert len(list_all(center, "user", filter=told)) == count


def test_attributes_and_search(center: Cloud) -> None:
    """5."""
    rows = list_all(center, "user", attributes="id,email", search="quill")
    assert [set(row) for row in rows] == [{"id", "email"}]


@pytest.mark.parametrize("removed", ["inactive", "vanished"])
def test_an_administrator_changes_things(cloud: Clouds, removed: str) -> None:
    """5: a removed user is inactive, or not there; names are those of now, ids stay."""
    center = cloud(removed_user=removed)
    directory = center.tenant.directory
    before = {user["email"]: user for user in list_all(center, "user")}
    directory.rename_user(ADA, "Ada", "Newname")
    directory.remove_user("agent01@corp.example")
    directory.add_user("Nia", "Newcomer", "nia@corp.example")
    directory.rename_team("Claims", "Claims & more")
    directory.remove_team("Trading desk")
    directory.add_team("Evening")
    directory.rename_queue("Orders", "Orders EMEA")
    directory.remove_queue("Technical support")
    users = {user["email"]: user for user in list_all(center, "user")}
    assert users[ADA]["id"] == before[ADA]["id"]
    assert users[ADA]["lastName"] == "Newname"
    assert users["nia@corp.example"]["active"]
    gone = users.get("agent01@corp.example")
    assert (gone is None) if removed == "vanished" else (gone is not None and not gone["active"])
    teams = {team["name"] for team in list_all(center, "team")}
    assert {"Claims & more", "Evening"} <= teams
    assert not {"Claims", "Trading desk"} & teams
    queues = {queue["name"] for queue in list_all(center, "contact-service-queue")}
    assert "Orders EMEA" in queues
    assert "Technical support" not in queues
    assert center.tasks("lastTeam {name} lastQueue {name}")


def test_another_organisation_is_forbidden(center: Cloud) -> None:
    """1.3: in the path, the query, or the body."""
    assert center.get(f"/organization/{center.tenant.ids.uuid('x')}/v2/user").status_code == 403
    assert center.get("/v1/tasks", from_=1, orgId="other").status_code == 403
    assert center.query_captures(center.contact().task_id, orgId="other").status_code == 403
    assert center.get(f"/organization/{center.tenant.org}").json()["id"] == center.tenant.org

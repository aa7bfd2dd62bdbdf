"""Microsoft's own public packages, unmodified, against the simulated platform.

They were written for the real one: what they ask and understand is what the simulator must answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.plugins.dynamics.simulator.service import (
    BODY_5,
    SOUND,
    Service,
    Starter,
    conversation,
    recording,
    starting,
)

REASON = "one of Microsoft's public packages is not installed; tox -e dynamics installs them"
msal = pytest.importorskip("msal", reason=REASON)
identity = pytest.importorskip("azure.identity", reason=REASON)
blob = pytest.importorskip("azure.storage.blob", reason=REASON)
dataverse = pytest.importorskip("PowerPlatform.Dataverse.client", reason=REASON)
models = pytest.importorskip("PowerPlatform.Dataverse.models.filters", reason=REASON)


@contextmanager
def trusting(ca_file: str) -> Iterator[None]:
    """Have ``requests`` trust the simulator's authority, and nobody's proxy."""
    names = {"REQUESTS_CA_BUNDLE": ca_file, "NO_PROXY": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@pytest.fixture
def start() -> Iterator[Starter]:
    """Serve with switches."""
    with starting() as starter:
        yield starter


@pytest.fixture
def service(start: Starter) -> Iterator[Service]:
    """A served environment whose authority the packages trust."""
    made = start()
    with trusting(made.ca_file):
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[Any]:
    """The Dataverse client, with a credential of ``azure-identity``."""
    with dataverse.DataverseClient(service.urls["org"], build_credential(service)) as made:
        yield made


def build_credential(service: Service, **changed: str) -> Any:
    """A credential as an administrator would make it."""
    told = service.environment.clients[0]
    return identity.ClientSecretCredential(
        service.environment.tenant_id,
        told.client_id,
        changed.get("secret", told.secret),
        authority=service.urls["login"],
        disable_instance_discovery=True,
        connection_verify=service.ca_file,
    )


# --- tokens -----------------------------------------------------------------------------------


def test_msal_gets_a_token_and_keeps_it(service: Service) -> None:
    """It reads the configuration, asks once, and takes the second token from its cache."""
    told = service.environment.clients[0]
    application = msal.ConfidentialClientApplication(
        told.client_id,
        client_credential=told.secret,
        authority=f"{service.urls['login']}/{service.environment.tenant_id}",
        instance_discovery=False,
    )
    scopes = [f"{service.urls['org']}/.default"]
    first = application.acquire_token_for_client(scopes)
    assert first["expires_in"] == 3599, first
    second = application.acquire_token_for_client(scopes)
    assert second["access_token"] == first["access_token"]
    asked = [path for _, path, _ in service.environment.asked if path.endswith("/token")]
    assert len(asked) == 1
    bearer = {"authorization": f"Bearer {first['access_token']}"}
    assert service.get("WhoAmI", headers=bearer).status_code == 200


def test_msal_reads_the_error_of_a_wrong_secret(service: Service) -> None:
    """Its name and its number, out of the common shape."""
    application = msal.ConfidentialClientApplication(
        service.environment.clients[0].client_id,
        client_credential="wrong",
        authority=f"{service.urls['login']}/{service.environment.tenant_id}",
        instance_discovery=False,
    )
    told = application.acquire_token_for_client([f"{service.urls['org']}/.default"])
    assert (told["error"], told["error_codes"]) == ("invalid_client", [7000215])


def test_azure_identity_gets_a_token(service: Service) -> None:
    """And raises its own error where the secret is wrong."""
    scope = f"{service.urls['org']}/.default"
    token = build_credential(service).get_token(scope).token
    bearer = {"authorization": f"Bearer {token}"}
    assert service.get("WhoAmI", headers=bearer).status_code == 200
    exceptions = pytest.importorskip("azure.core.exceptions", reason=REASON)
    with pytest.raises(exceptions.ClientAuthenticationError, match="7000215"):
        build_credential(service, secret="wrong").get_token(scope)


# --- rows -------------------------------------------------------------------------------------


def test_the_dataverse_client_reads_rows(client: Any) -> None:
    """One by its id, all, some by a filter, and page by page."""
    name = "msdyn_ocrecording"
    one = client.records.retrieve(name, recording(3), select=["msdyn_name"])
    assert one["msdyn_name"] == "Recording O'Neill 3"
    assert client.records.retrieve(name, recording(99)) is None
    assert len(list(client.records.list(name))) == 7
    condition = f"_msdyn_liveworkitemid_value eq {conversation(1)}"
    some = client.records.list(name, filter=condition, select=["createdon"])
    assert [row["msdyn_ocrecordingid"] for row in some] == [recording(1), recording(4)]
    pages = client.records.list_pages(
        name, orderby=["createdon desc", "msdyn_ocrecordingid desc"], page_size=3
    )
    ids = [[row["msdyn_ocrecordingid"] for row in page] for page in pages]
    assert [len(page) for page in ids] == [3, 3, 1]
    assert [one for page in ids for one in page] == [recording(n) for n in range(6, -1, -1)]


def test_the_dataverse_client_expands_files(client: Any) -> None:
    """The collection of attachments, with what is asked of them."""
    (row,) = client.records.list(
        "msdyn_ocrecording",
        filter=f"msdyn_ocrecordingid eq {recording(1)}",
        expand=["msdyn_ocrecording_FileAttachments($select=filesizeinbytes,filename)"],
    )
    (file,) = row["msdyn_ocrecording_FileAttachments"]
    assert file["filesizeinbytes"] == len(SOUND) + 1


def test_the_query_builder_is_understood(client: Any) -> None:
    """Comparisons, texts, sets and nulls as it writes them."""
    col = models.col
    query = (
        client.query.builder("msdyn_ocrecording")
        .select("msdyn_name", "createdon")
        .where(col("msdyn_name").contains("O'Neill"))
        .where(col("msdyn_recording").is_not_null())
        .where((col("statecode") == 0) | (col("statecode") == 1))
        .order_by("createdon", descending=True)
        .order_by("msdyn_ocrecordingid")
        .top(2)
    )
    found = [row["msdyn_ocrecordingid"] for row in query.execute()]
    assert found == [recording(4), recording(5)]
    chosen = client.query.builder("msdyn_ocrecording").where(
        col("msdyn_ocrecordingid").in_([recording(1), recording(2)])
    )
    assert len(list(chosen.execute())) == 2


def test_fetch_xml_is_understood(client: Any) -> None:
    """Attributes, conditions, order and pages."""
    xml = f"""<fetch count="2"><entity name="msdyn_ocrecording">
      <attribute name="msdyn_name" />
      <filter type="or">
        <condition attribute="msdyn_liveworkitemid" operator="eq" value="{conversation(0)}" />
        <condition attribute="msdyn_name" operator="like" value="%neill 1%" />
      </filter>
      <order attribute="createdon" descending="true" /></entity></fetch>"""
    query = client.query.fetchxml(xml)
    found = [row["msdyn_ocrecordingid"] for page in query.execute_pages() for row in page]
    assert found == [recording(6), recording(3), recording(0), recording(1)]


def test_the_dataverse_client_reads_the_dictionary(client: Any) -> None:
    """Sets, keys and columns of a table."""
    table = client.tables.get("msdyn_ocliveworkitem")
    assert table["entity_set_name"] == "msdyn_ocliveworkitems"
    columns = client.tables.list_columns(
        "msdyn_ocrecording", select=["LogicalName", "AttributeType"]
    )
    kinds = {one["LogicalName"]: one["AttributeType"] for one in columns}
    assert kinds["msdyn_liveworkitemid"] == "Lookup"
    names = {one["LogicalName"] for one in client.tables.list(select=["LogicalName"])}
    assert "msdyn_ocsession" in names
    assert client.tables.get("msdyn_nothing") is None


def test_the_dataverse_client_reads_refusals(start: Starter) -> None:
    """Status, code and wait of a request too many."""
    service = start(throttle_requests=1)
    errors = pytest.importorskip("PowerPlatform.Dataverse.core.errors", reason=REASON)
    with (
        trusting(service.ca_file),
        dataverse.DataverseClient(service.urls["org"], build_credential(service)) as client,
        pytest.raises(errors.HttpError) as refused,
    ):
        list(client.records.list("msdyn_ocrecording"))
    assert refused.value.status_code == 429
    assert refused.value.details["service_error_code"] == "0x80072322"


# --- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 5])
def test_the_storage_client_downloads_a_recording(service: Service, number: int) -> None:
    """A small one at once, a large one in parts, both by the link alone."""
    wanted = BODY_5 if number == 5 else SOUND + bytes([number])
    asked = "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')"
    target = f"@p1={{'@odata.id':'msdyn_ocrecordings({recording(number)})'}}"
    link = service.data(f"{asked}?{target}")["Result"]["SasUrl"]
    with blob.BlobClient.from_blob_url(
        link,
        connection_verify=service.ca_file,
        max_single_get_size=4 << 20,
        max_chunk_get_size=4 << 20,
        retry_total=0,
    ) as storage:
        assert storage.get_blob_properties().size == len(wanted)
        assert storage.download_blob(max_concurrency=2).readall() == wanted

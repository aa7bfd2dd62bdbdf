"""The data dictionary of the simulated Web API (2.1, 6.3)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from tests.plugins.dynamics.simulator.service import Service, error_of, starting


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """All switches in their usual positions."""
    with starting() as starter:
        yield starter()


def test_the_service_document_names_every_set(service: Service) -> None:
    """Those with odd plurals as well (6.4)."""
    names = {one["name"] for one in service.data("")["value"]}
    assert {"msdyn_agentstatuses", "msdyn_ocphonecallengagementctxes", "annotations"} <= names


def test_the_csdl_has_keys_and_paths(service: Service) -> None:
    """Activities are keyed by ``activityid``; lookups have a property and a path."""
    root = ElementTree.fromstring(service.get("$metadata").text)
    names = {"edm": "http://docs.oasis-open.org/odata/ns/edm"}
    (kind,) = root.iterfind(".//edm:EntityType[@Name='msdyn_ocliveworkitem']", names)
    assert kind.find("edm:Key/edm:PropertyRef[@Name='activityid']", names) is not None
    (kind,) = root.iterfind(".//edm:EntityType[@Name='msdyn_ocrecording']", names)
    path = kind.find("edm:NavigationProperty[@Name='msdyn_ocrecording_FileAttachments']", names)
    assert path is not None
    assert path.get("Type") == "Collection(mscrm.fileattachment)"


def test_a_table_is_found_by_either_name(service: Service) -> None:
    """With the set to ask and the key of its rows."""
    for condition in ("LogicalName eq 'msdyn_ocsession'", "EntitySetName eq 'msdyn_ocsessions'"):
        asked = "EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute"
        (told,) = service.data(f"{asked}&$filter={condition}")["value"]
        assert told["EntitySetName"] == "msdyn_ocsessions"
        assert told["PrimaryIdAttribute"] == "activityid"
    one = service.data("EntityDefinitions(LogicalName='msdyn_ocsession')?$select=IsActivity")
    assert one["IsActivity"] is True
    assert service.data(f"EntityDefinitions({one['MetadataId']})")["LogicalName"] == one.get(
        "LogicalName", "msdyn_ocsession"
    )


def test_columns_have_their_types(service: Service) -> None:
    """What is no plain type calls itself Virtual, and says more elsewhere (6.3)."""
    path = "EntityDefinitions(LogicalName='msdyn_ocrecording')/Attributes"
    told = service.data(f"{path}?$select=LogicalName,AttributeType,AttributeTypeName,SchemaName")
    kinds = {one["LogicalName"]: one for one in told["value"]}
    assert kinds["msdyn_recording"]["AttributeType"] == "Virtual"
    assert kinds["msdyn_recording"]["AttributeTypeName"] == {"Value": "FileType"}
    assert kinds["msdyn_recording"]["@odata.type"].endswith(".FileAttributeMetadata")
    assert kinds["msdyn_liveworkitemid"]["AttributeType"] == "Lookup"
    assert kinds["createdon"]["AttributeType"] == "DateTime"
    (one,) = service.data(f"{path}?$filter=LogicalName eq 'msdyn_name'")["value"]
    assert one["AttributeType"] == "String"
    file = service.data(f"{path}(LogicalName='msdyn_recording')")
    assert file["MaxSizeInKB"] == 524288
    table = "EntityDefinitions(LogicalName='queue')?$select=LogicalName"
    assert service.data(f"{table}&$expand=Attributes($select=LogicalName)")["Attributes"]


def test_what_the_dictionary_does_not_know(service: Service) -> None:
    """Functions of text are 501, unknown tables 404, unknown properties 400 (2.7)."""
    asked = "EntityDefinitions?$filter=startswith(LogicalName,'msdyn')"
    assert error_of(service.get(asked))[:2] == (501, "0x8006088a")
    assert service.get("EntityDefinitions(LogicalName='nothing')").status_code == 404
    assert service.get("EntityDefinitions?$select=Nothing").status_code == 400

"""The CSDL document of the environment, made from its tables (2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from catchment_dynamics.simulator.navigation import list_navigations
from catchment_dynamics.simulator.schema import KINDS, Schema, Table

EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"

_FUNCTIONS = """
<ComplexType Name="FileSasUrlResponse"><Property Name="FileName" Type="Edm.String" />
<Property Name="FileSizeInBytes" Type="Edm.Int64" /><Property Name="MimeType" Type="Edm.String" />
<Property Name="SasUrl" Type="Edm.String" /></ComplexType>
<ComplexType Name="GetFileSasUrlResponse">
<Property Name="Result" Type="mscrm.FileSasUrlResponse" /></ComplexType>
<Function Name="GetFileSasUrl"><Parameter Name="Target" Type="mscrm.crmbaseentity" />
<Parameter Name="FileAttributeName" Type="Edm.String" Unicode="false" />
<Parameter Name="DataSource" Type="Edm.String" Unicode="false" />
<ReturnType Type="mscrm.GetFileSasUrlResponse" Nullable="false" /></Function>
<ComplexType Name="WhoAmIResponse"><Property Name="BusinessUnitId" Type="Edm.Guid" />
<Property Name="UserId" Type="Edm.Guid" /><Property Name="OrganizationId" Type="Edm.Guid" />
</ComplexType>
<Function Name="WhoAmI"><ReturnType Type="mscrm.WhoAmIResponse" Nullable="false" /></Function>
"""


def write_csdl(schema: Schema) -> str:
    """The whole document."""
    return "".join(_list_pieces(schema))


def _list_pieces(schema: Schema) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<edmx:Edmx Version="4.0" xmlns:edmx="{EDMX}"><edmx:DataServices>\n'
    yield f'<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="{EDM}">\n'
    yield '<EntityType Name="crmbaseentity" Abstract="true" />\n'
    for table in schema.tables.values():
        yield from _list_lines(schema, table)
    yield _FUNCTIONS.strip() + "\n"
    yield '<EntityContainer Name="System">\n'
    for name, table in schema.sets.items():
        yield f'<EntitySet Name="{name}" EntityType="Microsoft.Dynamics.CRM.{table.name}" />\n'
    for function in ("WhoAmI", "GetFileSasUrl"):
        yield (
            f'<FunctionImport Name="{function}" Function="Microsoft.Dynamics.CRM.{function}" />\n'
        )
    yield "</EntityContainer>\n</Schema></edmx:DataServices></edmx:Edmx>\n"


def _list_lines(schema: Schema, table: Table) -> Iterator[str]:
    yield f'<EntityType Name="{table.name}" BaseType="mscrm.crmbaseentity">\n'
    yield f'<Key><PropertyRef Name="{table.primary}" /></Key>\n'
    for name, column in table.known_as.items():
        yield f'<Property Name={quoteattr(name)} Type="{KINDS[column.kind][3]}" />\n'
    for path in list_navigations(schema, table):
        kind = f"mscrm.{path.table.name}"
        if path.column is None:
            yield f'<NavigationProperty Name="{path.name}" Type="Collection({kind})" />\n'
            continue
        yield (
            f'<NavigationProperty Name="{path.name}" Type="{kind}" Nullable="false">'
            f'<ReferentialConstraint Property="{path.column.property_name}" '
            f'ReferencedProperty="{path.table.primary}" /></NavigationProperty>\n'
        )
    yield "</EntityType>\n"

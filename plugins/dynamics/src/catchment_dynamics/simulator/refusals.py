"""What Dataverse says when it refuses: status, code and message in its envelope (2.7)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

PARSER = "0x80060888"
SEGMENT = "0x8006088a"
ABSENT = "0x80040217"
PRIVILEGE = "0x80040220"
NO_MEMBER = "0x80072560"
ARGUMENT = "0x80040203"
NO_CHUNKS = "0x80090017"
TOO_MANY = "0x80072322"
TOO_LONG = "0x80072321"
TOO_CONCURRENT = "0x80072326"


class Refusal(Exception):
    """An answer that is an error.

    Attributes:
        status: The HTTP status.
        code: A hexadecimal text, or nothing.
        message: What it says to people.
        headers: Further headers.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def to_bytes(self, *, annotated: bool = False) -> bytes:
        """The body; *annotated* where the request asked for all annotations."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if annotated:
            error |= {
                "@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus": "0",
                "@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode": "0",
                "@Microsoft.PowerApps.CDS.HelpLink": "https://go.microsoft.com/fwlink/?LinkID=0",
                "@Microsoft.PowerApps.CDS.TraceText": "",
                "@Microsoft.PowerApps.CDS.InnerError.Message": self.message,
            }
        return json.dumps({"error": error}).encode()

    def respond(self, *, annotated: bool = False) -> Response:
        """The whole answer."""
        told = {"OData-Version": "4.0", **self.headers}
        kind = "application/json; odata.metadata=minimal"
        return Response(self.to_bytes(annotated=annotated), self.status, told, kind)


def unparsable(message: str) -> Refusal:
    """400 of the parser of queries."""
    return Refusal(400, PARSER, message)


def unknown_property(name: str, table: str) -> Refusal:
    """400: the whole query fails with one unknown column (6.3)."""
    return unparsable(
        f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."
    )


def unknown_segment(name: str) -> Refusal:
    """404 of an address that leads nowhere."""
    return Refusal(404, SEGMENT, f"Resource not found for the segment '{name}'.")


def absent_row(table: str, row_id: str) -> Refusal:
    """404 of a row that is not there, or no more."""
    return Refusal(404, ABSENT, f"Entity '{table}' With Id = {row_id} Does Not Exist")


def wrong_method(method: str) -> Refusal:
    """405 of a resource that knows other methods."""
    return Refusal(
        405, "0x8006088a", f"The requested resource does not support http method '{method}'."
    )

"""The three ways to a file: its value, its blocks, and a link for an hour (2.9)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from catchment.sandbox import Extent, read_extent, refuse_range, stream_bytes
from catchment_dynamics.simulator.blobs import mint_link
from catchment_dynamics.simulator.environment import Client, Environment
from catchment_dynamics.simulator.query import Query
from catchment_dynamics.simulator.refusals import (
    ABSENT,
    ARGUMENT,
    NO_CHUNKS,
    Refusal,
    absent_row,
    unknown_property,
    unparsable,
)
from catchment_dynamics.simulator.schema import Table
from catchment_dynamics.simulator.store import FileValue

CHUNK = 4_194_304
"""The recommended size of a part, in bytes."""

HIDDEN_RANGE = "x-simulated-range"
"""What ``Range`` is called where the answer will not say which part it is."""

_TARGET = re.compile(r"(?:.*/)?(\w+)\(([0-9a-fA-F-]{36})\)$")
_OWN_KEYS = (
    "0x80090020",
    "File SAS URLs are not supported in an environment with customer managed keys.",
)
_NO_LINKS = {
    "400": _OWN_KEYS,
    "403": _OWN_KEYS,
    "500": ("0x80040216", "An unexpected error occurred."),
    "503": ("", "The service is unavailable."),
}
"""Why there are no links, by status: code and message."""

_EXPOSED = "x-ms-file-size,x-ms-file-name,mimetype,x-ms-chunk-size,Content-Disposition"


@dataclass(frozen=True)
class Files:
    """The files of an environment, as one application may read them."""

    environment: Environment
    client: Client

    def find(self, table: Table, row_id: str, column: str, source: str = "") -> FileValue:
        """The file in a column of a row.

        Args:
            source: ``retained`` for long-term retention, ``bin`` for the recycle bin (4.4).

        Raises:
            Refusal: There is no such row or column, no file in it, or no right to read it.
        """
        environment = self.environment
        environment.require(self.client, table)
        found = table.known_as.get(column)
        if found is None or found.kind != "file":
            raise unknown_property(column, table.name)
        if source not in ("", "retained", "bin"):
            raise Refusal(400, ARGUMENT, f"The DataSource '{source}' is not known.")
        look = environment.store.find_deleted if source == "bin" else environment.store.find
        row = look(table.name, row_id, environment.now)
        if row is None:
            raise absent_row(table.name, row_id)
        environment.require_row(self.client, row)
        file = row.values.get(column)
        if not isinstance(file, FileValue):
            raise Refusal(
                404,
                ABSENT,
                f"No file attachment found for attribute: {column} EntityId: {row_id}.",
            )
        return file

    # --- its value --------------------------------------------------------------------------------

    def send_value(self, request: Request, table: Table, row_id: str, column: str) -> Response:
        """``GET …/{column}/$value``, the whole or a range."""
        file = self.find(table, row_id, column)
        size = file.content.size_bytes
        headers = {
            "x-ms-file-size": str(size),
            "x-ms-file-name": quote(file.name),
            "mimetype": self._tell_type(file),
            "Access-Control-Expose-Headers": _EXPOSED,
            "Content-Disposition": f'attachment; filename="{quote(file.name)}"',
        }
        asked = request.headers.get("range") or request.headers.get(HIDDEN_RANGE, "")
        extent = read_extent(asked, size)
        if extent is None or extent.partial:
            self._check_part(extent or Extent(size, size, size))
        if extent is None:
            return refuse_range(size)
        return self._send(file, extent, headers)

    def _send(self, file: FileValue, extent: Extent, headers: Mapping[str, str]) -> Response:
        switches, told = self.environment.switches, {**headers, **extent.headers}
        if extent.partial:
            told["x-ms-chunk-size"] = str(CHUNK)
            if not switches.range_header:
                del told["Content-Range"]
        elif not switches.content_length:
            del told["Content-Length"]
        kind = "application/octet-stream"
        return StreamingResponse(stream_bytes(file.content, extent), extent.status, told, kind)

    # --- its blocks -------------------------------------------------------------------------------

    def begin_blocks(self, body: Mapping[str, Any]) -> Mapping[str, object]:
        """``InitializeFileBlocksDownload``."""
        table, row_id = self._read_target(body.get("Target"))
        column = str(body.get("FileAttributeName", ""))
        file = self.find(table, row_id, column)
        told = json.dumps([table.name, row_id, column, file.file_id]).encode()
        return {
            "FileSizeInBytes": file.content.size_bytes,
            "FileName": file.name,
            "FileContinuationToken": self.environment.tokens.seal(told),
            "IsChunkingSupported": self.environment.switches.chunking,
        }

    def send_block(self, body: Mapping[str, Any]) -> Mapping[str, object]:
        """``DownloadBlock``."""
        told = self.environment.tokens.open(str(body.get("FileContinuationToken", "")))
        offset, length = body.get("Offset"), body.get("BlockLength")
        if told is None or not isinstance(offset, int) or not isinstance(length, int):
            raise Refusal(400, ARGUMENT, "The file continuation token or the block is not valid.")
        name, row_id, column, file_id = json.loads(told)
        file = self.find(self.environment.schema.tables[name], row_id, column)
        size = file.content.size_bytes
        if file.file_id != file_id or not 0 <= offset < max(size, 1) or length < 1:
            raise Refusal(400, ARGUMENT, "The file continuation token or the block is not valid.")
        extent = Extent(offset, min(offset + length, size), size)
        self._check_part(extent)
        part = file.content.read(extent.start, extent.end)
        return {"Data": base64.b64encode(part).decode()}

    def _check_part(self, extent: Extent) -> None:
        whole = (0, extent.whole)
        if not self.environment.switches.chunking and (extent.start, extent.end) != whole:
            raise Refusal(
                400,
                NO_CHUNKS,
                "Downloading in multiple chunks is not supported for the files stored in the "
                "database.",
            )

    def _read_target(self, target: object) -> tuple[Table, str]:
        """The row that the body of a message names."""
        if isinstance(target, Mapping):
            name = str(target.get("@odata.type", "")).rpartition(".")[2]
            table = self.environment.schema.tables.get(name)
            if table is not None and isinstance(target.get(table.primary), str):
                return table, str(target[table.primary]).lower()
        raise unparsable("The parameter 'Target' does not name a row.")

    # --- a link -----------------------------------------------------------------------------------

    def give_link(self, arguments: str, query: Query) -> Mapping[str, object]:
        """``GetFileSasUrl(…)``: a link for an hour, where keys are not the customer's own."""
        told = _read_arguments(arguments, query.aliases)
        refused = self.environment.switches.sas
        unknown = set(told) - {"Target", "FileAttributeName", "DataSource"}
        if unknown or not {"Target", "FileAttributeName"} <= set(told):
            raise unparsable("The arguments of GetFileSasUrl do not match its parameters.")
        table, row_id = self._read_reference(told["Target"])
        column = _unquote(told["FileAttributeName"])
        file = self.find(table, row_id, column, _unquote(told.get("DataSource", "''")))
        if refused != "200":
            raise Refusal(int(refused), *_NO_LINKS[refused])
        environment = self.environment
        context = f"{environment.api}/$metadata#Microsoft.Dynamics.CRM.GetFileSasUrlResponse"
        result = {
            "FileName": file.name,
            "FileSizeInBytes": file.content.size_bytes,
            "MimeType": self._tell_type(file),
            "SasUrl": mint_link(environment, file.file_id),
        }
        return {"@odata.context": context, "Result": result}

    def _read_reference(self, text: str) -> tuple[Table, str]:
        """``{'@odata.id':'set(id)'}``, with single or double quotes."""
        found = re.fullmatch(r"""\{\s*(['"])@odata\.id\1\s*:\s*(['"])(.*?)\2\s*\}""", text.strip())
        target = _TARGET.match(found[3]) if found is not None else None
        table = None if target is None else self.environment.schema.sets.get(target[1])
        if target is None or table is None:
            raise unparsable("The parameter 'Target' does not name a row.")
        return table, target[2].lower()

    def _tell_type(self, file: FileValue) -> str:
        return self.environment.switches.file_type or file.media_type


def _read_arguments(text: str, aliases: Mapping[str, str]) -> dict[str, str]:
    """``Name=@p1,Other='text'`` with the aliases in their places."""
    told = {}
    for piece in re.findall(r"(\w+)=(@\w+|'[^']*')", text):
        told[piece[0]] = aliases.get(piece[1], "") if piece[1].startswith("@") else piece[1]
    return told


def _unquote(text: str) -> str:
    return text.strip().strip("'\"")

"""A door in front of a simulated host, where its switchboard has no switch."""

from __future__ import annotations

from dataclasses import dataclass, field

from catchment.sandbox.layer import ASGIApp, Receive, Scope, Send


@dataclass
class Door:
    """Stands in front of the hosts and answers some questions itself.

    Attributes:
        answers: The status of an answer, by a part of the address that is asked.
    """

    answers: dict[str, int] = field(default_factory=dict)

    def wrap(self, _name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of a host."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            asked = f"{scope.get('path', '')}?{scope.get('query_string', b'').decode('latin-1')}"
            status = next((told for part, told in self.answers.items() if part in asked), None)
            if status is None:
                await app(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        return answer

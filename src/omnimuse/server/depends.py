"""What routes ask for: the desk, and who is asking."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Depends, Path, Request

from omnimuse.server.desk import Desk
from omnimuse.server.faults import AuthError
from omnimuse.server.keys import Principal


def desk_of(request: Request) -> Desk:
    """The server's desk."""
    desk: Desk = request.app.state.desk
    return desk


def principal_of(request: Request) -> Principal:
    """Who asks; the guard has seen to it that somebody does."""
    principal: Principal | None = request.scope.get("state", {}).get("principal")
    if principal is None:
        raise AuthError("a key is needed", hint="Send it as `Authorization: Bearer omk_...`.")
    return principal


TheDesk = Annotated[Desk, Depends(desk_of)]
Who = Annotated[Principal, Depends(principal_of)]
AssetIdPath = Annotated[
    str, Path(pattern=r"^sha256:[0-9a-f]{64}$", examples=["sha256:" + "0123456789abcdef" * 4])
]
JobIdPath = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{16}$", examples=["20260131-235959-0123456789abcdef"]
    ),
]
JsonBody = Annotated[dict[str, Any], Body()]

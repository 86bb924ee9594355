"""Who may ask for what: the rights that routes need, which the API's document names as well."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from strideload.web.visitor import Right, Visitor, needs, visitor

# The gate reads the token. This stands here for the document, which says with each route what a token has to be for.
TOKEN: Final = HTTPBearer(
    scheme_name="token",
    auto_error=False,
    description="A token of a runner, made on their account page. Its scopes: read (days, runs, load), diary "
    "(symptoms, plan), write (to say something in the runner's name), keep (pods of others).",
)


def asks(*rights: Right) -> Callable[..., Visitor]:
    """A dependency: the visitor, who has all of these rights. HTTPException 403."""
    checks = [needs(right) for right in rights]

    def checked(
        request: Request, _document: Annotated[object, Security(TOKEN, scopes=list(rights))]
    ) -> Visitor:
        for check in checks:
            check(request)
        return visitor(request)

    return checked


Anybody = Annotated[Visitor, Depends(asks())]  # whom the gate let in
Reader = Annotated[Visitor, Depends(asks("read"))]
Writer = Annotated[Visitor, Depends(asks("read", "write"))]
DiaryReader = Annotated[Visitor, Depends(asks("diary"))]
DiaryWriter = Annotated[Visitor, Depends(asks("diary", "write"))]
AllReader = Annotated[Visitor, Depends(asks("read", "diary"))]

"""Who asks, and what they may."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from strideload.store.accounts import Units
from strideload.web.api.entry import Anybody
from strideload.web.doors import Doors
from strideload.web.visitor import Right


class Me(BaseModel):
    runner: str = Field(description="The runner whose records these are.")
    name: str
    units: Units = Field(description="Of distances on the pages; the API has metres.")
    keeper: bool = Field(description="Keeps the house: adds runners, and sees all pods.")
    rights: list[Right] = Field(description="What may be asked for with this token.")
    today: date = Field(description="Where the runner is.")
    zone: str


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["me"])

    @router.get("/me")
    def me(visitor: Anybody) -> Me:
        """The runner, and what may be asked for."""
        account = doors.store.accounts.find(visitor.runner)
        today = doors.days(visitor.runner).today()
        return Me(
            runner=visitor.runner,
            name=account.name if account else "",
            units=account.units if account else "km",
            keeper=account is not None and account.keeper,
            rights=sorted(visitor.rights),
            today=today,
            zone=doors.store.zone_of(visitor.runner, today),
        )

    return router

"""Pods: how they are, what they are set to, a mark: one's own; for who keeps the house, all. And one's own cue."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from strideload import cueing, pod_settings
from strideload.cueing import Cueing
from strideload.load import cue as programme
from strideload.load.plain import instants
from strideload.load.steps import Foot
from strideload.pod_settings import KnownPod
from strideload.protocol.pod_settings import MARK_CODE_MOST, OWN_NAMES
from strideload.runner.diary import utc_us
from strideload.web import pods_view
from strideload.web.api.bounds import PodId
from strideload.web.api.entry import Reader, Writer
from strideload.web.api.shapes import Instant
from strideload.web.doors import Doors, LivePod, SettingsNow
from strideload.web.visitor import Visitor

NO_POD = "There is no such pod of yours."
NO_CUE = "The cadence cue of this pod is its runner's."


class SettingsJson(BaseModel):
    """What the pod is to have by this host, and how far that has come."""

    version: int
    set_utc: Instant
    wanted: dict[str, Any]
    confirmed: int | None
    status: str = Field(description="confirmed, pending or refused")
    refused: str | None


class PodJson(BaseModel):
    """A pod as this host knows it; null: it does not say."""

    pod: str
    foot: Foot
    runner: str | None
    last_heard_s: float | None = Field(description="Ago; null: never.")
    online: bool
    battery_mv: int | None
    recording: bool | None
    why_not: str | None
    waiting_pages: int | None
    faults: dict[str, int]
    settings: SettingsJson | None = Field(description="null: none were set here.")


class Pods(BaseModel):
    pods: list[PodJson]


class SettingsIn(BaseModel):
    """What is not named stays."""

    odr_hz: int | None = None
    range_g: int | None = None
    gyro_dps: int | None = None
    raw: bool | None = None
    raw_gives_way: bool | None = None
    recording: Annotated[str, Field(max_length=10)] | None = Field(None, description="auto, on or off")
    own: list[Annotated[str, Field(max_length=20)]] = Field(
        [], max_length=len(OWN_NAMES), description="What is taken back by name: the pod's own holds again."
    )


class MarkIn(BaseModel):
    code: int = Field(0, ge=0, le=MARK_CODE_MOST, description="What it means to you.")


class CueIn(BaseModel):
    percent: float = Field(
        programme.PERCENT,
        ge=0,
        le=programme.PERCENT_MOST,
        allow_inf_nan=False,
        description="Over the runner's own cadence.",
    )


class CueJson(BaseModel):
    pod: str
    target_spm: float | None = Field(description="null: no cue.")
    over_percent: float | None
    programme_run: int | None = Field(description="From 1, as the pod says.")
    own_spm: float | None
    no_baseline: str | None = Field(description="Why there is no cadence of one's own.")
    sentences: list[str] = Field(description="The same in words, with what is known of such cues.")


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["pods"])
    store = doors.store

    def shown(visitor: Visitor, pod: KnownPod) -> PodJson:
        return every(visitor, [pod])[0]

    def every(visitor: Visitor, pods: Sequence[KnownPod]) -> list[PodJson]:
        live = {one["pod"]: one for one in doors.live.pods()}
        return [_pod(pods_view.as_told(visitor, pod), live.get(pod.pod)) for pod in pods]

    def known() -> list[KnownPod]:
        return pod_settings.known_pods(store, utc_us(doors.now()))

    def own(visitor: Visitor, pod: str) -> KnownPod:
        """HTTPException 404: there is no such pod, or it is somebody else's; nobody learns which."""
        found = next((one for one in known() if one.pod == pod), None)
        if found is None or not pods_view.is_theirs(visitor, found):
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_POD)
        return found

    def worn(visitor: Visitor, pod: str) -> None:
        """HTTPException 404: a cue is made of its runner's own cadence, and no other's to see or set."""
        if not pods_view.wears(visitor, own(visitor, pod)):
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_CUE)

    @router.get("/pods")
    def pods(visitor: Reader) -> Pods:
        """The pods that the runner wears; for who keeps the house, all."""
        return Pods(pods=every(visitor, [one for one in known() if pods_view.is_theirs(visitor, one)]))

    @router.get("/pods/{pod}")
    def one(visitor: Reader, pod: PodId) -> PodJson:
        """One pod."""
        return shown(visitor, own(visitor, pod))

    @router.patch("/pods/{pod}/settings")
    def change(visitor: Writer, pod: PodId, settings: SettingsIn) -> PodJson:
        """Change what a pod is set to; it takes it when it next connects."""
        own(visitor, pod)
        return shown(visitor, pod_settings.change(store, pod, **settings.model_dump()))

    @router.post("/pods/{pod}/marks", status_code=HTTPStatus.ACCEPTED)
    def mark(visitor: Writer, pod: PodId, mark: MarkIn) -> PodJson:
        """Have a pod that is in reach mark this moment."""
        own(visitor, pod)
        return shown(visitor, pod_settings.mark(store, pod, mark.code))

    @router.get("/pods/{pod}/cue")
    def cue(visitor: Reader, pod: PodId) -> CueJson:
        """The cadence cue, and what it rests on."""
        worn(visitor, pod)
        return _cue(cueing.show(store, pod))

    @router.put("/pods/{pod}/cue")
    def switch_on(visitor: Writer, pod: PodId, wanted: CueIn) -> CueJson:
        """Begin the programme anew."""
        worn(visitor, pod)
        return _cue(cueing.switch_on(store, pod, wanted.percent))

    @router.delete("/pods/{pod}/cue")
    def switch_off(visitor: Writer, pod: PodId) -> CueJson:
        """End the programme."""
        worn(visitor, pod)
        return _cue(cueing.switch_off(store, pod))

    return router


def _pod(pod: KnownPod, live: LivePod | None) -> PodJson:
    return PodJson(
        pod=pod.pod,
        foot=pod.foot,  # type: ignore[arg-type] one of the feet that the store takes
        runner=pod.runner,
        last_heard_s=pod.last_heard_s,
        online=live is not None and live["online"],
        battery_mv=pod.battery_mv,
        recording=pod.recording,
        why_not=pod.why_not,
        waiting_pages=live["waiting"] if live else None,
        faults=dict(live["faults"]) if live else {},
        settings=_settings(pod.settings) if pod.settings else None,
    )


def _settings(now: SettingsNow) -> SettingsJson:
    return SettingsJson(
        version=now["version"],
        set_utc=instants(now["set_utc_us"], "UTC")[0],
        wanted=dict(now["wanted"]),
        confirmed=now["confirmed"],
        status=now["status"],
        refused=now["refused"],
    )


def _cue(cue: Cueing) -> CueJson:
    return CueJson(
        pod=cue.pod.pod,
        target_spm=None if cue.target_cspm is None else cue.target_cspm / 100,
        over_percent=cue.over_percent,
        programme_run=cue.run,
        own_spm=cue.baseline.cadence_spm if cue.baseline else None,
        no_baseline=cue.no_baseline,
        sentences=cueing.in_words(cue).splitlines(),
    )

"""Shapes of results in the API's document, out of their dataclasses, as `load.plain` writes them."""

from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class As:
    """`Annotated[Any, As(Day)]`: plain JSON made of a Day."""

    def __init__(self, dataclass: type) -> None:
        self._dataclass = dataclass

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(shape_of(self._dataclass))


@cache
def shape_of(dataclass: type) -> type[BaseModel]:
    """Every field is there; an instant is there twice, by UTC and by the runner's clock."""
    hints = get_type_hints(dataclass)
    shaped: dict[str, Any] = {}
    for name in (field.name for field in fields(dataclass)):
        if name.endswith("_utc_us"):
            stem = name.removesuffix("_utc_us")
            shaped |= {f"{stem}_utc": (Instant, ...), f"{stem}_local": (Instant, ...)}
        else:
            shaped[name] = (_shape(hints[name]), ...)
    doc = (dataclass.__doc__ or "").partition("\n")[0]
    return create_model(dataclass.__name__, __doc__=doc, **shaped)


def _shape(hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return shape_of(hint)  # type: ignore[arg-type]
    if origin in (Union, UnionType):
        return Union[tuple(_shape(one) for one in arguments)]  # noqa: UP007 made while running
    if origin is tuple:
        return list[_shape(arguments[0])]
    if origin is dict:
        return dict[str, _shape(arguments[1])]
    if origin is Literal or hint in (str, int, float, bool, date, NoneType):
        return hint
    raise TypeError(f"no shape of {hint!r}")

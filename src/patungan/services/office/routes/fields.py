"""The limits of what clients send to office."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(min_length=3, max_length=120, pattern=r"^\S(.*\S)?$")]
Line = Annotated[str, Meta(min_length=3, max_length=300)]
Place = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
PostalCode = Annotated[str, Meta(pattern=r"^[0-9]{5}$")]
Phone = Annotated[str, Meta(min_length=9, max_length=20)]
Region = Annotated[str, Meta(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{2}\.[0-9]{2})$")]
Regions = Annotated[list[Region], Meta(max_length=100)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Reason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]
Hours = Annotated[str, Meta(max_length=200)]
Notes = Annotated[str, Meta(max_length=2000)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
PhotoName = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\.(png|jpg|webp)$")]
Stars = Annotated[int, Meta(ge=1, le=5)]

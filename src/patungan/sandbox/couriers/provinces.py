"""The 38 provinces as the sandbox's couriers see them: a hub, its main city, and where they lie."""

from __future__ import annotations

import math
from typing import Final, NamedTuple


class Province(NamedTuple):
    """A province: the three letters of its hub, the Kemendagri code of its main city, degrees of its main city."""

    hub: str
    main_city: str
    latitude: float
    longitude: float


EARTH_RADIUS_KM: Final = 6371.0

PROVINCES: Final = {
    "11": Province("BTJ", "11.71", 5.55, 95.32),
    "12": Province("MES", "12.71", 3.59, 98.67),
    "13": Province("PDG", "13.71", -0.95, 100.35),
    "14": Province("PKU", "14.71", 0.51, 101.45),
    "15": Province("DJB", "15.71", -1.61, 103.61),
    "16": Province("PLM", "16.71", -2.98, 104.76),
    "17": Province("BKS", "17.71", -3.80, 102.27),
    "18": Province("TKG", "18.71", -5.40, 105.27),
    "19": Province("PGK", "19.71", -2.13, 106.11),
    "21": Province("BTH", "21.71", 1.13, 104.05),
    "31": Province("CGK", "31.71", -6.18, 106.83),
    "32": Province("BDO", "32.73", -6.91, 107.61),
    "33": Province("SRG", "33.74", -6.99, 110.42),
    "34": Province("JOG", "34.71", -7.80, 110.37),
    "35": Province("SUB", "35.78", -7.26, 112.75),
    "36": Province("SRA", "36.73", -6.12, 106.15),
    "51": Province("DPS", "51.71", -8.65, 115.22),
    "52": Province("AMI", "52.71", -8.58, 116.10),
    "53": Province("KOE", "53.71", -10.18, 123.61),
    "61": Province("PNK", "61.71", -0.03, 109.34),
    "62": Province("PKY", "62.71", -2.21, 113.92),
    "63": Province("BDJ", "63.71", -3.32, 114.59),
    "64": Province("BPN", "64.71", -1.27, 116.83),
    "65": Province("TRK", "65.71", 3.30, 117.63),
    "71": Province("MDC", "71.71", 1.49, 124.84),
    "72": Province("PLW", "72.71", -0.90, 119.87),
    "73": Province("UPG", "73.71", -5.15, 119.43),
    "74": Province("KDI", "74.71", -3.97, 122.51),
    "75": Province("GTO", "75.71", 0.54, 123.06),
    "76": Province("MJU", "76.02", -2.68, 118.89),
    "81": Province("AMQ", "81.71", -3.70, 128.18),
    "82": Province("TTE", "82.71", 0.79, 127.38),
    "91": Province("DJJ", "91.71", -2.53, 140.70),
    "92": Province("MKW", "92.02", -0.86, 134.06),
    "93": Province("MKQ", "93.01", -8.49, 140.40),
    "94": Province("NBX", "94.01", -3.37, 135.50),
    "95": Province("WMX", "95.01", -4.09, 138.94),
    "96": Province("SOQ", "96.71", -0.88, 131.26),
}


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Kilometres between two points given in degrees of latitude and longitude."""
    (lat1, lon1), (lat2, lon2) = ((math.radians(lat), math.radians(lon)) for lat, lon in (a, b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))

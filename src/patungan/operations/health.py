"""Asking a process over HTTP whether it is well."""

from __future__ import annotations

import http.client
import json

from patungan.operations.ports import LOOPBACK


def get(port: int, path: str, timeout: float = 2.0) -> tuple[int, bytes]:
    """Status and body of a GET on this host; raises OSError or HTTPException where there is no answer."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def answers(port: int, path: str, timeout: float = 2.0) -> bool:
    """Whether a GET is answered with 200."""
    try:
        return get(port, path, timeout)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def healthy(port: int, service: str) -> bool:
    """Whether ``/health`` answers 200, says ok, and names the service that ought to be there."""
    try:
        status, body = get(port, "/health")
        said = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return status == 200 and isinstance(said, dict) and (said.get("status"), said.get("service")) == ("ok", service)

"""The gateway's configuration, read as text, and the real nginx that runs it in front of stand-in services."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from patungan.operations.account import server_account
from patungan.operations.gateway import CRON_PATHS, GatewaySettings, parse_rate, render_nginx
from patungan.operations.layout import OperationError
from patungan.operations.nginx import NginxServer, worker_user
from patungan.operations.ports import free_port
from patungan.registry import SERVICES, WEB_PORT


def locations(text: str) -> dict[str, str]:
    """Each location's body by what it matches."""
    return dict(re.findall(r"^ *location (.+?) \{\n(.*?)\n {8}\}$", text, flags=re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    return locations(render_nginx(GatewaySettings()))


def test_every_service_has_an_upstream_on_its_port() -> None:
    upstreams = dict(re.findall(r"upstream (\w+) \{[^}]*?server ([\d.:]+);", render_nginx(GatewaySettings())))
    expected = {f"{entry.module}_service": f"127.0.0.1:{entry.port}" for entry in SERVICES}
    assert upstreams == {**expected, "web_app": f"127.0.0.1:{WEB_PORT}"}


@pytest.mark.parametrize(
    ("match", "target"),
    [
        ("/api/auth/", "http://auth_service/api/"),
        ("= /api/auth", "http://auth_service/api"),
        ("/api/products/", "http://product_service/api/"),
        ("/api/wallet/", "http://wallet_service/api/"),
        ("/api/categories/", "http://product_service/api/categories/"),
        ("/api/group-buying/", "http://group_buying_service/api/group-buying/"),
        ("= /api/webhooks/payment", "http://payment_service/api/webhooks/payment"),
        ("/api/withdrawals/", "http://wallet_service/api/withdrawals/"),
    ],
)
def test_routes_of_the_guide(rendered: dict[str, str], match: str, target: str) -> None:
    assert f"proxy_pass {target};" in rendered[match]


def test_every_route_of_the_table_is_there_with_and_without_a_slash(rendered: dict[str, str]) -> None:
    for entry in SERVICES:
        for route in entry.routes:
            assert f"http://{entry.module}_service{route.upstream}/;" in rendered[f"{route.public}/"]
            assert f"http://{entry.module}_service{route.upstream};" in rendered[f"= {route.public}"]


def test_the_limit_holds_for_the_api_alone_and_not_for_payment_webhooks(rendered: dict[str, str]) -> None:
    limited = {match for match, body in rendered.items() if "limit_req zone=api_limit burst=20 nodelay;" in body}
    routes = [route for entry in SERVICES for route in entry.routes if route.limited]
    expected = {f"{route.public}/" for route in routes} | {f"= {route.public}" for route in routes}
    assert limited == expected | {"~ ^/api/group-buying/.+/events$"}
    assert not limited & {"/api/webhooks/payment/", "= /api/webhooks/payment", "/", "/static/"}


def test_the_rate_is_a_setting() -> None:
    assert "zone=api_limit:10m rate=10r/s;" in render_nginx(GatewaySettings())
    assert "zone=api_limit:10m rate=600r/m;" in render_nginx(GatewaySettings(rate="600r/m"))
    assert "limit_req" not in render_nginx(GatewaySettings(rate=None))


def test_the_four_forwarded_headers_are_set_once_for_all() -> None:
    text = render_nginx(GatewaySettings())
    for header in ("Host $host", "X-Real-IP $remote_addr", "X-Forwarded-Proto $scheme"):
        assert text.count(f"proxy_set_header {header};") == 1
    assert text.count("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;") == 1
    # A location with one of its own would lose all of these.
    assert not any("proxy_set_header" in body for body in locations(text).values())


@pytest.mark.parametrize(("said", "rate"), [("10r/s", "10r/s"), ("600r/m", "600r/m"), ("off", None)])
def test_rates_that_are_understood(said: str, rate: str | None) -> None:
    assert parse_rate(said) == rate


@pytest.mark.parametrize("said", ["10", "0r/s", "10r/h", "10r/s; evil", ""])
def test_rates_that_are_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        parse_rate(said)


class StandIn(BaseHTTPRequestHandler):
    """Answers every request with its path and headers; an event stream one event at a time."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/down"):
            # Hangs up without an answer, as a process does that is killed.
            self.close_connection = True
            return
        if self.path.endswith("/events"):
            self._stream()
            return
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        time.sleep(0.5)
        self.wfile.write(b"data: second\n\n")

    def log_message(self, format: str, *args: object) -> None:
        return


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Gateway:
    port: int

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A real nginx before one stand-in, its limit low enough to be met."""
    home = tmp_path_factory.mktemp("nginx")
    stand_in = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=stand_in.serve_forever, daemon=True).start()
    here = (f"127.0.0.1:{stand_in.server_address[1]}",)
    servers = {entry.process: here for entry in SERVICES} | {"web": here}
    settings = GatewaySettings(
        port=free_port(), rate="1r/m", servers=servers, user=worker_user(server_account()), access_log="access.log"
    )
    server = NginxServer.prepare(home, settings)
    process = subprocess.Popen(server.command(), stderr=subprocess.DEVNULL)
    found = Gateway(settings.port)
    try:
        _wait_for(found)
        yield found
    finally:
        process.terminate()
        process.wait(10)
        stand_in.shutdown()
        stand_in.server_close()


def _wait_for(gateway: Gateway) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            assert gateway.ask("/health").body == b'{"status":"ok","service":"gateway"}'
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise AssertionError("nginx did not start")


def test_nginx_hands_on_the_path_the_address_and_the_request_id(gateway: Gateway) -> None:
    said = json.loads(gateway.ask("/api/auth/login?next=1", headers={"X-Request-ID": "abc-1", "Host": "shop.id"}).body)
    assert said["path"] == "/api/login?next=1"
    headers = said["headers"]
    assert (headers["Host"], headers["X-Real-IP"], headers["X-Forwarded-For"], headers["X-Forwarded-Proto"]) == (
        *("shop.id", "127.0.0.1", "127.0.0.1", "http"),
    )
    assert headers["X-Request-ID"] == "abc-1"


def test_a_request_id_that_could_forge_a_log_line_is_replaced(gateway: Gateway) -> None:
    said = json.loads(gateway.ask("/", headers={"X-Request-ID": 'x" injected="1'}).body)
    assert re.fullmatch(r"[0-9a-f]{32}", said["headers"]["X-Request-ID"])


@pytest.mark.parametrize(
    "path",
    [
        *CRON_PATHS,
        *(f"{path}/" for path in CRON_PATHS),
        "/api/group-buying/process%2Dexpired",
        "/api//group-buying/./process-expired",
        "/internal/call/order",
        "/internal",
        "/x/../internal/call",
        "/metrics",
        "/api/unknown",
        "/api/ordersandmore",
    ],
)
def test_what_is_not_public_is_not_there(gateway: Gateway, path: str) -> None:
    answer = gateway.ask(path, "POST")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(answer.body)["code"] == "not_found"


def test_more_than_the_burst_is_refused_as_a_problem_but_webhooks_and_pages_are_not(gateway: Gateway) -> None:
    answers = [gateway.ask("/api/orders") for _ in range(25)]
    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) >= 4
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert refused[0].headers["Retry-After"] == "1"
    problem = json.loads(refused[0].body)
    assert (problem["code"], problem["status"]) == ("rate_limited", 429)
    assert problem["request_id"] == refused[0].headers["X-Request-ID"]
    assert {gateway.ask("/api/webhooks/payment", "POST").status for _ in range(25)} == {200}
    assert {gateway.ask("/products/kemeja").status for _ in range(25)} == {200}


def test_a_service_that_is_down_is_a_problem(gateway: Gateway) -> None:
    answer = gateway.ask("/api/webhooks/payment/down", "POST")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert json.loads(answer.body)["code"] == "service_unavailable"
    assert answer.headers["Retry-After"] == "2"


def test_events_of_a_page_arrive_one_by_one(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    try:
        began = time.monotonic()
        connection.request("GET", "/sessions/1/events")
        response = connection.getresponse()
        assert response.readline() == b"data: first\n"
        assert time.monotonic() - began < 0.4
        assert response.read().endswith(b"data: second\n\n")
    finally:
        connection.close()


def test_a_refused_configuration_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="nginx refuses its configuration"):
        NginxServer.prepare(tmp_path, GatewaySettings(body_size="nonsense"))

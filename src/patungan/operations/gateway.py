"""The nginx gateway of the deployment guide, rendered from the table of services: a pure function from settings to text.

Two lines of the guide are not valid nginx and are said otherwise here: ``limit_req_zone`` stands outside the server, and
``limit_req off`` becomes the absence of a limit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent

import msgspec

from patungan.kernel.errors import NotFound, PayloadTooLarge, Problem, RateLimited, Unavailable
from patungan.registry import GATEWAY_PORT, SERVICES, WEB_PORT, GatewayRoute, ServiceEntry

CRON_PATHS = (
    "/api/group-buying/process-near-expiration",
    "/api/group-buying/process-expired",
    "/api/withdrawals/process-batch",
)
"""Jobs that a scheduler starts inside the network; the guide's checklist keeps them off the public one."""

WEB = "web"
DEFAULT_RATE = "10r/s"
BURST = 20

COMPRESSED = (
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/problem+json",
    "image/svg+xml",
)
"""Content types sent compressed, besides HTML; an event stream must not be, for compression holds events back."""

NOT_AVAILABLE_PAGE = (
    "<!doctype html><html lang=id><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Patungan</title><body style='font-family:system-ui;max-width:36rem;margin:15vh auto;padding:0 1rem'>"
    "<h1>Sebentar, ya</h1><p>Patungan sedang tidak dapat dibuka. Silakan coba lagi sebentar lagi.</p>"
    "<p lang=en>Patungan is not available at the moment. Please try again shortly.</p>"
)


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from one gateway to the next; the routes never do.

    ``rate`` is nginx's own notation per client address, None for no limit; ``burst`` counts requests above it that are
    still let through. ``servers`` names other addresses than this host's for a process of the platform.
    """

    host: str = "127.0.0.1"
    port: int = GATEWAY_PORT
    server_name: str = "_"
    rate: str | None = DEFAULT_RATE
    burst: int = BURST
    body_size: str = "10m"
    user: str | None = None
    access_log: str = "/dev/stdout"
    error_log: str = "stderr"
    servers: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Location:
    """One ``location`` block: what it matches and the lines inside."""

    match: str
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"location {self.match} {{\n{indent(chr(10).join(self.lines), '    ')}\n}}"


def parse_rate(text: str) -> str | None:
    """A request rate such as ``10r/s`` or ``600r/m``, or None for ``off``; raises ValueError for anything else."""
    if text == "off":
        return None
    if not re.fullmatch(r"[1-9]\d{0,6}r/[sm]", text):
        raise ValueError(f"{text!r} is not a rate; write 10r/s, 600r/m or off")
    return text


def render_nginx(settings: GatewaySettings) -> str:
    """The gateway's whole nginx.conf; relative paths in it are resolved against nginx's prefix (``-p``)."""
    return "\n".join(
        [
            "# Rendered by Patungan from its table of services. Changes here are lost at the next start.",
            *_process(settings),
            "events {\n    worker_connections 4096;\n}",
            "http {",
            indent("\n".join(_http(settings)), "    "),
            "}",
            "",
        ]
    )


def _process(settings: GatewaySettings) -> list[str]:
    return [
        "daemon off;",
        "pid nginx.pid;",
        f"error_log {settings.error_log} warn;",
        "worker_processes auto;",
        # An event stream lasts for hours; a stop or a reload does not wait for it.
        "worker_shutdown_timeout 2s;",
        *([f"user {settings.user};"] if settings.user else []),
    ]


def _http(settings: GatewaySettings) -> list[str]:
    upstreams = [_upstream(settings, entry.module + "_service", entry.process, entry.port) for entry in SERVICES]
    return [
        "server_tokens off;",
        "default_type application/octet-stream;",
        *_logging(settings),
        *_temporary_files(),
        "sendfile on;",
        "tcp_nopush on;",
        "keepalive_timeout 65s;",
        "client_header_timeout 15s;",
        "client_body_timeout 30s;",
        f"client_max_body_size {settings.body_size};",
        "large_client_header_buffers 4 16k;",
        "gzip on;",
        "gzip_vary on;",
        "gzip_proxied any;",
        "gzip_min_length 1024;",
        f"gzip_types {' '.join(COMPRESSED)};",
        *_forwarding(),
        *_rate_zone(settings),
        # The joins of one session meet in one process, which commits them in batches.
        "map $uri $group_buying_session {",
        '    "~*^/api/group-buying/(?:sessions/)?(?<session>[0-9a-f-]{36})(?:/|$)" $session;',
        "    default $request_id;",
        "}",
        *upstreams,
        _upstream(settings, "web_app", WEB, WEB_PORT),
        "server {",
        indent("\n".join(_server(settings)), "    "),
        "}",
    ]


def _logging(settings: GatewaySettings) -> list[str]:
    fields = {
        "time": "$time_iso8601",
        "service": "gateway",
        "request_id": "$request_identity",
        "method": "$request_method",
        # Without the query: it may carry what a log must not.
        "path": "$uri",
        "status": "$status",
        "bytes": "$body_bytes_sent",
        "seconds": "$request_time",
        "upstream_seconds": "$upstream_response_time",
        "upstream": "$upstream_addr",
    }
    line = ",".join(f'"{name}":"{value}"' for name, value in fields.items())
    return [
        f"log_format line escape=json '{{{line}}}';",
        f"access_log {settings.access_log} line buffer=64k flush=1s;",
    ]


def _temporary_files() -> list[str]:
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return [
        *(f"{name}_temp_path temporary/{name};" for name in names),
        "proxy_cache_path temporary/cache keys_zone=static:1m max_size=100m inactive=1d use_temp_path=off;",
    ]


def _forwarding() -> list[str]:
    return [
        "map $http_x_request_id $request_identity {",
        '    "~^[A-Za-z0-9._-]{1,128}$" $http_x_request_id;',
        "    default $request_id;",
        "}",
        "proxy_http_version 1.1;",
        'proxy_set_header Connection "";',
        "proxy_set_header Host $host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header X-Forwarded-Host $http_host;",
        "proxy_set_header X-Request-ID $request_identity;",
        "proxy_connect_timeout 2s;",
        "proxy_send_timeout 30s;",
        "proxy_read_timeout 30s;",
    ]


def _rate_zone(settings: GatewaySettings) -> list[str]:
    if settings.rate is None:
        return []
    return [
        f"limit_req_zone $binary_remote_addr zone=api_limit:10m rate={settings.rate};",
        "limit_req_status 429;",
        "limit_req_log_level info;",
    ]


def _upstream(settings: GatewaySettings, name: str, process: str, port: int) -> str:
    servers = settings.servers.get(process, (f"127.0.0.1:{port}",))
    lines = [
        *(["hash $group_buying_session consistent;"] if name == "group_buying_service" else []),
        *(f"server {address};" for address in servers),
        "keepalive 32;",
    ]
    return f"upstream {name} {{\n{indent(chr(10).join(lines), '    ')}\n}}"


def _server(settings: GatewaySettings) -> list[str]:
    return [
        f"listen {settings.host}:{settings.port};",
        f"server_name {settings.server_name};",
        "error_page 404 @not_found;",
        "error_page 413 @payload_too_large;",
        "error_page 429 @rate_limited;",
        "error_page 502 503 504 =503 @unavailable;",
        *(str(location) for location in (*_closed(), *_api(settings), *_web(), *_answers())),
    ]


def _closed() -> list[_Location]:
    cron = "|".join(path.removeprefix("/api/") for path in CRON_PATHS)
    return [
        _Location(f"~* ^/api/({cron})/?$", ["return 404;"]),
        _Location("~* ^/internal(/|$)", ["return 404;"]),
        _Location("~* ^/(metrics|ready)/?$", ["return 404;"]),
        _Location("/api/", ["return 404;"]),
        _Location("= /api", ["return 404;"]),
    ]


def _api(settings: GatewaySettings) -> list[_Location]:
    locations = [
        _Location(
            "~ ^/api/group-buying/.+/events$",
            [
                *_limit(settings),
                "proxy_buffering off;",
                "proxy_read_timeout 1h;",
                "proxy_pass http://group_buying_service;",
            ],
        )
    ]
    for entry in SERVICES:
        for route in entry.routes:
            locations += _route(settings, entry, route)
    return locations


def _route(settings: GatewaySettings, entry: ServiceEntry, route: GatewayRoute) -> list[_Location]:
    limit = _limit(settings) if route.limited else []
    target = f"http://{entry.module}_service{route.upstream}"
    return [
        _Location(f"{route.public}/", [*limit, f"proxy_pass {target}/;"]),
        _Location(f"= {route.public}", [*limit, f"proxy_pass {target};"]),
    ]


def _limit(settings: GatewaySettings) -> list[str]:
    return [] if settings.rate is None else [f"limit_req zone=api_limit burst={settings.burst} nodelay;"]


def _web() -> list[_Location]:
    pages = ["error_page 413 @payload_too_large;", "error_page 502 503 504 =503 @page_unavailable;"]
    return [
        _Location(
            "~ ^/(?!api/).+/events$",
            [*pages, "proxy_buffering off;", "proxy_read_timeout 1h;", "proxy_pass http://web_app;"],
        ),
        _Location(
            "/static/",
            [
                *pages,
                "proxy_cache static;",
                "proxy_cache_valid 200 1m;",
                "proxy_cache_lock on;",
                "proxy_cache_revalidate on;",
                "proxy_cache_use_stale error timeout updating http_502 http_503 http_504;",
                "proxy_pass http://web_app;",
            ],
        ),
        _Location("/", [*pages, "proxy_pass http://web_app;"]),
    ]


def _answers() -> list[_Location]:
    """What the gateway says itself, in the services' own form."""
    return [
        _Location(
            "= /health",
            [
                "default_type application/json;",
                "access_log off;",
                """return 200 '{"status":"ok","service":"gateway"}';""",
            ],
        ),
        _problem("@not_found", NotFound()),
        _problem("@payload_too_large", PayloadTooLarge()),
        _problem("@rate_limited", RateLimited("Too many requests from this address; wait a second and try again"), 1),
        _problem("@unavailable", Unavailable(), 2),
        _Location(
            "@page_unavailable",
            [
                "types { }",
                "default_type text/html;",
                "add_header Retry-After 2 always;",
                "add_header X-Request-ID $request_identity always;",
                f'return 503 "{NOT_AVAILABLE_PAGE}";',
            ],
        ),
    ]


def _problem(name: str, problem: Problem, retry_after: int | None = None) -> _Location:
    document = msgspec.json.encode({**problem.document(), "request_id": "$request_identity"}).decode()
    document = document.replace("'", "\\'")
    return _Location(
        name,
        [
            "types { }",
            "default_type application/problem+json;",
            *([f"add_header Retry-After {retry_after} always;"] if retry_after else []),
            "add_header X-Request-ID $request_identity always;",
            f"return {problem.status} '{document}';",
        ],
    )

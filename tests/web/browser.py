"""A browser for tests: keeps cookies, reads pages as a tree, and sends their forms as a browser would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import httpx

from patungan.web.app import create_web
from tests.house import House

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
CSRF_COOKIE, ACCESS_COOKIE, REFRESH_COOKIE = "patungan_form", "patungan_access", "patungan_refresh"


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements inside with that tag and those attributes; ``class_`` is one of the classes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [each for each in self.walk() if each.tag == tag and each.has(wanted)]

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]

    def has(self, wanted: dict[str, str]) -> bool:
        for name, value in wanted.items():
            given = self.attributes.get(name)
            if given is None or (value not in given.split() if name == "class" else value != given):
                return False
        return True

    @property
    def text(self) -> str:
        """The text inside, with single spaces."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return
        raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read(text: str) -> Element:
    """A page or a part of one as a tree."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert [each.tag for each in reader._open] == [""], "an element is left open"
    return reader.root


def fields_of(form: Element) -> dict[str, str]:
    """What a form would send as it stands."""
    found = {}
    for each in form.walk():
        name = each.attributes.get("name")
        if not name or "disabled" in each.attributes:
            continue
        if each.tag == "select":
            options = each.all("option")
            chosen = next((option for option in options if "selected" in option.attributes), options[0])
            found[name] = chosen.attributes.get("value", chosen.text)
        elif each.tag == "input":
            if each.attributes.get("type") in ("radio", "checkbox") and "checked" not in each.attributes:
                continue
            found[name] = each.attributes.get("value", "")
    return found


def barriers_in(page: Element, language: str) -> list[str]:
    """What keeps a screen reader from telling a page: its language, headings, names of controls, words for pictures."""
    ids = [each.attributes["id"] for each in page.walk() if each.attributes.get("id")]
    levels = [int(each.tag[1]) for each in page.walk() if each.tag in ("h1", "h2", "h3", "h4")]
    labelled = {each.attributes.get("for") for each in page.all("label")}
    inside = {id(each) for label in page.all("label") for each in label.walk() if label.text}
    found = [f"id twice: {each}" for each in set(ids) if ids.count(each) > 1]
    found += [f"h{after} after h{before}" for before, after in pairwise(levels) if after > before + 1]
    found += [] if levels.count(1) == 1 else [f"{levels.count(1)} first headings"]
    found += [] if page.one("html").attributes["lang"] == language else ["the language"]
    for each in page.walk():
        given = each.attributes
        named = bool(given.get("aria-label") or given.get("aria-labelledby"))
        if each.tag == "img" and "alt" not in given:
            found.append(f"no words: {given.get('src')}")
        if given.get("aria-hidden") == "true" and given.get("tabindex") == "-1":
            continue
        pictured = any(picture.attributes.get("alt") for picture in each.all("img"))
        if each.tag in ("a", "button", "summary") and not (each.text or named or pictured):
            found.append(f"nameless {each.tag}: {given}")
        is_field = each.tag in ("input", "select", "textarea") and given.get("type") != "hidden"
        if is_field and not (named or given.get("id") in labelled or id(each) in inside):
            found.append(f"unlabelled: {given}")
        for points in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
            found += [f"{points} leads nowhere: {name}" for name in given.get(points, "").split() if name not in ids]
    return found


@dataclass
class Page:
    """What a browser shows."""

    response: httpx.Response
    tree: Element

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.tree.text

    def form(self, action: str) -> Element:
        return self.tree.one("form", action=action)


class Browser:
    """One person's browser at the storefront."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def open(self, path: str, status: int = 200, **headers: str) -> Page:
        """Go to a page, by way of whatever it leads to on this site."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._shown(await self.client.get(path, headers=named), status)

    async def send(self, page: Page, action: str, status: int = 200, **fields: str) -> Page:
        """Send a form of a page, its fields changed as given, and go where the answer leads."""
        return await self._shown(await self.post(page, action, **fields), status)

    async def post(self, page: Page, action: str, **fields: str) -> httpx.Response:
        """Send a form of a page; the answer itself."""
        return await self.client.post(action, data={**fields_of(page.form(action)), **fields})

    async def _shown(self, response: httpx.Response, status: int) -> Page:
        while response.has_redirect_location:
            assert response.headers["location"].startswith("/"), response.headers["location"]
            response = await self.client.get(response.headers["location"])
        assert response.status_code == status, f"{response.status_code}: {read(response.text).text[-600:]}"
        return Page(response, read(response.text))

    async def sign_in(self, phone: str, password: str, path: str = "/") -> Page:
        """Sign in by the form, and go on to ``path``."""
        page = await self.open(f"/login?next={path}")
        return await self.send(page, "/login", phone=phone, password=password)

    def cookie(self, name: str) -> str | None:
        return self.client.cookies.get(name)


@asynccontextmanager
async def storefront(house: House, **changes: str) -> AsyncIterator[Browser]:
    """A browser at a storefront for the house's services; ``changes`` are variables of its environment."""
    web: Any = create_web({**house.environment, **changes}, clock=house.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://toko.example") as client:
        yield Browser(client)

"""SVG from strangers: rebuilt from a short list of harmless elements and attributes, or refused.

What is served is written here from what was read here, so that no browser can read the file differently.
"""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://www.w3.org/2000/svg"
MAX_ELEMENTS = 20_000
MAX_DEPTH = 64


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# No script, style, foreignObject, image, feImage, use, a or animation: those load, run or multiply something.
_ELEMENTS = _words(
    """
    svg g defs title desc path rect circle ellipse line polyline polygon text tspan linearGradient
    radialGradient stop clipPath mask pattern marker filter feBlend feColorMatrix feComponentTransfer
    feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode
    feMorphology feOffset feTurbulence
    """
)
_ATTRIBUTES = _words(
    """
    id role aria-label aria-hidden viewBox preserveAspectRatio version width height x y x1 y1 x2 y2 cx cy r rx
    ry fx fy dx dy d points pathLength transform opacity color fill fill-opacity fill-rule stroke stroke-width
    stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset clip-path
    clip-rule mask filter display visibility overflow paint-order vector-effect shape-rendering text-rendering
    mix-blend-mode offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod clipPathUnits
    maskUnits maskContentUnits patternUnits patternContentUnits patternTransform markerWidth markerHeight
    markerUnits refX refY orient marker-start marker-mid marker-end filterUnits primitiveUnits in in2 result
    mode operator k1 k2 k3 k4 type values tableValues slope intercept amplitude exponent stdDeviation edgeMode
    radius baseFrequency numOctaves seed stitchTiles flood-color flood-opacity color-interpolation-filters
    font-family font-size font-weight font-style text-anchor dominant-baseline letter-spacing word-spacing
    lengthAdjust textLength rotate xml:space
    """
)
# Painted again wherever they are referred to: a chain of them would multiply without end.
_REPEATED = frozenset({"pattern", "marker", "mask", "clipPath"})
_PLAIN_TEXT = frozenset({"id", "aria-label", "font-family"})
_FUNCTIONS = _words("rgb rgba hsl hsla matrix translate scale rotate skewX skewY calc blur drop-shadow")
_FUNCTION = re.compile(r"([\w-]*)\s*\(")
_REFERENCE = re.compile(r"url\(\s*(['\"]?)#[\w.-]+\1\s*\)", re.IGNORECASE)


class SvgRefused(Exception):
    """The text is not SVG, or holds something that is not on the list; the message says what."""


def sanitised(content: bytes) -> bytes:
    """The same picture, rebuilt from what is allowed, in UTF-8; raises SvgRefused."""
    writer = _Writer()
    parser = expat.ParserCreate()
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.StartDoctypeDeclHandler = writer.refuse_doctype
    parser.ProcessingInstructionHandler = writer.refuse_instruction
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise SvgRefused(f"not well-formed XML: {error}") from None
    return "".join(writer.parts).encode()


class _Writer:
    """Writes what the parser reads, element by element; comments are left out."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._depth = 0
        self._elements = 0
        self._repeated = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._elements == 0 and (name != "svg" or attributes.get("xmlns") != NAMESPACE):
            raise SvgRefused("the outermost element is not svg in its namespace")
        if name not in _ELEMENTS:
            raise SvgRefused(f"the element {name} is not allowed")
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise SvgRefused("too many elements")
        self.parts.append(f"<{name}")
        if self._elements == 1:
            self.parts.append(f' xmlns="{NAMESPACE}"')
        for key, value in attributes.items():
            if key == "xmlns":
                _check_namespace(value)
            elif not key.startswith("xmlns:"):
                _check_attribute(key, value, may_refer=self._repeated == 0)
                self.parts.append(f" {key}={quoteattr(value)}")
        self.parts.append(">")
        self._repeated += name in _REPEATED

    def end(self, name: str) -> None:
        self._depth -= 1
        self._repeated -= name in _REPEATED
        self.parts.append(f"</{name}>")

    def text(self, data: str) -> None:
        self.parts.append(escape(data))

    def refuse_doctype(self, *_declaration: object) -> None:
        raise SvgRefused("a document type is not allowed")

    def refuse_instruction(self, target: str, _data: str) -> None:
        raise SvgRefused(f"the instruction {target} is not allowed")


def _check_namespace(value: str) -> None:
    if value != NAMESPACE:
        raise SvgRefused(f"the namespace {value} is not allowed")


def _check_attribute(key: str, value: str, *, may_refer: bool) -> None:
    if key not in _ATTRIBUTES:
        raise SvgRefused(f"the attribute {key} is not allowed")
    if key in _PLAIN_TEXT:
        return
    rest = _REFERENCE.sub("", value) if may_refer else value
    # A backslash is how CSS hides letters: u\\72l( is url(.
    if "\\" in rest or not _FUNCTIONS.issuperset(_FUNCTION.findall(rest)):
        raise SvgRefused(f"the attribute {key} refers to what it may not")

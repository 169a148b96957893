"""What a declaration comes to: mathematics, colours, layers, nesting, conditions, logical properties, counters."""

from __future__ import annotations

import pytest

from tests.browser.test_stages import TextFragment, lay_out, value, walk


@pytest.mark.parametrize(
    ("css", "width"),
    [
        # CSS Values 4 §10
        ("p { width: min(50px, 2em, 30px) }", 30),
        ("p { width: max(10px, 1em) }", 16),
        ("p { width: clamp(10px, 50px, 20px) }", 20),
        ("p { width: clamp(30px, 50px, 20px) }", 30),
        ("p { width: calc((1em + 4px) / 2 * -3 + 100px) }", 70),
        ("p { width: calc(10vw + 1vh) }", 86),
        ("p { width: round(up, 23px, 10px) }", 30),
        ("p { width: mod(23px, 10px) }", 3),
        ("p { width: calc(pow(3, 2) * 1px) }", 9),
        ("p { width: hypot(3px, 4px) }", 5),
        ("p { width: abs(-7px) }", 7),
        ("p { width: 8px; width: calc(1px + 1) }", 8),
        ("p { width: 8px; width: calc(1px * 1px) }", 8),
        ("p { width: 8px; width: calc(1px+1px) }", 8),
        ("p { width: 1in }", 96),
        # Cascade 5 §6.4: unlayered styles win over layers, later layers over earlier ones; important ones the other way
        ("@layer a { #x { width: 1px } } p { width: 2px }", 2),
        ("@layer a { #x { width: 1px } } @layer b { p { width: 2px } }", 2),
        ("@layer b, a; @layer a { p { width: 1px } } @layer b { #x { width: 2px } }", 1),
        ("@layer a { p { width: 1px !important } } #x { width: 2px !important }", 1),
        # CSS Nesting 1
        ("div { p { width: 3px } }", 3),
        ("p { width: 1px; &.a { width: 3px } }", 3),
        ("p { &.b { width: 3px } width: 1px }", 1),
        ("p { @media (width >= 500px) { width: 3px } }", 3),
        # Media Queries 4 §2.4
        ("@media (400px <= width <= 900px) { p { width: 3px } }", 3),
        ("p { width: 1px } @media (width < 800px) { p { width: 3px } }", 1),
        ("@media not all and (monochrome) { p { width: 3px } }", 3),
        ("@media (min-width: 900px), screen and (min-width: 10px) { p { width: 3px } }", 3),
        ("@supports selector(:has(a)) { p { width: 3px } }", 3),
        ("@supports (display: grid) and (not (display: nothing)) { p { width: 3px } }", 3),
        # Logical Properties 1
        ("p { inline-size: 12px }", 12),
        ("p { width: 5px; inline-size: 12px }", 12),
        ("p { inline-size: 12px; width: 5px }", 5),
        # Selectors 4
        (":is(#nope, p) { width: 1px } .a { width: 2px }", 1),
        (":where(#x) { width: 1px } p { width: 2px }", 2),
        ("div:has(> .a) p { width: 4px }", 4),
        ("p:not(.b, .c) { width: 4px }", 4),
        # Variables 1
        ("p { --a: 3; width: calc(var(--a) * 2px) }", 6),
        ("p { --a: ; width: var(--a) 5px }", 5),
    ],
)
def test_widths(css: str, width: float) -> None:
    assert value(css, "width") == pytest.approx(width)


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        # CSS Color 4 §4, §7 to §10, each worked out in sRGB; Color 5 §2
        ("hsl(120deg 100% 50%)", (0, 255, 0)),
        ("hwb(240 20% 20%)", (51, 51, 204)),
        ("#0f08", (0, 255, 0)),
        ("lab(54.29 80.8 69.89)", (255, 0, 0)),
        ("lch(54.29 106.84 40.86)", (255, 0, 0)),
        ("oklab(0.628 0.2249 0.1258)", (255, 0, 0)),
        ("oklch(62.8% 0.2577 29.23)", (255, 0, 0)),
        ("color(srgb 0.2 0.4 0.6)", (51, 102, 153)),
        ("color(srgb-linear 1 0 1)", (255, 0, 255)),
        ("color(xyz 0.9505 1 1.089)", (255, 255, 255)),
        ("color(xyz-d50 0.9642 1 0.8251)", (255, 255, 255)),
        ("color-mix(in srgb, red, blue)", (128, 0, 128)),
        ("color-mix(in srgb, red 25%, blue)", (64, 0, 191)),
    ],
)
def test_colours(color: str, expected: tuple[int, int, int]) -> None:
    computed = value(f"p {{ color: {color} }}", "color")
    assert isinstance(computed, tuple)
    assert [255 * channel for channel in computed[:3]] == pytest.approx(expected, abs=1.2)


@pytest.mark.parametrize("color", ["rgb(1 2)", "color(rec2020 1 0 0)", "color-mix(red, blue)", "oklch(red)"])
def test_what_is_no_colour_here_is_left_out(color: str) -> None:
    assert value(f"p {{ color: red; color: {color} }}", "color") == (1, 0, 0, 1)


def text(html: str, css: str) -> str:
    return "".join(part.text for part, _, _ in walk(lay_out(html, css).root) if isinstance(part, TextFragment))


def test_counters() -> None:
    # CSS Lists 3 §4: a counter of a nested element is nested
    html = "<ol><li>a<ol><li>b<li>c</ol><li>d</ol>"
    css = "ol { counter-reset: n; list-style: none } li { counter-increment: n } li::before { content: counters(n, '.') ' ' }"
    assert text(html, css) == "1 a1.1 b1.2 c2 d"
    assert text("<p>x<p>y", "p { counter-increment: c 3 } p::after { content: counter(c, upper-roman) }") == "xIIIyVI"


def test_quotes_and_attributes() -> None:
    assert text("<p title=t>x <q>y <q>z</q></q>", "p::after { content: '[' attr(title) ']' }") == "x “y ‘z’”[t]"
    assert text("<p><q>y <q>z <q>w", "q { quotes: '«' '»' '‹' '›' }") == "«y ‹z ‹w››»"
    assert text("<p><q>y", "q::before { content: close-quote } q::after { content: no-open-quote }") == "y"

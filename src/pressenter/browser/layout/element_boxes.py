"""Elements that are drawn as more than their content: pictures, frames, form controls (HTML Standard §15.4, §15.5).

Sizes of controls are those of Chromium.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import Color
from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import Element
from pressenter.browser.html.form_controls import list_rows, selected_option, value_of
from pressenter.browser.layout.boxes import (
    BlockBox,
    Box,
    DrawnText,
    InlineBox,
    IntrinsicSize,
    LineBreakBox,
    ReplacedBox,
    TextBox,
    anonymous_style,
)

if TYPE_CHECKING:
    from pressenter.browser.layout.box_tree import BoxTreeBuilder

__all__ = ["SPECIAL_ELEMENTS", "picture_box"]

Maker = Callable[["BoxTreeBuilder", Element, ComputedStyle], "list[Box] | None"]

#: Families whose average character browsers do not believe; a 0 stands for it.
_WITHOUT_AVERAGE = frozenset(
    name.strip()
    for name in """american typewriter|arial hebrew|chalkboard|cochin|corsiva hebrew|courier|geneva|gill sans|hei|
    helvetica|hoefler text|kai|lucida grande|marker felt|monaco|osaka|symbol|times|apple braille""".split("|")
)
_ARROW_ROOM = 20.0  # beside the text of a select
_PLACEHOLDER = Color(117 / 255, 117 / 255, 117 / 255, 1.0)
_SCROLL_BAR = 15.0  # what a text area keeps for one


def _line_break(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [LineBreakBox(style, node)]


def _word_break(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [TextBox(style, "\u200b")]


def picture_box(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    """An img or svg element: its picture, or the text that stands for it."""
    found = builder.pictures.get(node)
    if found is None and node in builder.pictures:  # on its way: it takes no room but what styles and attributes give
        return [ReplacedBox(style, node, IntrinsicSize(0.0, 0.0))]
    if found is not None:
        box = ReplacedBox(
            style, node, found.size, picture=found.key, ratio=found.ratio, has_only_ratio=found.has_only_ratio
        )
        if node.tag == "svg":
            box.texts = _drawn_texts(builder, node)
        return [box]
    if node.tag == "svg":
        return [ReplacedBox(style, node, IntrinsicSize(300.0, 150.0))]
    alternative = node.get("alt")
    if not alternative and (style["width"] != "auto" or style["height"] != "auto"):
        return [ReplacedBox(style, node, IntrinsicSize(0.0, 0.0))]
    if not node.get("src") or "alt" in node.attributes:
        # HTML Standard §15.4.2: a picture that is not there is its alternative text
        text: list[Box] = [TextBox(style, alternative)] if alternative else []
        if style["display"] == "inline" and style["float"] == "none" and style["position"] in ("static", "relative"):
            return [InlineBox(style, node, text)]
        return [builder.box({**style, "display": "block"}, node, text)]
    return [ReplacedBox(style, node, IntrinsicSize(16, 16))]


def _drawn_texts(builder: BoxTreeBuilder, svg: Element) -> dict[Element, DrawnText]:
    """How large the texts of a drawing are, by their styles."""
    found = {}
    for element in svg.elements():
        if element.tag == "text":
            style = builder.styled.styles[element]
            text = " ".join(element.text_content().split())
            size = (
                float(element.get("font-size") or 0) if element.get("font-size").replace(".", "", 1).isdigit() else 0.0
            )
            size = size or style["font-size"]
            found[element] = _drawn_text(
                builder, {**style, "font-size": size}, text, element.get("text-anchor") or style["text-anchor"]
            )
    return found


def _drawn_text(builder: BoxTreeBuilder, style: ComputedStyle, text: str, anchor: str) -> DrawnText:
    size, width = style["font-size"], _text_width(builder, style, text)
    if builder.fonts is None:
        return DrawnText(size, width, anchor, size, size / 4)
    face = builder.fonts.face_of(style)
    metrics = face.metrics(size)
    pen = before = behind = 0.0
    for run in builder.fonts.shape(text, face):
        left, right = run.face.reach(run, size)
        before, behind = max(before, left - pen), max(behind, pen + right - width)
        pen += run.advance * run.face.scale(size)
    return DrawnText(size, width, anchor, metrics.ascent, metrics.descent, before, behind)


def _attribute_size(node: Element, width: float, height: float) -> IntrinsicSize:
    values = []
    for name, default in (("width", width), ("height", height)):
        text = node.get(name).strip().removesuffix("px")
        values.append(float(text) if text.replace(".", "", 1).isdecimal() else default)
    return IntrinsicSize(*values)


def _frame(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    size = _attribute_size(node, 300, 150)
    ratio = size.width / size.height if node.tag in ("canvas", "video") and size.height else None
    return [ReplacedBox(style, node, size, ratio=ratio)]


def _audio(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [ReplacedBox(style, node, IntrinsicSize(300, 54))] if "controls" in node.attributes else []


def _object(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    if builder.pictures.get(node) is not None:
        return picture_box(builder, node, style)
    return [ReplacedBox(style, node, _attribute_size(node, 300, 150))] if node.tag == "embed" else None


# ---- controls ------------------------------------------------------------------------------------


def _metrics(builder: BoxTreeBuilder, style: ComputedStyle) -> tuple[float, float, float, float]:
    """Ascent, line height, and the average and the widest character of a control's font."""
    size = style["font-size"]
    if builder.fonts is None:
        return size, size * 1.25, size * 0.5, size
    face = builder.fonts.face_of(style)
    metrics = face.metrics(size)
    natural = metrics.ascent + metrics.descent + metrics.line_gap
    value = style["line-height"]
    height = natural
    if isinstance(value, tuple):
        height = value[1] * size
    elif value != "normal":
        height = value
    average, widest = face.control_widths(size)
    return metrics.ascent, max(natural, height), average, widest


def _label(style: ComputedStyle, text: str) -> list[Box]:
    plain = {**anonymous_style(style, "inline"), "white-space": "pre"}
    return [TextBox(plain, text)] if text else []


def _input(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    kind = node.get("type").lower()
    if kind == "hidden":
        return []
    maker = _INPUTS.get(kind, _text_field)
    return maker(builder, node, style)


def _input_button(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    default = {"submit": "Submit", "reset": "Reset"}.get(node.get("type").lower(), "")
    label = node.attributes.get("value", default)
    return [BlockBox({**style, "align-content": "center"}, node, _label(style, label or "\u200b"))]


def _check(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    if style["appearance"] == "none":
        return [ReplacedBox(style, node, IntrinsicSize(0, 0))]
    shown = dict(style)
    for side in ("top", "right", "bottom", "left"):  # as the platform draws it, it has no edges of its own
        shown[f"padding-{side}"] = shown[f"border-{side}-width"] = 0.0
    return [ReplacedBox(shown, node, IntrinsicSize(13, 13), baseline=13.0)]


def _slider(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    track = builder.styled.pseudo_styles.get((node, "-webkit-slider-runnable-track"))
    height = 16.0
    if style["appearance"] == "none" and track is not None and type(track["height"]) is float:
        height = track["height"]
    return [ReplacedBox(style, node, IntrinsicSize(129, height), baseline=height)]


def _color_field(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [ReplacedBox(style, node, IntrinsicSize(44, 23), baseline=19.0)]


def _file_field(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    ascent, height, _, _ = _metrics(builder, style)
    return [
        ReplacedBox(
            style, node, IntrinsicSize(289, height + 6), label="Choose File  No file chosen", baseline=ascent + 3
        )
    ]


def _date_field(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    ascent, height, _, _ = _metrics(builder, style)
    label = {"date": "mm/dd/yyyy", "time": "--:-- --", "month": "--------- ----", "week": "Week --, ----"}
    kind = node.get("type").lower()
    wide = {"date": 117.0, "time": 96.0, "month": 147.0, "week": 139.0}.get(kind, 203.0)
    text = value_of(node) or label.get(kind, "mm/dd/yyyy --:-- --")
    return [ReplacedBox(style, node, IntrinsicSize(wide, height + 2), label=text, baseline=ascent + 1)]


def _text_field(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    ascent, height, average, widest = _metrics(builder, style)
    columns = whole_number(node.get("size"), 20, 1, 500)
    width = math.ceil(average * columns + max(0.0, widest - average))
    if builder.fonts is not None and style["font-family"][0].lower() in _WITHOUT_AVERAGE:
        width = math.ceil(builder.fonts.measure(style)[1] * columns)
    label = value_of(node)
    if node.get("type").lower() == "password":
        label = "\u2022" * len(label)
    box = ReplacedBox(style, node, IntrinsicSize(width, height), label=label, baseline=ascent)
    return [_with_placeholder(builder, node, box)]


def _with_placeholder(builder: BoxTreeBuilder, node: Element, box: ReplacedBox) -> ReplacedBox:
    """What stands in an empty field, in a colour of its own."""
    if not box.label and node.get("placeholder"):
        box.label = node.get("placeholder")
        shown = builder.styled.pseudo_styles.get((node, "placeholder"))
        box.label_style = shown if shown is not None else {**box.style, "color": _PLACEHOLDER}
    return box


_INPUTS: dict[str, Maker] = {
    "submit": _input_button, "reset": _input_button, "button": _input_button, "checkbox": _check, "radio": _check,
    "range": _slider, "color": _color_field, "file": _file_field, "date": _date_field, "time": _date_field,
    "month": _date_field, "week": _date_field, "datetime-local": _date_field, "image": picture_box,
}  # fmt: skip


def _text_area(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    _, height, average, _ = _metrics(builder, style)
    rows = whole_number(node.get("rows"), 2, 1, 200)
    columns = whole_number(node.get("cols"), 20, 1, 500)
    size = IntrinsicSize(math.ceil(average * columns) + _SCROLL_BAR, rows * height)
    return [_with_placeholder(builder, node, ReplacedBox(style, node, size, label=value_of(node)))]


def _select(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    ascent, _, _, _ = _metrics(builder, style)
    options = [item for item in node.elements() if item.tag == "option"]
    rows = list_rows(node)
    widest = max((_text_width(builder, style, _option_text(item)) for item in options), default=0.0)
    line = _natural_height(builder, style)
    if rows > 1:
        label = "\n".join(_option_text(item) for item in options[:rows])
        return [ReplacedBox(style, node, IntrinsicSize(widest + 4, rows * (line + 2)), label=label)]
    chosen = selected_option(node)
    label = _option_text(chosen) if chosen is not None else ""
    room = 0.0 if style["appearance"] == "none" else _ARROW_ROOM
    if not room:
        line = _metrics(builder, style)[1]  # as any text, where it does not show itself as the platform's
    size = IntrinsicSize(math.ceil(widest) + room, line + 2 if room else line)
    return [ReplacedBox(style, node, size, label=label, baseline=ascent + (1 if room else 0))]


def _natural_height(builder: BoxTreeBuilder, style: ComputedStyle) -> float:
    return _metrics(builder, {**style, "line-height": "normal"})[1]


def _option_text(option: Element) -> str:
    return " ".join((option.get("label") or option.text_content()).split())


def _text_width(builder: BoxTreeBuilder, style: ComputedStyle, text: str) -> float:
    if builder.fonts is None:
        return len(text) * float(style["font-size"]) * 0.55
    size = style["font-size"]
    face = builder.fonts.face_of(style)
    return sum((run.advance * run.face.scale(size) for run in builder.fonts.shape(text, face)), 0.0)


def _button(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    """Its content stands in the middle, from top to bottom too."""
    if style["display"] not in ("block", "inline-block", "inline"):
        return None
    shown = {**style, "align-content": "center"}
    if style["display"] == "inline":
        shown["display"] = "inline-block"
    return [builder.box(shown, node, builder.children_of(node, style))]


def _bar(builder: BoxTreeBuilder, node: Element, style: ComputedStyle) -> list[Box] | None:
    wide = 10.0 if node.tag == "progress" else 5.0
    size = style["font-size"]
    return [ReplacedBox(style, node, IntrinsicSize(wide * size, size), baseline=0.8 * size)]


SPECIAL_ELEMENTS: dict[str, Maker] = {
    "br": _line_break,
    "wbr": _word_break,
    "img": picture_box,
    "iframe": _frame,
    "video": _frame,
    "canvas": _frame,
    "audio": _audio,
    "object": _object,
    "embed": _object,
    "input": _input,
    "textarea": _text_area,
    "select": _select,
    "button": _button,
    "progress": _bar,
    "meter": _bar,
}

"""What numbers look like on pictures, and how large the pictures are."""

import base64
import itertools
import math
import re
import struct
import zlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, dot, exp, maximum, nn, operation, plot, scope, sum
from autograd.draw import draw
from autograd.draw.figure import COLOURS, number
from autograd.draw.look import Look
from autograd.draw.network.svg import PALETTE
from autograd.draw.svg import MARGIN
from autograd.explain import explain
from autograd.operations import OPERATIONS

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg):
    return ElementTree.fromstring(svg)


def circuit():
    """The first lecture's, step by step."""
    w0, x0, w1, x1, w2 = map(Value, (2.0, -1.0, -3.0, -2.0, -3.0), ("w0", "x0", "w1", "x1", "w2"))
    y = 1 / (1 + exp((w0 * x0 + w1 * x1 + w2) * -1))
    y.backward()
    return y


def numbers(drawing, kind):
    """The texts of the cards' values, or of their gradients."""
    marked = [
        text for text in parsed(drawing.svg).iter(f"{SVG}text") if re.search(rf"-{kind} \S+-number$", text.get("class"))
    ]
    return [text.text for text in marked]


# Numbers --------------------------------------------------------------------------------------------


def test_decimals_are_those_of_the_lecture():
    drawing = draw(circuit(), decimals=2)

    values = [
        "2.00",
        "−1.00",
        "−2.00",
        "−3.00",
        "−2.00",
        "6.00",
        "4.00",
        "−3.00",
        "1.00",
        "−1.00",
        "0.37",
        "1.37",
        "0.73",
    ]
    gradients = ["−0.20", "0.39", "0.20", "−0.39", "−0.59", "0.20", "0.20", "0.20", "0.20", "−0.20", "−0.53", "−0.53"]
    assert sorted(numbers(drawing, "value")) == sorted(values)
    assert sorted(numbers(drawing, "gradient")) == sorted([*gradients, "1.00"])


def test_decimals_leave_the_constants_of_formulas_as_they_are():
    """Seen to fail with x ^ 2.00."""
    x = Value(0.5, "x")
    symbols = [card.symbol for card in draw(x**2 * 0.125 - 3, decimals=1).diagram.cards]

    assert symbols == ["", "^ 2", "× 0.125", "− 3"]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.0, "0.00"),
        (-0.0, "0.00"),
        (-0.001, "0.00"),
        (1e-9, "0.00"),
        (0.005000001, "0.01"),
        (-0.59, "−0.59"),
        (12345.678, "12345.68"),
        (-1e300, "−1.00e+300"),
        (float("inf"), "inf"),
        (float("-inf"), "−inf"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_with_decimals_are_short_and_have_no_sign_where_they_show_zero(number, shown):
    assert Look(decimals=2).decimal(number) == shown


@given(st.floats(), st.integers(0, 17))
def test_a_number_with_decimals_is_nearest_to_what_it_shows(number, decimals):
    shown = Look(decimals=decimals).decimal(number).replace("−", "-")

    assert len(shown) <= decimals + len("-1000000.")
    if abs(number) < 1e6:
        assert re.fullmatch(rf"-?\d+(\.\d{{{decimals}}})?", shown)
        assert abs(float(shown) - number) <= 0.5 * 10**-decimals * (1 + 1e-9) + 1e-9 * abs(number)


@pytest.mark.parametrize(
    ("decimals", "error"), [(-1, ValueError), (18, ValueError), (2.5, TypeError), ("2", TypeError), (True, TypeError)]
)
def test_wrong_decimals_are_an_error(decimals, error):
    with pytest.raises(error, match="decimals must be"):
        draw(Value(1.0), decimals=decimals)


def of_every_kind():
    """Graphs with negative numbers wherever there may be some."""
    x, y = Value(-1.5, "x"), Value(-2e-9)

    @operation("x - 2", "1")
    def lowered(x):
        return x - 2.0, lambda: (1.0,)

    del OPERATIONS["lowered"]

    yield x * -3 + y
    yield dot([x, -2.0, y], [-3.0, x, -1.0])
    yield maximum(-1.0, (x - -7) ** -2)
    yield sum([x, -1.0, y]) * -0.0
    yield lowered(-x)
    yield circuit()


@pytest.mark.parametrize("options", [{}, {"decimals": 1}, {"flows": True}, {"depth": 1}])
def test_no_picture_has_a_hyphen_for_a_minus(options):
    """Titles, tooltips and descriptions included. Seen to fail with "value -1.5"."""
    for root in of_every_kind():
        root.backward()
        drawing = draw(root, **options)
        shown = [e for e in parsed(drawing.svg).iter() if e.tag != f"{SVG}style"]
        texts = "".join([f"{e.text or ''} " for e in shown])

        assert re.findall(r"-[\d.]|- \d|\de-", texts) == []
        assert re.findall(r'label="[^"]*-[\d.]', drawing.to_dot().source) == []


def test_losses_on_a_plot_have_the_minus_of_pictures():
    figure = pytest.importorskip("matplotlib.figure", reason="the extra scalar-autograd[plot] is not installed")
    axes = figure.Figure().subplots()
    plot.draw_losses(axes, [1.0, 1e-3, 2e-6])

    assert axes.texts[0].get_text() == "2e−06"
    assert axes.yaxis.get_major_formatter()(1e-5, 0) == "1e−05"


def test_labels_have_the_signs_that_their_users_wrote():
    root = Value(1.0, "x-1") * Value(2.0, "y - 2")

    assert {card.label for card in draw(root).diagram.cards} >= {"x-1", "y - 2"}


def test_an_explanation_has_one_kind_of_minus():
    for root in of_every_kind():
        assert "-" not in str(explain(root)).replace("x-1", "")


def test_an_explanation_has_decimals_where_numbers_were_computed():
    """Seen to fail with the derivative "1 = 1.00"."""
    told = [re.split("  +", line.strip()) for line in str(explain(circuit(), decimals=2)).splitlines()]

    assert ["v7", "= 1 + v6", "= 1 + 0.37", "= 1.37"] in told
    assert ["v5 = v4 × (−1)", "−0.20", "v4", "−1.00", "0.20", "multiply switches"] in told
    assert ["x1", "−0.59", "raise it"] in told
    with pytest.raises(ValueError, match="decimals must be from 0 to 17, not -1"):
        explain(circuit(), decimals=-1)


@given(st.floats(-1e6, 1e6))
def test_a_coordinate_is_a_hundredth_of_a_pixel_as_short_as_can_be(x):
    text = number(x)

    assert float(text) == float(format(x, ".2f"))
    assert re.fullmatch(r"0|-?(0\.\d?[1-9]|[1-9]\d*(\.\d?[1-9])?)", text)


@pytest.mark.parametrize("options", [{}, {"direction": "TB"}, {"size": (1280, 720), "decimals": 1}])
@pytest.mark.parametrize("drawn", [nn.MLP(6, [20, 3], seed=5), Value(2.0, "x_0") * Value(3.0, "w_1^2")])
def test_no_coordinate_is_a_zero_with_a_sign(drawn, options):
    root = ElementTree.fromstring(draw(drawn, **options).svg)
    places = [value for part in root.iter() for name, value in part.attrib.items() if name not in ("id", "class")]

    assert [place for place in places if re.search(r"(?<![\w.])-0(?![\d.])", place)] == []


# Titles ---------------------------------------------------------------------------------------------


def test_a_title_is_short_and_cut_only_where_an_operand_is_left_out():
    """Seen to fail with the formula cut in the midst of a name."""
    names = ["weight", "height", "width", "length"]
    many = [Value(1.0, f"{name}{i}") for i in range(5) for name in names]
    y = sum([a * b for a, b in itertools.pairwise(many)]) * exp(many[0] * many[1] + many[2] * many[3])
    z = sum(many)
    z.label = "total"
    subject, _, size = draw(y).title.partition(": ")
    titles = [draw(root).title for root in (z, many[0], Value(-2.5), many[0] * 2)]

    assert size == "45 nodes"
    assert 20 < len(subject) <= 60
    assert {*re.findall(r"[a-z]\w*", subject)} <= {*[leaf.label for leaf in many], "sum", "exp"}
    assert titles == ["total: 21 nodes", "weight0: 1 node", "−2.5: 1 node", "weight0 × 2: 2 nodes"]


# Sizes ----------------------------------------------------------------------------------------------


def width_and_height(svg):
    root = parsed(svg)
    return float(root.get("width")), float(root.get("height"))


def view(svg):
    return [*map(float, parsed(svg).get("viewBox").split())]


@pytest.mark.parametrize(
    ("options", "factor"), [({"scale": 2}, 2), ({"fontsize": 26}, 2), ({"scale": 0.5, "fontsize": 39}, 1.5)]
)
def test_a_picture_grows_as_a_whole(options, factor):
    plain, grown = draw(circuit()).svg, draw(circuit(), **options).svg

    assert width_and_height(grown) == pytest.approx([factor * side for side in width_and_height(plain)], abs=factor)
    assert [text.get("font-size") for text in parsed(grown).iter(f"{SVG}text")] == [
        text.get("font-size") for text in parsed(plain).iter(f"{SVG}text")
    ]
    assert view(grown) == pytest.approx(view(plain), abs=1)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), [300, 300], (99.5, 1000)])
@pytest.mark.parametrize("options", [{}, {"direction": "TB"}, {"legend": True}])
def test_a_picture_fits_a_size_and_stands_in_its_middle(size, options):
    """Seen to fail with the drawing in the corner."""
    drawing = draw(circuit(), size=size, **options)
    left, top, width, height = view(drawing.svg)
    boxes = card_boxes(parsed(drawing.svg))
    legends = [g.find(f"{SVG}rect") for g in parsed(drawing.svg) if (g.get("class") or "").endswith("-legend")]
    for x, y, w, h in [[float(rect.get(name)) for name in ("x", "y", "width", "height")] for rect in legends]:
        boxes.append((x, y, x + w, y + h))
    free = [min(box[0] for box in boxes) - left, left + width - max(box[2] for box in boxes)]
    free += [min(box[1] for box in boxes) - top, top + height - max(box[3] for box in boxes)]

    assert width_and_height(drawing.svg) == tuple(map(float, size))
    assert width / height == pytest.approx(size[0] / size[1], rel=1e-3)
    assert MARGIN - 1 < min(free) < MARGIN + 50  # a margin, and a few lines around the cards: it could not be larger
    assert abs(free[0] - free[1]) < 60 > abs(free[2] - free[3])
    ground = parsed(drawing.svg).find(f"{SVG}rect")
    assert [float(ground.get(name)) for name in ("x", "y", "width", "height")] == [left, top, width, height]


@pytest.mark.parametrize("scale", [1, 0.777, 1.1])
def test_a_picture_has_whole_pixels(scale):
    """Where it has not, a line shines through at its right and at its bottom."""
    assert all(side == round(side) for side in width_and_height(draw(circuit(), scale=scale).svg))


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"scale": 0}, ValueError, "scale must be more than 0, not 0"),
        ({"scale": "2"}, TypeError, "scale must be a number, not '2'"),
        ({"scale": math.inf}, ValueError, "scale must be finite"),
        ({"scale": math.nan}, ValueError, "scale is nan"),
        ({"fontsize": -1}, ValueError, "fontsize must be more than 0, not -1"),
        ({"fontsize": True}, TypeError, "fontsize must be a number, not True"),
        (
            {"size": 1280},
            TypeError,
            r"size must be a pair \(width, height\) in pixels, such as \(1280, 720\), not 1280",
        ),
        ({"size": "1280x720"}, TypeError, "size must be a pair"),
        ({"size": (1280, 720, 1)}, TypeError, "size must be a pair"),
        ({"size": (1280, "720")}, TypeError, "the height in size must be a number, not '720'"),
        ({"size": (0, 720)}, ValueError, "the width in size must be more than 0, not 0"),
        ({"size": (1280, 720), "scale": 2}, ValueError, "leave out scale= and fontsize=, or leave out size="),
        ({"size": (1280, 720), "fontsize": 20}, ValueError, "leave out scale= and fontsize=, or leave out size="),
        ({"background": "white"}, ValueError, "background must be 'page' or 'transparent', not 'white'"),
        ({"wrap": 0}, ValueError, "wrap must be 1 or more, not 0"),
        ({"wrap": 2.5}, TypeError, "wrap must be a whole number, not 2.5"),
        ({"legend": "yes"}, TypeError, "legend must be True or False, not 'yes'"),
        ({"flows": 1}, TypeError, "flows must be True or False, not 1"),
        ({"language": "de"}, ValueError, "language must be 'en' or 'pt' or 'es', not 'de'"),
    ],
)
def test_a_wrong_option_is_an_error_that_tells_what_is_right(options, error, told):
    with pytest.raises(error, match=told):
        draw(Value(1.0), **options)


def test_a_picture_that_viewers_may_not_open_is_told_with_what_helps():
    with pytest.warns(UserWarning, match=r"pixels wide and .* depth= or around=.* wrap=.* scale= or size="):
        assert draw(circuit(), scale=400).svg


# Files ----------------------------------------------------------------------------------------------


def png(path):
    """Width, height, and the bytes of each row: those of RGB or RGBA, as the file has it."""
    data, place, packed, header = path.read_bytes(), 8, b"", b""
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        header, packed = content if kind == b"IHDR" else header, packed + content * (kind == b"IDAT")
        place += length + 12
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    assert (depth, colour) in ((8, 2), (8, 6))
    return width, height, list(_rows(zlib.decompress(packed), width, 3 if colour == 2 else 4))


def _rows(data, width, size):
    """The pixels of each row, from what PNG writes of it (ISO 15948, clause 9)."""
    above, step = bytearray(width * size), width * size + 1
    for start in range(0, len(data), step):
        kind, row = data[start], bytearray(data[start + 1 : start + step])
        for i, byte in enumerate(row):
            a, b, c = (row[i - size], above[i], above[i - size]) if i >= size else (0, above[i], 0)
            nearest = min((a, b, c), key=lambda x: abs(a + b - c - x))
            row[i] = (byte + (0, a, b, (a + b) // 2, nearest)[kind]) % 256
        yield [tuple(row[i : i + size]) for i in range(0, len(row), size)]
        above = row


@pytest.mark.parametrize(("theme", "ground"), [("dark", (0x15, 0x18, 0x1E)), ("light", (255, 255, 255))])
@pytest.mark.parametrize(("dpi", "scale"), [(96, 0.777), (75, 1.0)])
def test_a_png_has_no_edge_of_another_colour(tmp_path, theme, ground, dpi, scale):
    """Seen to fail with a last row and column that were white in part."""
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    draw(Value(2.0, "x") * 3, theme=theme, scale=scale).save(tmp_path / "x.png", dpi=dpi)
    *_, rows = png(tmp_path / "x.png")
    edge = {*rows[0], *rows[-1], *[row[0] for row in rows], *[row[-1] for row in rows]}

    assert {pixel[:3] for pixel in edge} == {ground}
    assert {pixel[3:] for pixel in edge} <= {(), (255,)}


def test_a_transparent_png_has_no_ground(tmp_path):
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    draw(Value(2.0, "x") * 3, background="transparent", theme="dark").save(tmp_path / "x.png", dpi=72)
    *_, rows = png(tmp_path / "x.png")
    edge = {*rows[0], *rows[-1], *[row[0] for row in rows], *[row[-1] for row in rows]}

    assert edge == {(0, 0, 0, 0)}


@pytest.mark.parametrize(("dpi", "width"), [(None, 2560), (96, 1280), (48.0, 640)])
def test_a_png_has_as_many_dots_as_asked_for(tmp_path, dpi, width):
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    options = {} if dpi is None else {"dpi": dpi}
    draw(Value(2.0, "x") * 3, size=(1280, 720)).save(tmp_path / "slide.png", **options)

    data = (tmp_path / "slide.png").read_bytes()
    dots_in_a_metre, *_ = struct.unpack(">I", data[data.index(b"pHYs") + 4 :][:4])

    assert struct.unpack(">II", data[16:24]) == (width, width * 9 // 16)
    assert dots_in_a_metre * 0.0254 == pytest.approx(width * 96 / 1280, abs=0.1)


@pytest.mark.parametrize("name", ["x.svg", "x.pdf", "x.html", "x.dot"])
def test_only_a_png_has_dots(tmp_path, name):
    with pytest.raises(ValueError, match=r"dpi= is for \.png"):
        draw(Value(1.0)).save(tmp_path / name, dpi=96)

    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("dpi", "error"), [(0, ValueError), (-96, ValueError), ("96", TypeError), (math.nan, ValueError)]
)
def test_wrong_dots_are_an_error(tmp_path, dpi, error):
    with pytest.raises(error, match="dpi"):
        draw(Value(1.0)).save(tmp_path / "x.png", dpi=dpi)


# Grounds --------------------------------------------------------------------------------------------


def has_ground(svg):
    return any(element.tag == f"{SVG}rect" for element in parsed(svg))


def test_the_ground_is_none_in_notebooks_and_where_so_asked():
    """A dark system with a light notebook must not give black boxes."""
    for background, in_files, in_notebooks in (
        (None, True, False),
        ("page", True, True),
        ("transparent", False, False),
    ):
        drawing = draw(circuit(), background=background)
        bundle = drawing._repr_mimebundle_()
        image = base64.b64decode(re.search('base64,([^"]+)', bundle["text/html"])[1]).decode()

        assert has_ground(drawing.svg) == in_files
        assert {has_ground(svg) for svg in (bundle["image/svg+xml"], image, drawing._repr_svg_())} == {in_notebooks}
        assert drawing.prefix in image


# Colours --------------------------------------------------------------------------------------------


def luminance(colour):
    """Of WCAG 2: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour, other):
    darker, lighter = sorted((luminance(colour), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


SURFACES = ("page", "frame0", "frame1", "leaf", "card", "band")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_text_can_be_read_on_each_surface_and_each_line_be_seen(theme):
    """Seen to fail with the lines around frames on frames."""
    palette = COLOURS | PALETTE
    colours = {name: pair[theme == "dark"] for name, (_, *pair) in palette.items()}
    strokes = {name for name, (kind, *_) in palette.items() if kind == "stroke"}
    needed = {
        (name, surface): 3.0 if name in strokes or name.endswith("head") else 4.5
        for name in colours
        for surface in SURFACES
        if name not in SURFACES
    }

    assert [pair for pair, least in needed.items() if contrast(*[colours[name] for name in pair]) < least] == []
    # Where a notebook does not tell that it is dark, lines are those of the light theme.
    lines = strokes | {"head", "flowhead"}
    assert all(contrast(palette[name][1], "#111111") >= 3.0 for name in lines)


# Legends --------------------------------------------------------------------------------------------


def explained(drawing):
    [legend] = [g for g in parsed(drawing.svg) if (g.get("class") or "").endswith("-legend")] or [[]]
    return [text.text for text in legend if text.tag == f"{SVG}text"]


def test_only_signs_of_the_picture_are_explained():
    x, y = Value(3.0, "x"), Value(2.0, "y")
    z = maximum(x, y)
    with scope("group"):
        folded = z * x
    always = ["leaf: a given number", "operation", "root: the result", "value", "gradient"]

    assert explained(draw(x * y)) == []
    assert explained(draw(x * y, legend=True)) == [*always, "no gradient yet"]
    (x * y).backward()
    assert explained(draw(x, legend=True)) == ["leaf: a given number", "root: the result", "value", "gradient"]
    assert explained(draw(x, legend=True, show="label")) == ["leaf: a given number", "root: the result"]
    (z * x).backward()
    assert explained(draw(z, legend=True)) == [*always, "nothing flows back"]
    assert "flow: gradient going back" in explained(draw(z, legend=True, flows=True))
    assert explained(draw(x + 0, legend=True, highlight=[x]))[-1] == "highlighted"
    assert "folded group" in explained(draw(folded, legend=True, depth=1))
    assert "more, not drawn" in explained(draw(folded, legend=True, around=x, radius=0))


@pytest.mark.parametrize(("language", "leaf"), [("en", "leaf"), ("pt", "folha"), ("es", "hoja")])
def test_a_legend_speaks_the_language_of_the_page(language, leaf):
    assert explained(draw(Value(1.0), legend=True, language=language))[0].split(":")[0] == leaf


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("options", [{}, {"size": (1280, 720)}, {"size": (300, 900)}, {"flows": True}])
def test_a_legend_stands_apart_from_the_drawing_and_its_texts_from_each_other(direction, options):
    """Seen to fail with columns as wide as the first entry."""
    x, y = Value(-3.0, "x"), Value(2.0, "y")
    root = maximum(x * y, y) ** 2
    root.backward()
    for drawn in (
        draw(root, legend=True, highlight=[y], direction=direction, **options),
        draw(x, legend=True, **options),
    ):
        svg = parsed(drawn.svg)
        left, top, width, height = view(drawn.svg)
        [group] = [g for g in svg if (g.get("class") or "").endswith("-legend")]
        ground = group.find(f"{SVG}rect")
        x0, y0, w, h = (float(ground.get(name)) for name in ("x", "y", "width", "height"))
        boxes = []
        for text in group.findall(f"{SVG}text"):
            assert text.get("font-size") is None
            a, b = float(text.get("x")), float(text.get("y"))
            boxes.append((a - 48, b - 13, a + 7.8 * len(text.text), b + 4))

        assert left <= x0
        assert x0 + w <= left + width
        assert top <= y0
        assert y0 + h <= top + height
        assert all(x0 < a and c < x0 + w and y0 < b and d < y0 + h for a, b, c, d in boxes)
        assert not [
            1
            for p, q in itertools.combinations(boxes, 2)
            if p[0] < q[2] and q[0] < p[2] and p[1] < q[3] and q[1] < p[3]
        ]
        for a, b, c, d in card_boxes(svg):
            assert a >= x0 + w or c <= x0 or b >= y0 + h or d <= y0
        flows = [g for g in svg if (g.get("class") or "").endswith("-flow")]
        for path in [path for parent in (svg, *flows) for path in parent.findall(f"{SVG}path")]:
            points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", path.get("d"))
            assert not [1 for x1, y1 in points if x0 < float(x1) < x0 + w and y0 < float(y1) < y0 + h]


def test_a_legend_stands_in_a_free_corner_of_its_drawing():
    """So it takes nothing from the size of the drawing on a slide. Seen to fail with all legends below."""
    x = Value(1.0, "x")
    root = sum([*[(x * i).exp() for i in range(12)], Value(1.0, "b")]).exp().exp().exp().exp().exp()

    assert view(draw(root, legend=True).svg) == view(draw(root).svg)


def card_boxes(svg):
    """Left, top, right and bottom of each card."""
    cards = [g for g in svg if re.search("-(node|group)-", g.get("id") or "")]
    boxes = []
    for card in cards:
        x, y = map(float, re.findall(r"[-\d.]+", card.get("transform")))
        rects = [[float(r.get(name)) for name in ("x", "y", "width", "height")] for r in card.findall(f"{SVG}rect")]
        right, bottom = max(a + w for a, b, w, h in rects), max(b + h for a, b, w, h in rects)
        boxes.append((x, y, x + right, y + bottom))
    return boxes


# In a browser ---------------------------------------------------------------------------------------

LIGHT, DARK = 0, 1


@pytest.mark.parametrize(
    ("system", "page", "expected"),
    [
        ("light", "<body>", LIGHT),
        ("dark", "<body>", LIGHT),
        ("dark", '<body data-jp-theme-light="true">', LIGHT),
        ("light", '<body data-jp-theme-light="false">', DARK),
        ("light", '<body class="vscode-dark">', DARK),
        ("dark", '<body class="vscode-high-contrast vscode-high-contrast-light">', LIGHT),
        ("dark", '<html data-theme="light"><body>', LIGHT),
        ("light", '<html data-theme="dark"><body>', DARK),
        ("light", '<html data-theme="auto"><body>', LIGHT),
        ("dark", '<html data-theme="auto"><body>', DARK),
    ],
)
def test_a_picture_in_a_notebook_is_dark_where_the_notebook_is_and_has_its_ground(
    browser, tmp_path, system, page, expected
):
    """Seen to fail with dark cards on a light notebook, where the system was dark."""
    root = Value(2.0, "x") * 3
    notebook = browser.new_page(color_scheme=system, viewport={"width": 400, "height": 200})
    style = "<style>body{background:#123456;margin:0}</style>"
    notebook.set_content(f"<!doctype html>{page}{style}{root._repr_mimebundle_()['text/html']}")
    notebook.screenshot(path=tmp_path / "shown.png")
    notebook.close()
    *_, rows = png(tmp_path / "shown.png")
    colours = {pixel[:3] for row in rows for pixel in row}
    leaf = COLOURS["leaf"][1:]

    assert rows[2][2][:3] == (0x12, 0x34, 0x56)
    assert [rgb(colour) in colours for colour in leaf] == [expected == LIGHT, expected == DARK]


@pytest.mark.parametrize("ground", ["#ffffff", "#111111", "#1e1e1e"])
def test_all_that_stands_on_a_notebook_can_be_read_whatever_its_ground(ground):
    """Where no page tells that it is dark, light cards stand on it; beside them, texts have a ground of their own."""
    x, y = Value(-3.0, "x"), Value(2.0, "y")
    root = maximum(x - y, y) ** 2
    root.backward()
    svg = parsed(draw(root, flows=True)._repr_svg_())
    for parent in (svg, *[g for g in svg if (g.get("class") or "").endswith("-flow")]):
        grounds = [e for e in parent if e.tag == f"{SVG}rect" and (e.get("class") or "").endswith("-page")]
        boxes = [[float(e.get(name)) for name in ("x", "y", "width", "height")] for e in grounds]
        for text in parent.findall(f"{SVG}text"):
            across, down = float(text.get("x")), float(text.get("y")) - 4
            assert any(a <= across <= a + w and b <= down <= b + h for a, b, w, h in boxes)
    lines = [element.get("stroke") for element in svg if element.tag == f"{SVG}path"]
    assert {contrast(colour, ground) >= 3 for colour in lines} == {True}


def test_all_texts_of_a_network_on_a_notebook_can_be_read_whatever_its_ground():
    """Those beside circles have a ground of their own. Seen to fail with a dark picture of dark numbers."""
    model = nn.MLP(3, [2, 1], activation="relu", seed=0)
    (model([0.1, -0.4, 0.5]) * 2).backward()
    svg = parsed(draw(model, legend=True)._repr_svg_())
    radius = float(next(svg.iter(f"{SVG}circle")).get("r"))
    for parent in svg.iter():
        grounds = [e for e in parent if e.tag == f"{SVG}rect" and e.get("class").endswith("-page")]
        middles = {
            (
                float(e.get("x")) + float(e.get("width")) / 2,
                float(e.get("y")) + float(e.get("height")) / 2,
                e.get("transform"),
            )
            for e in grounds
        }
        for text in parent.findall(f"{SVG}text"):
            x, y = float(text.get("x")), float(text.get("y")) - 5
            near = [m for m in middles if math.dist((x, y), m[:2]) < 0.1 and m[2] == text.get("transform")]
            is_inside = "-node-" in (parent.get("id") or "") and math.hypot(x, y) < radius
            assert bool(near) != is_inside


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


# Ends ---------------------------------------------------------------------------------------------


def test_the_smallest_picture_has_a_pixel(tmp_path):
    """Seen to fail with a side of 0, which ended in a ZeroDivisionError where it was saved."""
    drawing = draw(Value(2.0) * 3, scale=1e-5)
    drawing.save(tmp_path / "small.svg")

    assert drawing.svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"')
    with pytest.raises(ValueError, match="size must be at least one pixel by one"):
        draw(Value(2.0), size=(1e-3, 1e-3))


@pytest.mark.parametrize("larger", [{"scale": 3}, {"fontsize": 40}])
def test_rows_are_as_long_as_viewers_can_show_at_the_size_that_they_will_have(larger):
    """Seen to fail with rows for the size of 13 pixels, where it warned."""
    x = y = Value(1.0, "x")
    for _ in range(700):
        y = y + x
    width = float(re.findall(' width="([^"]+)"', draw(y, **larger).svg)[0])

    assert 10_000 < width < 2**15


def test_drawings_can_be_members_of_sets():
    y = Value(2.0, "a") * 3

    assert len({draw(y), draw(y), draw(y, digits=2)}) == 2

"""Pictures: what they show, that no label breaks them, that no graph stops them, and how they end when they must."""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree

import pytest
from helpers import read_by_graphviz

from autograd import (
    Value,
    atan2,
    clamp,
    dot,
    exp,
    gradient,
    hypot,
    leaky_relu,
    maximum,
    mean,
    nn,
    norm,
    operation,
    scope,
    sum,
    topological_order,
    where,
)
from autograd.book import REALS
from autograd.draw import diagram, draw, layout, limits
from autograd.draw.limits import is_larger_than
from autograd.draw.notebook import NOTEBOOK_NODES
from autograd.operations import OPERATIONS

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of a DOT statement": '"]; n0 -> n1 [label="',
    "DOT escape": r"\N \G \l",
    "trailing backslash": "a\\",
    "entity": "&#x41;&amp;&lt;",
    "HTML-like": "<b>bold</b>",
    "end of CDATA": "]]><!-- -->",
    "newlines and tabs": "a\nb\r\tc",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85",
    "lone surrogates": "\ud800 \udfff",
    "no characters": "\ufffe\uffff",
    "bidi": "\u202eabc\u2066\u05d0\u05d1",
    "wide and combining": "漢字 e\u0301 👩\u200d🔬",
    "blanks": "  two  blanks  ",
}


def neuron() -> Value:
    w0, x0 = Value(2.0, "w0"), Value(-1.0, "x0")
    w1, x1 = Value(-3.0, "w1"), Value(-2.0, "x1")
    w2 = Value(-3.0, "w2")
    f = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))
    f.backward()
    return f


def dense() -> Value:
    """A graph of 1,041 nodes and 13,040 edges, over which a layout takes long."""
    chance = random.Random(1)
    values = [Value(float(i)) for i in range(40)]
    for _ in range(1000):
        values.append(sum(chance.sample(values, 12)))
    return sum(values)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def cards(svg: str) -> list[ElementTree.Element]:
    named = re.compile(r"-(node|group|stub)-\d+$")
    return [group for group in parsed(svg).iter(f"{SVG}g") if named.search(group.get("id", ""))]


def texts(element: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]


def marks(root: Value) -> list[str]:
    """The marks of the operands of the root, in their order."""
    edges = diagram.diagram_of(root).edges
    return [edge.mark for edge in edges if edge.head == len(topological_order(root)) - 1]


# What a picture shows -------------------------------------------------------------------------------


def test_a_card_shows_label_symbol_value_and_gradient():
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    y.backward()

    assert [texts(card) for card in cards(draw(y).svg)] == [
        ["x", "▸", "3", "◂", "6"],
        ["y", "×", "▸", "9", "◂", "1"],
    ]


def test_x_times_x_has_two_edges():
    """Seen to fail with edges drawn from a set of parents."""
    x = Value(3.0, "x")
    svg = parsed(draw(x * x).svg)

    assert len(svg.findall(f"{SVG}path")) == 2
    assert len({path.get("d") for path in svg.findall(f"{SVG}path")}) == 2
    assert len(svg.findall(f"{SVG}polygon")) == 2


def test_before_a_pass_a_dash_stands_for_each_gradient():
    """Seen to fail with `node.grad` asked for `node._grad`."""
    x = Value(3.0, "x")
    y = x * 0.0
    before = [texts(card)[-1] for card in cards(draw(y).svg)]
    y.backward()
    after = [texts(card)[-1] for card in cards(draw(y).svg)]

    assert before == ["—", "—"]
    assert after == ["0", "1"]


def test_leaves_operations_and_the_root_differ_in_shape():
    """Seen to fail with one radius for all, and without the root's outer outline."""
    leaf, inner, root = cards(draw(-Value(1.0, "x").exp()).svg)

    def shape(card):
        rects = card.findall(f"{SVG}rect")
        round_ends = float(rects[0].get("rx")) * 2 == float(rects[0].get("height"))
        return len(rects), round_ends, len(card.findall(f"{SVG}path"))

    assert shape(leaf) == (1, True, 0)
    assert shape(inner) == (1, False, 1)
    assert shape(root) == (2, False, 1)


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        (lambda x: x + 1, "+ 1"),
        (lambda x: 1 + x, "1 +"),
        (lambda x: x - 0.5, "− 0.5"),
        (lambda x: x / 4, "÷ 4"),
        (lambda x: x**2, "^ 2"),
        (lambda x: 2**x, "2 ^"),
        (lambda x: 1 / x, "1/x"),
        (lambda x: -x, "−x"),
        (lambda x: x.relu(), "ReLU"),
        (lambda x: x.sigmoid(), "σ"),
        (lambda x: maximum(x, 0.0), "max(·, 0)"),
        (lambda x: leaky_relu(x, 0.1), "leaky_relu(·, 0.1)"),
        (lambda x: gradient(gradient(2.0 / x, x), x), "2·2/y3"),  # whose 3 is set high
    ],
)
def test_constants_stand_with_the_operation(make, symbol):
    svg = draw(make(Value(3.0, "x"))).svg

    assert len(cards(svg)) == 2
    assert texts(cards(svg)[1])[0] == symbol


def test_the_order_of_operands_is_marked_where_it_matters():
    """What stands behind a sign has the sign, what a function takes the parameter's name. Seen to fail with 1, 2, 3."""
    a, b = Value(3.5, "a"), Value(1.25, "b")

    assert marks(a - b) == marks(a - a) == ["", "(−)"]
    assert marks(a / b) == ["", "(÷)"]
    assert marks(b**a) == ["", "(^)"]
    assert marks(a % b) == ["", "(%)"]
    assert marks(a // b) == ["", "(//)"]
    assert marks(atan2(a, b)) == ["y=", "x="]
    assert marks(where(a, b, a)) == ["c=", "x=", "y="]
    assert marks(clamp(a, b, a)) == ["x=", "min=", "max="]
    assert marks(leaky_relu(a, b)) == ["x=", "slope="]
    assert [text for text in texts(parsed(draw(a - b).svg)) if "(" in text] == ["(−)"]


def test_no_operand_is_marked_where_order_does_not_matter():
    """Seen to fail with every operation taken for one whose order matters."""
    a, b = Value(3.5, "a"), Value(1.25, "b")
    several = [a + b, a * b, maximum(a, b), hypot(a, b), sum([a, b]), mean([a, b]), dot([a], [b]), norm([a, b])]

    assert [marks(y) for y in several] == [["", ""]] * len(several)
    assert marks(dot([a, b], [b, a])) == [""] * 4
    assert marks(a - 1) == marks(2.0**a) == marks(where(True, a, 1.0)) == [""]


def test_where_some_operands_are_constants_the_symbol_has_the_names_that_the_marks_have():
    """Seen to fail with a dot for each of them: nobody knows which is which."""
    a, b = Value(3.5, "a"), Value(1.25, "b")

    assert draw(where(a > b, a, b)).diagram.cards[-1].symbol == "where(True, x, y)"
    assert marks(where(a > b, a, b)) == ["x=", "y="]
    assert draw(where(a > b, a, 0.0)).diagram.cards[-1].symbol == "where(True, ·, 0)"


@pytest.mark.parametrize(("symmetric", "marked"), [(True, ["", ""]), (False, ["x=", "y="])])
def test_symmetry_is_as_declared(symmetric, marked):
    """Seen to fail with symmetry guessed from derivatives that exchange with their operands."""
    try:

        @operation("far(x, y)", "sign(x − y)", "sign(y − x)", symmetric=symmetric)
        def far(x, y):
            return (x - y, lambda: (1.0, -1.0)) if x > y else (y - x, lambda: (-1.0, 1.0))

        assert marks(far(Value(3.0, "a"), Value(4.0, "b"))) == marked
    finally:
        OPERATIONS.pop("far", None)


@pytest.mark.parametrize(
    ("notation", "symbol", "marked"),
    [
        ("x − y", "", ["", "(−)"]),
        ("x − y", "⊖", ["", "(⊖)"]),
        ("y − x", "", ["(−)", ""]),
        ("x − x", "", ["x=", "y="]),
        ("x·y − y", "", ["x=", "y="]),
        ("what is left of x by y", "", ["x=", "y="]),
    ],
)
def test_operands_of_an_operation_of_the_user_are_marked_by_its_notation(notation, symbol, marked):
    """Seen to fail with the sign always at the second operand."""
    try:

        @operation(notation, "1", "−1", symbol=symbol)
        def taken_off(x, y):
            return x - y, lambda: (1.0, -1.0)

        assert marks(taken_off(Value(3.0, "a"), Value(4.0, "b"))) == marked
    finally:
        OPERATIONS.pop("taken_off", None)


def test_items_of_several_lists_are_marked_with_their_places_if_the_lists_cannot_change_places():
    """Seen to fail with the end of a long mark cut off, and the place with it."""
    try:

        @operation("weighted(xs, temperatures)", "temperatures", "xs", domain=([REALS], [REALS]))
        def weighted(xs, temperatures):
            return dot(xs, temperatures), lambda: (*temperatures, *xs)

        a, b = Value(3.0, "a"), Value(4.0, "b")

        assert marks(weighted([a, b], [b, a])) == ["xs[0]=", "xs[1]=", "tempera…[0]=", "tempera…[1]="]
    finally:
        OPERATIONS.pop("weighted", None)


def test_an_operation_of_the_user_is_drawn_like_a_built_in_one():
    try:

        @operation("longest_side(x, y)", "x/longest_side(x, y)", "y/longest_side(x, y)", symbol="⊿")
        def longest_side(x, y):
            root = (x * x + y * y) ** 0.5
            return root, lambda: (x / root, y / root)

        root = longest_side(Value(3.0, "a"), Value(4.0, "b"))

        assert texts(cards(draw(root).svg)[2])[:3] == ["⊿", "▸", "5"]
        assert len(draw(root).to_dot().body) == 5
    finally:
        OPERATIONS.pop("longest_side", None)


def test_title_and_description_tell_the_graph():
    svg = parsed(draw(neuron()).svg)
    title, description = svg.findtext(f"{SVG}title"), svg.findtext(f"{SVG}desc")

    assert svg.get("role") == "img"
    assert title == "1/(1 + exp(−(w0 × x0 + w1 × x1 + w2))): 13 nodes"
    assert description.startswith("w0 has value 2 and gradient −0.1966. x0 has value −1 and gradient 0.3932.")
    assert description.count("has value") == 13


def test_a_card_tells_its_formula_and_its_numbers_in_full():
    title = cards(draw(neuron()).svg)[-1].findtext(f"{SVG}title")

    assert title == "1/(1 + exp(−(w0 × x0 + w1 × x1 + w2)))\nvalue 0.7310585786300049\ngradient 1.0"


def test_the_description_is_bounded():
    y = Value(0.0)
    for _ in range(99):
        y = y + 1
    description = parsed(draw(y).svg).findtext(f"{SVG}desc")

    assert description.count("has value") == diagram.SENTENCES
    assert description.endswith("And 40 more.")


def test_digits_and_direction():
    f = neuron()
    across, down = parsed(draw(f).svg), parsed(draw(f, direction="TB", digits=9).svg)

    assert float(across.get("width")) > float(across.get("height"))
    assert float(down.get("width")) < float(down.get("height"))
    assert "0.731058579" in texts(down)
    assert "0.7311" in texts(across)


def test_cards_do_not_overlap_and_stand_inside_the_picture():
    root = draw(neuron()).svg
    left, top, width, height = map(float, parsed(root).get("viewBox").split())
    boxes = []
    for card in cards(root):
        x, y = map(float, re.findall(r"-?[\d.]+", card.get("transform")))
        rect = card.find(f"{SVG}rect")
        boxes.append((x, y, x + float(rect.get("width")), y + float(rect.get("height"))))

    assert all(left < x0 and top < y0 and x1 < left + width and y1 < top + height for x0, y0, x1, y1 in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


# Legible for everyone -------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def everything(**look):
    """A picture with all that can be painted: frames in frames, a folded group, flows, marks, a stub, a highlight."""
    with scope("outer"):
        x, y = Value(3.0, "x"), Value(2.0, "y_1")
        with scope("inner"):
            z = (x - y) * dot([x, y], [y, 0.5])
    z.backward()
    return [draw(z, flows=True, highlight=z, **look), draw(z + 1, depth=2, **look), draw(z, around=x, radius=1, **look)]


def painted(svg, tag, colouring, dark=False):
    """All colours of a kind of element; the dark ones are those of the style sheet."""
    rules = {}
    for name, painting, colour in re.findall(r"\.([\w-]+)\{(\w+):(#\w{6})\}", svg.findtext(f"{SVG}style") or ""):
        rules[name, painting] = colour
    found = set()
    for element in svg.iter(SVG + tag):
        if element.get(colouring, "none") != "none":
            names = element.get("class").split()
            darks = [rules[name, colouring] for name in names if (name, colouring) in rules]
            found.add(darks[0] if dark else element.get(colouring))
    return found


@pytest.mark.parametrize(("theme", "dark"), [("auto", False), ("auto", True), ("light", False), ("dark", False)])
def test_every_text_stands_out_from_every_surface(theme, dark):
    """Seen to fail with a value of #4fb06d on light, and with light colours in the dark rules."""
    svgs = [parsed(drawing.svg) for drawing in everything(theme=theme)]

    def all_painted(*kinds):
        return {colour for svg in svgs for kind in kinds for colour in painted(svg, *kind, dark)}

    surfaces = all_painted(("rect", "fill"), ("path", "fill"))
    texts = all_painted(("text", "fill"))
    lines = all_painted(("path", "stroke"), ("rect", "stroke"), ("polygon", "fill"))
    background = parsed(draw(Value(1.0), theme=theme).svg)
    background.remove(background.find(f"{SVG}g"))
    (page,) = painted(background, "rect", "fill", dark)

    assert len(surfaces) == 6
    assert len(texts) == 4
    assert min(contrast(text, surface) for text in texts for surface in surfaces) >= 4.5
    assert min(contrast(line, page) for line in lines) >= 3
    assert (luminance(page) > 0.5) == (theme != "dark" and not dark)


def test_two_figures_on_a_page_do_not_mix():
    one, other = draw(Value(1.0)).svg, draw(Value(2.0)).svg
    classes = [set(re.findall(r'class="(\w+)-', svg)) for svg in (one, other)]

    assert len(classes[0]) == len(classes[1]) == 1
    assert classes[0] != classes[1]
    ids = [set(re.findall(r' id="([^"]*)"', svg)) for svg in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


# Hostile labels -------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_any_label_is_shown_literally(label):
    """Seen to fail with `readable` left out."""
    x = Value(1.0, label)
    leaf, root = cards(draw(x + x).svg)
    shown = diagram.readable(label)

    assert texts(leaf)[0] == diagram.shortened(shown)
    assert leaf.findtext(f"{SVG}title").startswith(shown + "\n")
    assert len(texts(root)) == 5
    assert all(a == b or b in "␡�" or ord(b) == 0x2400 + ord(a) for a, b in zip(label, shown, strict=True))


def test_a_long_label_is_short_on_its_card_and_full_in_its_title():
    label = "x" * 70_000
    x = Value(1.0, label)
    leaf, _ = cards(draw(x * x).svg)

    assert texts(leaf)[0] == "x" * 27 + "…"
    assert leaf.findtext(f"{SVG}title").splitlines()[0] == label
    assert float(leaf.find(f"{SVG}rect").get("width")) < 300


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_no_label_breaks_to_dot(label):
    """Seen to fail without `graphviz.escape`, and without the replacement of "&"."""
    x = Value(1.0, label)
    drawing = draw(x + x)
    shown = diagram.shortened(diagram.readable(label))
    rendered = read_by_graphviz(drawing.to_dot().source.replace("digraph {", 'digraph { label="";', 1))
    drawn = [op["text"] for op in rendered["objects"][0]["_ldraw_"] if op["op"] == "T"]

    assert drawn[0].replace("\\\\", "\\").strip() == shown.strip()  # the JSON doubles backslashes once more
    assert drawn[1:] == ["▸ 1", "◂ —"]


# Every time the same --------------------------------------------------------------------------------


def run(program: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, env={**os.environ, **environment}
    )


def test_the_same_program_draws_the_same_bytes_in_every_process():
    """Seen to fail with the nodes ordered by `hash`."""
    program = """
        import sys
        from autograd import Value
        from autograd.draw import draw
        values = [Value(float(i), f"x{i}") for i in range(10)]
        y = values[0]
        for a, b in zip(values, values[::-1]):
            y = y * a + b
        y.backward()
        sys.stdout.buffer.write(draw(y).svg.encode())
    """
    drawn = {run(program, PYTHONHASHSEED=str(seed)).stdout for seed in range(4)}

    assert len(drawn) == 1
    assert drawn.pop().startswith(b"<svg")


def test_a_drawing_shows_the_graph_as_it_was():
    x = Value(1.0, "x")
    drawing = draw(x)
    before = drawing.svg
    x.data = 7.0

    assert drawing.svg is before
    assert "7" not in texts(parsed(before))


# Large graphs, and the end of patience --------------------------------------------------------------


def test_depth_is_no_limit():
    """Seen to fail, by a RecursionError, with the operands of operands visited by a function that calls itself."""
    y = Value(0.0, "x")
    for _ in range(9_999):
        y = y + 1
    svg = draw(y, max_nodes=20_000).svg
    places = [tuple(map(float, re.findall(r"-?[\d.]+", card.get("transform"))))[::-1] for card in cards(svg)]

    assert len(places) == 10_000
    assert all(above + 10 < below or left + 50 < right for (above, left), (below, right) in itertools.pairwise(places))
    assert svg.count("-edge-") == 9_999


def test_depth_is_no_limit_where_stacks_are_small():
    program = """
        import threading
        from autograd import Value
        from autograd.draw import draw
        y = Value(0.0)
        for _ in range(9_999):
            y = y + 1
        threading.stack_size(256 << 10)
        thread = threading.Thread(target=lambda: print(draw(y, max_nodes=10_000).svg[:4]))
        thread.start()
        thread.join()
    """

    assert run(program).stdout.split() == [b"<svg"]


def test_a_program_that_drew_ends_in_silence():
    program = """
        import sys
        from autograd import Value
        from autograd.draw import draw
        sys.kept = draw
        draw(Value(1.0)).svg
    """

    assert run(program).stderr == b""


def test_too_many_nodes_are_an_error_that_names_the_count_and_the_parameter():
    y = Value(0.0)
    for _ in range(20):
        y = y + 1

    with pytest.raises(ValueError, match=r"21 nodes.*max_nodes=20"):
        draw(y, max_nodes=20)
    assert draw(y, max_nodes=21).svg


def test_a_slow_layout_ends_at_the_timeout():
    """It takes some seconds, and has half of one. Seen to fail with `each` looking at no clock."""
    drawing = replace(draw(dense(), timeout=1000), seconds=0.5)

    with pytest.raises(TimeoutError, match=r"1041 nodes and 13040 edges took more than 1000 s.*timeout=2000$"):
        _ = drawing.svg
    assert draw(Value(1.0)).svg


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_ends_a_layout_at_once():
    program = f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from test_draw import dense, draw, Value
        root = dense()
        draw(Value(1.0)).svg
        print("drawing", flush=True)
        try:
            draw(root, timeout=1000.0).svg
        except KeyboardInterrupt:
            print("ended", draw(Value(1.0)).svg[:4], flush=True)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "drawing\n"
        time.sleep(0.5)  # well into the layout
        child.send_signal(signal.SIGINT)
        try:
            said, _ = child.communicate(timeout=20)
        finally:
            child.kill()

    assert said == "ended <svg\n"


def test_threads_with_small_stacks_draw_at_the_same_time():
    f = neuron()
    expected, drawn = draw(f).svg, []
    usual = threading.stack_size(256 << 10)
    try:
        threads = [threading.Thread(target=lambda: drawn.append(draw(f).svg)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = threading.stack_size()
    finally:
        threading.stack_size(usual)

    assert drawn == [expected] * 8
    assert after == 256 << 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_draws_as_its_parent_does():
    program = """
        import os
        from autograd import Value
        from autograd.draw import draw
        drawing = draw(Value(1.0, "x") * 2)
        before = drawing.svg
        child = os.fork()
        same = drawing.svg == before == draw(Value(1.0, "x") * 2).svg
        if child == 0:
            os._exit(0 if same else 1)
        print(same, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

    assert run(program).stdout.split() == [b"True", b"0"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": "RL"}, "direction must be 'LR' or 'TB', not 'RL'"),
        ({"digits": 0}, "digits must be from 1 to 17, not 0"),
        ({"max_nodes": -1}, "max_nodes must be 0 or more, not -1"),
    ],
)
def test_a_wrong_option_is_an_error_that_names_the_choices(options, message):
    with pytest.raises(ValueError, match=message):
        draw(Value(1.0), **options)


@pytest.mark.parametrize("root", [3.0, "x", None, [Value(1.0)]])
def test_only_a_value_can_be_drawn(root):
    with pytest.raises(TypeError, match=r"takes the Value to draw from, not"):
        draw(root)


# Limits ---------------------------------------------------------------------------------------------


def wide(nodes, edges):
    """A graph of so many nodes with many times as many edges."""
    leaves = [Value(1.0) for _ in range(nodes // 2)]
    sums = [sum((leaves * edges)[: edges // len(leaves)]) for _ in leaves]
    return sum(sums)


def test_a_wide_value_is_shown_as_one_line():
    """Seen to fail with nodes alone counted: in a notebook, 5 seconds for 28 nodes."""
    shown = wide(28, 30_000)._repr_mimebundle_()

    assert list(shown) == ["text/plain"]
    assert "more than 150 nodes, or 1,500 edges: draw(value)" in shown["text/plain"]
    assert "image/svg+xml" in sum([Value(1.0)] * 1500)._repr_mimebundle_()


@pytest.mark.parametrize("options", [{}, {"depth": 1}, {"around": True, "radius": 1}])
def test_too_many_edges_are_an_error_that_names_their_count_and_what_allows_them(options):
    """Seen to fail with nodes alone counted."""
    y = sum([Value(1.0)] * 301)
    options = {**options, "around": y} if "around" in options else options

    with pytest.raises(ValueError, match=r"and 301 edges, more than max_nodes=30 with 10 edges each: .*max_nodes=31"):
        draw(y, max_nodes=30, **options)
    assert draw(y, max_nodes=31, **options).svg


def test_edges_between_folded_groups_count_as_the_lines_that_are_drawn():
    with scope("leaves"):
        leaves = [Value(1.0) for _ in range(100)]
    with scope("sums"):
        y = sum([sum(leaves) for _ in range(10)])

    assert draw(y, depth=1, max_nodes=2).svg


@pytest.mark.parametrize(
    "part",
    [
        *("diagram", "diagram.view", "diagram.edges", "diagram.blocks"),
        *("layout", "layout.levels", "layout.ranks", "layout.order", "layout.places", "layout.rooms", "svg"),
    ],
)
def test_the_time_limit_covers_all_that_drawing_does(monkeypatch, part):
    """Seen to fail with a limit on the layout alone."""

    def no_time_left(items):
        raise TimeoutError

    monkeypatch.setattr(import_module(f"autograd.draw.{part}"), "each", no_time_left)
    x = Value(1.0)

    with pytest.raises(TimeoutError, match=r"^drawing .*took more than 7 s: draw a smaller part .*timeout=14$"):
        _ = draw(x - x, timeout=7).svg


def test_the_time_limit_covers_dot(monkeypatch):
    """Seen to fail with no limit on it."""
    drawing = draw(Value(1.0) * 2, timeout=7)
    monkeypatch.setattr(limits, "monotonic", itertools.count(step=100).__next__)

    with pytest.raises(TimeoutError, match=r"^drawing 2 nodes and 1 edges took more than 7 s"):
        drawing.to_dot()


def test_what_takes_many_steps_ends_at_the_limit(monkeypatch):
    """The clock goes on by a second with each look at it."""
    monkeypatch.setattr(limits, "monotonic", itertools.count().__next__)
    seen = []

    with pytest.raises(TimeoutError, match=r"^counting took more than 7 s"), limits.within(7, "counting"):
        seen += limits.each(range(10**6))
    assert list(limits.each(range(3))) == [0, 1, 2]


def test_what_has_been_drawn_is_taken_off_the_time_of_the_layout(monkeypatch):
    """Seen to fail with the whole timeout given to the layout, or to all that comes after the diagram."""
    clock, given = itertools.count(), []
    monkeypatch.setattr(limits, "monotonic", clock.__next__)
    monkeypatch.setattr(layout, "house_of", lambda _: given.append((next(clock), limits.left())) or 1 / 0)
    drawing = draw(sum([Value(1.0)] * 10_000), timeout=10_000)
    with pytest.raises(ZeroDivisionError):  # for this answer
        _ = drawing.svg
    ((now, left),) = given

    assert now > 250
    assert now + left == pytest.approx(10_000, abs=3)


# Files and notebooks --------------------------------------------------------------------------------


def test_a_drawing_is_saved_by_the_ending_of_its_name(tmp_path):
    drawing = draw(neuron())
    drawing.save(tmp_path / "neuron.svg")
    drawing.save(str(tmp_path / "neuron.dot"))

    assert (tmp_path / "neuron.svg").read_text(encoding="utf-8") == drawing.svg
    assert (tmp_path / "neuron.dot").read_text(encoding="utf-8") == drawing.to_dot().source
    with pytest.raises(ValueError, match=r"saved as \.svg, .* or \.dot, not as 'neuron\.gif'"):
        drawing.save(tmp_path / "neuron.gif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["neuron.dot", "neuron.svg"]


def test_a_file_that_cannot_be_replaced_whole_stays_as_it_was(tmp_path, monkeypatch):
    """Seen to fail with the text written straight to the file."""
    path = tmp_path / "old.svg"
    path.write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        draw(Value(1.0)).save(path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_notebooks_show_a_drawing_and_a_value():
    f = neuron()
    drawing = draw(f)

    assert drawing._repr_svg_() == drawing.notebook_svg
    assert drawing._repr_mimebundle_()["image/svg+xml"] == drawing.notebook_svg
    assert f._repr_mimebundle_() == {**drawing._repr_mimebundle_(), "text/plain": repr(f)}
    assert f._repr_mimebundle_(include=None, exclude=None) == f._repr_mimebundle_()


def test_a_value_of_more_than_150_nodes_is_shown_as_one_line():
    y = Value(0.0)
    for _ in range(NOTEBOOK_NODES - 1):
        y = y + 1

    assert "image/svg+xml" in y._repr_mimebundle_()
    assert list((y + 1)._repr_mimebundle_()) == ["text/plain"]
    assert re.search(
        r"^Value\(.*more than 150 nodes, or 1,500 edges: draw\(value\)", (y + 1)._repr_mimebundle_()["text/plain"]
    )


def test_counting_to_150_does_not_walk_a_large_graph(monkeypatch):
    """Seen to fail with a count of all nodes."""

    class Counted(Value):
        __slots__ = ()
        asked = 0

        def __getattribute__(self, name):
            Counted.asked += name == "operands"
            return super().__getattribute__(name)

    y = Value(0.0)
    for _ in range(5_000):
        leaf = Counted(1.0)
        y = leaf + y

    assert is_larger_than(150, y)
    assert Counted.asked <= 150


def test_a_display_never_raises(monkeypatch):
    monkeypatch.setattr(layout, "layout_of", lambda *_: 1 / 0)
    shown = Value(1.0, "x")._repr_mimebundle_()

    assert list(shown) == ["text/plain"]
    assert shown["text/plain"].startswith("Value(data=1.0, grad=0.0, label='x'), not drawn: division by zero")


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_timeout_is_above_zero(timeout):
    with pytest.raises(ValueError, match=r"timeout (is nan|must be a number of seconds above 0)"):
        draw(Value(1.0), timeout=timeout)


def test_a_model_is_drawn_around_one_of_its_nodes_and_with_one_highlighted():
    """Seen to fail with a truth value asked of the node, and with the graph folded beside `around`."""
    model = nn.MLP(2, [2, 1], seed=0)
    y = model([1.0, 2.0])

    assert "8 of them drawn" in draw(model, around=y).title
    assert any(card.is_highlighted for card in draw(model, highlight=y).diagram.cards)

"""Pictures as numbers: what the eye would stumble over, measured on 300 SVGs; and the measure itself, on wrong ones."""

import functools
import itertools
import random
import re
from collections import Counter

import numpy as np
import pytest
from drawings import GALLERY, Example, corpus, e1, e3, e4, look, neuron, nothing, random_tree
from geometry import KINDS, SEARCHED, Fault, Order, crossings, faults, figures, least_inversions, order
from pictures import Graph, Picture
from shapes import Box, Line, Shape, Text, depth, painting

from autograd import Value, dot, nn, scope
from autograd.draw import draw

# The measure, on pictures that are wrong on purpose -------------------------------------------------

P = "g0"  # the prefix of the figure
DARK = {"page": "#15181e", "ink": "#e9edf3", "card": "#1d222b"}
STYLE = f"@media (prefers-color-scheme:dark){{{''.join(f'.{P}-{name}{{fill:{c}}}' for name, c in DARK.items())}}}"


def svg(*parts: str, width: float = 400, height: float = 200, style: str = "") -> str:
    """A picture of these parts."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="13">'
        f"<style>{style}</style>"
        f'<rect x="0" y="0" width="{width}" height="{height}" fill="#ffffff" class="{P}-page"/>{"".join(parts)}</svg>'
    )


def card(number: int, x: float, y: float, text: str = "x", title: str = "", width: float = 80, **more) -> str:
    ink, at = more.get("ink", "#1b2430"), more.get("at", (12, 25))
    return (
        f'<g id="{P}-node-{number}" transform="translate({x} {y})"><title>{title or text}</title>'
        f'<rect x="0" y="0" width="{width}" height="40" rx="5" fill="#fbfcfe" stroke="#7d8896" class="{P}-card"/>'
        f'<text x="{at[0]}" y="{at[1]}" fill="{ink}" class="{P}-ink">{text}</text></g>'
    )


def edge(number: int, x: float, y: float, *rest: str) -> str:
    """A line from a point along the rest of a path, and an arrow of 10 pixels to the right."""
    last = [*map(float, re.findall(r"-?[\d.]+", rest[-1]))][-2:]
    tip, y1, y2 = last[0] + 10, last[1] - 3, last[1] + 3
    return (
        f'<path id="{P}-edge-{number}" class="{P}-edge" fill="none" stroke="#7d8896" stroke-width="1.2" '
        f'd="M{x},{y}{" ".join(rest)}"/>'
        f'<polygon class="{P}-head" fill="#6b7684" points="{last[0]},{y1} {tip},{last[1]} {last[0]},{y2}"/>'
    )


def flow(number: int, d: str, text: str, x: float, y: float) -> str:
    """A red line along a path, an arrow of 10 pixels to the left where it ends, and a number in the middle of x."""
    end, middle = [*map(float, re.findall(r"-?[\d.]+", d))][-2:]
    return (
        f'<g id="{P}-edge-{number}-flow" class="{P}-flow"><path fill="none" stroke="#b0231c" d="{d}"/>'
        f'<polygon fill="#b0231c" points="{end},{middle - 3} {end - 10},{middle} {end},{middle + 3}"/>'
        f'<text x="{x}" y="{y}" text-anchor="middle" fill="#b0231c" class="{P}-gradient {P}-number">{text}</text></g>'
    )


def frame(name: str, x: float, y: float, width: float, height: float, title: tuple[float, float] | None = None) -> str:
    tx, ty = title or (x + 9, y + 15)
    return (
        f'<g><title>{name}</title><rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#f4f7fa" '
        f'stroke="#8793a1" class="{P}-frame0 {P}-border"/></g>'
        f'<text x="{tx}" y="{ty}" fill="#4d5866" class="{P}-mark {P}-title">{name.split(" › ")[-1]}</text>'
    )


def mark(text: str, x: float, y: float) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle" font-size="13" fill="#4d5866" class="{P}-mark">{text}</text>'


HALO = f'<rect width="80" height="40" rx="5" fill="none" stroke="#c26f14" stroke-width="14" class="{P}-halo"/>'
LEFT, RIGHT = card(0, 20, 20), card(1, 300, 20)
ACROSS = edge(0, 60, 40, "C120,40", "200,40", "290,40")

SOUND = {
    "an edge": (ACROSS, LEFT, RIGHT),
    "an edge and a flow": (ACROSS, flow(0, "M300,48L110,48", "◂ 0.5", 200, 65), LEFT, RIGHT),
    "a frame": (frame("layer", 280, 0, 110, 70), ACROSS, LEFT, RIGHT),
    "frames in frames": (frame("a", 250, 0, 145, 100), frame("a › b", 280, 10, 105, 80), card(1, 300, 40)),
    "its own mark": (
        ACROSS,
        '<rect x="262" y="32" width="16" height="16" fill="#fff"/>',
        mark("1", 270, 44),
        LEFT,
        RIGHT,
    ),
    "a trunk": (
        edge(0, 60, 40, "L150,40", "L200,40", "L290,40"),
        edge(1, 60, 40, "L150,40", "C220,40", "220,120", "290,120"),
        LEFT,
        RIGHT,
        card(2, 300, 100),
    ),
}

BACK = card(2, 300, 110)
SOUND["a trunk of flows"] = (
    ACROSS,
    edge(1, 60, 40, "L120,40", "L150,130", "L290,130"),
    flow(0, "M300,48L200,48L160,48L110,48", "◂ 0.5", 230, 65),
    flow(1, "M300,140L200,140L160,48L110,48", "◂ 0.5", 230, 160),
    LEFT,
    RIGHT,
    BACK,
)

WRONG = {
    "edge through a card": (ACROSS, LEFT, RIGHT, card(2, 150, 30)),
    "edge through a title": (frame("layer", 250, 29, 145, 70), ACROSS, LEFT, RIGHT),
    "edge through another's text": (ACROSS, flow(1, "M0,0", "◂ 7", 200, 44), LEFT, RIGHT),
    "edge through its own text": (ACROSS, flow(0, "M300,48L110,48", "◂ 7", 200, 44), LEFT, RIGHT),
    "edge through its own card": (edge(0, 60, 40, "L200,40", "L290,60", "L330,40"), LEFT, RIGHT),
    "edge ends away from its card": (edge(0, 60, 40, "L200,40", "L280,40"), LEFT, RIGHT),
    "edge outside of the picture": (edge(0, 60, 40, "L150,40", "L180,-9", "L210,40", "L290,40"), LEFT, RIGHT),
    "edges along each other": (
        ACROSS,
        edge(1, 100, 130, "L140,130", "L170,40", "L230,40", "L260,110", "L290,120"),
        LEFT,
        RIGHT,
        card(2, 20, 110),
        card(3, 300, 100),
    ),
    "number nearer to another line": (
        ACROSS,
        edge(1, 60, 130, "L200,130", "L290,130"),
        flow(0, "M300,48L110,48", "◂ 7", 200, 73),
        flow(1, "M300,122L280,122L280,80L130,80L130,122L110,122", "◂ 8", 200, 95),
        LEFT,
        RIGHT,
        card(2, 20, 110),
        card(3, 300, 110),
    ),
    "number away from its line": (ACROSS, flow(0, "M300,48L110,48", "◂ 7", 200, 100), LEFT, RIGHT),
    "arrow head on a text": (ACROSS, mark("1", 294, 44), LEFT, RIGHT),
    "arrow head under a line": (
        ACROSS,
        edge(1, 60, 130, "L200,130", "L294,30", "L294,120"),
        LEFT,
        RIGHT,
        card(2, 20, 110),
        card(3, 304, 100),
    ),
    "arrow head under a highlight": (ACROSS, LEFT, RIGHT.replace("</title>", f"</title>{HALO}")),
    "texts overlap": (LEFT, RIGHT, mark("first", 200, 100), mark("second", 225, 104)),
    "text outside of the picture": (LEFT, RIGHT, mark("outside", 390, 100)),
    "text out of its card": (card(0, 20, 20, "much too long"), RIGHT),
    "text out of its frame": (frame("quite a long name", 120, 0, 110, 70), RIGHT),
    "text on a card": (LEFT, RIGHT, mark("1", 90, 33)),
    "cards overlap": (LEFT, card(1, 90, 50, at=(40, 25))),
    "card outside of the picture": (LEFT, card(1, 350, 20)),
    "frames cross": (frame("one", 100, 50, 120, 90), frame("two", 180, 100, 120, 90), LEFT, RIGHT),
    "contrast": (LEFT, card(1, 300, 20, ink="#8a93a0")),
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_wrong_with_a_sound_picture(name):
    assert faults(svg(*SOUND[name])) == []


@pytest.mark.parametrize("kind", WRONG)
def test_each_fault_is_found_where_it_is_made(kind):
    assert {fault.kind for fault in faults(svg(*WRONG[kind]))} == {kind}


def test_a_fault_has_a_place():
    [found] = faults(svg(*WRONG["edge through a card"]))

    assert found.what == "edge-0 through node-2"
    assert Box(150, 30, 230, 70).holds(Box(*found.place, *found.place))


def test_two_edges_of_one_tail_must_part():
    """As those of x · x do; seen to fail with all that begins together taken for a trunk."""
    same = edge(0, 60, 40, "L290,40"), edge(1, 60, 40, "L290,40")

    assert [fault.kind for fault in faults(svg(*same, LEFT, RIGHT))] == ["edges along each other"]


def test_edges_of_one_tail_must_not_meet_again():
    parted = edge(1, 60, 40, "L120,40", "L150,90", "L180,40", "L240,40", "L270,110", "L290,120")

    assert [fault.kind for fault in faults(svg(ACROSS, parted, LEFT, RIGHT, card(2, 300, 100)))] == [
        "edges along each other"
    ]


def test_a_flow_must_not_lie_on_its_own_edge():
    on_it = flow(0, "M300,40L110,40", "◂ 7", 200, 65)
    in_part = flow(0, "M300,48L220,48L190,40L110,40", "◂ 7", 240, 65)

    for each in (on_it, in_part):
        assert "edges along each other" in {fault.kind for fault in faults(svg(ACROSS, each, LEFT, RIGHT))}


def test_a_flow_must_reach_the_card_of_its_operand():
    short = flow(0, "M300,48L150,48", "◂ 7", 200, 65)

    assert [fault.kind for fault in faults(svg(ACROSS, short, LEFT, RIGHT))] == ["edge ends away from its card"]


def test_a_line_under_its_whole_tail_is_wrong():
    backwards = edge(0, 22, 40, "L200,40", "L290,40")

    assert [fault.kind for fault in faults(svg(backwards, LEFT, RIGHT))] == ["edge through its own card"]


def test_contrast_is_that_of_the_theme_and_of_what_is_below():
    """White on white is seen in the dark, where the page is dark."""
    white = card(0, 20, 20, ink="#ffffff")
    light = f"@media (prefers-color-scheme:dark){{.{P}-card{{fill:#000000}}}}"

    assert [fault.what for fault in faults(svg(white, style=light))] == ["'x' has 1.03 : 1 when light"]
    assert [fault.what for fault in faults(svg(LEFT, style=light))] == ["'x' has 1.34 : 1 when dark"]
    assert faults(svg(LEFT, style=STYLE)) == []


def test_the_contrast_of_colours_is_that_of_the_standard():
    """#767676 is the lightest grey that WCAG 2 allows on white, 4.54 : 1."""
    assert faults(svg(card(0, 20, 20, ink="#737373"))) == []
    assert round(figures(svg(mark("a", 50, 50).replace("#4d5866", "#767676"))).contrast, 2) == 4.54
    assert figures(svg(mark("a", 50, 50).replace("#4d5866", "#000"))).contrast == 21


# What a graph says of its picture -------------------------------------------------------------------


def changed(drawing, change) -> set[str]:
    """The kinds of faults of a drawing after a change of its SVG that were not there before."""
    before = {fault.kind for fault in faults(drawing.svg, drawing)}
    return {fault.kind for fault in faults(change(drawing.svg), drawing)} - before


def moved(picture: str, number: int, x: float, y: float) -> str:
    """The picture with a card elsewhere."""
    return re.sub(rf'(node-{number}" transform="translate\()[^)]*', rf"\g<1>{x} {y}", picture)


def swapped(picture: str, one: int, other: int) -> str:
    """The picture with two cards in each other's place, but for their edges."""
    here, there = (re.search(rf'node-{n}" transform="translate\(([^)]*)', picture)[1].split() for n in (one, other))
    return moved(moved(picture, one, *there), other, *here)


def sum_of_two():
    with scope("pair"):
        y = Value(1.0, "a") - Value(2.0, "b")
    return draw(y * Value(3.0, "c"))


def test_an_edge_that_is_missing_is_found():
    without = functools.partial(re.sub, r'<path [^>]*id="\w+-edge-0".*?/><polygon.*?/>', "")

    assert "edge that is missing" in changed(sum_of_two(), without)


def test_a_card_that_is_not_seen_is_missing():
    """Else pictures would pass whose cards are not found; seen to fail with only those compared that are found."""
    drawing = sum_of_two()

    assert changed(drawing, lambda picture: picture.replace("-node-", "-nod-")) >= {"card that is missing"}


def test_a_flow_that_is_not_seen_is_missing():
    root = Value(1.0, "a") * Value(2.0, "b")
    root.backward()

    drawing = draw(root, flows=True)
    assert "flow that is missing" in changed(drawing, lambda picture: picture.replace("-edge-0-flow", ""))


def test_a_frame_needs_its_title():
    drawing = sum_of_two()

    assert changed(drawing, functools.partial(re.sub, "<text [^>]*>pair</text>", "")) == {"frame without a title"}


def test_an_edge_to_a_wrong_card_is_found():
    drawing = draw(Value(1.0, "a") - Value(2.0, "b"))

    assert "edge that is not in the graph" in changed(drawing, lambda picture: swapped(picture, 0, 1))


def test_a_card_out_of_its_frame_and_one_in_a_strangers_are_found():
    drawing = sum_of_two()

    assert "card out of its frame" in changed(drawing, lambda picture: moved(picture, 0, 900, 900))
    assert "card in a stranger's frame" in changed(
        drawing, lambda picture: moved(picture, 3, *Picture(picture).frames[0].box.middle)
    )


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_operands_in_a_wrong_order_are_found(direction):
    drawing = draw(Value(1.0, "a") + Value(2.0, "b"), direction=direction)
    found = [order(Picture(picture), Graph(drawing)) for picture in (drawing.svg, swapped(drawing.svg, 0, 1))]

    assert sorted((each.in_columns, each.anywhere, each.least) for each in found) == [(0, 0, 0), (1, 1, 0)]


def apart(picture: str) -> str:
    """The picture with its first card to the right of the second one, and below."""
    return moved(moved(picture, 0, 0, 0), 1, -500, -500)


def kinds_of_order(drawing, picture: str) -> set[str]:
    return {fault.kind for fault in faults(picture, drawing) if fault.kind.startswith("inverted")}


def test_a_wrong_order_is_a_fault_where_another_one_is_possible():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    tree, shared = draw(a - b), draw(a * b + a)

    def both(drawing):
        return [kinds_of_order(drawing, picture) for picture in (drawing.svg, swapped(drawing.svg, 0, 1))]

    assert sorted(both(tree), key=len) == [set(), {"inverted in a tree"}]
    assert sorted(both(shared), key=len) == [set(), {"inverted more than needed"}]
    assert kinds_of_order(tree, apart(tree.svg)) == {"inverted between columns of a tree"}


def test_pairs_of_two_lists_may_stand_in_any_order_in_two_columns():
    """As weights beside the outputs of the layer before; seen to fail with all pairs alike."""
    w, x = Value(1.0, "w"), Value(2.0, "x")
    drawing = draw(dot([w], [x]))

    assert kinds_of_order(drawing, apart(drawing.svg)) == set()


def test_a_row_out_of_order_is_found():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    drawing = draw(a + b)
    up, down = [{f.kind for f in faults(drawing.svg, drawing, [row])} for row in ([a, b], [b, a])]

    assert up ^ down == {"row out of order"}


def test_the_least_number_of_inversions_is_that_of_all_orders():
    """Against the plain way, for 100 random wishes."""
    chance = random.Random(0)
    for _ in range(100):
        cards = "abcdef"[: chance.randint(2, 6)]
        wishes = Counter(tuple(chance.sample(cards, 2)) for _ in range(chance.randint(1, 14)))
        least = min(
            sum(n for (one, other), n in wishes.items() if row.index(one) > row.index(other))
            for row in itertools.permutations(cards)
        )

        assert least_inversions(wishes) == least


def test_what_cannot_be_searched_is_not_judged():
    ring = [(f"{i}", f"{(i + 1) % (SEARCHED + 1)}") for i in range(SEARCHED + 1)]
    row = ring[:-1]

    assert least_inversions(Counter(ring)) is None
    assert least_inversions(Counter(row)) == 0
    assert least_inversions(Counter([*ring[:3], ("3", "0")])) == 1


# Reading an SVG -------------------------------------------------------------------------------------


def only(kind: type, *parts: str):
    [*_, last] = painting(svg(*parts)).of(kind)
    return last


@pytest.mark.parametrize(
    ("d", "ends", "length"),
    [
        ("M0,0L30,40", (30, 40), 50),
        ("M10 10h30v-5", (40, 5), 35),
        ("m10,10l30,0 0,40", (40, 50), 70),
        ("M0,0C0,0 30,40 30,40", (30, 40), 50),
        ("M0,0C10,0 20,0 30,0S50,0 60,0", (60, 0), 60),
        ("M0,0Q5,0 10,0", (10, 0), 10),
        ("M0,0A10,10 0 0 1 10,10", (10, 10), 15.7),
        ("M0,0A10,10 0 1 0 10,10", (10, 10), 47.1),
        ("M0,0H10V10H0Z", (0, 0), 40),
    ],
)
def test_paths_are_flattened(d, ends, length):
    points = only(Line, f'<path fill="none" stroke="#000" d="{d}"/>').points
    steps = np.hypot(*np.diff(points, axis=0).T)

    assert np.allclose(points[-1], ends)
    assert steps.max() < 2.0 + 1e-9
    assert abs(steps.sum() - length) < 0.1


def test_a_gap_in_a_path_is_no_line():
    line = only(Line, '<path fill="none" stroke="#000" d="M0,0L4,0M30,0L32,0"/>')

    assert [len(piece) for piece in line.pieces] == [3, 2]


@pytest.mark.parametrize(
    ("attributes", "box"),
    [
        ('x="10" y="20" font-size="10"', (10, 12.3, 22, 22.3)),
        ('x="10" y="20" font-size="10" text-anchor="middle"', (4, 12.3, 16, 22.3)),
        ('x="10" y="20" font-size="10" text-anchor="end"', (-2, 12.3, 10, 22.3)),
        ('x="1" y="2" font-size="10" transform="translate(9 18)"', (10, 12.3, 22, 22.3)),
        ('x="10" y="20" font-size="5" transform="scale(2)"', (20, 32.3, 32, 42.3)),
    ],
)
def test_texts_have_boxes(attributes, box):
    assert np.allclose(only(Text, f"<text {attributes}>ab</text>").box, box)


def test_wide_characters_and_indices_have_their_widths():
    assert only(Text, '<text font-size="10">漢e\u0301</text>').box.width == 18
    found = only(Text, '<text font-size="13"><tspan>w</tspan><tspan dy="3.9" font-size="10">0</tspan></text>')

    assert found.box.width == pytest.approx(7.8 + 6)
    assert (found.size, found.smallest) == (13, 10)
    assert found.box.bottom == pytest.approx(3.9 + 2.3)


def test_round_corners_are_no_part_of_a_card():
    box = Box(0, 0, 100, 40)

    assert depth(np.array([(50, 20), (50, -3), (2, 2)]), box).tolist() == [-20, 3, -2]
    assert depth(np.array([(2, 2)]), box, 20)[0] > 5
    assert (2, 2) not in only(Shape, '<rect x="0" y="0" width="100" height="40" rx="20" fill="#fff"/>')


@pytest.mark.parametrize(
    "part",
    [
        '<use href="#a"/>',
        '<text x="0"><tspan x="5">a</tspan></text>',
        '<text fill="url(#a)">a</text>',
        '<path fill="none" stroke="#000" d="M0,0T5,5"/>',
        '<g transform="skewX(3)"><text>a</text></g>',
    ],
)
def test_what_cannot_be_measured_is_told(part):
    with pytest.raises(ValueError, match="is not measured"):
        painting(svg(part))


def test_crossings_are_counted():
    lines = [edge(0, 0, 0, "L100,100"), edge(1, 0, 100, "L100,0"), edge(2, 0, 50, "C50,-90", "50,90", "100,150")]
    picture = Picture(svg(*lines, card(0, 300, 20)))

    assert crossings([*picture.edges.values()][:2]) == 1


def test_a_picture_is_fitted_to_a_slide():
    """480 pixels high, it is magnified by 540 / 480."""
    found = figures(svg(LEFT, width=640, height=480))

    assert found.smallest == 13 * 540 / 480
    assert found.aspect == 640 / 480


# The pictures ---------------------------------------------------------------------------------------


@functools.cache
def measured() -> list[tuple[Example, list[Fault], Graph, Order]]:
    """The faults of each drawing of the corpus, and its order."""
    found = []
    for example in corpus():
        drawing = example.drawing()
        graph = Graph(drawing)
        told = faults(drawing.svg, drawing, example.rows)
        found.append((example, told, graph, order(Picture(drawing.svg), graph)))
    return found


def test_the_corpus_has_drawings_of_all_kinds():
    examples = corpus()
    options = [example.made[1] for example in examples]

    assert len({example.name for example in examples}) == len(examples) == 300
    assert Counter(each.get("direction", "LR") for each in options).most_common()[-1][1] > 100
    assert sum(each.get("flows", False) for each in options) > 100
    assert {each.get("depth") for each in options} == {None, 1, 2, 3}


def drawings_with(kind: str) -> list[str]:
    return [example.name for example, found, *_ in measured() if any(fault.kind == kind for fault in found)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "edges along each other"])
def test_no_drawing_has_a_fault_of(kind):
    assert drawings_with(kind) == []


def test_hardly_any_lines_run_along_each_other():
    """Where many edges with flows cross between two columns, the broad one of a neighbour may touch an edge."""
    assert len(drawings_with("edges along each other")) <= 0.05 * len(corpus())


def without_shared_leaves(i: int) -> Example:
    """A neuron, a layer or an expression in which nothing is used twice."""
    if i % 3 == 0:
        return Example(f"neuron {i}", lambda: neuron(i // 3))
    if i % 3 == 1:
        return Example(f"layer {i}", lambda: layer_of_numbers(i // 3))
    return Example(f"tree {i}", lambda: random_tree(i // 3 + 500))


def layer_of_numbers(i: int):
    model = nn.Layer(1 + i % 5, 1 + i % 4, "tanh", seed=i)
    with nn.expanded() if i % 2 else nothing():
        outputs = model([0.5] * (1 + i % 5))
    total = outputs[0]
    for output in outputs[1:]:
        total = total + output
    return total, look(i, depth=(None, 1, 2)[i % 3]), []


def test_operands_stand_in_their_written_order():
    inverted = {}
    for i in range(200):
        example = without_shared_leaves(i)
        drawing = example.drawing()
        graph = Graph(drawing)
        found = order(Picture(drawing.svg), graph)
        uses = Counter(id(parent) for node in graph.order for parent in node.parents)
        assert max(uses.values(), default=0) <= 1, example.name
        if found.anywhere:
            inverted[example.name] = found.anywhere

    assert inverted == {}


def test_where_leaves_are_shared_the_order_is_the_best_in_nearly_all_pictures():
    judged = [
        found.in_columns == found.least
        for _, _, graph, found in measured()
        if not graph.is_tree and found.wishes and found.least is not None
    ]

    assert len(judged) > 100
    assert sum(judged) >= 0.95 * len(judged)


SLIDES = {**GALLERY, "e1": e1, "e3": e3, "e4": e4}


@pytest.mark.parametrize("name", SLIDES)
def test_texts_can_be_read_on_a_slide(name):
    """12 points at the least, where the picture is fitted to a slide of 13.3 inches."""
    assert figures(Example(name, SLIDES[name]).drawing().svg).smallest >= 12

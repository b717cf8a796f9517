"""Where things stand on pictures, by the parts of the layout: frames, ranks, order, places, rows and routes."""

import contextlib
import itertools
import math
import random
import sys
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, dot, scope, sum
from autograd.cells import cells
from autograd.draw import draw, limits
from autograd.draw.diagram import diagram_of
from autograd.draw.diagram.cards import CELL
from autograd.draw.geometry import Box
from autograd.draw.layout import layout_of, order, places
from autograd.draw.layout.grid import Grid, Piece
from autograd.draw.layout.levels import Item, house_of
from autograd.draw.layout.ranks import ranks_of
from autograd.draw.layout.rooms import rooms_of

BOTH = pytest.mark.parametrize("direction", ["LR", "TB"])


def neuron(count, name=""):
    """A sum of products with a bias, every leaf its own."""
    y = Value(1.0, f"w{name}0") * Value(1.0, f"x{name}0")
    for i in range(1, count):
        y = y + Value(1.0, f"w{name}{i}") * Value(1.0, f"x{name}{i}")
    return (y + Value(1.0, f"b{name}")).tanh()


def chain(length):
    y = Value(1.0, "x")
    for _ in range(length - 1):
        y = y + 1
    return y


def used_all_along(length):
    x = y = Value(0.5, "x")
    for _ in range(length):
        y = y * x + x
    return y


def grown(seed, nodes=25):
    """A graph that grew by chance, in scopes of scopes to which it comes back."""
    chance = random.Random(seed)
    values = [Value(float(i), f"x{i}") for i in range(4)]
    for _ in range(nodes):
        with contextlib.ExitStack() as scopes:
            for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
                scopes.enter_context(scope(chance.choice(["a", "block", "a long name of a scope", "d"])))
            recent = values[-6:]
            make = chance.choice(["+", "-", "tanh", "dot", "leaf"])
            if make == "tanh":
                values.append(chance.choice(recent).tanh())
            elif make == "dot":
                values.append(dot(chance.sample(recent, 3), [0.5, chance.choice(values), 2.0]))
            elif make == "leaf":
                values.append(chance.choice(recent) * Value(1.0, f"w{len(values)}"))
            else:
                one, other = chance.choice(recent), chance.choice(values)
                values.append(one + other if make == "+" else one - other)
    root = sum(values[-3:])
    root.backward()
    return root


def laid(root, direction="LR", wrap=None, size=None, **options):
    diagram = draw(root, max_nodes=20_000, **options).diagram
    return diagram, layout_of(diagram, direction, wrap, size)


def boxes(layout):
    """The box of each card."""
    return [
        Box(x - card.width / 2, y - card.height / 2, x + card.width / 2, y + card.height / 2)
        for card, (x, y) in zip(layout.cards, layout.centres, strict=True)
    ]


def meet(one, other):
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def holds(box, point, margin=0.0):
    return box.left - margin <= point[0] <= box.right + margin and box.top - margin <= point[1] <= box.bottom + margin


def sampled(line, steps=12):
    """Points all along a line, straight pieces and curves alike."""
    points, at = [line.start], line.start
    for curve in line.curves:
        corners = [at, *curve]
        for step in range(1, steps + 1):
            t = step / steps
            found = corners
            while len(found) > 1:  # de Casteljau
                found = [
                    ((1 - t) * x0 + t * x1, (1 - t) * y0 + t * y1) for (x0, y0), (x1, y1) in itertools.pairwise(found)
                ]
            points.append(found[0])
        at = curve[-1]
    return points


def title_of(diagram, place):
    """The box of the title of a frame."""
    width = CELL * cells(diagram.frames[place.frame].label)
    return Box(place.title, place.box.top, place.title + width, place.box.top + 16)


def faults(diagram, layout):
    """All that must not be: cards on each other, edges and flows through cards, frames and titles, arrows astray."""
    found, shown = [], boxes(layout)
    found += [
        ("cards meet", i, j) for (i, one), (j, other) in itertools.combinations(enumerate(shown), 2) if meet(one, other)
    ]
    titles = [title_of(diagram, place) for place in layout.frames]
    for i, (edge, route) in enumerate(zip(diagram.edges, layout.routes, strict=True)):
        ends = [shown[edge.tail], shown[edge.head]]
        if not holds(shown[edge.tail], route.line.start, 1.1):
            found.append(("starts astray", i))
        if not holds(shown[edge.head], route.line.head[0], 0.1):
            found.append(("ends astray", i))
        for line in filter(None, (route.line, route.flow)):
            points = sampled(line)
            found += [
                ("edge through card", i, j)
                for j, box in enumerate(shown)
                if box not in ends and any(holds(box, point) for point in points)
            ]
            found += [
                ("edge through title", i, j)
                for j, box in enumerate(titles)
                if any(holds(box, point) for point in points)
            ]
            found += [
                ("edge through frame", i, place.frame)
                for place in layout.frames
                if not any(holds(place.box, end.middle) for end in ends)
                and any(holds(place.box, point) for point in points)
            ]
    return found


# Every kind of graph --------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("flows", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_lines_run_around_cards_frames_and_titles(seed, flows, direction):
    """Seen to fail with lanes that take no room, and in TB with titles that stay where they are."""
    assert faults(*laid(grown(seed), direction, flows=flows)) == []


@BOTH
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_lines_run_around_cards_of_folded_groups(seed, depth, direction):
    """Some of these lead back, for the groups wait for one another. Seen to fail with their arrows at the other end."""
    diagram, layout = laid(grown(seed, 40), direction, depth=depth)

    assert faults(diagram, layout) == []


@pytest.mark.parametrize("seed", range(12))
def test_every_card_stands_in_a_piece_of_its_frame_and_in_no_other_frame(seed):
    diagram, layout = laid(grown(seed))

    for card, box in zip(diagram.cards, boxes(layout), strict=True):
        around, frame = [], card.frame
        while frame is not None:
            around.append(frame)
            frame = diagram.frames[frame].around
        inside = [place.frame for place in layout.frames if meet(place.box, box)]

        assert sorted(inside) == sorted(around)
        for place in layout.frames:
            if place.frame in inside and meet(place.box, box):
                assert holds(place.box, (box.left, box.top))
                assert holds(place.box, (box.right, box.bottom))


@BOTH
def test_two_edges_lead_from_x_to_x_times_x(direction):
    x = Value(3.0, "x")
    _, layout = laid(x * x, direction)
    one, other = layout.routes

    assert faults(*laid(x * x, direction)) == []
    assert math.dist(one.line.head[0], other.line.head[0]) > 6


def test_a_sum_of_many_has_all_its_edges():
    y = sum([Value(float(i)) for i in range(800)])
    diagram, layout = laid(y)
    tips = [route.line.head[0][1] for route in layout.routes]

    assert len(layout.centres) == 801
    assert tips == sorted(tips)  # in written order, so that no two cross
    assert [layout.centres[i][1] for i in range(800)] == sorted(y for _, y in layout.centres[:800])
    assert layout.box.width < 900
    assert len(diagram.edges) == 800


# Frames ---------------------------------------------------------------------------------------------


def in_turn(names, times=1):
    y = Value(1.0, "x")
    for name in names * times:
        with contextlib.ExitStack() as scopes:
            for part in name:
                scopes.enter_context(scope(part))
            y = y * 2
    return y


@pytest.mark.parametrize(
    ("names", "pieces"),
    [
        (["a", "b"], [0, 1]),
        (["a", "b", "a"], [0, 0, 1]),  # each waits for the other
        (["a", "b", "a", "b"], [0, 0, 1, 1]),
        (["a", "", "a"], [0, 0]),  # one waits for itself
        (["ab", "ac", "ab"], [0, 1, 1, 2]),  # nested: the outer one is whole
        (["ab", "c", "ab"], [0, 0, 1]),  # "a › b" is one frame
        (["ab", "a", "c", "ab"], [0, 0, 1, 1, 2]),
    ],
)
def test_frames_that_wait_for_one_another_are_drawn_in_pieces(names, pieces):
    """Seen to fail with circles in the ranks: the cards of one frame then stand before what they are computed from."""
    diagram, layout = laid(in_turn(names))

    assert sorted(place.frame for place in layout.frames) == pieces
    assert faults(diagram, layout) == []
    assert [x for x, _ in layout.centres] == sorted(x for x, _ in layout.centres)


@pytest.mark.parametrize("inner_first", [False, True])
def test_deep_nesting_in_pieces_is_no_limit(inner_first):
    """Seen to fail, by a RecursionError, with the pieces of frames around made by a function that calls itself."""
    y = Value(1.0)
    for name in "aba":
        scopes = [scope(name), *(scope(f"s{i}") for i in range(1_100))]
        for opened in scopes:
            opened.__enter__()
            y = y if inner_first else y * 2
        for opened in reversed(scopes):
            y = y * 2 if inner_first else y
            opened.__exit__(None, None, None)
    levels = house_of(draw(y, max_nodes=4_000).diagram).levels

    assert len(levels) == 1 + 3 * 1_101
    assert [len(level.items) for level in levels[:2]] == [4, 2]  # a leaf and three frames; a card and a frame


def test_a_frame_all_of_whose_cards_stand_in_another_piece_is_not_drawn():
    """Seen to fail by a KeyError, for the empty one."""
    diagram, layout = laid(in_turn(["a", "b", ["a", "c"], "a"]))
    pieces = [diagram.frames[place.frame].label for place in layout.frames]

    assert sorted(pieces) == ["a", "a", "b", "c"]
    assert faults(diagram, layout) == []


# Folded groups that feed each other -----------------------------------------------------------------


@BOTH
def test_an_edge_that_leads_back_has_its_arrow_where_it_ends(direction):
    """Seen to fail with the arrow at the right end of every line."""
    along = int(direction == "TB")
    diagram, layout = laid(in_turn(["a", "b"], 3), direction, depth=1)
    shown = boxes(layout)
    leads_back = [
        (edge.tail, edge.head) for edge in diagram.edges if layout.centres[edge.head] < layout.centres[edge.tail]
    ]
    names = [card.label for card in diagram.cards]

    assert [(names[tail], names[head]) for tail, head in leads_back] == [("b", "a")]
    for edge, route in zip(diagram.edges, layout.routes, strict=True):
        tip, *wings = [corner[along] for corner in route.line.head]
        is_back = (edge.tail, edge.head) in leads_back
        head = shown[edge.head]
        border = ((head.right, head.bottom) if is_back else (head.left, head.top))[along]

        assert tip == pytest.approx(border)
        assert [wing > tip for wing in wings] == [is_back] * 2


# Ranks ----------------------------------------------------------------------------------------------


def ranks(root):
    """The column of each card by its place; no frames."""
    diagram = diagram_of(root)
    (level,) = house_of(diagram).levels
    found = ranks_of(level)
    return diagram, [found[Item("card", i)] for i in range(len(diagram.cards))]


def mixed(seed, nodes=30):
    """A graph without scopes in which most things are used, some of them often."""
    chance = random.Random(seed)
    values = [Value(float(i)) for i in range(6)]
    for _ in range(nodes):
        operands = [chance.choice(values), chance.choice(values[-5:])]
        values.append(operands[0] * operands[1] if chance.random() < 0.6 else operands[1].tanh())
        if chance.random() < 0.2:
            values.append(Value(1.0))
    return sum(values)


@pytest.mark.parametrize("seed", range(20))
def test_each_card_stands_behind_its_operands(seed):
    diagram, found = ranks(mixed(seed))

    assert all(found[edge.tail] < found[edge.head] for edge in diagram.edges)
    assert min(found) == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_leaf_stands_right_before_its_first_user(seed):
    """Seen to fail with all leaves in the first column."""
    diagram, found = ranks(mixed(seed))
    users = {}
    for edge in diagram.edges:
        users.setdefault(edge.tail, []).append(found[edge.head])

    for i, card in enumerate(diagram.cards):
        if card.kind == "leaf":
            assert found[i] == min(users[i]) - 1


def test_what_only_one_thing_needs_stands_near_it_with_all_that_it_needs():
    """Seen to fail with everything in the first column in which it could stand."""
    long = Value(1.0).tanh().tanh().tanh().tanh()
    side = (Value(2.0, "a") * Value(3.0, "b")).tanh()
    diagram, found = ranks(long + side)
    by_name = {card.label: found[i] for i, card in enumerate(diagram.cards)}
    last = max(found)

    assert last == 5
    assert found[-2] == last - 1  # tanh(a × b)
    assert by_name["a"] == by_name["b"] == last - 3


# Order ----------------------------------------------------------------------------------------------


def arranged(count, wishes):
    """The order in which a column of so many pieces stands, by their numbers."""
    items = [Item("card", i) for i in range(count)]
    pieces = [Piece("item", 0, 10.0, 10.0, item=item) for item in items]
    grid = Grid([pieces[:]], [], dict(zip(items, pieces, strict=True)))
    order.arrange(grid, [[items[i] for i in wish] for wish in wishes], lambda segment, is_right: 0.0)
    return [pieces.index(piece) for piece in grid.columns[0]]


def inversions(standing, wishes):
    """How many pairs stand another way round than they are written."""
    at = {i: place for place, i in enumerate(standing)}
    return len([1 for wish in wishes for one, other in itertools.combinations(wish, 2) if at[one] > at[other]])


def columns():
    def of(count):
        wish = st.lists(st.integers(0, count - 1), min_size=2, max_size=count, unique=True)
        return st.tuples(st.just(count), st.lists(wish, max_size=5))

    return st.integers(2, 6).flatmap(of)


@given(columns())
def test_a_column_has_the_fewest_inversions_of_all_its_orders(column):
    """Seen to fail with the wishes followed in turn, as far as each can be."""
    count, wishes = column
    standing = arranged(count, wishes)

    assert sorted(standing) == list(range(count))
    assert inversions(standing, wishes) == min(
        inversions(other, wishes) for other in itertools.permutations(range(count))
    )


@pytest.mark.parametrize("seed", range(10))
def test_what_can_be_in_written_order_is(seed):
    """All wishes agree with one hidden order, in a large column. Seen to fail with every second wish left out."""
    chance = random.Random(seed)
    hidden = chance.sample(range(60), 60)
    wishes = [sorted(chance.sample(hidden, 5), key=hidden.index) for _ in range(40)]

    assert inversions(arranged(60, wishes), wishes) == 0


@pytest.mark.parametrize("seed", range(10))
def test_in_a_large_circle_only_the_wish_that_closes_it_is_given_up(seed):
    chance = random.Random(seed)
    hidden = chance.sample(range(30), 30)
    wishes = [hidden, [hidden[-1], hidden[0]]]

    assert inversions(arranged(30, wishes), wishes) == 1


def layer():
    """Four neurons that share their inputs, each a sum of products."""
    inputs = [Value(float(i), f"x{i}") for i in range(4)]
    return sum([dot([Value(1.0, f"w{j}{i}") for i in range(4)], inputs) for j in range(4)])


def softmax():
    """Shares in a sum that all of them need, and a mixture of these shares."""
    values = [Value(1.0, f"z{i}").tanh() for i in range(4)]
    total = sum(values)
    return dot([value / total for value in values], [3.0, 1.0, 2.0, 4.0])


def turned():
    """What is written in one order, and then the other way round."""
    values = [Value(float(i), f"x{i}").tanh() for i in range(4)]
    return sum([sum(values), dot([value * 2 for value in values][::-1], [1.0, 2.0, 3.0, 4.0])])


@pytest.mark.parametrize(
    "make", [lambda: neuron(6), lambda: sum([neuron(3, i) for i in range(4)]), layer, softmax, turned]
)
@BOTH
def test_operands_in_one_column_stand_as_they_are_written(make, direction):
    """Seen to fail with the order of crossings alone."""
    across = int(direction == "LR")
    diagram, layout = laid(make(), direction)
    columns = {}
    for edge in diagram.edges:
        found = columns.setdefault((edge.head, round(layout.centres[edge.tail][1 - across])), [])
        found.append(layout.centres[edge.tail][across])

    assert all(found == sorted(found) for found in columns.values())


@pytest.mark.parametrize("seed", range(8))
def test_lines_of_a_tree_do_not_cross(seed):
    """Seen to fail with columns in the order in which things were made, and no sweeps."""
    chance = random.Random(seed)
    parts = [Value(1.0) for _ in range(16)]
    while len(parts) > 1:
        chance.shuffle(parts)
        one, other = parts.pop(), parts.pop()
        parts.append((one * other).tanh() if chance.random() < 0.3 else one * other)
    _, layout = laid(parts[0])
    lines = [sampled(route.line) for route in layout.routes]

    assert [(i, j) for i, j in itertools.combinations(range(len(lines)), 2) if cross(lines[i], lines[j])] == []


def cross(one, other):
    """Whether one of two lines from left to right is above the other at one place, and below it at another."""
    sides = set()
    for x in [x for x, _ in one + other]:
        heights = height(one, x), height(other, x)
        if None not in heights and abs(heights[0] - heights[1]) > 0.5:
            sides.add(heights[0] < heights[1])
    return len(sides) > 1


def height(line, x):
    """Where a line from left to right is at x, between its points; None where it is not."""
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        if x0 <= x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return None


# Places ---------------------------------------------------------------------------------------------

FLOATS = st.floats(-500, 500)


@given(st.lists(st.tuples(FLOATS, st.floats(0.1, 10), st.floats(0, 60)), min_size=1, max_size=8))
def test_a_column_stands_where_the_squares_of_its_wishes_are_least(pieces):
    """The formula is the min-max one of isotonic regression (Robertson, Wright and Dykstra 1988, theorem 1.4.4).

    Seen to fail with blocks that move to the plain mean of their wishes.
    """
    column = [Piece("item", 0, 10.0, across, item=Item("card", i)) for i, (_, _, across) in enumerate(pieces)]
    wishes, weights = [wish for wish, _, _ in pieces], [weight for _, weight, _ in pieces]
    before = [0.0]  # the distances up to each piece
    for one, other in itertools.pairwise(column):
        before.append(before[-1] + places.least(one, other))
    free = [wish - distance for wish, distance in zip(wishes, before, strict=True)]

    def mean(first, last):
        span = range(first, last + 1)
        return math.fsum(weights[i] * free[i] for i in span) / math.fsum(weights[i] for i in span)

    count = len(pieces)
    expected = [
        before[i] + max(min(mean(first, last) for last in range(i, count)) for first in range(i + 1))
        for i in range(count)
    ]
    places._settle(column, wishes, weights)

    assert [piece.place for piece in column] == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.tuples(FLOATS, st.floats(0.1, 10)), min_size=2, max_size=6), st.integers(0, 1000))
def test_no_other_places_cost_less(pieces, seed):
    chance = random.Random(seed)
    column = [Piece("lane", 0, 0.0, 4.0) for _ in pieces]
    places._settle(column, [wish for wish, _ in pieces], [weight for _, weight in pieces])
    found = [piece.place for piece in column]
    gap = places.least(column[0], column[1])

    def cost(standing):
        return math.fsum(weight * (at - wish) ** 2 for at, (wish, weight) in zip(standing, pieces, strict=True))

    assert all(b - a >= gap - 1e-6 for a, b in itertools.pairwise(found))
    for _ in range(10):
        other = [found[0] + chance.gauss(0, 20)]
        for a, b in itertools.pairwise(found):
            other.append(other[-1] + max(gap, b - a + chance.gauss(0, 20)))
        assert cost(found) <= cost(other) + 1e-6


@pytest.mark.parametrize("make", [softmax, turned, lambda: used_all_along(12), lambda: neuron(6)])
@BOTH
def test_a_line_bends_a_few_times_at_most(make, direction):
    """To its lane, to its end, and where the order of operands asks for it.

    Seen to fail with each lane at the height that is best for it alone.
    """
    _, layout = laid(make(), direction)

    assert max(len([curve for curve in route.line.curves if len(curve) == 3]) for route in layout.routes) <= 3


# Lines ----------------------------------------------------------------------------------------------


def test_a_line_has_one_trunk_and_its_branches_part_from_it():
    """Seen to fail with paths that begin at the branch before their own."""
    diagram, layout = laid(used_all_along(8))
    lines = [route.line for edge, route in zip(diagram.edges, layout.routes, strict=True) if edge.tail == 0]
    trunk = sampled(lines[-1])

    assert len({line.start for line in lines}) == 1
    # Those of x × x end at the card beside it, and the last use is the end of the trunk.
    assert len(layout.branches) == len(lines) - 3
    assert all(height(trunk, x) == pytest.approx(y, abs=0.5) for x, y in layout.branches)


def test_the_path_of_an_edge_shows_at_most_30_branches_of_its_line():
    """Each path but a short one begins farther on, and together they show all. Seen to fail with no limit."""
    diagram, layout = laid(used_all_along(60))
    lines = [route.line for edge, route in zip(diagram.edges, layout.routes, strict=True) if edge.tail == 0]
    passed = [len([x for x, _ in layout.branches if line.start[0] - 1 < x < line.head[0][0]]) for line in lines]

    assert 25 <= max(passed) <= 32
    reached = lines[0].points[-1][0]
    for line in sorted(lines, key=lambda line: line.head[0][0]):
        assert line.start[0] <= reached
        reached = line.head[0][0]


def test_titles_make_way_for_the_lines_that_enter_from_above():
    """Seen to fail with each title at the left end of its frame."""
    x = Value(1.0, "x")
    with scope("a frame with a long title"):
        y = (x.tanh() * 2).tanh()
    diagram, layout = laid(y, "TB")
    (place,) = layout.frames
    title = title_of(diagram, place)

    assert faults(diagram, layout) == []
    assert place.box.left < place.title
    assert title.right <= place.box.right
    entering = [route.line for edge, route in zip(diagram.edges, layout.routes, strict=True) if edge.tail == 0]
    assert not any(holds(title, point) for line in entering for point in sampled(line))


# Cards ----------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("flows", [False, True])
def test_a_card_has_room_for_all_edges_that_enter_it(flows, direction):
    """Seen to fail with cards as large as their texts."""
    across = int(direction == "LR")
    y = sum([Value(float(i)) for i in range(16)])
    y.backward()
    _, layout = laid(y, direction, flows=flows)
    tips = [route.line.head[0][across] for route in layout.routes]
    card = boxes(layout)[-1]

    assert min(b - a for a, b in itertools.pairwise(tips)) >= (12 if flows else 7)
    near, far = ((card.left, card.right), (card.top, card.bottom))[across]
    assert near < tips[0]
    assert tips[-1] < far


def test_leaves_lie_flat_where_the_picture_would_be_too_high_for_a_slide():
    """Seen to fail with leaves that never lie flat."""
    weights, inputs = [[Value(1.0, f"{name}{i}") for i in range(20)] for name in "wx"]
    few, many = laid(neuron(2))[1], laid(dot(weights, inputs))[1]

    assert {card.is_flat for card in few.cards} == {False}
    assert {card.is_flat for card in many.cards if card.kind == "leaf"} == {True}
    assert {card.is_flat for card in many.cards if card.kind != "leaf"} == {False}
    assert faults(*laid(dot(weights, inputs))) == []


# Rows -----------------------------------------------------------------------------------------------


def rows_of(layout):
    """The places of the cards by rows: a card far to the left of the one before begins a new one."""
    rows, before = [[]], -math.inf
    for i, (x, _) in enumerate(layout.centres):
        if x < before:
            rows.append([])
        rows[-1].append(i)
        before = x
    return rows


@BOTH
@pytest.mark.parametrize(("length", "wrap"), [(20, 5), (20, 6), (3, 8), (9, 1)])
def test_a_chain_is_set_in_rows_of_so_many_columns(length, wrap, direction):
    """In TB the rows stand beside each other. Seen to fail with a column more in the first row."""
    _, layout = laid(chain(length), direction, wrap=wrap)
    places = [(round(y), round(x)) if direction == "LR" else (round(x), round(y)) for x, y in layout.centres]
    rows = [[at for _, at in row] for _, row in itertools.groupby(places, key=lambda place: place[0])]

    assert [len(row) for row in rows] == [wrap] * (length // wrap) + [length % wrap] * (length % wrap > 0)
    assert places == sorted(places)


@BOTH
@pytest.mark.parametrize("wrap", [2, 3, 7])
@pytest.mark.parametrize("make", [lambda: neuron(7), lambda: used_all_along(12), lambda: grown(3), lambda: mixed(1)])
def test_lines_that_run_back_between_rows_cross_no_card(make, wrap, direction):
    """Seen to fail with lines that run straight from the end of a row to the beginning of the next one."""
    diagram, layout = laid(make(), direction, wrap=wrap)

    assert len(layout.centres) == len(diagram.cards)
    assert faults(diagram, layout) == []


def test_a_size_is_filled_by_as_many_rows_as_it_takes():
    """Seen to fail with one row for every size."""
    size = 1280, 720

    def scale(layout):
        return min(size[0] / layout.box.width, size[1] / layout.box.height)

    root = chain(40)
    fitted, one_row = laid(root, size=size)[1], laid(root)[1]
    all_rows = [laid(root, wrap=wrap)[1] for wrap in range(2, 41)]

    assert scale(fitted) > 3 * scale(one_row)
    assert scale(fitted) > 0.8 * max(map(scale, all_rows))
    assert len(rows_of(fitted)) > 2
    assert len(rows_of(laid(chain(3), size=size)[1])) == 1


def test_what_no_viewer_could_open_is_set_in_rows_by_itself():
    """A side has at most 32,767 pixels, which is what 15 bits count. Seen to fail with one row for all."""
    for length in (300, 3_000, 10_000):
        layout = laid(chain(length))[1]

        assert max(layout.box.width, layout.box.height) < 32_767
        assert len(layout.centres) == length
        assert (len(rows_of(layout)) > 1) == (length > 300)


# The same order, whatever is shown -------------------------------------------------------------------


def standing(drawing, direction):
    """In each frame the items of each column, from the first to the last across."""
    diagram = drawing.diagram
    rooms = rooms_of(diagram, diagram.cards, house_of(diagram), direction == "LR")
    columns = {
        frame: [[piece.item for piece in column] for column in room.grid.columns] for frame, room in rooms.items()
    }
    return {
        frame: [[item for item in column if item] for column in found if any(column)]
        for frame, found in columns.items()
    }


@BOTH
@pytest.mark.parametrize("seed", range(20))
def test_flows_do_not_change_the_order(direction, seed):
    """Seen to fail with crossings counted with the lanes of the texts, too."""
    y = grown(seed)
    y.backward()
    plain, with_flows = (standing(draw(y, flows=flows, direction=direction), direction) for flows in (False, True))

    assert plain == with_flows


@BOTH
@pytest.mark.parametrize("build", [lambda a, b: a * b - a, lambda a, b: b / a, lambda a, b: (a - b) * (b - a)])
@pytest.mark.parametrize("flows", [False, True])
def test_edges_enter_a_card_in_the_order_of_its_operands(direction, build, flows):
    """Seen to fail with the order in which they come, where what is subtracted stood above that from which it is."""
    y = build(Value(2.0, "a"), Value(3.0, "b"))
    y.backward()
    diagram = draw(y, flows=flows).diagram
    layout = layout_of(diagram, direction)
    tips = {}
    for edge, route in zip(diagram.edges, layout.routes, strict=True):
        tips.setdefault(edge.head, []).append(route.line.head[0][1 if direction == "LR" else 0])

    assert all(found == sorted(found) for found in tips.values())


@BOTH
@pytest.mark.parametrize("flows", [False, True])
def test_a_line_passes_a_card_on_the_side_of_its_operand(direction, flows):
    """In a·b + a, that of the second a below the product. Seen to fail where only crossings decide."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = a * b + a
    y.backward()
    diagram = draw(y, flows=flows).diagram
    layout = layout_of(diagram, direction)
    across = 1 if direction == "LR" else 0
    product = next(i for i, card in enumerate(diagram.cards) if card.symbol == "×")
    [line] = [
        route.line
        for edge, route in zip(diagram.edges, layout.routes, strict=True)
        if diagram.cards[edge.tail].label == "a" and edge.head != product
    ]

    assert max(point[across] for point in line.points) > layout.centres[product][across] + 20


# The end of patience --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("layout", "house_of"),
        ("layout.rooms", "ranks_of"),
        ("layout.rooms", "arrange"),
        ("layout.order", "crossings"),
        ("layout.rooms", "place"),
        ("layout", "Router"),
        ("svg", "prefix_of"),
    ],
)
def test_time_that_ends_within_a_phase_ends_the_drawing_there(monkeypatch, part, name):
    """Seen to fail with `each` left out in the ranks, and in the places."""
    module = import_module(f"autograd.draw.{part}")
    phase, clock, ended = getattr(module, name), [0.0], []

    def timed(*given):
        clock[0] = 100.0
        found = phase(*given)
        if name != "Router":  # which is only made here, and asked for each edge
            ended.append(name)
        return found

    monkeypatch.setattr(limits, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module, name, timed)
    with pytest.raises(TimeoutError, match=r"^drawing .* took more than 7 s"):
        _ = draw(mixed(0), timeout=7).svg

    assert ended == []


@pytest.mark.filterwarnings("ignore:the picture is")
@pytest.mark.parametrize(
    "make",
    [
        lambda: mixed(0, 150),
        lambda: chain(1_000),
        lambda: used_all_along(300),
        lambda: sum([Value(1.0) for _ in range(1_000)]),
        lambda: in_turn(["a", "b", "ab", "ac"], 50),
        lambda: in_turn(["".join(chr(97 + i) for i in range(length)) for length in range(1, 150)]),
    ],
    ids=["shared", "chain", "trunk", "wide", "pieces", "nested"],
)
def test_the_clock_is_looked_at_again_and_again(monkeypatch, make):
    """In calls of functions, of which a second has some millions. Seen to fail with a look at each hundredth sweep."""
    drawing = draw(make(), max_nodes=20_000, timeout=1e6)
    calls, seen = 0, [0]

    def now():
        seen.append(calls)
        return 0.0

    def count(frame, event, argument):
        nonlocal calls
        calls += 1

    monkeypatch.setattr(limits, "monotonic", now)
    sys.setprofile(count)
    try:
        _ = drawing.svg
    finally:
        sys.setprofile(None)

    assert max(b - a for a, b in itertools.pairwise([*seen, calls])) < 200_000

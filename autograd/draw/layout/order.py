"""The order of the pieces in each column: operands as written first, then as few crossings as that allows.

First the cards count, then the lines that come from farther away: they enter a card in the order of its operands, too.
"""

import heapq
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations, pairwise

from ..limits import each
from .grid import Grid, Piece, Segment
from .levels import Item, strong_components

SMALL = 10  # so many pieces that wait for one another are ordered by trying all ways
MOVED = 200  # and so many by moving one after the other
ROUNDS = 4  # of sweeps there and back
FEW = 8  # lines to a card, of which all pairs count
MOST = 4000  # pieces, beyond which crossings are left as they are

Before = dict[Piece, list[Piece]]
Counts = dict[Piece, dict[Piece, int]]  # how many wishes there are that one stands before another one
Offset = Callable[[Segment, bool], float]  # where a line runs at its left or right piece, from the middle of it


def arrange(grid: Grid, wishes: list[list[Item]], offset: Offset) -> None:
    """Order all columns."""
    sequences = _sequences(grid, wishes)
    before = [_wanted(column, sequences.get(k, [])) for k, column in enumerate(each(grid.columns))]
    for wanted, segments in zip(before[:-1], each(grid.segments), strict=True):
        _add_arrivals(wanted, segments)
    for column, wanted in each(zip(grid.columns, before, strict=True)):
        if wanted:
            column[:] = _sorted(column, wanted, {piece: float(place) for place, piece in enumerate(column)})
    if sum(map(len, grid.columns)) <= MOST:
        _uncross(grid, before, offset)


def _sequences(grid: Grid, wishes: list[list[Item]]) -> dict[int, list[list[Piece]]]:
    """For each column the wishes that it can fulfil."""
    found: dict[int, list[list[Piece]]] = {}
    for wish in wishes:
        by_column: dict[int, list[Piece]] = {}
        for item in wish:
            piece = grid.of_item[item]
            by_column.setdefault(piece.column, []).append(piece)
        for column, pieces in by_column.items():
            if len(pieces) > 1:
                found.setdefault(column, []).append(pieces)
    return found


def arrange_as(grid: Grid, plain: Grid) -> None:
    """Order all columns as those of the same level without texts; the texts as they and their lines go on."""
    columns = iter(plain.columns)
    has_texts = [any(piece.kind == "text" for piece in column) for column in grid.columns]
    for column, is_of_texts in zip(grid.columns, has_texts, strict=True):
        if not is_of_texts:
            place = {piece.item or piece.tail: i for i, piece in enumerate(next(columns))}
            column.sort(key=lambda piece: place[piece.item or piece.tail])
    for k, is_of_texts in enumerate(has_texts):
        if is_of_texts:
            place_of = {piece: i for i, piece in enumerate(grid.columns[k + 1])}
            ends: dict[Piece, tuple[int, int]] = {}
            for segment in each(grid.segments[k]):
                end = place_of[segment.right], segment.edge or 0
                ends[segment.left] = min(end, ends.get(segment.left, end))
            grid.columns[k].sort(key=ends.__getitem__)


# Written order --------------------------------------------------------------------------------------


def _wanted(column: list[Piece], sequences: list[list[Piece]]) -> Before:
    """For each piece those that must stand before it, with no circles: the fewest wishes are given up."""
    after: Counts = {}
    for sequence in sequences:
        for one, other in pairwise(sequence):
            _count(after, one, other)
    if any(len(circle) > 1 for circle in strong_components(after)):
        # One wish given up in a sequence must not free the others, so here all pairs count.
        after = {}
        for sequence in sequences:
            for one, other in combinations(sequence, 2):
                _count(after, one, other)
        place = {piece: i for i, piece in enumerate(column)}
        for circle in strong_components(after):
            best = _least_inverted(sorted(circle, key=place.__getitem__), after)
            for i, piece in enumerate(best):
                for earlier in best[:i]:
                    after.get(piece, {}).pop(earlier, None)
    return _turned(after)


def _add_arrivals(before: Before, segments: list[Segment]) -> None:
    """Add, where nothing speaks against it, that lines stand as the operands of the card where they end."""
    arriving: dict[Piece, list[tuple[int, Piece]]] = {}
    for segment in segments:
        if segment.edge is not None:
            arriving.setdefault(segment.right, []).append((segment.edge, segment.left))
    for found in arriving.values():
        lines = [piece for _, piece in sorted(found, key=lambda line: line[0])]
        for one, other in pairwise(lines) if len(lines) > FEW else combinations(lines, 2):
            is_of_lines = not (one.item and other.item) and one is not other
            if is_of_lines and one not in before.get(other, ()) and not _stands_before(before, other, one):
                before.setdefault(other, []).append(one)


def _stands_before(before: Before, one: Piece, other: Piece) -> bool:
    """Whether one piece must stand before another one, because of those between."""
    seen, found = {other}, [other]
    for piece in found:  # which grows on the way
        for earlier in before.get(piece, ()):
            if earlier is one:
                return True
            if earlier not in seen:
                seen.add(earlier)
                found.append(earlier)
    return False


def _count(after: Counts, one: Piece, other: Piece) -> None:
    if one is not other:
        counts = after.setdefault(one, {})
        counts[other] = counts.get(other, 0) + 1


def _least_inverted(pieces: list[Piece], after: Counts) -> list[Piece]:
    """An order in which the fewest pairs stand the wrong way round; of many pieces, one that moving none improves."""
    wrong = [[after.get(q, {}).get(p, 0) for q in pieces] for p in pieces]  # [p][q]: if p stands before q
    return [pieces[i] for i in (_best(wrong) if len(pieces) <= SMALL else _improved(wrong))]


def _best(wrong: list[list[int]]) -> list[int]:
    """The best of all orders: that of each set, which is a number of bits, by what stands last (Held and Karp 1962)."""
    places = range(len(wrong))
    best: list[tuple[int, int]] = [(0, -1)]
    for members in range(1, 1 << len(wrong)):
        ways = []
        for last in places:
            rest = members & ~(1 << last)
            if rest != members:
                ways.append((best[rest][0] + sum(wrong[p][last] for p in places if rest >> p & 1), -last))
        cost, last = min(ways)
        best.append((cost, -last))
    members, order = (1 << len(wrong)) - 1, []
    while members:
        order.append(best[members][1])
        members &= ~(1 << order[-1])
    return order[::-1]


def _improved(wrong: list[list[int]]) -> list[int]:
    """An order in which nothing does better in another place."""
    order = list(range(len(wrong)))
    improved = len(wrong) <= MOVED
    while improved:
        improved = False
        for i in range(len(wrong)):
            at = order.index(i)
            others = order[:at] + order[at + 1 :]
            costs = [sum(wrong[i][other] for other in others)]  # standing first, then behind one more each
            for other in others:
                costs.append(costs[-1] + wrong[other][i] - wrong[i][other])
            to = min(range(len(costs)), key=costs.__getitem__)
            if costs[to] < costs[at]:
                order = [*others[:to], i, *others[to:]]
                improved = True
    return order


def _turned(relation: Mapping[Piece, Iterable[Piece]]) -> Before:
    """The same relation, read from its other end."""
    found: Before = {}
    for one, others in relation.items():
        for other in others:
            found.setdefault(other, []).append(one)
    return found


def _sorted(column: list[Piece], before: Before, wish: dict[Piece, float]) -> list[Piece]:
    """The pieces by their wishes, as far as those before them allow."""
    place = {piece: i for i, piece in enumerate(column)}
    waits = {piece: len(before.get(piece, ())) for piece in column}
    after = _turned(before)
    ready = [(wish[piece], place[piece]) for piece in column if not waits[piece]]
    heapq.heapify(ready)
    order = []
    while ready:
        piece = column[heapq.heappop(ready)[1]]
        order.append(piece)
        for other in after.get(piece, ()):
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(ready, (wish[other], place[other]))
    return order


# Crossings ------------------------------------------------------------------------------------------


def _uncross(grid: Grid, before: list[Before], offset: Offset) -> None:
    """Sweeps to and fro in which each piece goes where its neighbours are (Sugiyama, Tagawa and Toda 1981)."""
    fewest = crossings(grid, offset)
    best = [[*column] for column in grid.columns]
    for turn in range(2 * ROUNDS):
        if not fewest:
            break
        count = len(grid.columns)
        for k in range(1, count) if turn % 2 == 0 else range(count - 2, -1, -1):
            segments = grid.segments[k - 1 if turn % 2 == 0 else k]
            _follow(grid.columns[k], before[k], segments, turn % 2 == 0, offset)
        crossed = crossings(grid, offset)
        if crossed < fewest:
            fewest, best = crossed, [[*column] for column in grid.columns]
    for column, pieces in zip(grid.columns, best, strict=True):
        column[:] = pieces


def _follow(column: list[Piece], before: Before, segments: list[Segment], to_left: bool, offset: Offset) -> None:
    """Put the pieces of a column where their neighbours to one side are."""
    found: dict[Piece, list[float]] = {}
    for segment in segments:
        near, far = (segment.right, segment.left) if to_left else (segment.left, segment.right)
        found.setdefault(near, []).append(far.place + offset(segment, not to_left) / 1e6)
    wish, last = {}, -1.0
    for piece in column:
        if piece in found:
            last = sum(found[piece]) / len(found[piece])
        wish[piece] = last
    column[:] = _sorted(column, before, wish)
    for i, piece in enumerate(column):
        piece.place = float(i)


def crossings(grid: Grid, offset: Offset) -> int:
    """How many pairs of lines cross between two columns."""
    for column in grid.columns:
        for i, piece in enumerate(column):
            piece.place = float(i)
    total = 0
    for segments in each(grid.segments):
        ends = sorted(
            ((segment.left.place, offset(segment, False)), (segment.right.place, offset(segment, True)))
            for segment in segments
        )
        total += _inversions([right for _, right in ends])
    return total


def _inversions(values: list[tuple[float, float]]) -> int:
    """How many pairs stand the wrong way round, counted while they are inserted in order."""
    seen: list[tuple[float, float]] = []
    count = 0
    for value in values:
        count += len(seen) - bisect_right(seen, value)
        insort(seen, value)
    return count

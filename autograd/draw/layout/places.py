"""Where the pieces of a column stand across the direction: as near to their neighbours as their order allows.

The squares of the distances that lines bridge are made small, column by column, to and fro. In one column, with the
order and the least distances given, the best places are found at once: less the distances that are needed before it,
each piece's place may not be smaller than the one before it, which is isotonic regression (Ayer et al. 1955).
"""

import math
from collections.abc import Sequence

from ..limits import each
from .grid import Grid, Piece
from .order import Offset

WORK = 100_000  # so many pieces are moved at most, but for a few sweeps that there always are
NEARLY = 10.0  # so far apart, what could be straight would look like a mistake
STILL = 0.05  # what moves less than that stands
WEIGHTS = (8.0, 1.0, 3.0)  # of lines that pass, that lead to or from an item, and between items: chains are straight
GAPS = {"text": 5.0, "lane": 5.0, "port": 5.0}  # what stays free around pieces of each kind
BESIDE_ITEM, SHARE = 9.0, 0.2  # and around items, but not more than a share of their size


def place(grid: Grid, offset: Offset) -> None:
    """Give each piece its place: that of its middle across the direction."""
    to_left: list[dict[Piece, list[tuple[Piece, float, float]]]] = [{} for _ in grid.columns]
    to_right: list[dict[Piece, list[tuple[Piece, float, float]]]] = [{} for _ in grid.columns]
    for k, segments in enumerate(each(grid.segments)):
        for segment in segments:
            left, right = segment.left, segment.right
            weight = WEIGHTS[(left.kind == "item") + (right.kind == "item")]
            shift = offset(segment, False) - offset(segment, True)  # of the right piece, seen from the left one
            to_right[k].setdefault(left, []).append((right, -shift, weight))
            to_left[k + 1].setdefault(right, []).append((left, shift, weight))
    for column in each(grid.columns):
        _settle(column, [0.0] * len(column), [1.0] * len(column))
    sweeps = max(12, min(200, WORK // sum(map(len, grid.columns))))
    order = range(len(grid.columns))
    for sweep in each(range(sweeps)):
        moved = 0.0
        for k in each(order if sweep % 2 == 0 else reversed(order)):
            sides = [to_left[k], to_right[k]]
            if sweep < 4:  # at first each goes where the one side wants it, or all would stay together
                sides = sides[:1] if sweep % 2 == 0 else sides[1:]
            moved = max(moved, _follow(grid.columns[k], sides))
        if moved < STILL:
            break
    _tuck(grid)
    for k in (0, order[-1]):  # ports go where their lines have gone
        _follow(grid.columns[k], [to_left[k], to_right[k]])
    _straighten(grid)
    _align(grid, to_left)


def _follow(column: list[Piece], sides: Sequence[dict[Piece, list[tuple[Piece, float, float]]]]) -> float:
    """Bring the pieces of a column near to their neighbours, and tell how far one moved."""
    wishes, weights = [], []
    for piece in column:
        total = pull = 0.0
        for side in sides:
            for other, shift, weight in side.get(piece, ()):
                total += weight
                pull += weight * (other.place + shift)
        wishes.append(pull / total if total else piece.place)
        weights.append(total or 0.01)
    before = [piece.place for piece in column]
    _settle(column, wishes, weights)
    return max((abs(piece.place - place) for piece, place in zip(column, before, strict=True)), default=0.0)


def least(one: Piece, other: Piece) -> float:
    """The least distance between the middles of two pieces that stand next to each other."""
    return (one.across + other.across) / 2 + max(_gap(one), _gap(other))


def _gap(piece: Piece) -> float:
    return min(BESIDE_ITEM, SHARE * piece.across) if piece.kind == "item" else GAPS[piece.kind]


def _settle(column: list[Piece], wishes: list[float], weights: list[float]) -> None:
    """The places nearest to the wishes: pieces that would be too close are joined, and then move as one."""
    before = 0.0  # the distances needed up to a piece
    blocks: list[list[float]] = []  # weight, mean wish less the distances, number of pieces
    befores = []
    for i, piece in enumerate(column):
        if i:
            before += least(column[i - 1], piece)
        befores.append(before)
        blocks.append([weights[i], wishes[i] - before, 1])
        while len(blocks) > 1 and blocks[-2][1] >= blocks[-1][1]:
            weight, mean, count = blocks.pop()
            joined = blocks[-1]
            joined[1] = (joined[0] * joined[1] + weight * mean) / (joined[0] + weight)
            joined[0] += weight
            joined[2] += count
    i = 0
    for _, mean, count in blocks:
        for _ in range(int(count)):
            column[i].place = mean + befores[i]
            i += 1


def _tuck(grid: Grid) -> None:
    """Bring all columns beside the largest one, as far as their lines have led them beyond its ends."""
    low, high = max((_ends(column) for column in grid.columns if column), key=lambda ends: ends[1] - ends[0])
    for column in grid.columns:
        for i, piece in enumerate(column):
            free = column[i - 1].place + least(column[i - 1], piece) if i else low + piece.across / 2
            piece.place = max(piece.place, free)
        if column and _ends(column)[1] > high:
            for i, piece in reversed([*enumerate(column)]):
                is_last = i == len(column) - 1
                free = high - piece.across / 2 if is_last else column[i + 1].place - least(piece, column[i + 1])
                piece.place = min(piece.place, free)


def _ends(column: list[Piece]) -> tuple[float, float]:
    return column[0].place - column[0].across / 2, column[-1].place + column[-1].across / 2


def _straighten(grid: Grid) -> None:
    """Let each line run at one height through as many columns as it can."""
    at = {piece: (column, i) for column in grid.columns for i, piece in enumerate(column)}
    for lanes in each(grid.lanes.values()):
        run: list[Piece] = []
        low, high = -math.inf, math.inf
        for k in sorted(lanes):
            piece = lanes[k]
            if piece.kind == "item":
                continue
            column, i = at[piece]
            least_here = column[i - 1].place + least(column[i - 1], piece) if i else -math.inf
            most_here = column[i + 1].place - least(piece, column[i + 1]) if i + 1 < len(column) else math.inf
            if max(low, least_here) > min(high, most_here):
                _level_out(run, low, high)
                run, low, high = [], -math.inf, math.inf
            run.append(piece)
            low, high = max(low, least_here), min(high, most_here)
        _level_out(run, low, high)


def _align(grid: Grid, to_left: Sequence[dict[Piece, list[tuple[Piece, float, float]]]]) -> None:
    """Let what follows one card alone, and stands nearly at its height, stand at its height."""
    for column, lefts in zip(grid.columns, to_left, strict=True):
        for i, piece in enumerate(column):
            befores = lefts.get(piece, [])
            if piece.kind in ("item", "port") and len(befores) == 1 and befores[0][0].kind == "item":
                at = befores[0][0].place + befores[0][1]
                low = column[i - 1].place + least(column[i - 1], piece) if i else -math.inf
                high = column[i + 1].place - least(piece, column[i + 1]) if i + 1 < len(column) else math.inf
                if low <= at <= high and abs(at - piece.place) < NEARLY:
                    piece.place = at


def _level_out(run: list[Piece], low: float, high: float) -> None:
    mean = sum(piece.place for piece in run) / max(1, len(run))
    for piece in run:
        piece.place = min(max(mean, low), high)

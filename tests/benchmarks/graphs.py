"""Graphs of one shape each, of `count` nodes or a few less, all operands Values.

>>> from tuple_engine import Value
>>> leaves = [Value(0.6), Value(0.8)]
>>> [round(shape(leaves, 12).data, 6) for shape in (chain, fan_out, ladder)]
[1.944013, 3.68, -0.936]
"""


def chain(leaves, count):
    """Each node is the operand of the next one: a·(a·(a·b + b) + b) + b …"""
    a, b = leaves
    x = b
    for _ in range(count // 2):
        x = x * a + b
    return x


def fan_out(leaves, count):
    """Two leaves that every other node refers to: a·b + a·b + a·b …"""
    a, b = leaves
    total = b
    for _ in range(count // 2):
        total = total + a * b
    return total


def ladder(leaves, count):
    """Both nodes of a rung come from both of the one before, a turn by cos = a and sin = b: 2ⁿ paths in n rungs."""
    a, b = leaves
    x, y = a, b
    for _ in range(count // 6):
        x, y = x * a - y * b, x * b + y * a
    return x

r"""The compiled engine: the same Values as in `autograd.value`, the same numbers bit for bit, many times faster.

This package can be imported where nothing was compiled; the engine itself is the module `core` in it. `autograd.value`
is the text to read first. This page says how the same is laid out in C, and draws one example; after it, each part can
be read by itself:

    node.pxi      what a node is and what it holds: the class Value
    life.pxi      how nodes die
    make.pxi      how an operation makes a node
    walk.pxi      how a pass walks the graph and writes its gradients
    step.pxi      the steps of optimisers
    adam.h        one of Adam over many numbers
    kind.pxi      what the class says of itself, and how it gets its methods
    formulas.h    the rule book in C: values and partial derivatives, generated from the rules by `autograd.generate`
    formulas.pxd  what the parts use of it
    ieee.h        the elementary functions that formulas are made of
    lists.h       the operations on lists
    programs.py   which rules that users declare can be run without Python, and what they come to
    program.pxi   how they are run then
    chunks.h      memory for nodes
    record.pxi    how a graph becomes a program, and what that can do without
    simplify.h    the latter
    replay.pxi    how programs are replayed: the class Replay
    schedule.h    in which order: instructions of one kind in groups
    exact.h       one example, bit for bit
    lanes.h       many examples: rows, parts and threads
    lane_kernels.h   its loops, once for each kind of processor
    lane_formulas.h  the rule book over many numbers at once, generated too
    lane_lists.h     the operations on lists, likewise
    lane_math.h      the elementary functions that a C compiler can make vectors of
    lanes.pxi     how to try these
    calls.pxi     numbers on their way into a compiled function and out of it
    lives.h       how a block of memory becomes an object, and what is still to be let go
    window.h      how far a pass may look
    gil.h         what differs between a Python with the GIL and one without
    kind.h        what Python is told about the class

They are compiled as one unit, `core.pyx`, which includes them, so that the C compiler can see all of it at once. The
addresses and bytes below are those of CPython with the GIL on a 64-bit machine.


The example
===========

Five nodes, made by a program that has just started:

    a = Value(2.0)       birth 1            a = 2     b = -3
    b = Value(-3.0)      birth 2              \       /
    c = a * b            birth 3               c = a·b = -6 ------.
    d = c + 1.0          birth 4               |                   \
    e = c * d            birth 5               d = c + 1 = -5       |
                                                \                  /
                                                 '-- e = c·d = 30 '

The birth counts the Values that were made in this process, from 1. A node is always younger than its operands, so the
order of birth is a topological order. This one fact carries the engine: no pass has to sort anything.


A node
======

A node is one block of 96 bytes. It has no closure and no tuple: the operation is a code of one byte, up to two operands
stand in the node, and from these `formulas` computes the partial derivatives when a pass comes by. This is c, after
e.backward(), while the program still holds all five:

    offset  bytes  field        in c
         0      8  references   3           from the variable c, from d and from e
         8      8  type         Value
        16      8  number       -6.0
        24      8  x            2.0         the operands as they were when c was computed:
        32      8  y            -3.0        a leaf that changes later cannot spoil this gradient
        40      8  first        a           the parents, each with a reference of its own;
        48      8  second       b           NULL for a plain number, as the 1.0 in d
        56      4  birth_low    3           the birth, in 48 bits
        60      2  birth_high   0
        62      1  code         MULTIPLY
        63      1  has_grad_    1
        64      8  gradient_    -11.0
        72      8  __weakref__  NULL        the list of its weak references
        80      8  scope_       NULL        the scope it was made in, if any
        88      8  aside        NULL        the label, or a `Beside` with what few nodes have

What a walk reads are the first 64 bytes: one line of the processor's cache, if the node begins at one, else two. The
gradient is written at the end of a pass only.

An operation on lists, or on three numbers, has one array beside the node. Then `first` is the address of that array and
no parent, which the code tells (all from MANY on):

    Many    count | address of parents | address of numbers | the numbers, 8 bytes each | the parents, 8 bytes each

An operation that a user declared has no formula here. If its rule only computes, it gets a code of its own when it is
first used, and its formulas are run as a program, step by step (`programs`). Else its code is OTHER, its operands stand
in a `Many`, and the closure that its rule answered stands in the `Beside`.


The chunk that it stands in
===========================

Blocks are cut from chunks of 2 MB, which begin at multiples of 2 MB. So a node finds its chunk by its own address: the
last 21 bits are the place in the chunk. After a head of 64 bytes there is room for 21844 nodes.

    place      0      64     160    256    352    448    544                                 2097088   2097152
               +------+------+------+------+------+------+--------------------------------- - +--------+
               | head |  a   |  b   |  c   |  d   |  e   |  never handed out so far           | unused |
               +------+------+------+------+------+------+--------------------------------- - +--------+
                 |                                       ^                                    ^
                 |  fresh -------------------------------'                                    |
                 |  end ----------------------------------------------------------------------'
                 |  returned = NULL     blocks that came back, each holding the address of the next
                 '  used = 5            when it sinks to 0, the chunk begins again at place 64

Blocks are handed out from `fresh` on, in a row. Only when the chunk has come to its end are single blocks handed out
again that came back. A training step makes its nodes in the same order every time, and frees them all: so it finds them
at the same places, in the order in which it works, which is what processors foresee best.


A pass
======

e.backward() needs a place for the flow that arrives at each node. It is not the node (another pass may be under way,
and an error must leave no trace) and not a dictionary (too slow), but a table by age, the window. The root stands at
place 0, and a node that was born n Values earlier at place n. A walk along the window comes to a node when all nodes
that were computed from it, which are younger, have sent their flows. Leaves send nothing, and may be of any age (a
weight is much older than the graph of one step), so they have a hash table of their own, by address.

                         the window                      the leaves
    place                0        1        2             (a hash table with 16 places at first, two of them used;
    birth                5        4        3              multiplication by the golden ratio tells where to look)
    node                 e        d        c             a        b
    --------------------------------------------------------------------
    it begins            1.0
    e sends              1.0     -6.0     -5.0           to c: 1 × y = -5; to d: 1 × x = -6
    d sends              1.0     -6.0    -11.0           to c: -6 × 1, added to what e sent
    c sends              1.0     -6.0    -11.0           33.0    -22.0     to a: -11 × y; to b: -11 × x
    the commit writes e.grad  d.grad   c.grad            a.grad   b.grad

Each place is 16 bytes: the address of the node and the sum of its flows so far. The lowest bit of an address, which is
always 0 in an address itself, is set while only blocked edges have led to a node, as from a maximum to the smaller one:
its gradient will be 0, and it passes nothing on. A place whose node is NULL was a Value of no concern to this pass.

Nodes of one computation were nearly born in a row. Where they were not, the table would be as long as the gap. So a
window doubles its places only while it has fewer than 1048576 and 8 for each node that was met; what was born too early
for it waits in a heap. Had the program made 3,000,000 other Values between c and d, then the heap would hold, when the
walk has come to the end of the window, what e and d have sent to c:

    (-3, 1, address of c, -5.0)       minus the birth, so that the youngest comes first; then the number in the order of
    (-3, 2, address of c, -6.0)       coming, so that the flows are summed as they would have been in one window

Now what stood in the window is written down for the commit, c stands at place 0 of an empty window, all that waits and
is young enough joins it, and the walk goes on.

The commit is one loop without a Python instruction in it: a leaf adds up, an interior node shows the last pass. Until
then no gradient has changed, so that an exception or Ctrl-C leaves nothing half done. The tables are kept for the next
pass, if they are not too large.


How a node dies
===============

Python's reference counts decide when. But a node that let go its parents in its own deallocation would, in a chain of a
million nodes, nest a million calls. So what a dying node held goes on a list of pending references, and the loop that
dropped the node works it off. The program has forgotten a, b, c and d, and now forgets e:

    what happens                                      pending       who still holds
    e dies: its block goes back to the chunk                        c: from d and from e; d: from e
      it lets go c, which is held by d still                        c: from d
      it lets go d, which is the last reference       d
    the loop begins; it drops d, and d dies                         c: from d
      it lets go c                                    c
    the loop drops c, and c dies
      it lets go a and b                              a b
    the loop drops b, and b dies                      a
    the loop drops a, and a dies: used = 0, and the chunk begins again

A loop is known by the innermost Python frame at the time it began, so that what dies in a callback of a weak reference,
which has a frame of its own, need not wait for the loop outside. (Why that matters, `lives.h` says.)


A program
=========

A compiled function (`autograd.compiler`) is a program: instructions applied to slots, which hold the numbers. This is
one with two neurons; the names are those of `print(f.program)`, the slots those of the replay:

    x = 2, w0 = 1, b0 = 0, w1 = -1, b1 = 1, u0 = 3, u1 = 4       slots 0 to 6; slot 7 holds 1.0

    v1 = w0*x + b0         w0 x  b0 1.0      slot  8      group 1, sums of two products: a matrix times a vector
    v3 = w1*x + b1         w1 x  b1 1.0      slot  9
    v2 = ReLU(v1)          v1                slot 10      group 2
    v4 = ReLU(v3)          v3                slot 11
    v5 = u0*v2 + u1*v4     u0 v2  u1 v4      slot 12      group 3

It was recorded in the order v1, v2, v3, v4, v5. The schedule puts what is of one kind into groups, in which no member
needs another one: each is a loop over slots that lie in a row, and its formula is looked up once. What is changed about
must not change a sum of flows: x gets the flow of v3 before that of v1, in groups and in the order of recording. Where
it would, an instruction begins a group of its own.

One example is replayed over numbers, with the formulas of the engine. Many are replayed over rows: a lane is one of
the examples, and a slot that depends on them has a row with a number for each lane. Three examples, x = 2, 3 and -1:

    slot         number     row, with lanes to fill the vectors of the processor
    x                       2.0   3.0  -1.0   ...
    w0           1.0                                      parameters and what depends on them alone have one number,
    v1                      2.0   3.0  -1.0   ...         computed once a sweep
    v2                      2.0   3.0   0.0   ...
    v4                      0.0   0.0   2.0   ...
    v5                      6.0   9.0   8.0   ...
    --------------------------------------------------------------------
    flow to v4              4.0   4.0   4.0   ...
    flow to v3              0.0   0.0   4.0   ...         -0.0 where ReLU blocks: the sum with it is the other flow
    flow to w1  -4.0        0.0   0.0  -4.0   ...         the sum over the lanes of flow times x

As many lanes are taken at a time as stay in the nearest cache. The examples are cut into parts, by their
number alone; a part sums the flows of its lanes, and the sums of the parts are added in their order. So threads, which
take part after part, change no bit. An example in which a comparison comes out differently is left out of all sums, and
told: another recording replays it.


What makes it safe
==================

Parents are owned references that Python's garbage collector does not see, for a graph has no cycles. (A program that
builds one, as with a module that keeps its output, or a closure that holds its own node, has to break it.) Wherever
Python code may run (rules, properties of a subclass, `__float__` of an operand, signal handlers), nothing is taken to
be as it was before: what may change is read afterwards, and what a pass holds only by address is kept alive by the
graph. What errors say and drawings need is asked of `autograd.value`; second derivatives come from the rules, as there.
"""

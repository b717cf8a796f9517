/* The lives of nodes: how a block becomes an object, and the loops that drop references. */

#ifndef AUTOGRAD_LIVES_H
#define AUTOGRAD_LIVES_H

#include <Python.h>

#include "gil.h"

/* A block becomes an object with one reference, the one that `<Value>block` counts. To set the count of what was in the
   block before would not do: a count with some bits means an immortal object, whose count cannot be set. */
#if defined(Py_GIL_DISABLED) || defined(Py_REF_DEBUG)
#define BEGIN_LIFE(block, kind) PyObject_Init(block, kind)
#define COUNT_ONCE(block) Py_DECREF(block)
#else
#define BEGIN_LIFE(block, kind) (memset(block, 0, sizeof(PyObject)), Py_SET_TYPE(block, kind))
#define COUNT_ONCE(block) ((void)0)
#endif

#define WEAK_REFERENCES(thing) (*(PyObject **)((char *)(thing) + Py_TYPE(thing)->tp_weaklistoffset))

/* References that are still to be dropped, so that no drop happens inside another.

   Whatever a node holds may be the last reference to more, through closures and attributes as through operands. So a
   node that dies has its things dropped by the loop that dropped the node. A loop is known by the frame of Python
   that it began in: while that frame is the innermost, nothing but the loop's own drops runs. A callback of a weak
   reference has a frame of its own, and so a loop of its own; it may wait for another thread or greenlet, and none
   is to wait for it. Loops stand in memory of their own and not on the stack of C, which greenlets exchange for
   another. */
#define FEW 64 /* most need no array */
struct Dropping {
    struct Dropping *next; /* of those under way, or kept for the next time */
    void *frame;
    PyObject **things; /* the few, or an array for more */
    Py_ssize_t count, room;
    PyObject *few[FEW];
};

/* Python 3.13 drops what the attributes of an object hold in nested calls, up to 10,000 deep: too deep for the small
   stack of a thread. Earlier ones nest 50 deep, later ones watch the stack, but not that of WebAssembly. As in
   `value`. */
#if (PY_VERSION_HEX >= 0x030D0000 && PY_VERSION_HEX < 0x030E0000) || defined(__EMSCRIPTEN__) || defined(__wasi__)
#define FREES_NESTED 1
#else
#define FREES_NESTED 0
#endif

/* The innermost frame of Python, as an address to compare. */
static inline void *frame_here(void) {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_Get()->current_frame;
#else
    return PyThreadState_Get()->cframe->current_frame;
#endif
}

EACH_THREAD struct Dropping *droppings;     /* under way */
EACH_THREAD struct Dropping *kept_dropping; /* one that is done, for the next time */
EACH_THREAD struct Dropping *direct;        /* the one that is about to drop a node; NULL once the node knows */

#endif

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True, auto_pickle=False
"""The compiled twin of `autograd.value`: the same Values, the same numbers bit for bit, many times faster.

The page of design, which is the docstring of `autograd.native`, says how it is laid out. This file puts together the
parts that stand beside it, so that the C compiler sees them all at once.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.ref cimport PyObject
from libc.math cimport isfinite, signbit, pow as c_pow, sqrt as c_sqrt, NAN
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy, memset

from .formulas cimport (
    ABS, ADD, BINARY, DIVIDE, DOT, EXP, FLOOR_DIVIDE, LEAF, MANY, MULTIPLY, NEGATE, OPERATION_NAMES, OTHER, POWER,
    RECIPROCAL, REMAINDER, SUBTRACT, SUM, ieee_divide, partial1, partial2_0, partial2_1, partials_n, value1, value2,
    value_n,
)

import operator
from array import array
from functools import update_wrapper
from weakref import ref as weakref_to
from heapq import heappop, heappush
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, MethodType

from .. import anomaly, modes, operations, value as reference
from ..arrays import universal_function
from ..book import BLOCKED, LISTENERS, OPERATIONS, RECORDERS as book_recorders
from ..foreign import OF_BACKWARD, OF_VALUES, Missing, unknown
from ..ieee import real
from ..locks import new_lock
from ..taking import DETACH, TAKE

cdef extern from "Python.h":
    int PyContextVar_Get(object variable, PyObject* default, PyObject** value) except -1
    PyObject* PyTuple_GET_ITEM(PyObject* items, Py_ssize_t place)
    PyObject* Py_True
    PyObject* Py_None
    void Py_DecRef "Py_DECREF"(PyObject* thing)
    void Py_IncRef "Py_INCREF"(PyObject* thing)
    void Py_XDecRef "Py_XDECREF"(PyObject* thing)
    bint Py_IS_TYPE(PyObject* thing, PyTypeObject* kind)
    PyTypeObject* Py_TYPE(PyObject* thing)
    ctypedef void (*destructor)(PyObject*) noexcept
    ctypedef void (*freefunc)(void*) noexcept
    ctypedef object (*ternaryfunc)(object, object, object)
    ctypedef struct PyTypeObject:
        const char* tp_name
        const char* tp_doc
        unsigned long tp_flags
        Py_ssize_t tp_basicsize
        PyObject* (*tp_alloc)(PyTypeObject* kind, Py_ssize_t items) noexcept
        destructor tp_dealloc
        freefunc tp_free
        ternaryfunc tp_call
        Py_ssize_t tp_vectorcall_offset
        void* tp_descr_set
        void* tp_as_sequence
        void* tp_as_mapping
        void* tp_as_async
    PyObject* PyObject_Init(PyObject* block, PyTypeObject* kind)
    void PyErr_NoMemory()
    Py_ssize_t Py_REFCNT(PyObject* thing)
    ctypedef struct PyFrameObject:
        pass
    PyFrameObject* PyFrame_GetBack(PyFrameObject* frame)
    void PyObject_ClearWeakRefs(PyObject* thing)
    int PyObject_GenericSetAttr(object thing, object name, PyObject* value) except -1
    PyObject* _PyType_Lookup(PyTypeObject* kind, object name)
    const unsigned long Py_TPFLAGS_IMMUTABLETYPE
    PyObject* PyDict_GetItem(object mapping, object key)
    int PySys_AddAuditHook(int (*hook)(const char*, PyObject*, void*) noexcept, void* data) except -1

cdef extern from "chunks.h":
    void FETCH(const void* address) noexcept nogil
    PyObject* take_block(size_t size)
    void give_block(PyObject* block)
    void* new_table(size_t size)
    void free_table(void* table, size_t size)


cdef extern from "gil.h":
    long long next_birth()
    void BEGIN_PASS()
    void END_PASS()
    void BEGIN_COMMIT()
    void END_COMMIT()
    const bint HAS_GIL
    const bint NO_PASS_RUNS
    const bint KEEPS_PASS
    bint MAY_BE_LAST(PyObject* thing)
    bint IS_LAST(PyObject* thing)


cdef extern from "lives.h":
    void BEGIN_LIFE(PyObject* block, PyTypeObject* kind)
    void COUNT_ONCE(PyObject* block)
    PyObject* WEAK_REFERENCES(PyObject* thing)
    const bint FREES_NESTED
    void* frame_here()
    const Py_ssize_t FEW
    struct Dropping:
        Dropping* next
        void* frame
        PyObject** things
        Py_ssize_t count
        Py_ssize_t room
        PyObject* few[1]
    Dropping* droppings
    Dropping* kept_dropping
    Dropping* direct


cdef object Reference = reference.Value
cdef list RECORDERS = book_recorders
cdef object MODE = modes.MODE
cdef object OUTSIDE = modes.OUTSIDE


cdef list OPERATION_OF = [None] * (OTHER + 1)
cdef dict CODE_OF = {}
cdef int LISTS_OF[OTHER + 1]  # how many lists of operands it takes
cdef int SINGLE_OF[OTHER + 1]  # and how many operands that are in no list
cdef int LEAST_OF[OTHER + 1]  # and how many each list must have


cdef int read_book() except -1:
    """Find the number of each operation of the rule book."""
    numbers = {OPERATION_NAMES[code].decode(): code for code in range(OTHER) if OPERATION_NAMES[code] != NULL}
    book = {name: operation for name, operation in OPERATIONS.items() if operation.is_of_book}
    for name in numbers.keys() ^ book.keys():
        raise ImportError(f"the rule book and the compiled engine differ in the operation {name!r}: build it again")
    for name, operation in book.items():
        code = numbers[name]
        OPERATION_OF[code], CODE_OF[operation] = operation, code
        LISTS_OF[<int>code] = operation.list_count
        SINGLE_OF[<int>code] = len(operation.parameters) - operation.list_count
        LEAST_OF[<int>code] = least(operation, SINGLE_OF[<int>code]) if operation.list_count else 0
    return 0


cdef int least(operation, int single) except -1:
    """How many operands each list must have, as the rule says it: it refuses others."""
    for count in range(1, 3):
        try:
            operation.rule(*operation.arguments([0.0] * (count * operation.list_count + single)))
            return count
        except ValueError:
            pass
    return 3


read_book()

include "node.pxi"
include "life.pxi"
include "make.pxi"
include "program.pxi"
include "replay.pxi"
include "walk.pxi"
include "step.pxi"
include "kind.pxi"
include "record.pxi"
include "calls.pxi"
include "lanes.pxi"

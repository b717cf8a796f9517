cdef extern from "Python.h":
    ctypedef PyObject* (*vectorcallfunc)(PyObject*, PyObject**, size_t, PyObject*)
    Py_ssize_t PyVectorcall_NARGS(size_t flagged)
    object PyVectorcall_Call(object thing, object arguments, object named)
    object PyObject_Vectorcall(object thing, PyObject** arguments, size_t flagged, PyObject* names)
    const unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    const unsigned long Py_TPFLAGS_METHOD_DESCRIPTOR
    ctypedef struct PyMethodDef:
        const char* ml_doc
    ctypedef struct PyMethodDescrObject:
        PyMethodDef* d_method
    ctypedef struct PyGetSetDef:
        const char* doc
    ctypedef struct PyGetSetDescrObject:
        PyGetSetDef* d_getset

cdef extern from "kind.h":
    int keep_name(const char* event, PyObject* arguments, void* kind) noexcept
    int as_sequence
    int as_mapping
    int as_async


# What users are told: the name that they know, and how a Value is made and what it is.
cdef bytes DOC = ("Value(data, label='')\n--\n\n" + (Reference.__doc__ or "")).encode()  # python -OO leaves none
(<PyTypeObject*>Value).tp_name = "autograd.Value"
(<PyTypeObject*>Value).tp_doc = DOC

(<PyTypeObject*>Value).tp_alloc = allocated
(<PyTypeObject*>Value).tp_dealloc = die

# As with a class that is written in Python, a program may give it methods: Value.cube = lambda v: v**3.
(<PyTypeObject*>Value).tp_flags &= ~Py_TPFLAGS_IMMUTABLETYPE
PySys_AddAuditHook(keep_name, <void*>Value)
(<PyTypeObject*>Value).tp_as_sequence = &as_sequence
(<PyTypeObject*>Value).tp_as_mapping = &as_mapping
(<PyTypeObject*>Value).tp_as_async = &as_async
setattr(Value, "__doc__", Reference.__doc__)  # of an instance
if not FREES_NESTED:
    del Value.__del__


def become_method(name, operation):
    """Make v.gauss() of gauss(v), for a user's operations too; see `value`."""
    method = reference.method_of(operation)
    if method is not None:
        code = CODE_OF.get(operation, OTHER)
        setattr(Value, name, Method(code, method) if code < MANY else method)
    elif name not in reference.RESERVED and name in vars(Value):
        delattr(Value, name)
        if name in OF_VALUES:
            setattr(Value, name, Missing(name))


@cython.final
cdef class Method:
    """An operation on one number or two as a method of Values: the shorter way, or else the longer one of `value`."""

    cdef vectorcallfunc called
    cdef int code
    cdef object longer
    cdef dict __dict__  # its name and docstring, and what else a function has

    def __init__(self, int code, longer):
        self.called, self.code, self.longer = <vectorcallfunc>method_called, code, longer
        update_wrapper(self, longer)

    def __get__(self, node, kind):
        return self if node is None else MethodType(self, node)

    def __repr__(self):
        return f"<method {self.__name__!r} of 'autograd.Value' objects>"


cdef object method_called(Method method, PyObject** arguments, size_t flagged, PyObject* names):
    cdef Py_ssize_t count = PyVectorcall_NARGS(flagged)
    if count == 0 or not isinstance(<object>arguments[0], Value):
        raise TypeError(f"{method.__name__} is a method of Values: Value(2.0).{method.__name__}()")
    if names == NULL and count == (1 if method.code < BINARY else 2):
        if count == 1:
            return unary(method.code, <Value>arguments[0])
        return binary(method.code, <object>arguments[0], <object>arguments[1], None)
    return PyObject_Vectorcall(method.longer, arguments, flagged, names)


cdef void make_callable(Method any) noexcept:
    """Let Python call methods by their `called`, without a tuple of arguments and without a bound method."""
    cdef PyTypeObject* kind = Py_TYPE(<PyObject*>any)
    kind.tp_vectorcall_offset = <char*>&any.called - <char*><PyObject*>any
    kind.tp_call = PyVectorcall_Call
    kind.tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR


make_callable(Method.__new__(Method))


cdef int take_operations() except -1:
    """Tell operations of their twins, and make methods of them, now and whenever there are more."""
    cdef Twin twin
    for operation, code in CODE_OF.items():
        twin = Twin.__new__(Twin)
        twin.code = code
        object.__setattr__(operation, "twin", twin)  # the one thing of an operation that is not its own
    for name in OF_VALUES:
        setattr(Value, name, Missing(name))
    for operation in OPERATIONS.values():
        for name in (operation.name, *operation.aliases):
            become_method(name, operation)
    LISTENERS.append(become_method)
    return 0


take_operations()


# The docstrings are those of the reference. C keeps them where Python has no way to write them.

cdef list DOCSTRINGS = []  # keeps them alive


cdef int take_docstrings() except -1:
    for name, text in Reference.__slots__.items():
        if text:
            take_docstring(name, text)
    for name, thing in vars(Reference).items():
        if isinstance(thing, (FunctionType, property)) and thing.__doc__ and name in reference.RESERVED:
            take_docstring(name, thing.__doc__)
    return 0


cdef int take_docstring(str name, str text) except -1:
    thing = vars(Value).get(name)
    cdef PyMethodDef* method
    cdef bytes kept
    if isinstance(thing, MethodDescriptorType):
        method = (<PyMethodDescrObject*><PyObject*>thing).d_method
        kept = method.ml_doc + text.encode()  # what is there is the signature, from Cython
        method.ml_doc = kept
    elif isinstance(thing, GetSetDescriptorType):
        kept = text.encode()
        (<PyGetSetDescrObject*><PyObject*>thing).d_getset.doc = kept
    else:
        raise ImportError(f"the class Value of this engine has no {name!r}, as `autograd.value` has: build it again")
    DOCSTRINGS.append(kept)
    return 0


take_docstrings()
softmax.__doc__ = operations.softmax.__doc__

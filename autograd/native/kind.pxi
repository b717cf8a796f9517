cdef extern from "Python.h":
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
        setattr(Value, name, METHODS.get(operation, method))
    elif name not in reference.RESERVED and name in vars(Value):
        delattr(Value, name)
        if name in OF_VALUES:
            setattr(Value, name, Missing(name))


def method_of(int code):
    """The shorter way for an operation on one number or on two."""
    cdef int others_wanted = 0 if code < BINARY else 1
    operation = OPERATION_OF[code]

    def method(Value self not None, *others, **named):
        if named or len(others) != others_wanted:
            _, *others = operation.operands((self, *others), named)  # where defaults do not help, it raises
        return binary(code, self, others[0], None) if others_wanted else unary(code, self)

    return update_wrapper(method, operation.rule)


cdef dict METHODS = {}


cdef int take_operations() except -1:
    """Tell operations of their twins, and make methods of them, now and whenever there are more."""
    cdef Twin twin
    for operation, code in CODE_OF.items():
        if code < MANY:
            METHODS[operation] = method_of(code)
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

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
    cdef int code = CODE_OF.get(operation, OTHER)
    if code != OTHER:
        KNOWN[code] = operation.rule is RULE_OF[code]
    method = reference._method(operation)
    if method is not None:
        setattr(Value, name, METHODS.get(operation, method))
    elif name not in reference._RESERVED and name in vars(Value):
        delattr(Value, name)
        if name in OF_VALUES:
            setattr(Value, name, Missing(name))


def method_of(int code):
    """The shorter way for an operation on one number or on two."""
    cdef int others_wanted = 0 if code < ADD else 1

    def method(Value self not None, *others, **named):
        if named or len(others) != others_wanted:
            _, *others = OPERATION_OF[code].operands((self, *others), named)
        return binary(code, self, others[0], None) if others_wanted else unary(code, self)

    return update_wrapper(method, RULE_OF[code])


cdef dict METHODS = {OPERATION_OF[code]: method_of(code) for code in range(IDENTITY, WHERE)}
for _name in OF_VALUES:
    setattr(Value, _name, Missing(_name))
for _operation in OPERATIONS.values():
    for _name in (_operation.name, *_operation.aliases):
        become_method(_name, _operation)
LISTENERS.append(become_method)

cdef Twin _twin
for _i in range(IDENTITY, OTHER):
    _twin = Twin.__new__(Twin)
    _twin.code = _i
    object.__setattr__(OPERATION_OF[_i], "twin", _twin)  # the one thing of an operation that is not its own

cdef void die(PyObject* self) noexcept:
    """Free a Value. What it holds is let go after its memory, so that its parents' may be used again in their order."""
    global direct
    cdef Dropping* loop = direct
    cdef int code = (<Value>self).code
    cdef PyObject* first = (<Value>self).first
    cdef PyObject* second = (<Value>self).second
    cdef PyObject* scope = (<Value>self).scope_
    cdef PyObject* aside = (<Value>self).aside
    direct = NULL
    if WEAK_REFERENCES(self) != NULL:
        PyObject_ClearWeakRefs(self)
    if Py_IS_TYPE(self, <PyTypeObject*>Value):
        give_block(self)
    else:
        Py_TYPE(self).tp_free(self)
    let_all_go(code, first, second, scope, aside, loop)


cdef inline void let_all_go(
    int code, PyObject* first, PyObject* second, PyObject* scope, PyObject* aside, Dropping* loop
) noexcept:
    """Let go what a node held, which is not there any more or has become a leaf; the loop is that which dropped it."""
    cdef Dropping* own = NULL
    cdef Many* many
    cdef Py_ssize_t i
    let_go(aside, &loop, &own)
    let_go(scope, &loop, &own)
    if code >= MANY:
        many = <Many*>first
        for i in range(many.count):
            let_go(many.parents[i], &loop, &own)
        PyMem_RawFree(many)
    elif code != LEAF:
        let_go(first, &loop, &own)
        let_go(second, &loop, &own)
    if own != NULL:
        drop_all(own)


cdef inline void let_go(PyObject* thing, Dropping** loop, Dropping** own) noexcept:
    if thing == NULL:
        return
    if MAY_BE_LAST(thing):
        if loop[0] == NULL:
            loop[0] = loop_here(own)
        if loop[0] != NULL and has_room(loop[0]):
            loop[0].things[loop[0].count] = thing
            loop[0].count += 1
            return
    Py_DecRef(thing)


cdef Dropping* loop_here(Dropping** own) noexcept:
    """The loop that is under way in this frame, else a new one, which is the caller's own; NULL without memory."""
    global droppings, kept_dropping
    cdef void* frame = frame_here()
    cdef Dropping* loop = droppings
    while loop != NULL:
        if loop.frame == frame:
            return loop
        loop = loop.next
    loop, kept_dropping = kept_dropping, NULL
    if loop == NULL:
        loop = <Dropping*>PyMem_RawMalloc(sizeof(Dropping))
        if loop == NULL:
            return NULL
    loop.frame, loop.things, loop.count, loop.room = frame, loop.few, 0, FEW
    loop.next, droppings = droppings, loop
    own[0] = loop
    return loop


cdef void drop_all(Dropping* loop) noexcept:
    """Drop what is let go, one after the other, and what is let go by that, until nothing is left."""
    global droppings, kept_dropping, direct
    cdef Dropping** place = &droppings
    cdef PyObject* thing
    while loop.count > 0:
        loop.count -= 1
        thing = loop.things[loop.count]
        if Py_IS_TYPE(thing, <PyTypeObject*>Value) and IS_LAST(thing):
            direct = loop
        Py_DecRef(thing)
    while place[0] != loop:  # others may have begun since and not be done
        place = &place[0].next
    place[0] = loop.next
    if loop.things != loop.few:
        PyMem_RawFree(loop.things)
    if kept_dropping == NULL:
        kept_dropping = loop
    else:
        PyMem_RawFree(loop)


cdef inline bint has_room(Dropping* loop) noexcept:
    """Whether there is room for one more, or can be made."""
    cdef PyObject** more
    if loop.count < loop.room:
        return True
    more = <PyObject**>PyMem_RawMalloc(4 * loop.room * sizeof(PyObject*))
    if more == NULL:
        return False
    memcpy(more, loop.things, loop.count * sizeof(PyObject*))
    if loop.things != loop.few:
        PyMem_RawFree(loop.things)
    loop.things, loop.room = more, 4 * loop.room
    return True


cdef void let_go_attributes(PyObject* self) noexcept:
    """Let go in turn what the attributes of a subclass hold, where Python itself would nest drops too deep."""
    cdef Dropping* loop = NULL
    cdef Dropping* own = NULL
    cdef PyObject* held
    try:
        attributes = reference.emptied(<object>self)
    except Exception:
        return  # Python drops them then
    held = <PyObject*>attributes
    Py_IncRef(held)
    attributes = None
    let_go(held, &loop, &own)
    if own != NULL:
        drop_all(own)


cdef void become_blank(Value node) noexcept:
    cdef int code = node.code
    cdef PyObject* first = node.first
    cdef PyObject* second = node.second
    cdef PyObject* aside = node.aside
    node.code, node.first, node.second, node.has_grad_, node.aside = LEAF, NULL, NULL, False, NULL
    if NO_PASS_RUNS:  # else one may hold the addresses of the parents: these references are rather never dropped
        let_all_go(code, first, second, NULL, aside, NULL)
    else:
        Py_XDecRef(aside)

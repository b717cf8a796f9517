cdef extern from "window.h":
    const Py_ssize_t WINDOW_FOR_ALL
    const Py_ssize_t WINDOW_FOR_EACH


cdef class Partials:
    """The partials of a node towards all its operands, and which of these were chosen."""

    cdef double* numbers
    cdef char* chosen

    def __dealloc__(self):
        PyMem_RawFree(self.numbers)

    cdef int make_room(self, Py_ssize_t count) except -1:
        self.numbers = <double*>PyMem_RawMalloc(count * (sizeof(double) + 1) + 1)
        if self.numbers == NULL:
            raise MemoryError
        self.chosen = <char*>(self.numbers + count)
        return 0


cdef Partials partials_of(Value node):
    cdef Partials partials = Partials.__new__(Partials)
    cdef Py_ssize_t i, count = count_of(node)
    cdef tuple answers
    partials.make_room(count)
    if node.code == OTHER:
        answers = reference.checked(beside(node).operation, beside(node).local_gradient(), count)
        for i in range(count):
            # Towards a plain number nothing is computed; nor has a node operands that its rule has made a leaf again.
            partial = reference.plain_number(answers[i]) if parent_at(node, i) != NULL else BLOCKED
            partials.chosen[i] = partial is not BLOCKED
            partials.numbers[i] = 0.0 if partial is BLOCKED else partial
    elif HAS_PROGRAM[node.code]:
        for i in range(count):
            partials.chosen[i] = partial_by_program(node, i, &partials.numbers[i])
    elif node.code >= MANY:
        memset(partials.chosen, 1, count)
        partials_n(node.code, (<Many*>node.first).numbers, count, node.number, partials.numbers, partials.chosen)
    else:
        for i in range(count):
            partials.chosen[i] = partial_at(<PyObject*>node, i, &partials.numbers[i])
    return partials


cdef inline bint partial_at(PyObject* node, int place, double* answer) noexcept:
    cdef int code = (<Value>node).code
    cdef double x = (<Value>node).x, y = (<Value>node).y, value = (<Value>node).number
    if code < BINARY:
        return partial1(code, x, value, answer)
    return partial2_1(code, x, y, value, answer) if place else partial2_0(code, x, y, value, answer)


cdef struct Stop:
    # A node that a pass has met, and the sum of the flows that have arrived at it. NULL: none stands here. While only
    # blocked edges have led to it, so that no flow has arrived, the lowest bit of its address is set.
    PyObject* node
    double flow


cdef inline PyObject* blocked(PyObject* node) noexcept:
    return <PyObject*>(<uintptr_t>node | 1)


cdef inline bint is_blocked(Stop* stop) noexcept:
    return <uintptr_t>stop.node & 1


cdef inline PyObject* node_at(Stop* stop) noexcept:
    return <PyObject*>(<uintptr_t>stop.node & ~<uintptr_t>1)


cdef inline void arrive(Stop* stop, PyObject* node, double flow) noexcept:
    if stop.node == node:
        stop.flow += flow
    else:  # nothing stands here yet, or the node without a flow
        stop.node = node
        stop.flow = flow


cdef struct Stops:
    # A table of them. Of what is counted the caller keeps the books.
    Stop* at
    Py_ssize_t room
    Py_ssize_t count


# So many stops ahead, nodes are brought into the cache; so many more are at the end of each table, empty.
cdef enum:
    AHEAD = 6


cdef Stop* new_stops(Py_ssize_t room) except NULL:
    cdef Stop* stops = <Stop*>new_table((room + AHEAD) * sizeof(Stop))
    if stops == NULL:
        raise MemoryError
    return stops


cdef void free_stops(Stops* stops) noexcept:
    if stops.at != NULL:
        free_table(stops.at, (stops.room + AHEAD) * sizeof(Stop))


cdef int grow(Stops* stops, Py_ssize_t room) except -1:
    """Room for more, after what is counted."""
    cdef Stop* larger = new_stops(room)
    if stops.count:
        memcpy(larger, stops.at, stops.count * sizeof(Stop))
    free_stops(stops)
    stops.at, stops.room = larger, room
    return 0


cdef void commit(Stops* stops, Py_ssize_t count) noexcept:
    """Write gradients: a leaf adds up, an interior node shows the last pass. The stops are empty then."""
    cdef Py_ssize_t i
    cdef PyObject* node
    cdef double flow
    for i in range(count):
        FETCH(&(<Value>stops.at[i + AHEAD].node).gradient_)
        node = node_at(&stops.at[i])
        if node == NULL:
            continue
        flow = 0.0 if is_blocked(&stops.at[i]) else stops.at[i].flow
        if (<Value>node).code == LEAF and (<Value>node).has_grad_:
            flow = (<Value>node).gradient_ + flow
        (<Value>node).gradient_ = flow
        (<Value>node).has_grad_ = True
        stops.at[i].node = NULL
    stops.count = 0


cdef collect(Stops* stops, Py_ssize_t count, list nodes, dict flows):
    cdef Py_ssize_t i
    for i in range(count):
        if stops.at[i].node != NULL and not is_blocked(&stops.at[i]):
            nodes.append(<object>stops.at[i].node)
            flows[birth_of(stops.at[i].node)] = stops.at[i].flow


cdef class Pass:
    """One walk from a root back to the leaves, with the flow that arrives at each node on the way.

    A node is younger than its operands. So the nodes stand in a window by their age: the root at 0, one that was born
    n Values earlier at n. A walk along the window comes to each node when all that were computed from it have sent
    their flows. What was born too early for the window waits, in a heap, for the next one. Leaves, which send nothing,
    have a hash table.
    """

    cdef long long youngest  # the birth that stands at 0
    cdef Stops window  # counted up to the oldest that stands there
    cdef Stops past  # what stood in windows before this one
    cdef Stops leaves  # the room is a power of 2, at least half of it empty
    cdef list waiting  # (−birth, place in the order of coming, address, flow or None)
    cdef Py_ssize_t waited  # how many have had to
    cdef Py_ssize_t met  # nodes the walk has come to, and the operands in lists of theirs

    def __cinit__(self):
        self.waiting = []

    def __dealloc__(self):
        free_stops(&self.window)
        free_stops(&self.past)
        free_stops(&self.leaves)

    cdef int run(self, PyObject* root, double start) except -1:
        self.youngest = birth_of(root)
        self.met = 0
        BEGIN_PASS()
        try:
            if HAS_GIL and is_alone(<Value>root):
                return run_alone(<Value>root, start)
            self.send_to(root, start)
            self.walk()
            self.check()
        finally:
            END_PASS()
        # From here on to the end no Python code runs, and no other pass writes.
        BEGIN_COMMIT()
        commit(&self.window, self.window.count)
        commit(&self.past, self.past.count)
        commit(&self.leaves, self.leaves.room)
        END_COMMIT()
        return 0

    cdef int walk(self) except -1:
        cdef Py_ssize_t place = 0
        cdef Stop* stop
        while True:
            while place < self.window.count:
                stop = &self.window.at[place]
                FETCH((stop + AHEAD).node)
                if stop.node != NULL:
                    self.met += 1
                    if is_blocked(stop):
                        self.block_all(node_at(stop))
                    else:
                        self.send(stop.node, stop.flow)
                place += 1
                if place & 0xFFFF == 0:
                    PyErr_CheckSignals()
            if not self.waiting:
                return 0
            self.open_next_window()
            place = 0

    cdef inline int send(self, PyObject* node, double flow) except -1:
        """From a node at which all flows have arrived to its parents."""
        cdef int code = (<Value>node).code
        cdef PyObject* first = (<Value>node).first
        cdef PyObject* second = (<Value>node).second
        if code >= MANY:
            self.send_to_many(node, flow)
        elif HAS_PROGRAM[code]:
            self.send_by_program(<Value>node, flow)
        elif code == MULTIPLY:
            if first != NULL:
                self.send_to(first, flow * (<Value>node).y)
            if second != NULL:
                self.send_to(second, flow * (<Value>node).x)
        elif code == ADD:
            if first != NULL:
                self.send_to(first, flow)
            if second != NULL:
                self.send_to(second, flow)
        else:
            if first != NULL:
                self.send_times_partial(node, 0, first, flow)
            if second != NULL:
                self.send_times_partial(node, 1, second, flow)
        return 0

    cdef inline int send_times_partial(self, PyObject* node, int place, PyObject* parent, double flow) except -1:
        cdef double partial = 0.0
        return self.send_to(parent, flow * partial) if partial_at(node, place, &partial) else self.block(parent)

    cdef int send_to_many(self, PyObject* node, double flow) except -1:
        cdef Many* many = <Many*>(<Value>node).first
        cdef Py_ssize_t i, half = many.count // 2
        cdef Partials partials
        self.met += many.count
        if (<Value>node).code == OTHER and isinstance(beside(<Value>node).local_gradient, Through):
            return self.send_through(many, flow, <Through>beside(<Value>node).local_gradient)
        if (<Value>node).code == DOT:  # without a table of partials
            for i in range(half):
                if many.parents[i] != NULL:
                    self.send_to(many.parents[i], flow * many.numbers[half + i])
            for i in range(half):
                if many.parents[half + i] != NULL:
                    self.send_to(many.parents[half + i], flow * many.numbers[i])
            return 0
        partials = partials_of(<Value>node)
        for i in range(many.count):
            if many.parents[i] != NULL:
                if partials.chosen[i]:
                    self.send_to(many.parents[i], flow * partials.numbers[i])
                else:
                    self.block(many.parents[i])
        return 0

    cdef int send_through(self, Many* many, double flow, Through through) except -1:
        """From a node that is a whole program: it adds to what has arrived at its operands so far, see `value.Sweep`."""
        cdef Flows flows
        cdef Py_ssize_t i
        through.open(&flows)
        try:
            for i in range(many.count):
                if many.parents[i] != NULL:
                    self.take(many.parents[i], through.meets(i), &flows.flows[i], &flows.reached[i])
            through.send(flow, &flows)
            for i in range(many.count):
                if many.parents[i] != NULL and flows.reached[i]:
                    self.send_to(many.parents[i], flows.flows[i])
        finally:
            through.close(&flows)
        return 0

    cdef int take(self, PyObject* parent, bint meets, double* flow, char* reached) except -1:
        """Take away what has arrived at a parent so far, to come back with more; meet it if the node does."""
        cdef Stop* stop
        cdef long long place
        if meets:
            self.block(parent)
        if (<Value>parent).code == LEAF:
            stop = leaf_stop(&self.leaves, parent)
            if stop == NULL:
                return 0
        else:
            place = self.youngest - birth_of(parent)
            if place >= self.window.count:
                return 0  # it waits
            stop = &self.window.at[place]
        if stop.node != NULL and not is_blocked(stop):
            flow[0], reached[0] = stop.flow, True
            stop.node = blocked(parent)
        return 0

    cdef int send_by_program(self, Value node, double flow) except -1:
        cdef Py_ssize_t i
        cdef bint chosen
        cdef PyObject* parent
        cdef double partial = 0.0
        for i in range(count_of(node)):
            parent = parent_at(node, i)
            chosen = partial_by_program(node, i, &partial)
            if parent != NULL:
                if chosen:
                    self.send_to(parent, flow * partial)
                else:
                    self.block(parent)
        return 0

    cdef inline int send_to(self, PyObject* parent, double flow) except -1:
        cdef long long place
        if (<Value>parent).code == LEAF:
            arrive(self.leaf(parent), parent, flow)
            return 0
        place = self.youngest - birth_of(parent)
        if place >= self.window.count and not self.reaches(place):
            return self.wait(parent, flow)
        arrive(&self.window.at[place], parent, flow)
        return 0

    cdef int block_all(self, PyObject* node) except -1:
        cdef Py_ssize_t i
        cdef PyObject* parent
        for i in range(count_of(<Value>node)):
            parent = parent_at(<Value>node, i)
            if parent != NULL:
                self.block(parent)
        return 0

    cdef int block(self, PyObject* parent) except -1:
        """Meet a parent that no flow goes to."""
        cdef long long place
        cdef Stop* stop
        if (<Value>parent).code == LEAF:
            stop = self.leaf(parent)
        else:
            place = self.youngest - birth_of(parent)
            if place >= self.window.count and not self.reaches(place):
                return self.wait(parent, None)
            stop = &self.window.at[place]
        if stop.node == NULL:
            stop.node = blocked(parent)
        return 0

    cdef int reaches(self, long long place) except -1:
        """Whether the window reaches as far as this place, or can be made to."""
        cdef Py_ssize_t room = self.window.room
        # Nodes of one computation were born in a row, nearly; far more places than nodes would be a waste.
        cdef Py_ssize_t most = WINDOW_FOR_ALL + WINDOW_FOR_EACH * self.met
        if place >= room:
            if self.waiting:  # all that is older than the window waits, or a node would stand in two places
                return False
            while room <= place and room < most:
                room = max(2 * room, 4)
            if room > self.window.room:
                grow(&self.window, room)
            if place >= room:
                return False
        self.window.count = place + 1
        return True

    cdef int wait(self, PyObject* parent, flow) except -1:
        self.waited += 1
        heappush(self.waiting, (-birth_of(parent), self.waited, <uintptr_t>parent, flow))
        return 0

    cdef int open_next_window(self) except -1:
        """Put the window where the youngest node is that waits, and into it all for which there is room."""
        cdef Py_ssize_t i
        cdef PyObject* parent
        if self.past.count + self.window.count > self.past.room:
            grow(&self.past, 2 * (self.past.count + self.window.count))
        for i in range(self.window.count):
            if self.window.at[i].node != NULL:
                self.past.at[self.past.count] = self.window.at[i]
                self.past.count += 1
        memset(self.window.at, 0, self.window.count * sizeof(Stop))
        self.window.count = 0
        self.youngest = -self.waiting[0][0]
        while self.waiting and self.youngest + self.waiting[0][0] < self.window.room:
            _, _, address, flow = heappop(self.waiting)
            parent = <PyObject*><uintptr_t>address
            if flow is None:
                self.block(parent)
            else:
                self.send_to(parent, flow)
        return 0

    cdef inline Stop* leaf(self, PyObject* leaf) except NULL:
        """Where a leaf stands, or is to stand."""
        cdef Stop* stop = leaf_stop(&self.leaves, leaf)
        if stop == NULL or stop.node == NULL:
            self.leaves.count += 1
            if 2 * self.leaves.count > self.leaves.room:
                self.grow_leaves()
                stop = leaf_stop(&self.leaves, leaf)
        return stop

    cdef int grow_leaves(self) except -1:
        cdef Stops larger
        cdef Py_ssize_t i
        larger.room = max(2 * self.leaves.room, 16)
        larger.count = self.leaves.count
        larger.at = new_stops(larger.room)
        for i in range(self.leaves.room):
            if self.leaves.at[i].node != NULL:
                leaf_stop(&larger, node_at(&self.leaves.at[i]))[0] = self.leaves.at[i]
        free_stops(&self.leaves)
        self.leaves = larger
        return 0

    cdef int check(self) except -1:
        """Under `detect_anomaly`, look at all flows."""
        cdef Mode mode
        read_mode(&mode)
        if mode.anomaly:
            nodes, flows = [], {}
            collect(&self.window, self.window.count, nodes, flows)
            collect(&self.past, self.past.count, nodes, flows)
            collect(&self.leaves, self.leaves.room, nodes, flows)
            anomaly.check_pass(sorted(nodes, key=reference.by_birth), flows)
        return 0

    cdef bint is_small(self) noexcept:
        return self.window.room <= 1 << 17 and self.leaves.room <= 1 << 14 and self.past.room <= 1 << 14


cdef bint is_alone(Value root) except -1:
    """Whether a graph is one node that is a whole program, and leaves that differ, so that a pass needs no tables."""
    cdef Mode mode
    cdef Many* many = <Many*>root.first
    cdef Py_ssize_t i
    cdef int falls = 0
    cdef long long birth, before = 0, first = 0
    if root.code != OTHER or not isinstance(beside(root).local_gradient, Through):
        return False
    read_mode(&mode)
    if mode.anomaly:
        return False
    for i in range(many.count):
        if many.parents[i] == NULL:
            continue
        birth = birth_of(many.parents[i])
        # By age, as the parameters of a program; what is given is younger or older than all of them.
        if birth <= before:
            falls += 1
        if (<Value>many.parents[i]).code != LEAF or birth == before or falls > 1 or (falls and birth >= first):
            return False
        if before == 0:
            first = birth
        before = birth
    return True


cdef int run_alone(Value root, double start) except -1:
    cdef Many* many = <Many*>root.first
    cdef Through through = <Through>beside(root).local_gradient
    cdef Flows flows
    cdef Py_ssize_t i
    through.open(&flows)
    try:
        through.send(start, &flows)
        for i in range(many.count):
            FETCH(&(<Value>many.parents[min(i + 2 * AHEAD, many.count - 1)]).gradient_)
            if many.parents[i] != NULL:
                if not flows.reached[i]:
                    if not through.meets(i):
                        continue
                    flows.flows[i] = 0.0
                if (<Value>many.parents[i]).code == LEAF and (<Value>many.parents[i]).has_grad_:
                    flows.flows[i] = (<Value>many.parents[i]).gradient_ + flows.flows[i]
                (<Value>many.parents[i]).gradient_ = flows.flows[i]
                (<Value>many.parents[i]).has_grad_ = True
        root.gradient_ = start
        root.has_grad_ = True
    finally:
        through.close(&flows)
    return 0


cdef inline Stop* leaf_stop(Stops* leaves, PyObject* leaf) noexcept:
    """Where a leaf stands in a hash table with open addressing, or is to stand; NULL where there is no table."""
    cdef size_t others = leaves.room - 1
    cdef size_t place
    if leaves.room == 0:
        return NULL
    # Knuth 1998, "The art of computer programming", volume 3, section 6.4: multiplication by the golden ratio.
    place = <size_t>((<unsigned long long><uintptr_t>leaf * <unsigned long long>0x9E3779B97F4A7C15) >> 32) & others
    while leaves.at[place].node != NULL and node_at(&leaves.at[place]) != leaf:
        place = (place + 1) & others
    return &leaves.at[place]


cdef Pass spare = None  # the last one that was done: its arrays serve again

from cpython.buffer cimport PyBUF_READ
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free, qsort, realloc

cdef extern from "simplify.h":
    enum:
        KIND_OTHER, KIND_ADD, KIND_SUBTRACT, KIND_MULTIPLY, KIND_NEGATE, KIND_SUM, KIND_DOT, KIND_TAKE, KIND_DETACH
        IS_OF_BOOK, IS_CHEAP
        DEAD, CONSTANT, REPEATED, COPIED, JOINED
    ctypedef struct Work:
        int inputs, given, first, count, zero, minus_one, output_count, guard_count
        const double* constants
        const double* numbers
        const unsigned short* codes
        const unsigned char* kinds
        const int* starts
        int counts[5]
        int left, left_operands, left_constants
    int begin_work(Work* work, const int* operands, const int* outputs, const int* guards)
    void free_work(Work* work)
    void mark_dead(Work* work) nogil
    void find_repeated(Work* work, const char* differentiable) nogil
    void find_guards(Work* work) nogil
    void find_consumers(Work* work) nogil
    void find_chains(Work* work) nogil
    void measure(Work* work) nogil
    int number_codes(const Work* work, int* code_of, int codes)
    void write_work(const Work* work, const int* code_of, int linear, double* constants, unsigned short* codes,
                    int* starts, int* operands, int* copies, int* outputs, int* guards) nogil


# Simplifying ------------------------------------------------------------------------------------------

cdef dict KIND_OF = {
    operations.add: KIND_ADD,
    operations.subtract: KIND_SUBTRACT,
    operations.multiply: KIND_MULTIPLY,
    operations.negate: KIND_NEGATE,
    operations.sum: KIND_SUM,
    operations.dot: KIND_DOT,
    TAKE: KIND_TAKE,
    DETACH: KIND_DETACH,
}


cdef inline void* items_of(items):
    """Where an array has its items, as long as it lives and does not grow."""
    address, _ = items.buffer_info()
    return <void*><uintptr_t>address


cdef inline object new_array(str kind, Py_ssize_t count):
    return array(kind, [0]) * count


def simplified(program, numbers):
    # What it does says `compiler.simplify`, which does the same.
    from ..compiler.program import LINEAR
    from ..compiler.simplify import CHEAP

    cdef Work work
    cdef object kinds, code_of = new_array("i", len(program.operations) + 1)
    cdef bytes differentiable = program.differentiable
    kinds = array("B", [
        KIND_OF.get(each, KIND_OTHER) | (IS_OF_BOOK if each.is_of_book else 0) | (IS_CHEAP if each in CHEAP else 0)
        for each in program.operations
    ])
    memset(&work, 0, sizeof(work))
    work.inputs = len(program.input_names)
    work.given = work.inputs + len(program.parameter_names)
    work.first, work.count = program.first, len(program.codes)
    work.zero, work.minus_one = program.slots, program.slots + 1
    work.constants, work.numbers = <double*>items_of(program.constants), <double*>items_of(numbers)
    work.codes, work.kinds = <unsigned short*>items_of(program.codes), <unsigned char*>items_of(kinds)
    work.starts = <int*>items_of(program.starts)
    work.output_count, work.guard_count = len(program.outputs), len(program.guards) // 4
    try:
        if not begin_work(
            &work, <int*>items_of(program.operands), <int*>items_of(program.outputs), <int*>items_of(program.guards)
        ):
            raise MemoryError
        mark_dead(&work)
        find_repeated(&work, differentiable)
        find_guards(&work)
        find_consumers(&work)
        find_chains(&work)
        measure(&work)
        number_codes(&work, <int*>items_of(code_of), len(program.operations))
        constants, codes = new_array("d", work.left_constants), new_array("H", work.left)
        starts, operands = new_array("i", work.left + 1), new_array("i", work.left_operands)
        copies, outputs = new_array("i", work.left), new_array("i", work.output_count)
        guards = new_array("i", 4 * work.guard_count)
        write_work(
            &work, <int*>items_of(code_of), len(program.operations), <double*>items_of(constants),
            <unsigned short*>items_of(codes), <int*>items_of(starts), <int*>items_of(operands),
            <int*>items_of(copies), <int*>items_of(outputs), <int*>items_of(guards),
        )
    finally:
        free_work(&work)
    return type(program)(
        program.name,
        tuple([each for each, code in zip((*program.operations, LINEAR), code_of) if code >= 0]),
        program.input_names, program.differentiable, program.parameter_names,
        constants, codes, starts, operands, copies, outputs, guards,
        {
            "recorded": work.count, "dead": work.counts[DEAD], "constant": work.counts[CONSTANT],
            "repeated": work.counts[REPEATED], "copied": work.counts[COPIED], "linear": work.counts[JOINED],
            "left": work.left,
        },
    )


# Reading ----------------------------------------------------------------------------------------------

cdef enum:
    # In the table of slots this plus its weight stands for a node of a `take` that is written for each that consumes it.
    TAKEN = -0x7FFFFFFF
    MOST_WEIGHT = 0xFFFF


cdef struct Parameter:
    PyObject* node  # NULL: an empty place
    long long birth
    int slot


cdef int by_age(const void* one, const void* other) noexcept nogil:
    cdef long long first = (<Parameter*>one).birth, second = (<Parameter*>other).birth
    return (first > second) - (first < second)


cdef struct Written:
    # What was written so far, of something.
    void* items
    Py_ssize_t count
    Py_ssize_t room


cdef int make_room(Written* written, Py_ssize_t more, size_t size) except -1:
    cdef Py_ssize_t room = written.count + more
    cdef void* larger
    if room > written.room:
        room = max(room, 2 * written.room)
        larger = realloc(written.items, room * size)
        if larger == NULL:
            raise MemoryError
        written.items, written.room = larger, room
    return 0


cdef object array_of(str kind, Written* written, size_t size):
    items = array(kind)
    if written.count:
        items.frombytes(PyMemoryView_FromMemory(<char*>written.items, written.count * size, PyBUF_READ))
    return items


cdef inline uint64_t bits_of_constant(double number) noexcept:
    cdef uint64_t bits
    if number != number:
        number = NAN
    memcpy(&bits, &number, sizeof(bits))
    return bits


cdef inline size_t place_of_constant(const int* table, size_t room, const double* numbers, double number) noexcept:
    """Where a constant stands in a hash table of places plus 1, or where it would, as there is a 0."""
    cdef uint64_t bits = bits_of_constant(number)
    cdef size_t at = <size_t>((bits * <uint64_t>0x9E3779B97F4A7C15) >> 32) & (room - 1)
    while table[at] != 0 and bits_of_constant(numbers[table[at] - 1]) != bits:
        at = (at + 1) & (room - 1)
    return at


cdef inline bint stands_for_taken(int slot) noexcept:
    return slot <= TAKEN + MOST_WEIGHT


cdef enum:
    MANY_REFERENCES = 1 << 30


cdef class Reading:
    """The graph that a call has made, on its way to a program; see `read` in `compiler.recording`, which does the same.

    Nodes were born one after another. So the tables of what the call has made go by age, from the birth after which it
    began; one walk from the youngest to the oldest finds what is needed, another one back writes it. What the call
    found, which is older, has a hash table by address. Until all constants are known, and so the slots of instructions,
    a slot −2 − n stands for the constant n, and instructions follow right after what is given.
    """

    cdef long long start
    cdef Py_ssize_t span  # so many births after the start
    cdef PyObject** nodes
    cdef int* references  # how often each is an operand in this graph; MANY_REFERENCES for roots, which others hold
    cdef int* slots  # plus 1; 0 for none, negative for constants
    cdef Parameter* parameters  # the hash table; later their row, by age
    cdef Py_ssize_t parameter_room, parameter_count
    cdef Written codes, starts, operands, numbers
    cdef Py_ssize_t node_count, occurrences
    cdef Written constants
    cdef int* constant_table  # plus 1; 0: an empty place
    cdef Py_ssize_t constant_room
    cdef int given, most_taken
    cdef list operations
    cdef dict code_of_operation
    cdef int code_of[OTHER + 1]  # −1: not met yet

    def __dealloc__(self):
        if self.nodes != NULL:
            free_table(self.nodes, (self.span + 1) * sizeof(PyObject*))
        if self.slots != NULL:
            free_table(self.slots, (self.span + 1) * sizeof(int))
        if self.references != NULL:
            free_table(self.references, (self.span + 1) * sizeof(int))
        free(self.parameters)
        free(self.codes.items)
        free(self.starts.items)
        free(self.operands.items)
        free(self.numbers.items)
        free(self.constants.items)
        free(self.constant_table)

    # What is needed -----------------------------------------------------------------------------------

    cdef int find(self, list roots, long long start) except -1:
        cdef Py_ssize_t age
        cdef long long birth
        self.start = start
        for root in roots:
            birth = birth_of(<PyObject*>root)
            self.span = max(self.span, birth - start)
        self.nodes = <PyObject**>new_table((self.span + 1) * sizeof(PyObject*))
        self.slots = <int*>new_table((self.span + 1) * sizeof(int))
        self.references = <int*>new_table((self.span + 1) * sizeof(int))
        if self.nodes == NULL or self.slots == NULL or self.references == NULL:
            raise MemoryError
        for root in roots:
            self.meet(<PyObject*>root)
            age = birth_of(<PyObject*>root) - start
            if age > 0:
                self.references[age] = MANY_REFERENCES
        for age in range(self.span, 0, -1):
            if self.nodes[age] != NULL:
                self.meet_parents(self.nodes[age])
        return 0

    cdef int meet_parents(self, PyObject* node) except -1:
        cdef int code = (<Value>node).code
        cdef Many* many
        cdef Py_ssize_t i
        if code == LEAF:
            return 0
        self.node_count += 1
        if code >= MANY:
            many = <Many*>(<Value>node).first
            for i in range(many.count):
                if many.parents[i] != NULL:
                    self.meet(many.parents[i])
            self.occurrences += many.count
            return 0
        if (<Value>node).first != NULL:
            self.meet((<Value>node).first)
        if code >= BINARY and (<Value>node).second != NULL:
            self.meet((<Value>node).second)
        self.occurrences += 2
        return 0

    cdef inline int meet(self, PyObject* node) except -1:
        cdef long long age = birth_of(node) - self.start
        if age > 0:
            self.nodes[age] = node
            self.references[age] += 1
        else:
            self.parameter(node)
        return 0

    cdef Parameter* parameter(self, PyObject* node) except NULL:
        """The place of a Value that is older than the call."""
        cdef size_t at
        if 2 * self.parameter_count >= self.parameter_room:
            self.make_parameter_room()
        at = <size_t>((<uint64_t><uintptr_t>node * <uint64_t>0x9E3779B97F4A7C15) >> 32) & (self.parameter_room - 1)
        while self.parameters[at].node != node:
            if self.parameters[at].node == NULL:
                self.parameters[at].node, self.parameters[at].birth = node, birth_of(node)
                self.parameter_count += 1
                break
            at = (at + 1) & (self.parameter_room - 1)
        return &self.parameters[at]

    cdef int make_parameter_room(self) except -1:
        cdef Parameter* before = self.parameters
        cdef Py_ssize_t i, room = self.parameter_room
        self.parameter_room, self.parameter_count = max(2 * room, 64), 0
        self.parameters = <Parameter*>calloc(self.parameter_room, sizeof(Parameter))
        if self.parameters == NULL:
            self.parameters, self.parameter_room = before, room
            raise MemoryError
        for i in range(room):
            if before[i].node != NULL:
                self.parameter(before[i].node)
        free(before)
        return 0

    cdef list held(self):
        """What the call has made and somebody else holds, too, who would find it unchanged after a replay."""
        cdef Py_ssize_t age
        found = []
        if HAS_GIL:  # without it, references are counted in two places
            for age in range(1, self.span + 1):
                if self.nodes[age] != NULL and Py_REFCNT(self.nodes[age]) > self.references[age]:
                    found.append(<object>self.nodes[age])
        return found

    cdef list give(self, inputs):
        """Number what is given: the inputs, then the parameters by age, which are answered."""
        cdef Py_ssize_t i, count = 0
        cdef long long age
        cdef Parameter* row
        for i, leaf in enumerate(inputs):
            age = birth_of(<PyObject*>leaf) - self.start
            if 0 < age <= self.span:
                self.slots[age] = i + 1
        row = <Parameter*>calloc(self.parameter_count + 1, sizeof(Parameter))
        if row == NULL:
            raise MemoryError
        for i in range(self.parameter_room):
            if self.parameters[i].node != NULL:
                row[count] = self.parameters[i]
                count += 1
        qsort(row, count, sizeof(Parameter), by_age)
        found = []
        for i in range(count):
            self.parameter(row[i].node).slot = len(inputs) + i
            found.append(<object>row[i].node)
        free(row)
        self.given = len(inputs) + count
        return found

    # What is written ----------------------------------------------------------------------------------

    cdef int write_all(self) except -1:
        cdef Py_ssize_t age
        cdef int code
        self.operations, self.code_of_operation = [], {}
        for code in range(OTHER + 1):
            self.code_of[code] = -1
        make_room(&self.codes, self.node_count, sizeof(unsigned short))
        make_room(&self.starts, self.node_count + 1, sizeof(int))
        make_room(&self.numbers, self.node_count, sizeof(double))
        make_room(&self.operands, self.occurrences, sizeof(int))
        (<int*>self.starts.items)[0] = 0
        self.starts.count = 1
        for age in range(1, self.span + 1):
            if self.nodes[age] != NULL and (<Value>self.nodes[age]).code != LEAF:
                self.write(self.nodes[age], age)
        return 0

    cdef int write(self, PyObject* node, Py_ssize_t age) except -1:
        cdef int code = (<Value>node).code
        cdef Py_ssize_t i, weight, count = count_of(<Value>node)
        cdef int slot
        if code == OTHER and beside(<Value>node).operation is TAKE:
            weight = self.weight(<Value>node)
            if weight <= self.most_taken:
                self.slots[age] = TAKEN + <int>weight
                return 0
        make_room(&self.operands, count, sizeof(int))
        for i in range(count):
            slot = self.slot_of(parent_at(<Value>node, i), number_at(<Value>node, i))
            if stands_for_taken(slot):
                self.slots[age] = self.written(<Value>node) + 1
                return 0
            (<int*>self.operands.items)[self.operands.count + i] = slot
        self.operands.count += count
        self.slots[age] = self.put(self.code(<Value>node), (<Value>node).number) + 1
        return 0

    cdef inline int slot_of(self, PyObject* parent, double number) except? -1:
        """The slot of an operand; less than all slots for one that is written only for those that consume it."""
        cdef long long age
        cdef int slot
        if parent == NULL:
            return self.constant(number)
        age = birth_of(parent) - self.start
        if age <= 0:
            return self.parameter(parent).slot
        slot = self.slots[age]
        if slot == 0:  # a leaf that the call has made
            slot = self.slots[age] = self.constant((<Value>parent).number)
        return slot - 1 if slot > 0 else slot

    cdef int constant(self, double number) except? -1:
        """The slot of a constant; 0.0 and −0.0 are two, all nan are one."""
        cdef size_t at
        if 2 * self.constants.count >= self.constant_room:
            self.make_constant_room()
        at = place_of_constant(self.constant_table, self.constant_room, <double*>self.constants.items, number)
        if self.constant_table[at] == 0:
            make_room(&self.constants, 1, sizeof(double))
            (<double*>self.constants.items)[self.constants.count] = number
            self.constants.count += 1
            self.constant_table[at] = <int>self.constants.count
        return -1 - self.constant_table[at]

    cdef int make_constant_room(self) except -1:
        cdef double* numbers = <double*>self.constants.items
        cdef Py_ssize_t i, room = max(2 * self.constant_room, 64)
        cdef int* larger = <int*>calloc(room, sizeof(int))
        if larger == NULL:
            raise MemoryError
        for i in range(self.constants.count):
            larger[place_of_constant(larger, room, numbers, numbers[i])] = <int>i + 1
        free(self.constant_table)
        self.constant_table, self.constant_room = larger, room
        return 0

    cdef inline int code(self, Value node) except -1:
        if node.code == OTHER:
            return self.code_for(beside(node).operation)
        if self.code_of[node.code] < 0:
            self.code_of[node.code] = self.code_for(OPERATION_OF[node.code])
        return self.code_of[node.code]

    cdef int code_for(self, operation) except -1:
        code = self.code_of_operation.setdefault(operation, len(self.operations))
        if code == len(self.operations):
            self.operations.append(operation)
        return code

    cdef int put(self, int code, double number) except -1:
        """Write an instruction whose operands are written; its slot."""
        cdef Py_ssize_t place = self.codes.count
        make_room(&self.codes, 1, sizeof(unsigned short))
        make_room(&self.starts, 1, sizeof(int))
        make_room(&self.numbers, 1, sizeof(double))
        (<unsigned short*>self.codes.items)[place] = code
        (<double*>self.numbers.items)[place] = number
        (<int*>self.starts.items)[place + 1] = <int>self.operands.count
        self.codes.count += 1
        self.numbers.count += 1
        self.starts.count += 1
        return self.given + <int>place

    # What is taken, which is rare ---------------------------------------------------------------------

    cdef int written(self, Value node) except -1:
        """As `_Writer.written`."""
        cdef Py_ssize_t i, count = count_of(node)
        late = self.late(node)
        slots = [0] * count
        for i in range(count):  # numbers those that are constants, in their order
            self.slot_of(parent_at(node, i), number_at(node, i))
        for i in range(count - 1, -1, -1):
            slot = self.slot_now(parent_at(node, i), number_at(node, i))
            if i in late:
                slot = self.put_with([slot], self.code_for(operations.identity), number_at(node, i))
            slots[i] = slot
        return self.put_with(slots, self.code(node), node.number)

    cdef Py_ssize_t weight(self, Value node) except -1:
        cdef Py_ssize_t i, weight = 1
        cdef int slot
        for i in range(count_of(node)):
            slot = self.slot_of(parent_at(node, i), number_at(node, i))
            if stands_for_taken(slot):
                weight += slot - TAKEN
        return weight

    cdef int put_with(self, list slots, int code, double number) except -1:
        make_room(&self.operands, len(slots), sizeof(int))
        for slot in slots:
            (<int*>self.operands.items)[self.operands.count] = slot
            self.operands.count += 1
        return self.put(code, number)

    cdef int slot_now(self, PyObject* parent, double number) except? -1:
        """The slot of an operand; what is taken is written for it."""
        cdef int slot = self.slot_of(parent, number)
        return self.written(<Value>parent) if stands_for_taken(slot) else slot

    cdef bint is_taken(self, operand) except -1:
        cdef long long age = (<Value>operand)._birth - self.start
        return age > 0 and stands_for_taken(self.slots[age])

    cdef set late(self, Value node):
        places, choices = set(), set()
        if node.code == OTHER and beside(node).operation is TAKE:
            return places
        for place, operand in enumerate(node.operands):
            if isinstance(operand, Value):
                if operand._birth in choices and not self.is_taken(operand):
                    places.add(place)
                choices |= self.choices(operand)
        return places

    cdef set choices(self, operand):
        found = set()
        if self.is_taken(operand):
            for row in operand.operands[1:]:
                if isinstance(row, Value):
                    found.add(row._birth)
                    found |= self.choices(row)
        return found

    # The answer ---------------------------------------------------------------------------------------

    cdef inline int settled(self, int slot) noexcept:
        """A slot as it is when all constants are known."""
        if slot < 0:
            return self.given - 2 - slot
        return slot if slot < self.given else slot + <int>self.constants.count

    cdef list settled_guards(self, list guards):
        found = []
        for relation, (left, right), outcome in guards:
            found += relation, self.settled(left), self.settled(right), outcome
        return found

    cdef int settle(self) noexcept:
        cdef Py_ssize_t i
        cdef int* operands = <int*>self.operands.items
        for i in range(self.operands.count):
            operands[i] = self.settled(operands[i])
        return 0


def read(recorder, inputs, outputs, differentiable):
    # What it does says `compiler.recording`, which does the same.
    from ..compiler import recording
    from ..compiler.program import Program as Recorded

    cdef Reading reading = Reading.__new__(Reading)
    reading.most_taken = min(recording.MOST_TAKEN, MOST_WEIGHT)
    cdef list sides = [side for _, left, right, _ in recorder.comparisons for side in (left, right)]
    cdef list roots = [root for root in (*outputs, *sides) if isinstance(root, Value)]
    reading.find(roots, recorder.start)
    recorder.made = [weakref_to(node) for node in reading.held() if node._birth not in recorder.given]
    parameters = reading.give(inputs)
    reading.write_all()
    for root in (*sides, *outputs):
        reading.slot_of(parent_of(root), data_of(root))
    places = [reading.slot_now(<PyObject*>root, 0.0) for root in outputs]
    guards = []
    for relation, left, right, outcome in recorder.comparisons:
        slots = [reading.slot_now(parent_of(side), data_of(side)) for side in (left, right)]
        guards.append((relation, slots, outcome))
    reading.settle()
    codes = array_of("H", &reading.codes, sizeof(unsigned short))
    return Recorded(
        recorder.name,
        tuple(reading.operations),
        tuple([leaf.label for leaf in inputs]),
        differentiable,
        tuple([parameter.label for parameter in parameters]),
        array_of("d", &reading.constants, sizeof(double)),
        codes,
        array_of("i", &reading.starts, sizeof(int)),
        array_of("i", &reading.operands, sizeof(int)),
        array("i", [-1]) * len(codes),
        array("i", [reading.settled(place) for place in places]),
        array("i", reading.settled_guards(guards)),
        {"recorded": len(codes)},
    ), parameters, array_of("d", &reading.numbers, sizeof(double))

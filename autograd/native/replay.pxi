"""The compiled replay of programs, see `compiler.replay`: one example exactly, or many examples in lanes."""

from array import array

from ..taking import DETACH, TAKE

cdef extern from "schedule.h" nogil:
    const int LINEAR_CODE, TAKE_CODE, DETACH_CODE, PYTHON_CODE
    ctypedef struct Group:
        unsigned short code, operation
        char listed, uniform
        int arity, count, first, operands
    ctypedef struct Schedule:
        int given, inputs, one, base, slots, instructions, group_count, most_operands, needs_python
        Group* groups
        int* operands
        int* slot_of
        int* origin
    ctypedef struct Recorded:
        int inputs, parameters, constants, instructions, operation_count, output
        const unsigned short* codes
        const int* starts
        const int* operands
        const int* code_of
        const int* is_listed
    bint make_schedule(Schedule* s, const Recorded* r)
    void free_schedule(Schedule* s)
    const Group* group_of_slot(const Schedule* s, int slot)

cdef extern from "exact.h" nogil:
    size_t scratch_size(const Schedule* s)
    int replay_values(const Schedule* s, int start, int uniform, double* values, double* scratch, int* failed)
    int replay_flows(const Schedule* s, int start, int uniform, const double* values, double* flows, char* reached,
                     double* scratch)
    void clear_flows(const Schedule* s, double* flows, char* reached)
    void begin_at(const Schedule* s, int output, double arrived, double* flows, char* reached)
    bint guards_hold(const int* guards, int count, const double* values)

cdef extern from "lanes.h" nogil:
    ctypedef struct Plan:
        int lifted_count
        Py_ssize_t weight_count
        const char* needed
    ctypedef struct Kernels:
        int width
    ctypedef struct LaneColumn "Column":
        const char* first
        Py_ssize_t stride
        int is_float
    ctypedef struct Job:
        const Schedule* schedule
        const Plan* plan
        const Kernels* kernels
        LaneColumn* columns
        const long long* which
        Py_ssize_t count, lanes, part_size
        int part_count, want_gradient, output_count, guard_count, wanted_count
        const int* outputs
        const int* guards
        const int* wanted
        const double* uniform_values
        const double* weights
        double* out
        double* to_inputs
        char* holds
        char* in_range
        char* again
        double* sums
        int stopped
        void (*listen)(void* caller) noexcept nogil
        void* caller
    ctypedef struct Memory:
        void* at
        size_t size
    void free_memory(Memory* memory)
    bint make_plan(Plan* plan, const Schedule* s, const char* differentiable, const int* outputs, int output_count,
                   const int* guards, int guard_count)
    void free_plan(Plan* plan)
    const Kernels* best_kernels()
    Py_ssize_t sum_count(const Plan* plan)
    ctypedef struct Helper:
        pass
    bint do_parts(Job* job, Memory* memory, bint listens) nogil
    bint start_helper(Helper* helper, Job* job) nogil
    bint wait_for(Helper* helper) nogil
    void collect_sums(const Job* job, double* flows, char* reached)
    double told(const Schedule* s, int slot, double flow)
    void gather_weights(const Plan* plan, const double* uniform_values, double* weights)
    Py_ssize_t lanes_for(const Plan* plan, const Kernels* kernels, Py_ssize_t count)
    Py_ssize_t part_size_for(const Schedule* s, Py_ssize_t count, Py_ssize_t lanes)

cdef extern from "Python.h":
    int PyObject_GetBuffer(object thing, Py_buffer* view, int flags) except -1
    void PyBuffer_Release(Py_buffer* view)
    const int PyBUF_CONTIG_RO, PyBUF_FORMAT, PyBUF_FULL_RO
    PyObject* PyFloat_FromDouble(double number)
    PyObject* PyTuple_New(Py_ssize_t count)
    void PyTuple_SET_ITEM(object items, Py_ssize_t place, PyObject* item)


# What goes back through a whole program -------------------------------------------------------------

cdef struct Flows:
    # What has arrived at the operands of a node, and at what lies behind them: the first of these are the operands.
    double* flows
    char* reached


cdef class Through:
    """The local-gradient closure of an operation that is a whole program, known to the engine; see `value.Sweep`."""

    cdef Py_ssize_t count  # of its operands
    cdef bytes met  # of each whether it is part of the computation, chosen or not; None where all of them are

    cdef inline bint meets(self, Py_ssize_t place) noexcept:
        return self.met is None or (<const char*>self.met)[place]

    cdef int open(self, Flows* flows) except -1:
        """Room for flows, in which none has arrived anywhere."""
        raise NotImplementedError

    cdef int send(self, double arrived, Flows* flows) except -1:
        """Add what the operands receive when so much has arrived at the node."""
        raise NotImplementedError

    cdef int close(self, Flows* flows) except -1:
        """Give the room back."""
        raise NotImplementedError

    def __call__(self):
        return tuple(self.flows(1.0, [None] * self.count))

    def flows(self, double arrived, list before not None):
        """The flows of the operands after this node has sent its own; None where none has arrived."""
        cdef Flows flows
        cdef Py_ssize_t i
        if len(before) != self.count:
            raise ValueError(f"{len(before)} flows for {self.count} operands")
        numbers = as_flows(before)
        self.open(&flows)
        try:
            for i in range(self.count):
                if numbers[i] is not None:
                    flows.flows[i], flows.reached[i] = <double>numbers[i], True
            self.send(arrived, &flows)
            return [flows.flows[i] if flows.reached[i] else None for i in range(self.count)]
        finally:
            self.close(&flows)


@cython.final
cdef class Stored(Through):
    """Partials that are stored numbers, as of a mean over many examples."""

    cdef double* partials

    def __cinit__(self, partials):
        cdef Py_buffer view
        cdef Py_ssize_t count
        open_doubles(partials, &view)
        try:
            count = view.len // sizeof(double)
            self.partials = <double*>PyMem_RawMalloc(view.len + 1)
            if self.partials == NULL:
                raise MemoryError
            memcpy(self.partials, view.buf, view.len)
            self.count = count
        finally:
            PyBuffer_Release(&view)

    def __dealloc__(self):
        PyMem_RawFree(self.partials)

    cdef int open(self, Flows* flows) except -1:
        cdef Py_ssize_t i
        flows.flows = <double*>PyMem_RawMalloc(self.count * (sizeof(double) + 1) + 1)
        if flows.flows == NULL:
            raise MemoryError
        flows.reached = <char*>(flows.flows + self.count)
        for i in range(self.count):
            flows.flows[i] = -0.0
        memset(flows.reached, 0, self.count)
        return 0

    cdef int send(self, double arrived, Flows* flows) except -1:
        cdef Py_ssize_t i
        for i in range(self.count):
            if self.partials[i] != 0.0 or not signbit(self.partials[i]):  # for −0.0 says that nothing has arrived
                flows.flows[i] += arrived * self.partials[i]
                flows.reached[i] = True
        return 0

    cdef int close(self, Flows* flows) except -1:
        PyMem_RawFree(flows.flows)
        return 0


cdef list as_flows(list before):
    """Flows as floats, and None where none has arrived."""
    for flow in before:
        if flow is not None and not PyFloat_CheckExact(flow):
            return [None if x is None else float(x) for x in before]
    return before


cdef int open_doubles(thing, Py_buffer* view) except -1:
    """Look into a row of doubles."""
    PyObject_GetBuffer(thing, view, PyBUF_CONTIG_RO | PyBUF_FORMAT)
    if view.itemsize != sizeof(double) or view.format == NULL or bytes(view.format) != b"d":
        PyBuffer_Release(view)
        raise TypeError("an array of doubles is needed, as array('d', numbers)")
    return 0


def stored_node(operation, tuple operands not None, double value, partials, bytes met=None):
    """The node of an operation whose partial derivatives are known numbers."""
    cdef Stored stored = Stored.__new__(Stored, partials)
    stored.met = met if met is None or len(met) == len(operands) else None
    if stored.count != len(operands):
        raise ValueError(f"{stored.count} partials for {len(operands)} operands")
    return node_through(operation, filled_now(operands), value, stored)


cdef Value node_through(operation, Many* many, double value, Through through):
    """The node of these operands; the array is the node's."""
    cdef Mode mode
    cdef Value node
    try:
        read_mode(&mode)
    except:
        PyMem_RawFree(many)
        raise
    node = of_many(OTHER, many, value, &mode)
    if mode.recording:
        beside(node).operation = operation
        beside(node).local_gradient = through
    return finished(node, &mode)


# Programs -------------------------------------------------------------------------------------------

cdef int* copied_ints(numbers, int* count) except NULL:
    cdef Py_ssize_t i
    cdef int* copy = <int*>PyMem_RawMalloc(len(numbers) * sizeof(int) + 1)
    if copy == NULL:
        raise MemoryError
    count[0] = <int>len(numbers)
    try:
        for i, number in enumerate(numbers):
            copy[i] = number
    except:
        PyMem_RawFree(copy)
        raise
    return copy


cdef tuple reach_of(const Recorded* r, outputs):
    """Which inputs and parameters are part of every computation, and which may be: bytes, or None where all are."""
    cdef Py_ssize_t given = r.inputs + r.parameters, first = given + r.constants, slots = first + r.instructions, k, i
    cdef int code
    cdef char* met = <char*>PyMem_RawCalloc(2 * slots + 1, 1)
    cdef char* may = met + slots
    if met == NULL:
        raise MemoryError
    for output in outputs:
        met[<Py_ssize_t>output] = may[<Py_ssize_t>output] = 1
    for k in range(r.instructions - 1, -1, -1):
        if not may[first + k]:
            continue
        code = r.code_of[r.codes[k]]
        for i in range(r.starts[k] + (code == TAKE_CODE), r.starts[k + 1]):
            if r.operands[i] >= 0 and code != DETACH_CODE:
                may[r.operands[i]] = 1
                # Of what is computed, as the outputs of a network, all has a part in the one that is chosen.
                met[r.operands[i]] |= met[first + k] and (code != TAKE_CODE or r.operands[i] >= first)
    of_met, of_may = met[:given], may[:given]
    PyMem_RawFree(met)
    return of_met if 0 in of_met else None, of_may if 0 in of_may else None


cdef int code_in_replay(operation):
    """How the replay knows an operation."""
    from ..compiler.program import LINEAR  # here, for that package needs this engine

    if operation is LINEAR:
        return LINEAR_CODE
    if operation is TAKE:
        return TAKE_CODE
    if operation is DETACH:
        return DETACH_CODE
    code = CODE_OF.get(operation, OTHER)
    return PYTHON_CODE if code == OTHER or HAS_PROGRAM[<int>code] else code


cdef class Replay:
    """What replays a program."""

    cdef Schedule schedule
    cdef readonly object program
    cdef list operations
    cdef double* constants
    cdef int* guards
    cdef int* outputs
    cdef int guard_count, output_count
    cdef void* spare_values  # of a state that was let go
    cdef void* spare_flows
    cdef Memory spare_memory  # of lanes
    cdef Plan plan
    cdef bint has_plan
    cdef int* wanted  # the inputs whose gradients are wanted
    cdef int wanted_count
    cdef readonly bytes met  # of inputs and parameters whether they are part of every computation; None for all
    cdef readonly bytes may  # and whether they may be, as what `take` chooses from

    def __cinit__(self, program):
        cdef int i
        self.program = program
        self.operations = list(program.operations)
        constants = array("d", program.constants)
        codes = array("H", program.codes)
        starts, operands = array("i", program.starts), array("i", program.operands)
        code_of = array("i", [code_in_replay(operation) for operation in self.operations])
        is_listed = array("i", [code == PYTHON_CODE or code == TAKE_CODE or (code < LINEAR_CODE and LISTS_OF[<int>code] > 0)
                                for code in code_of])
        check_program(program, codes, starts, operands)
        self.make(program, codes, starts, operands, code_of, is_listed)
        self.constants = <double*>PyMem_RawMalloc((len(constants) + 1) * sizeof(double))
        if self.constants == NULL:
            raise MemoryError
        for i in range(<int>len(constants)):
            self.constants[i] = constants[i]
        self.constants[len(constants)] = 1.0  # in the slot `one`
        self.outputs = copied_ints(program.outputs, &self.output_count)
        self.guards = copied_ints(program.guards, &self.guard_count)
        self.guard_count //= 4
        self.wanted = copied_ints([i for i, asked in enumerate(program.differentiable) if asked], &self.wanted_count)
        for i in range(self.output_count):
            self.outputs[i] = self.schedule.slot_of[self.outputs[i]]
        for i in range(self.guard_count):
            self.guards[4 * i + 1] = self.schedule.slot_of[self.guards[4 * i + 1]]
            self.guards[4 * i + 2] = self.schedule.slot_of[self.guards[4 * i + 2]]
        PyMem_RawFree(self.schedule.slot_of)
        self.schedule.slot_of = NULL

    cdef int make(self, program, codes, starts, operands, code_of, is_listed) except -1:
        cdef Py_buffer views[5]
        cdef Recorded recorded
        cdef int opened = 0, wrong
        try:
            for thing in (codes, starts, operands, code_of, is_listed):
                PyObject_GetBuffer(thing, &views[opened], PyBUF_CONTIG_RO)
                opened += 1
            recorded.inputs, recorded.parameters = len(program.input_names), len(program.parameter_names)
            recorded.constants, recorded.instructions = len(program.constants), len(codes)
            recorded.operation_count, recorded.output = len(self.operations), program.outputs[0]
            recorded.codes = <const unsigned short*>views[0].buf
            recorded.starts, recorded.operands = <const int*>views[1].buf, <const int*>views[2].buf
            recorded.code_of, recorded.is_listed = <const int*>views[3].buf, <const int*>views[4].buf
            wrong = first_wrong(&recorded)
            if wrong >= 0:
                raise ValueError(f"instruction {wrong} of the program has no operation, or operands that do not fit it")
            if not make_schedule(&self.schedule, &recorded):
                raise MemoryError
            self.met, self.may = reach_of(&recorded, program.outputs)
        finally:
            for i in range(opened):
                PyBuffer_Release(&views[i])
        return 0

    def __dealloc__(self):
        free_schedule(&self.schedule)
        free_plan(&self.plan)
        free_memory(&self.spare_memory)
        PyMem_RawFree(self.wanted)
        PyMem_RawFree(self.constants)
        PyMem_RawFree(self.guards)
        PyMem_RawFree(self.outputs)
        PyMem_RawFree(self.spare_values)
        PyMem_RawFree(self.spare_flows)

    cdef Program program_of(self, operation):
        """The program of an operation that a user declared, if it is right at present; see `programs`."""
        cdef int code = CODE_OF.get(operation, OTHER)
        cdef Program program
        if not HAS_PROGRAM[code]:
            return None
        program = PROGRAM_OF[code]
        if not program.holds(program.guards):
            unlearn(operation)
            return None
        return program

    cdef State new_state(self):
        """A state whose constants are written, but no other numbers."""
        cdef State state = State.__new__(State)
        with cython.critical_section(self):
            state.values, self.spare_values = <double*>self.spare_values, NULL
        if state.values == NULL:
            state.values = <double*>PyMem_RawMalloc(self.schedule.slots * sizeof(double) + scratch_size(&self.schedule))
            if state.values == NULL:
                raise MemoryError
        state.replay, state.count, state.met = self, self.schedule.given, self.met
        memcpy(state.values + self.schedule.given, self.constants,
               (self.schedule.base - self.schedule.given) * sizeof(double))
        return state

    def exact(self, numbers):
        """The outputs for these inputs and parameters, and what goes backwards; None if a guard comes out differently.

        Raises IndexError for an index that is out of range.
        """
        cdef Py_buffer view
        cdef int i
        cdef State state = self.new_state()
        if not isinstance(numbers, array):
            numbers = array("d", numbers)
        open_doubles(numbers, &view)
        try:
            if view.len != <Py_ssize_t>(self.schedule.given * sizeof(double)):
                raise ValueError(f"{len(numbers)} numbers for {self.schedule.given} inputs and parameters")
            memcpy(state.values, view.buf, view.len)
        finally:
            PyBuffer_Release(&view)
        if not state.run():
            return None, None
        return [state.values[self.outputs[i]] for i in range(self.output_count)], state

    def call(self, operation, tuple operands not None):
        """The node of one example: a Value, a float if none of the operands is one, or None if a guard fails."""
        cdef Py_ssize_t i
        cdef bint has_value = False
        cdef State state
        cdef Many* many
        if len(operands) != self.schedule.given:
            raise ValueError(f"{len(operands)} operands for {self.schedule.given} inputs and parameters")
        if self.output_count != 1:
            raise ValueError("a node has one output")
        state = self.new_state()
        for i in range(self.schedule.given):
            operand = <object>PyTuple_GET_ITEM(<PyObject*>operands, i)
            if PyFloat_CheckExact(operand):
                state.values[i] = PyFloat_AS_DOUBLE(operand)
            elif isinstance(operand, Value):
                state.values[i] = number_of(<Value>operand)
                has_value = True
            else:
                raise TypeError(f"an operand of type {type(operand).__qualname__} is of another engine")
        if not state.run():
            return None
        if not has_value:
            return state.values[self.outputs[0]]
        many = many_of(self.schedule.given)
        memcpy(many.numbers, state.values, self.schedule.given * sizeof(double))
        for i in range(self.schedule.given):
            many.parents[i] = parent_of(<object>PyTuple_GET_ITEM(<PyObject*>operands, i))
        return node_through(operation, many, state.values[self.outputs[0]], state)


    def lanes(self, columns, which, Py_ssize_t count, parameters, want_gradient, int threads=1):
        """Many examples: their outputs, whose guards came out differently, the sums of gradients, those of inputs.

        A column is where the numbers of an input stand: a buffer of doubles or floats, where its first number is, and how
        far it is from one to the next. `which` are the examples to do, or None for all.
        """
        cdef Examples examples = Examples.__new__(Examples)
        examples.open(self, columns, which, count, parameters, bool(want_gradient))
        return examples.done(threads)


cdef object DOUBLES = array("d", [0.0]), PLACES = array("q", [0])


cdef object zeros(Py_ssize_t count):
    return DOUBLES * count


@cython.final
cdef class Examples:
    """Many examples of one program, on their way."""

    cdef Replay replay
    cdef Job job
    cdef Py_buffer* views
    cdef int opened
    cdef State state  # the uniform values; then that of single examples
    cdef Flows flows
    cdef double* weights
    cdef object outputs, to_inputs, gradient, which
    cdef object interruption  # what came of Ctrl-C

    def __dealloc__(self):
        cdef int i
        for i in range(self.opened):
            PyBuffer_Release(&self.views[i])
        PyMem_RawFree(self.views)
        PyMem_RawFree(self.job.columns)
        PyMem_RawFree(self.job.holds)
        PyMem_RawFree(self.job.sums)
        PyMem_RawFree(self.weights)
        if self.flows.flows != NULL:
            self.state.close(&self.flows)

    cdef int open(self, Replay replay, columns, which, Py_ssize_t count, parameters, bint want_gradient) except -1:
        cdef Job* job = &self.job
        cdef Schedule* s = &replay.schedule
        cdef Py_ssize_t low = 0, high = count - 1, i
        cdef int given = s.given - s.inputs
        self.replay, self.which = replay, which
        self.views = <Py_buffer*>PyMem_RawMalloc((s.inputs + 9) * sizeof(Py_buffer))
        job.columns = <LaneColumn*>PyMem_RawMalloc((s.inputs + 1) * sizeof(LaneColumn))
        if self.views == NULL or job.columns == NULL:
            raise MemoryError
        job.count = count
        if which is not None:
            job.count = len(which)
            job.which = <const long long*>self.view(which, b"q", sizeof(long long))
            if job.count:
                low = high = <Py_ssize_t>job.which[0]
            for i in range(job.count):
                low, high = min(low, <Py_ssize_t>job.which[i]), max(high, <Py_ssize_t>job.which[i])
            if low < 0 or high >= count:
                raise IndexError(f"there are {count} examples")
        if len(columns) != s.inputs:
            raise ValueError(f"{len(columns)} columns for {s.inputs} inputs")
        for i, column in enumerate(columns):
            self.look_at(&job.columns[i], column[0], column[1], column[2], low, high)
        if not isinstance(parameters, array):
            parameters = array("d", parameters)
        if len(parameters) != given:
            raise ValueError(f"{len(parameters)} numbers for {given} parameters")
        self.state = replay.new_state()
        memcpy(self.state.values + s.inputs, self.view(parameters, b"d", sizeof(double)), given * sizeof(double))
        job.schedule, job.output_count, job.outputs = s, replay.output_count, replay.outputs
        job.guard_count, job.guards = replay.guard_count, replay.guards
        job.want_gradient = want_gradient
        job.wanted_count, job.wanted = replay.wanted_count if want_gradient else 0, replay.wanted
        self.outputs = zeros(job.count * job.output_count)
        self.to_inputs, self.gradient = zeros(job.count * job.wanted_count), zeros(given)
        job.out = <double*>self.view(self.outputs, b"d", sizeof(double))
        job.to_inputs = <double*>self.view(self.to_inputs, b"d", sizeof(double))
        job.holds = <char*>PyMem_RawMalloc(3 * job.count + 1)
        if job.holds == NULL:
            raise MemoryError
        job.in_range, job.again = job.holds + job.count, job.holds + 2 * job.count
        memset(job.holds, 1, 2 * job.count)
        memset(job.again, 0, job.count)
        return 0

    cdef void* view(self, thing, bytes kind, size_t size) except? NULL:
        """What stands in an array, which is kept open."""
        cdef Py_buffer* view = &self.views[self.opened]
        PyObject_GetBuffer(thing, view, PyBUF_CONTIG_RO | PyBUF_FORMAT)
        self.opened += 1
        if <size_t>view.itemsize != size or view.format == NULL or bytes(view.format) != kind:
            raise TypeError(f"an array of type {kind.decode()!r} is needed")
        return view.buf if view.buf != NULL else <void*>view

    cdef int look_at(self, LaneColumn* column, buffer, Py_ssize_t offset, Py_ssize_t stride, Py_ssize_t low,
                     Py_ssize_t high) except -1:
        """Open the buffer of a column whose numbers from `low` to `high` are read."""
        cdef Py_buffer* view = &self.views[self.opened]
        cdef Py_ssize_t first = 0, end, i, size, reach
        PyObject_GetBuffer(buffer, view, PyBUF_FULL_RO)
        self.opened += 1
        kind = b"B" if view.format == NULL else bytes(view.format)
        size = view.itemsize
        if kind not in (b"d", b"f") or size != (8 if kind == b"d" else 4) or view.suboffsets != NULL:
            raise TypeError("a column is a buffer of doubles or floats")
        end = size
        for i in range(view.ndim):
            reach = (view.shape[i] - 1) * view.strides[i]
            if view.shape[i] == 0:
                end = first
                break
            first, end = first + min(reach, 0), end + max(reach, 0)
        column.first, column.stride = <const char*>view.buf + offset * size, stride * size
        column.is_float = kind == b"f"
        if high >= low:
            one, other = (offset + low * stride) * size, (offset + high * stride) * size
            if min(one, other) < first or max(one, other) + size > end:
                raise IndexError("a column ends before its last example")
        return 0

    cdef object done(self, int threads):
        cdef Schedule* s = &self.replay.schedule
        cdef int failed = -1, group
        cdef Py_ssize_t i
        group = s.group_count
        if not s.needs_python and self.job.count:
            group = replay_values(s, 0, True, self.state.values, self.state.values + s.slots, &failed)
        if s.needs_python or failed >= 0 or not self.in_lanes(max(threads, 1)):
            self.one_by_one()
        return (self.outputs, self.lost(), self.gradient if self.job.want_gradient else None,
                self.to_inputs if self.job.wanted_count else None)

    cdef object lost(self):
        """The places of examples whose guards came out differently."""
        cdef Py_ssize_t i, place = 0, count = 0
        cdef long long* places
        for i in range(self.job.count):
            count += not self.job.holds[i]
        found = PLACES * count
        if count:
            places = <long long*>self.view(found, b"q", sizeof(long long))
            for i in range(self.job.count):
                if not self.job.holds[i]:
                    places[place] = i
                    place += 1
        return found

    cdef bint any_kept(self) noexcept:
        cdef Py_ssize_t i
        for i in range(self.job.count):
            if self.job.holds[i]:
                return True
        return False

    cdef bint in_lanes(self, int threads) except -1:
        """Do them in lanes; False if something comes out odd that only single examples can tell."""
        cdef Replay replay = self.replay
        cdef Job* job = &self.job
        cdef Schedule* s = &replay.schedule
        cdef Py_ssize_t i, given = s.given - s.inputs
        cdef double* gradient
        cdef Flows* flows = &self.flows
        if job.count == 0:
            return True
        with cython.critical_section(replay):
            if not replay.has_plan:
                if not make_plan(&replay.plan, s, <const char*>replay.program.differentiable, replay.outputs,
                                 replay.output_count, replay.guards, replay.guard_count):
                    free_plan(&replay.plan)
                    raise MemoryError
                replay.has_plan = True
        job.plan, job.kernels = &replay.plan, best_kernels()
        job.lanes = lanes_for(job.plan, job.kernels, job.count)
        job.part_size = part_size_for(s, job.count, job.lanes)
        job.part_count = <int>((job.count + job.part_size - 1) // job.part_size)
        job.sums = <double*>PyMem_RawMalloc(job.part_count * sum_count(job.plan) * sizeof(double) + 1)
        self.weights = <double*>PyMem_RawMalloc(job.plan.weight_count * sizeof(double) + 1)
        if job.sums == NULL or self.weights == NULL:
            raise MemoryError
        job.uniform_values, job.weights = self.state.values, self.weights
        gather_weights(job.plan, job.uniform_values, self.weights)
        self.do_all_parts(min(threads, job.part_count))
        for i in range(job.count):
            if job.holds[i] and not job.in_range[i]:
                return False  # an error of single examples
        if not job.want_gradient:
            return True
        if not self.any_kept():
            self.one_by_one()  # nothing is sent anywhere
            return True
        self.state.open(flows)
        collect_sums(job, flows.flows, flows.reached)
        replay_flows(s, s.group_count - 1, True, self.state.values, flows.flows, flows.reached,
                     flows.flows + s.slots)
        gradient = <double*>self.view(self.gradient, b"d", sizeof(double))
        for i in range(given):
            gradient[i] = -0.0
            if flows.reached[s.inputs + i]:
                gradient[i] = told(s, <int>(s.inputs + i), flows.flows[s.inputs + i])
            if not isfinite(gradient[i]):
                return False  # what depends on parameters alone was swept once: 0·inf in one example has not been seen
        for i in range(0, job.count, job.lanes):
            if job.again[i // job.lanes]:
                self.some_by_one(gradient, i, min(i + job.lanes, job.count))
        return True

    cdef int do_all_parts(self, int threads) except -1:
        """Do them in this thread, which alone hears Ctrl-C, and in others that it starts."""
        cdef Job* job = &self.job
        cdef Memory memory
        cdef Helper* helpers
        cdef int i, started = 0
        cdef bint done
        if <double>job.count * job.schedule.slots < 5e6:
            threads = 1
        job.listen, job.caller = listen, <void*>self
        helpers = <Helper*>PyMem_RawMalloc(threads * sizeof(Helper))
        if helpers == NULL:
            raise MemoryError
        with cython.critical_section(self.replay):
            memory = self.replay.spare_memory
            self.replay.spare_memory.at, self.replay.spare_memory.size = NULL, 0
        with nogil:
            while started < threads - 1 and start_helper(&helpers[started], job):
                started += 1
            done = do_parts(job, &memory, True)
            for i in range(started):
                done = wait_for(&helpers[i]) and done
        PyMem_RawFree(helpers)
        with cython.critical_section(self.replay):
            memory, self.replay.spare_memory = self.replay.spare_memory, memory
        free_memory(&memory)
        listen(<void*>self)
        if self.interruption is not None:
            raise self.interruption
        if not done:
            raise MemoryError
        return 0

    cdef int one_by_one(self) except -1:
        """Do all of them exactly."""
        cdef double* gradient = <double*>self.view(self.gradient, b"d", sizeof(double))
        cdef Py_ssize_t i
        for i in range(len(self.gradient)):
            gradient[i] = -0.0
        return self.some_by_one(gradient, 0, self.job.count)

    cdef int some_by_one(self, double* gradient, Py_ssize_t first, Py_ssize_t end) except -1:
        """Do some of them exactly, and add what they send to the parameters."""
        cdef Job* job = &self.job
        cdef Schedule* s = &self.replay.schedule
        cdef State state = self.replay.new_state()
        cdef Py_ssize_t row, i, example, given = s.given - s.inputs
        cdef LaneColumn* column
        cdef const char* place
        if self.flows.flows == NULL:
            self.state.open(&self.flows)
        for row in range(first, end):
            if row & 0xFF == 0:
                PyErr_CheckSignals()
            example = <Py_ssize_t>job.which[row] if job.which != NULL else row
            for i in range(s.inputs):
                column = &job.columns[i]
                place = column.first + example * column.stride
                state.values[i] = (<const float*>place)[0] if column.is_float else (<const double*>place)[0]
            memcpy(state.values + s.inputs, self.state.values + s.inputs, given * sizeof(double))
            try:
                job.holds[row] = state.run()
            except IndexError as error:
                error.args = (f"example {example}: {error}",)
                raise
            except Exception as error:
                error.add_note(f"at example {example}")
                raise
            for i in range(job.output_count):
                job.out[row * job.output_count + i] = state.values[job.outputs[i]] if job.holds[row] else 0.0
            if not job.want_gradient:
                continue
            clear_flows(s, self.flows.flows, self.flows.reached)
            if job.holds[row]:
                memcpy(self.flows.flows + s.inputs, gradient, given * sizeof(double))
                state.send_from(job.outputs[0], 1.0, &self.flows)
                memcpy(gradient, self.flows.flows + s.inputs, given * sizeof(double))
            for i in range(job.wanted_count):
                # −0.0 where nothing has arrived, as the flow of an example that does not count.
                job.to_inputs[row * job.wanted_count + i] = self.flows.flows[job.wanted[i]]
        return 0


cdef int check_program(program, codes, starts, operands) except -1:
    """Raise ValueError for numbers that say nothing, as of a program that was written by hand."""
    slots = len(program.input_names) + len(program.parameter_names) + len(program.constants) + len(codes)
    if len(starts) != len(codes) + 1 or starts[0] != 0 or starts[len(codes)] != len(operands):
        raise ValueError("the operands of a program do not belong to its instructions")
    if len(program.differentiable) != len(program.input_names):
        raise ValueError("a program says of each of its inputs whether it is differentiable")
    if not len(program.outputs):
        raise ValueError("a program has an output")
    if len(program.guards) % 4:
        raise ValueError("a guard is four numbers")
    for slot in [*program.outputs, *program.guards[1::4], *program.guards[2::4]]:
        if not 0 <= slot < slots:
            raise ValueError(f"a program has no slot {slot}")
    return 0


cdef int first_wrong(const Recorded* r) noexcept:
    """The first instruction that has no operation, or operands that do not fit or do not stand before it; or −1."""
    cdef int slot = r.inputs + r.parameters + r.constants, place, i, code
    for place in range(r.instructions):
        if r.codes[place] >= r.operation_count or r.starts[place] > r.starts[place + 1]:
            return place
        code = r.code_of[r.codes[place]]
        if not fits_in_replay(code, r.starts[place + 1] - r.starts[place]):
            return place
        for i in range(r.starts[place], r.starts[place + 1]):
            if r.operands[i] >= slot:
                return place
            if r.operands[i] < (-1 if code == LINEAR_CODE and (i - r.starts[place]) % 2 else 0):
                return place
        slot += 1
    return -1


cdef bint fits_in_replay(int code, Py_ssize_t arity) noexcept:
    if code == LINEAR_CODE:
        return arity > 0 and arity % 2 == 0
    if code == TAKE_CODE:
        return arity > 1
    if code == DETACH_CODE:
        return arity == 1
    if code == PYTHON_CODE:
        return True
    if code < BINARY:
        return arity == 1
    return arity == 2 if code < MANY else fits(code, arity)


cdef void listen(void* caller) noexcept with gil:
    """Stop the examples where Ctrl-C was pressed."""
    cdef Examples examples = <Examples>caller
    try:
        PyErr_CheckSignals()
    except BaseException as interruption:
        examples.job.stopped, examples.interruption = True, interruption


@cython.final
cdef class State(Through):
    """The numbers of all slots of one example, for the way back."""

    cdef Replay replay
    cdef double* values
    cdef dict closures  # of instructions that Python was asked for, by their slots

    def __dealloc__(self):
        if self.replay is not None and self.replay.spare_values == NULL and HAS_GIL:
            self.replay.spare_values = self.values
        else:
            PyMem_RawFree(self.values)

    cdef bint run(self) except -1:
        """Compute all values; whether the guards hold."""
        cdef Schedule* s = &self.replay.schedule
        cdef int group = 0, failed = -1
        cdef double* scratch = self.values + s.slots
        cdef list errors = []
        while True:
            group = replay_values(s, group, False, self.values, scratch, &failed)
            if group == s.group_count:
                break
            self.ask(&s.groups[group], errors)
            group += 1
        if not guards_hold(self.replay.guards, self.replay.guard_count, self.values):
            return False
        if failed >= 0 or errors:
            self.fail(failed, errors)
        return True

    cdef int fail(self, int failed, list errors) except -1:
        """Raise the error of the first instruction that has one."""
        cdef Schedule* s = &self.replay.schedule
        for place, error in sorted(errors, key=lambda each: each[0]):
            if failed < 0 or place < failed:
                raise error
        cdef int slot = s.base, i
        while s.origin[slot - s.base] != failed:
            slot += 1
        cdef const Group* group = group_of_slot(s, slot)
        cdef const int* places = s.operands + group.operands + <Py_ssize_t>(slot - group.first) * group.arity
        operands = [self.values[places[i]] for i in range(group.arity)]
        TAKE.rule(operands[0], operands[1:])  # raises

    cdef int ask(self, Group* group, list errors) except -1:
        """Compute the members of a group whose operation has no formula: by its program if it has one, else by its rule."""
        cdef Schedule* s = &self.replay.schedule
        cdef double* numbers = self.values + s.slots  # the scratch
        cdef int m, i, slot
        operation = self.replay.operations[group.operation]
        cdef Program program = self.replay.program_of(operation)
        if self.closures is None:
            self.closures = {}
        for m in range(group.count):
            slot = group.first + m
            for i in range(group.arity):
                numbers[i] = self.values[s.operands[group.operands + m * group.arity + i]]
            if program is not None and program.run(0, numbers, 0.0, &self.values[slot]) == ANSWERED:
                self.closures[slot] = program
                continue
            try:
                number, closure = reference.answered(operation, tuple([numbers[i] for i in range(group.arity)]))
            except Exception as error:  # unless it is another recording's example
                errors.append((s.origin[slot - s.base], error))
                number, closure = 0.0, None
            self.values[slot] = plain(number)
            self.closures[slot] = closure
        return 0

    cdef int ask_flows(self, Group* group, Flows* flows) except -1:
        """Compute what the members of a group send."""
        cdef Schedule* s = &self.replay.schedule
        cdef const int* operands
        cdef int m, slot
        operation = self.replay.operations[group.operation]
        for m in range(group.count - 1, -1, -1):
            slot = group.first + m
            operands = s.operands + group.operands + m * group.arity
            if flows.reached[slot]:
                closure = self.closures[slot]
                if not isinstance(closure, Program) or not self.send_by(<Program>closure, slot, operands, group.arity, flows):
                    self.send_by_closure(operation, closure, slot, operands, group.arity, flows)
        return 0

    cdef bint send_by(self, Program program, int slot, const int* operands, int count, Flows* flows) except -1:
        """Send what the program of an operation says; False if it has no answer."""
        cdef double* partials = flows.flows + self.replay.schedule.slots  # the scratch
        cdef double* numbers = partials + count
        cdef int i
        cdef list found = []
        if not program.holds(program.late_guards):
            return False
        for i in range(count):
            numbers[i] = self.values[operands[i]]
        for i in range(count):
            found.append(program.run(1 + i, numbers, self.values[slot], &partials[i]))
        if FAILED in found:
            return False
        for i in range(count):
            if found[i] == ANSWERED:
                flows.flows[operands[i]] += flows.flows[slot] * partials[i]
                flows.reached[operands[i]] = True
        return True

    cdef int send_by_closure(self, operation, closure, int slot, const int* operands, int count, Flows* flows) except -1:
        cdef Schedule* s = &self.replay.schedule
        cdef int i
        if isinstance(closure, Program):
            _, closure = reference.answered(operation, tuple([self.values[operands[i]] for i in range(count)]))
        partials = reference.checked(operation, closure(), count)
        for i in range(count):
            if s.given <= operands[i] < s.base:
                continue  # towards a plain number nothing is computed
            partial = reference.plain_number(partials[i])
            if partial is not BLOCKED:
                flows.flows[operands[i]] += flows.flows[slot] * <double>partial
                flows.reached[operands[i]] = True
        return 0

    cdef int open(self, Flows* flows) except -1:
        cdef Schedule* s = &self.replay.schedule
        with cython.critical_section(self.replay):
            flows.flows, self.replay.spare_flows = <double*>self.replay.spare_flows, NULL
        if flows.flows == NULL:
            flows.flows = <double*>PyMem_RawMalloc(s.slots * (sizeof(double) + 1) + 1 + scratch_size(s))
            if flows.flows == NULL:
                raise MemoryError
        flows.reached = <char*>flows.flows + s.slots * sizeof(double) + scratch_size(s)
        clear_flows(s, flows.flows, flows.reached)
        return 0

    cdef int close(self, Flows* flows) except -1:
        with cython.critical_section(self.replay):
            flows.flows, self.replay.spare_flows = <double*>self.replay.spare_flows, <void*>flows.flows
        PyMem_RawFree(flows.flows)
        return 0

    cdef int send(self, double arrived, Flows* flows) except -1:
        return self.send_from(self.replay.outputs[0], arrived, flows)

    cdef int send_from(self, int slot, double arrived, Flows* flows) except -1:
        cdef Schedule* s = &self.replay.schedule
        cdef int group = s.group_count - 1
        cdef double* scratch = flows.flows + s.slots
        begin_at(s, slot, arrived, flows.flows, flows.reached)
        while True:
            group = replay_flows(s, group, False, self.values, flows.flows, flows.reached, scratch)
            if group < 0:
                return 0
            self.ask_flows(&s.groups[group], flows)
            group -= 1

    def through(self, int output):
        """The way back from one of several outputs."""
        cdef OfOutput through = OfOutput.__new__(OfOutput)
        if not 0 <= output < self.replay.output_count:
            raise IndexError(f"there is no output {output}")
        through.state, through.slot, through.count = self, self.replay.outputs[output], self.count
        through.met = self.met
        return through

    def sweep(self, int output, double arrived, list before not None):
        """The flows of inputs and parameters when so much has arrived at an output, those before included."""
        cdef Flows flows
        cdef Py_ssize_t i
        if not 0 <= output < self.replay.output_count:
            raise IndexError(f"there is no output {output}")
        if len(before) != self.count:
            raise ValueError(f"{len(before)} flows for {self.count} inputs and parameters")
        numbers = as_flows(before)
        self.open(&flows)
        try:
            for i in range(self.count):
                if numbers[i] is not None:
                    flows.flows[i], flows.reached[i] = <double>numbers[i], True
            self.send_from(self.replay.outputs[output], arrived, &flows)
            return [flows.flows[i] if flows.reached[i] else None for i in range(self.count)]
        finally:
            self.close(&flows)


@cython.final
cdef class OfOutput(Through):
    """The way back from one of the outputs of a replay."""

    cdef State state
    cdef int slot

    cdef int open(self, Flows* flows) except -1:
        return self.state.open(flows)

    cdef int send(self, double arrived, Flows* flows) except -1:
        return self.state.send_from(self.slot, arrived, flows)

    cdef int close(self, Flows* flows) except -1:
        return self.state.close(flows)

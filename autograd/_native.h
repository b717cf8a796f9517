/* What the compiled engine asks of C itself: memory, the lives of nodes, and what differs between threads.

   Memory. Nodes are blocks of one size, cut from chunks of 2 MB. A graph is made node after node and freed as a whole.
   So a chunk hands out its blocks in a row, from one end to the other, and begins again when all of them have come back:
   nodes of one computation stand in memory as they were made, which processors can foresee. (Only when it has come to
   its end and some of its nodes still live does it hand out again single blocks that came back.) A chunk is as large and
   as aligned as a huge page, which Linux is asked for; a node finds its chunk by the address alone. A few empty chunks
   are kept, the others go back to the system. Large tables are asked of the system too, and go back to it. Free-threaded
   Python, and Windows, get all this from Python's own allocators, and so does who looks for errors of memory with tools
   that know these: AUTOGRAD_NO_CHUNKS. */

#ifndef AUTOGRAD_NATIVE_H
#define AUTOGRAD_NATIVE_H

#include <Python.h>

#if defined(__GNUC__) || defined(__clang__)
#define FETCH(address) __builtin_prefetch(address) /* soon to be used: bring it into the cache */
#else
#define FETCH(address) ((void)0)
#endif

/* Memory -------------------------------------------------------------------------------------------- */

#if defined(Py_GIL_DISABLED) || defined(_WIN32) || defined(AUTOGRAD_NO_CHUNKS)

#define take_block(size) ((PyObject *)PyObject_Malloc(size))
#define give_block(block) PyObject_Free(block)
#define new_table(size) PyMem_RawCalloc(1, size)
#define free_table(table, size) PyMem_RawFree(table)

#else

#include <stdint.h>
#include <sys/mman.h>

#define CHUNK ((uintptr_t)1 << 21)
#define EMPTY_KEPT 4

typedef struct Chunk {
    struct Chunk *next, *previous; /* among those that have room */
    char *fresh;                   /* from here on blocks have never been handed out */
    char *end;
    void *returned;                /* blocks that came back, each holding the address of the next */
    size_t used;
} Chunk;

static Chunk *with_room, *empty;
static int empty_count;

/* Zeros from the system, in huge pages where there are such; NULL if there is no memory. */
static void *map_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE);
#endif
    return memory;
}

static Chunk *new_chunk(void) {
    char *memory = map_memory(2 * CHUNK); /* twice as much, to cut an aligned half out of it */
    size_t before;
    if (memory == NULL) {
        return NULL;
    }
    before = (CHUNK - (uintptr_t)memory % CHUNK) % CHUNK;
    if (before > 0) {
        munmap(memory, before);
    }
    munmap(memory + before + CHUNK, CHUNK - before);
    PyTraceMalloc_Track(0, (uintptr_t)memory + before, CHUNK);
    return (Chunk *)(memory + before);
}

/* Put a chunk with room where the next block is taken from. */
static void link_chunk(Chunk *chunk) {
    chunk->previous = NULL;
    chunk->next = with_room;
    if (with_room != NULL) {
        with_room->previous = chunk;
    }
    with_room = chunk;
}

static void unlink_chunk(Chunk *chunk) {
    if (chunk->previous != NULL) {
        chunk->previous->next = chunk->next;
    } else {
        with_room = chunk->next;
    }
    if (chunk->next != NULL) {
        chunk->next->previous = chunk->previous;
    }
}

static int open_chunk(size_t size) {
    Chunk *chunk = empty;
    if (chunk != NULL) {
        empty = chunk->next;
        --empty_count;
    } else if ((chunk = new_chunk()) == NULL) {
        return 0;
    }
    chunk->fresh = (char *)chunk + 64;
    chunk->end = chunk->fresh + (CHUNK - 64) / size * size;
    chunk->returned = NULL;
    chunk->used = 0;
    link_chunk(chunk);
    return 1;
}

static inline PyObject *take_block(size_t size) {
    Chunk *chunk = with_room;
    void *block;
    if (chunk == NULL) {
        if (!open_chunk(size)) {
            return NULL;
        }
        chunk = with_room;
    }
    ++chunk->used;
    if (chunk->fresh < chunk->end) {
        block = chunk->fresh;
        chunk->fresh += size;
    } else {
        block = chunk->returned;
        chunk->returned = *(void **)block;
        FETCH(chunk->returned);
    }
    if (chunk->fresh == chunk->end && chunk->returned == NULL) {
        unlink_chunk(chunk);
    }
    return (PyObject *)block;
}

static void close_chunk(Chunk *chunk) {
    unlink_chunk(chunk);
    if (empty_count < EMPTY_KEPT) {
        chunk->next = empty;
        empty = chunk;
        ++empty_count;
    } else {
        PyTraceMalloc_Untrack(0, (uintptr_t)chunk);
        munmap(chunk, CHUNK);
    }
}

static inline void give_block(PyObject *block) {
    Chunk *chunk = (Chunk *)((uintptr_t)block & ~(CHUNK - 1));
    if (chunk->fresh == chunk->end && chunk->returned == NULL) {
        link_chunk(chunk);
    }
    *(void **)block = chunk->returned;
    chunk->returned = block;
    if (--chunk->used == 0) {
        close_chunk(chunk);
    }
}

#define WHOLE_CHUNKS(size) (((size) + CHUNK - 1) & ~(CHUNK - 1))

static void *new_table(size_t size) {
    return size < CHUNK ? PyMem_RawCalloc(1, size) : map_memory(WHOLE_CHUNKS(size));
}

static void free_table(void *table, size_t size) {
    if (size < CHUNK) {
        PyMem_RawFree(table);
    } else {
        munmap(table, WHOLE_CHUNKS(size));
    }
}

#endif

/* The class ---------------------------------------------------------------------------------------- */

/* A program may give the class methods, so it is not marked as immutable. But Python takes any class that is not for one
   that a program made, and writes a new name or new bases to where this one has no room. Before it does, it asks those
   who audit it: this one refuses. */
static int keep_name(const char *event, PyObject *args, void *kind) {
    const char *name;
    if (event[0] != 'o' || strcmp(event, "object.__setattr__") != 0 || PyTuple_GET_ITEM(args, 0) != (PyObject *)kind) {
        return 0;
    }
    name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(args, 1));
    if (name == NULL) {
        return -1;
    }
    if (strcmp(name, "__name__") == 0 || strcmp(name, "__qualname__") == 0 || strcmp(name, "__bases__") == 0) {
        PyErr_Format(PyExc_TypeError, "cannot set %s of the class Value: make a subclass of it", name);
        return -1;
    }
    return 0;
}

/* What Values cannot do: be long, be indexed, be awaited. Python finds no room for methods that a program gives to a class
   which lacks these tables, as in Value.__len__ = f, and leaves them unused without a word. */
static PySequenceMethods as_sequence;
static PyMappingMethods as_mapping;
static PyAsyncMethods as_async;

/* Lives --------------------------------------------------------------------------------------------- */

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
   node that dies has its things dropped by the loop that dropped the node. A loop is known by the frame of Python that it
   began in: while that frame is the innermost, nothing but the loop's own drops runs. A callback of a weak reference has
   a frame of its own, and so a loop of its own; it may wait for another thread or greenlet, and none shall wait for it.
   Loops stand in memory of their own and not on the stack of C, which greenlets exchange for another. */
#define FEW 64 /* most need no array */
struct Dropping {
    struct Dropping *next; /* of those under way, or kept for the next time */
    void *frame;
    PyObject **things; /* the few, or an array for more */
    Py_ssize_t count, room;
    PyObject *few[FEW];
};

/* Python 3.13 drops what the attributes of an object hold in nested calls, up to 10,000 deep: too deep for the small
   stack of a thread. Earlier ones nest 50 deep, later ones watch the stack. */
#define FREES_NESTED (PY_VERSION_HEX >= 0x030D0000 && PY_VERSION_HEX < 0x030E0000)

/* The innermost frame of Python, as an address to compare. */
static inline void *frame_here(void) {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_Get()->current_frame;
#else
    return PyThreadState_Get()->cframe->current_frame;
#endif
}

/* Threads ------------------------------------------------------------------------------------------- */

static int64_t births;

#ifdef Py_GIL_DISABLED

/* Threads run at the same time: each drops its own references, and one at a time writes gradients. */
#ifdef _MSC_VER
#define EACH_THREAD static __declspec(thread)
#else
#define EACH_THREAD static _Thread_local
#endif
#define HAS_GIL 0
#define BEGIN_PASS() ((void)0)
#define END_PASS() ((void)0)
#define NO_PASS_RUNS 0       /* other threads may make one at any time */
#define MAY_BE_LAST(thing) 1 /* another thread may know better */
#define IS_LAST(thing) 0
#define KEEPS_PASS 0
#define next_birth() (_Py_atomic_add_int64(&births, 1) + 1)
static PyMutex committing;
#define BEGIN_COMMIT() PyMutex_Lock(&committing)
#define END_COMMIT() PyMutex_Unlock(&committing)

#else

/* The GIL is held, and given away only where Python code runs. */
#define EACH_THREAD static
static Py_ssize_t passes;         /* that are under way */
#define HAS_GIL 1
#define BEGIN_PASS() (++passes)
#define END_PASS() (--passes)
#define NO_PASS_RUNS (passes == 0)
#define MAY_BE_LAST(thing) (Py_REFCNT(thing) == 1)
#define IS_LAST(thing) (Py_REFCNT(thing) == 1)
#define KEEPS_PASS 1
#define next_birth() (++births)
#define BEGIN_COMMIT() ((void)0)
#define END_COMMIT() ((void)0)

#endif

EACH_THREAD struct Dropping *droppings;     /* under way */
EACH_THREAD struct Dropping *kept_dropping; /* one that is done, for the next time */
EACH_THREAD struct Dropping *direct;        /* the one that is about to drop a node; NULL once the node knows */

#endif

/* Memory for nodes, cut from chunks, and for the tables of a pass.

   Nodes are blocks of one size, cut from chunks of 2 MB. A graph is made node after node and freed as a whole. So a
   chunk hands out its blocks in a row, from one end to the other, and begins again when all of them have come back:
   nodes of one computation stand in memory as they were made, which processors can foresee. (Only when it has come
   to its end and some of its nodes still live does it hand out again single blocks that came back.) A chunk is as
   large and as aligned as a huge page, which Linux is asked for; a node finds its chunk by the address alone. A few
   empty chunks are kept, the others go back to the system. Large tables are asked of the system too, and go back to
   it. Free-threaded Python, and Windows, get all this from Python's own allocators, and so does who looks for errors
   of memory with tools that know these: AUTOGRAD_NO_CHUNKS. */

#ifndef AUTOGRAD_CHUNKS_H
#define AUTOGRAD_CHUNKS_H

#include <Python.h>

#if defined(__GNUC__) || defined(__clang__)
#define FETCH(address) __builtin_prefetch(address) /* soon to be used: bring it into the cache */
#else
#define FETCH(address) ((void)0)
#endif

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

#endif

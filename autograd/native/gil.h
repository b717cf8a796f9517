/* What differs between a Python with the GIL and one without: the counter of births, passes, and who writes. */

#ifndef AUTOGRAD_GIL_H
#define AUTOGRAD_GIL_H

#include <Python.h>

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

#endif

/* What Python lets the class Value be told, and what not. */

#ifndef AUTOGRAD_KIND_H
#define AUTOGRAD_KIND_H

#include <Python.h>

/* A program may give the class methods, so it is not marked as immutable. But Python takes any class that is not for
   one that a program made, and writes a new name or new bases to where this one has no room. Before it does, it asks
   those who audit it: this one refuses. */
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

/* What Values cannot do: be long, be indexed, be awaited. Python finds no room for methods that a program gives to a
   class which lacks these tables, as in Value.__len__ = f, and leaves them unused without a word. */
static PySequenceMethods as_sequence;
static PyMappingMethods as_mapping;
static PyAsyncMethods as_async;

#endif

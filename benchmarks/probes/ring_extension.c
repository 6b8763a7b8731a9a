// What any native ring behind Python can reach: a plain C extension over a writable buffer.
//
// One producer, one consumer, slots of fixed size; each side keeps the other's index until it has
// to look again. Built by the runner with the interpreter's own headers.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

typedef _Atomic uint64_t word_t;

struct shared {
  _Alignas(128) word_t written;
  _Alignas(128) word_t read;
  _Alignas(128) char slots[];
};

typedef struct {
  PyObject_HEAD Py_buffer lent;
  struct shared *shared;
  uint64_t slots, slot_bytes, other;
} Ring;

static int ring_init(Ring *ring, PyObject *arguments, PyObject *unused) {
  PyObject *buffer;
  unsigned long long slots, slot_bytes;
  (void)unused;
  if (!PyArg_ParseTuple(arguments, "OKK", &buffer, &slots, &slot_bytes)) return -1;
  if (PyObject_GetBuffer(buffer, &ring->lent, PyBUF_WRITABLE)) return -1;
  ring->shared = ring->lent.buf, ring->slots = slots, ring->slot_bytes = slot_bytes;
  if ((uint64_t)ring->lent.len < sizeof(struct shared) + slots * slot_bytes) {
    PyErr_SetString(PyExc_ValueError, "making a ring: the buffer is too small");
    return -1;
  }
  return 0;
}

static void ring_free(Ring *ring) {
  if (ring->lent.obj) PyBuffer_Release(&ring->lent);
  Py_TYPE(ring)->tp_free((PyObject *)ring);
}

static char *slot_at(Ring *ring, uint64_t index) {
  return ring->shared->slots + (index & (ring->slots - 1)) * ring->slot_bytes;
}

static int put(Ring *ring, const char *bytes) {
  uint64_t index = atomic_load_explicit(&ring->shared->written, memory_order_relaxed);
  if (index - ring->other >= ring->slots) {
    ring->other = atomic_load_explicit(&ring->shared->read, memory_order_acquire);
    if (index - ring->other >= ring->slots) return 0;
  }
  memcpy(slot_at(ring, index), bytes, ring->slot_bytes);
  atomic_store_explicit(&ring->shared->written, index + 1, memory_order_release);
  return 1;
}

static PyObject *take(Ring *ring) {
  uint64_t index = atomic_load_explicit(&ring->shared->read, memory_order_relaxed);
  if (index == ring->other) {
    ring->other = atomic_load_explicit(&ring->shared->written, memory_order_acquire);
    if (index == ring->other) return NULL;
  }
  PyObject *bytes = PyBytes_FromStringAndSize(slot_at(ring, index), (Py_ssize_t)ring->slot_bytes);
  atomic_store_explicit(&ring->shared->read, index + 1, memory_order_release);
  return bytes;
}

static PyObject *push(Ring *ring, PyObject *bytes) {
  if (!PyBytes_Check(bytes) || (uint64_t)PyBytes_GET_SIZE(bytes) != ring->slot_bytes) {
    PyErr_SetString(PyExc_ValueError, "pushing: bytes of a slot's size are wanted");
    return NULL;
  }
  return PyBool_FromLong(put(ring, PyBytes_AS_STRING(bytes)));
}

static PyObject *pop(Ring *ring, PyObject *unused) {
  (void)unused;
  PyObject *bytes = take(ring);
  if (bytes == NULL && !PyErr_Occurred()) Py_RETURN_NONE;
  return bytes;
}

static PyObject *push_many(Ring *ring, PyObject *list) {
  Py_ssize_t sent = 0;
  if (!PyList_Check(list)) return PyErr_Format(PyExc_TypeError, "pushing: a list is wanted");
  while (sent < PyList_GET_SIZE(list)) {
    if (!put(ring, PyBytes_AS_STRING(PyList_GET_ITEM(list, sent)))) break;
    sent++;
  }
  return PyLong_FromSsize_t(sent);
}

static PyObject *pop_many(Ring *ring, PyObject *limit) {
  PyObject *list = PyList_New(0), *bytes;
  for (long left = PyLong_AsLong(limit); list && left > 0 && (bytes = take(ring)); left--) {
    PyList_Append(list, bytes);
    Py_DECREF(bytes);
  }
  return list;
}

static PyMethodDef methods[] = {{"push", (PyCFunction)push, METH_O, NULL},
                                {"pop", (PyCFunction)pop, METH_NOARGS, NULL},
                                {"push_many", (PyCFunction)push_many, METH_O, NULL},
                                {"pop_many", (PyCFunction)pop_many, METH_O, NULL},
                                {NULL, NULL, 0, NULL}};

static PyTypeObject type = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ring_extension.Ring",
                            .tp_basicsize = sizeof(Ring),
                            .tp_flags = Py_TPFLAGS_DEFAULT,
                            .tp_new = PyType_GenericNew,
                            .tp_init = (initproc)ring_init,
                            .tp_dealloc = (destructor)ring_free,
                            .tp_methods = methods};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "ring_extension", .m_size = -1};

PyMODINIT_FUNC PyInit_ring_extension(void) {
  PyObject *made = PyType_Ready(&type) ? NULL : PyModule_Create(&module);
  if (made != NULL && PyModule_AddObjectRef(made, "Ring", (PyObject *)&type)) Py_CLEAR(made);
  return made;
}

// The machine's own figures: one cache line there and back, and a plain broadcast ring in C.
// Nobody pauses between two looks: this is the floor, not a way to wait.
//
//   cc -O3 -pthread -o trips trips.c
//
// Reads "ROW MILLISECONDS" per line, answers with one JSON line, as every player does.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARTNER_CORE = 1, TRIPS = 64, GROUPS = 400, SLOTS = 4096, WORDS = 8, IDLE_LOOKS = 1 << 20 };

typedef _Atomic uint64_t word_t;

struct slot {
  _Alignas(64) word_t sequence;
  uint64_t payload[WORDS - 1];
};

struct way {
  _Alignas(128) word_t line;
  _Alignas(128) word_t newest;
  struct slot slots[SLOTS];
};

static struct way there, back;
static _Atomic int is_ring, is_there;

static int64_t now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void ring_write(struct way *way, uint64_t sequence) {
  struct slot *slot = &way->slots[sequence % SLOTS];
  atomic_store_explicit(&slot->sequence, UINT64_MAX, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  for (int word = 0; word < WORDS - 1; word++) slot->payload[word] = sequence;
  atomic_store_explicit(&slot->sequence, sequence, memory_order_release);
  atomic_store_explicit(&way->newest, sequence, memory_order_release);
}

static int ring_read(struct way *way, uint64_t sequence, uint64_t *out) {
  struct slot *slot = &way->slots[sequence % SLOTS];
  if (atomic_load_explicit(&slot->sequence, memory_order_acquire) != sequence) return 0;
  memcpy(out, slot->payload, sizeof slot->payload);
  atomic_thread_fence(memory_order_acquire);
  return atomic_load_explicit(&slot->sequence, memory_order_relaxed) == sequence;
}

static void *answer(void *unused) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(PARTNER_CORE, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
  atomic_store(&is_there, 1);
  uint64_t line = 0, ring = 0, payload[WORDS - 1];
  const struct timespec nap = {0, 2000000};
  for (;;) {
    if (atomic_load_explicit(&is_ring, memory_order_relaxed)) {
      for (long idle = 0; idle < IDLE_LOOKS; idle++) {
        if (ring_read(&there, ring + 1, payload)) ring_write(&back, ++ring), idle = 0;
      }
    } else {
      for (long idle = 0; idle < IDLE_LOOKS; idle++) {
        uint64_t now = atomic_load_explicit(&there.line, memory_order_acquire);
        if (now != line) atomic_store_explicit(&back.line, line = now, memory_order_release), idle = 0;
      }
    }
    nanosleep(&nap, NULL);
  }
  return unused;
}

static void line_trip(void) {
  static uint64_t sent;
  atomic_store_explicit(&there.line, ++sent, memory_order_release);
  while (atomic_load_explicit(&back.line, memory_order_acquire) != sent) continue;
}

static void ring_trip(void) {
  static uint64_t sent;
  uint64_t payload[WORDS - 1];
  ring_write(&there, ++sent);
  while (!ring_read(&back, sent, payload)) continue;
  if (payload[0] != sent) abort();
}

static int ascending(const void *one, const void *other) {
  int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return (a > b) - (a < b);
}

// Adds one pass: the median group stands for all of them.
static void pass(void (*trip)(void), int64_t *wall, int64_t *cpu, int64_t *count) {
  static int64_t groups[GROUPS];
  int64_t cpu_began = now_ns(CLOCK_THREAD_CPUTIME_ID), began = now_ns(CLOCK_MONOTONIC_RAW);
  for (int group = 0; group < GROUPS; group++) {
    int64_t start = now_ns(CLOCK_MONOTONIC_RAW);
    for (int number = 0; number < TRIPS; number++) trip();
    groups[group] = now_ns(CLOCK_MONOTONIC_RAW) - start;
  }
  int64_t whole = now_ns(CLOCK_MONOTONIC_RAW) - began;
  int64_t used = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_began;
  qsort(groups, GROUPS, sizeof *groups, ascending);
  int64_t told = groups[GROUPS / 2] * GROUPS;
  *wall += told;
  *cpu += (int64_t)((double)used * (double)told / (double)whole);
  *count += (int64_t)GROUPS * TRIPS;
}

int main(void) {
  char row[32];
  long milliseconds;
  pthread_t partner;
  if (pthread_create(&partner, NULL, answer, NULL)) return 1;
  // It starts on the caller's core, where it would wait for a caller that waits for it.
  while (!atomic_load(&is_there)) nanosleep(&(struct timespec){0, 1000000}, NULL);
  while (scanf("%31s %ld", row, &milliseconds) == 2) {
    int ring = !strcmp(row, "c-ring-trip");
    int64_t wall = 0, cpu = 0, count = 0, warm[3] = {0};
    atomic_store(&is_ring, ring);
    pass(ring ? ring_trip : line_trip, &warm[0], &warm[1], &warm[2]);
    while (wall < milliseconds * 1000000) pass(ring ? ring_trip : line_trip, &wall, &cpu, &count);
    printf("{\"row\":\"%s\",\"count\":%lld,\"ns\":%lld,\"cpuNs\":%lld}\n", row, (long long)count,
           (long long)wall, (long long)cpu);
    fflush(stdout);
  }
  return 0;
}

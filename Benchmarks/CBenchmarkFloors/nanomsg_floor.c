#define _GNU_SOURCE
#include "NanomsgFloor.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
  message_bytes_limit = 4 << 20,
  latencies_limit = 1 << 16,
};

static double now_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

typedef struct {
  nng_ctx context;
  nng_aio *aio;
  bool is_sending;
} answerer;

static void answer(void *argument) {
  answerer *self = argument;
  if (nng_aio_result(self->aio) != 0) return;
  self->is_sending = !self->is_sending;
  if (self->is_sending) {
    nng_ctx_send(self->context, self->aio);
  } else {
    nng_ctx_recv(self->context, self->aio);
  }
}

int nanomsg_floor_serve(const char *url, int contexts) {
  nng_socket socket;
  nng_listener listener;
  int number = nng_rep0_open(&socket);
  if (number == 0) number = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, message_bytes_limit);
  if (number == 0) number = nng_listener_create(&listener, socket, url);
  if (number == 0) number = nng_listener_start(listener, 0);
  for (int index = 0; number == 0 && index < contexts; index++) {
    answerer *each = calloc(1, sizeof *each);
    if (each == NULL) return NNG_ENOMEM;
    number = nng_ctx_open(&each->context, socket);
    if (number == 0) number = nng_aio_alloc(&each->aio, answer, each);
    if (number == 0) nng_ctx_recv(each->context, each->aio);
  }
  int port = 0;
  if (number == 0) number = nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
  if (number != 0) return number;
  printf("tcp://127.0.0.1:%d\n", port);
  fflush(stdout);
  for (;;) pause();
}

typedef struct run run;

typedef struct {
  run *run;
  nng_ctx context;
  nng_aio *aio;
  bool is_sending;
  double began;
  uint64_t calls;
  float *latencies;
  size_t latency_count;
} asker;

struct run {
  double begins;
  size_t payload_bytes;
  atomic_bool is_over;
  atomic_int failure;
  atomic_int running;
};

static void ask(asker *self) {
  nng_msg *message;
  int number = nng_msg_alloc(&message, self->run->payload_bytes);
  if (number != 0) {
    atomic_store(&self->run->failure, number);
    atomic_fetch_sub(&self->run->running, 1);
    return;
  }
  memset(nng_msg_body(message), 'x', self->run->payload_bytes);
  self->is_sending = true;
  self->began = now_seconds();
  nng_aio_set_msg(self->aio, message);
  nng_ctx_send(self->context, self->aio);
}

static void asked(void *argument) {
  asker *self = argument;
  int number = nng_aio_result(self->aio);
  if (number != 0) {
    atomic_store(&self->run->failure, number);
    atomic_fetch_sub(&self->run->running, 1);
    return;
  }
  if (self->is_sending) {
    self->is_sending = false;
    nng_ctx_recv(self->context, self->aio);
    return;
  }
  nng_msg_free(nng_aio_get_msg(self->aio));
  nng_aio_set_msg(self->aio, NULL);
  double now = now_seconds();
  if (now > self->run->begins) {
    self->calls++;
    if (self->latency_count < latencies_limit) {
      self->latencies[self->latency_count++] = (float)((now - self->began) * 1e6);
    }
  }
  if (atomic_load(&self->run->is_over)) {
    atomic_fetch_sub(&self->run->running, 1);
    return;
  }
  ask(self);
}

static int by_size(const void *left, const void *right) {
  float first = *(const float *)left, second = *(const float *)right;
  return first < second ? -1 : first > second;
}

static int summarize(asker *askers, int count, double seconds, nanomsg_floor_result *result) {
  size_t total = 0, used = 0;
  uint64_t calls = 0;
  for (int index = 0; index < count; index++) total += askers[index].latency_count;
  float *all = calloc(total + 1, sizeof *all);
  if (all == NULL) return NNG_ENOMEM;
  for (int index = 0; index < count; index++) {
    memcpy(all + used, askers[index].latencies, askers[index].latency_count * sizeof *all);
    used += askers[index].latency_count;
    calls += askers[index].calls;
  }
  qsort(all, total, sizeof *all, by_size);
  result->calls_per_second = (double)calls / seconds;
  result->median_microseconds = total ? all[total / 2] : 0;
  result->worst_percent_microseconds = total ? all[total * 99 / 100] : 0;
  free(all);
  return 0;
}

int nanomsg_floor_call(
    const char *url, int in_flight, size_t payload_bytes, double seconds,
    nanomsg_floor_result *result) {
  nng_socket socket;
  int number = nng_req0_open(&socket);
  if (number == 0) number = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, message_bytes_limit);
  if (number == 0) {
    number = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
  }
  if (number == 0) number = nng_dial(socket, url, NULL, 0);
  if (number != 0) return number;
  run shared = {.begins = now_seconds() + 0.1, .payload_bytes = payload_bytes};
  atomic_store(&shared.running, in_flight);
  asker *askers = calloc((size_t)in_flight, sizeof *askers);
  for (int index = 0; number == 0 && index < in_flight; index++) {
    askers[index].run = &shared;
    askers[index].latencies = calloc(latencies_limit, sizeof(float));
    number = nng_ctx_open(&askers[index].context, socket);
    if (number == 0) number = nng_aio_alloc(&askers[index].aio, asked, &askers[index]);
    if (number == 0) ask(&askers[index]);
  }
  nng_msleep((nng_duration)(seconds * 1000 + 100));
  double measured = now_seconds() - shared.begins;
  atomic_store(&shared.is_over, true);
  for (int wait = 0; wait < 2000 && atomic_load(&shared.running) > 0; wait++) nng_msleep(1);
  if (number == 0) number = atomic_load(&shared.failure);
  if (number == 0) number = summarize(askers, in_flight, measured, result);
  nng_close(socket);
  for (int index = 0; index < in_flight; index++) {
    nng_aio_free(askers[index].aio);
    free(askers[index].latencies);
  }
  free(askers);
  return number;
}

// Requests and replies over libnng in plain C: the floor that the RPC room is measured against.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Answers every request with its own bytes until the process ends. Writes the address with the
// real port to standard output once it listens. Returns only on failure, with libnng's number.
int nanomsg_floor_serve(const char *url, int contexts);

// What a run of calls came to.
typedef struct {
  double calls_per_second;
  double median_microseconds;
  double worst_percent_microseconds;  // the 99th percentile
} nanomsg_floor_result;

// Makes calls of `payload_bytes` for `seconds`, so many at once, each begun in the callback that
// ended the one before. Returns libnng's number, 0 for success.
int nanomsg_floor_call(
    const char *url, int in_flight, size_t payload_bytes, double seconds,
    nanomsg_floor_result *result);

// Starts a program, or this one again for NULL, with the given words after its name, and reads the
// first line that it writes. Returns its process id, or -1.
int benchmark_spawn(
    const char *program, const char *const *words, char *line, size_t line_bytes);

// Makes this process end when the one that started it has ended.
void benchmark_follow_parent(void);

// Ends a child that was started.
void benchmark_end(int process);

#pragma once
#include <stddef.h>
#include <stdint.h>

// The floor of storing points: what raw libpq does with the same rows on the same server.

typedef struct TidemarkPostgresFloor TidemarkPostgresFloor;

// Points as columns; a customer is 16 bytes of `customers`.
typedef struct {
  const uint8_t *customers;
  const uint32_t *customer_index;
  const int32_t *metric;
  const int32_t *bucket;
  const double *value;
} TidemarkFloorPoints;

// Connects, or returns NULL.
TidemarkPostgresFloor *tidemark_floor_connect(const char *conninfo);

// Runs SQL; 0 on success.
int tidemark_floor_execute(TidemarkPostgresFloor *floor, const char *sql);

// One COPY BINARY of rows [start, end) into floor_point, its own transaction; 0 on success.
int tidemark_floor_copy(
    TidemarkPostgresFloor *floor, const TidemarkFloorPoints *points, size_t start, size_t end);

// The last message of libpq.
const char *tidemark_floor_message(TidemarkPostgresFloor *floor);

void tidemark_floor_close(TidemarkPostgresFloor *floor);

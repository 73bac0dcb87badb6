#include "PostgresFloor.h"

#include <endian.h>
#include <postgresql/libpq-fe.h>
#include <stdlib.h>
#include <string.h>

struct TidemarkPostgresFloor {
  PGconn *connection;
  char *buffer;
  size_t used;
};

enum { piece_bytes = 1 << 18, row_bytes = 2 + 4 + 16 + 4 + 4 + 4 + 4 + 4 + 8 };

TidemarkPostgresFloor *tidemark_floor_connect(const char *conninfo) {
  TidemarkPostgresFloor *floor = calloc(1, sizeof *floor);
  if (floor == NULL) return NULL;
  floor->buffer = malloc(piece_bytes + row_bytes + 32);
  floor->connection = PQconnectdb(conninfo);
  if (floor->buffer == NULL || PQstatus(floor->connection) != CONNECTION_OK) {
    tidemark_floor_close(floor);
    return NULL;
  }
  // That a table to be dropped is not there is no news.
  PQclear(PQexec(floor->connection, "SET client_min_messages = warning"));
  return floor;
}

void tidemark_floor_close(TidemarkPostgresFloor *floor) {
  if (floor == NULL) return;
  PQfinish(floor->connection);
  free(floor->buffer);
  free(floor);
}

const char *tidemark_floor_message(TidemarkPostgresFloor *floor) {
  return PQerrorMessage(floor->connection);
}

int tidemark_floor_execute(TidemarkPostgresFloor *floor, const char *sql) {
  PGresult *result = PQexec(floor->connection, sql);
  ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : -1;
}

static void put16(TidemarkPostgresFloor *floor, uint16_t value) {
  value = htobe16(value);
  memcpy(floor->buffer + floor->used, &value, 2);
  floor->used += 2;
}

static void put32(TidemarkPostgresFloor *floor, uint32_t value) {
  value = htobe32(value);
  memcpy(floor->buffer + floor->used, &value, 4);
  floor->used += 4;
}

static void put64(TidemarkPostgresFloor *floor, uint64_t value) {
  value = htobe64(value);
  memcpy(floor->buffer + floor->used, &value, 8);
  floor->used += 8;
}

static int flush(TidemarkPostgresFloor *floor) {
  int sent = PQputCopyData(floor->connection, floor->buffer, (int)floor->used);
  floor->used = 0;
  return sent == 1 ? 0 : -1;
}

int tidemark_floor_copy(
    TidemarkPostgresFloor *floor, const TidemarkFloorPoints *points, size_t start, size_t end) {
  PGresult *result = PQexec(
      floor->connection,
      "COPY floor_point (customer_id, metric_id, bucket, value) FROM STDIN BINARY");
  ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  if (status != PGRES_COPY_IN) return -1;
  static const char header[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
  memcpy(floor->buffer, header, sizeof header);
  floor->used = sizeof header;
  for (size_t row = start; row < end; row++) {
    put16(floor, 4);
    put32(floor, 16);
    memcpy(
        floor->buffer + floor->used, points->customers + (size_t)points->customer_index[row] * 16,
        16);
    floor->used += 16;
    put32(floor, 4);
    put32(floor, (uint32_t)points->metric[row]);
    put32(floor, 4);
    put32(floor, (uint32_t)points->bucket[row]);
    put32(floor, 8);
    uint64_t pattern;
    memcpy(&pattern, &points->value[row], 8);
    put64(floor, pattern);
    if (floor->used >= piece_bytes && flush(floor) != 0) return -1;
  }
  put16(floor, 0xffff);
  if (flush(floor) != 0 || PQputCopyEnd(floor->connection, NULL) != 1) return -1;
  int outcome = 0;
  while ((result = PQgetResult(floor->connection)) != NULL) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) outcome = -1;
    PQclear(result);
  }
  return outcome;
}

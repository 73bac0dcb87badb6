// A bump allocator with a cap, in the form that protobuf-c takes; and the checksum of frames.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Named here and not included: a header that two modules hold belongs to whichever a compiler
// meets first, and generated Swift could then not see protobuf-c's members.
struct ProtobufCAllocator;

// Memory that is given out piece by piece and taken back all at once.
//
// One thread at a time may use an arena. Nothing that it gave out outlives a reset.
typedef struct tidemark_arena tidemark_arena;

// Makes an arena whose first block holds `first_bytes` and which never gives out more than
// `limit_bytes`. NULL when the system has no memory.
tidemark_arena *tidemark_arena_create(size_t first_bytes, size_t limit_bytes);

// Gives out 16-byte aligned memory, or NULL above the limit.
void *tidemark_arena_allocate(tidemark_arena *arena, size_t bytes);

// Takes back all that was given out; keeps one small block for the next use.
void tidemark_arena_reset(tidemark_arena *arena);

void tidemark_arena_destroy(tidemark_arena *arena);

// The arena as protobuf-c's allocator. Its free does nothing: a reset does.
struct ProtobufCAllocator *tidemark_arena_allocator(tidemark_arena *arena);

// How much is given out, padding counted.
size_t tidemark_arena_used(const tidemark_arena *arena);

// An empty arena: the one that the calling thread keeps, or a new one while that is lent. NULL when
// the system has no memory.
tidemark_arena *tidemark_arena_borrow(size_t limit_bytes);

// Takes back all that a borrowed arena gave out, and the arena; on the thread that borrowed it.
void tidemark_arena_give_back(tidemark_arena *arena);

// CRC-32C (Castagnoli), continued from `crc`, which is 0 at the start.
uint32_t tidemark_crc32c(uint32_t crc, const void *bytes, size_t count);

#include "CArena.h"

#include <protobuf-c/protobuf-c.h>

#include <pthread.h>
#include <stdlib.h>

enum {
  alignment = 16,
  first_block_bytes = 4096,
  // A block is not made larger than this unless one allocation needs it.
  block_bytes_limit = 1 << 20,
  // A reset frees blocks above this size: a rare large message must not pin memory.
  kept_bytes_limit = 256 << 10,
};

typedef struct block {
  struct block *next;
  size_t capacity;
  size_t used;
  _Alignas(alignment) unsigned char bytes[];
} block;

struct tidemark_arena {
  ProtobufCAllocator allocator;
  block *newest;
  size_t used;
  size_t limit_bytes;
  size_t first_bytes;
};

static void *allocate_for_protobuf(void *arena, size_t bytes) {
  return tidemark_arena_allocate(arena, bytes);
}

static void free_nothing(void *arena, void *bytes) {
  (void)arena;
  (void)bytes;
}

tidemark_arena *tidemark_arena_create(size_t first_bytes, size_t limit_bytes) {
  tidemark_arena *arena = calloc(1, sizeof *arena);
  if (arena == NULL) return NULL;
  arena->allocator.alloc = allocate_for_protobuf;
  arena->allocator.free = free_nothing;
  arena->allocator.allocator_data = arena;
  arena->limit_bytes = limit_bytes;
  arena->first_bytes = first_bytes;
  return arena;
}

static block *add_block(tidemark_arena *arena, size_t bytes) {
  size_t capacity = arena->newest ? arena->newest->capacity * 2 : arena->first_bytes;
  if (capacity > block_bytes_limit) capacity = block_bytes_limit;
  if (capacity < bytes) capacity = bytes;
  block *added = malloc(sizeof *added + capacity);
  if (added == NULL) return NULL;
  added->next = arena->newest;
  added->capacity = capacity;
  added->used = 0;
  arena->newest = added;
  return added;
}

void *tidemark_arena_allocate(tidemark_arena *arena, size_t bytes) {
  // Compared before rounding up, so that a size near the end of the range cannot wrap.
  if (bytes > arena->limit_bytes) return NULL;
  size_t rounded = (bytes + alignment - 1) & ~(size_t)(alignment - 1);
  if (rounded == 0) rounded = alignment;
  if (rounded > arena->limit_bytes - arena->used) return NULL;
  block *current = arena->newest;
  if (current == NULL || current->capacity - current->used < rounded) {
    current = add_block(arena, rounded);
    if (current == NULL) return NULL;
  }
  void *given = current->bytes + current->used;
  current->used += rounded;
  arena->used += rounded;
  return given;
}

void tidemark_arena_reset(tidemark_arena *arena) {
  block *kept = NULL;
  for (block *each = arena->newest; each != NULL;) {
    block *next = each->next;
    if (kept == NULL && each->capacity <= kept_bytes_limit) {
      kept = each;
    } else {
      free(each);
    }
    each = next;
  }
  if (kept != NULL) {
    kept->next = NULL;
    kept->used = 0;
  }
  arena->newest = kept;
  arena->used = 0;
}

void tidemark_arena_destroy(tidemark_arena *arena) {
  for (block *each = arena->newest; each != NULL;) {
    block *next = each->next;
    free(each);
    each = next;
  }
  free(arena);
}

ProtobufCAllocator *tidemark_arena_allocator(tidemark_arena *arena) { return &arena->allocator; }

size_t tidemark_arena_used(const tidemark_arena *arena) { return arena->used; }

static pthread_key_t spare_key;
static pthread_once_t spare_once = PTHREAD_ONCE_INIT;
static _Thread_local tidemark_arena *spare;

static void destroy_spare(void *arena) { tidemark_arena_destroy(arena); }

// The key is there for its destructor alone, which frees the arena of a thread that ends.
static void make_spare_key(void) { pthread_key_create(&spare_key, destroy_spare); }

tidemark_arena *tidemark_arena_borrow(size_t limit_bytes) {
  tidemark_arena *arena = spare;
  if (arena == NULL || arena->limit_bytes != limit_bytes) {
    return tidemark_arena_create(first_block_bytes, limit_bytes);
  }
  spare = NULL;
  return arena;
}

void tidemark_arena_give_back(tidemark_arena *arena) {
  if (spare != NULL) {
    tidemark_arena_destroy(arena);
    return;
  }
  tidemark_arena_reset(arena);
  pthread_once(&spare_once, make_spare_key);
  if (pthread_getspecific(spare_key) != arena) pthread_setspecific(spare_key, arena);
  spare = arena;
}

// What a process holds of its heap.
#pragma once
#include <stddef.h>

// Bytes that were asked for and not given back.
size_t benchmark_heap_bytes(void);

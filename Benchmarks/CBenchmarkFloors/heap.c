#include "HeapBytes.h"

#include <malloc.h>

size_t benchmark_heap_bytes(void) {
  struct mallinfo2 use = mallinfo2();
  return use.uordblks + use.hblkhd;
}

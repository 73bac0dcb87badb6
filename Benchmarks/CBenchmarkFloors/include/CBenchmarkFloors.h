// Floors in plain C that the benchmarks measure against.
#pragma once
#if __has_include("NanomsgFloor.h")
#include "NanomsgFloor.h"
#endif
#include "PostgresFloor.h"

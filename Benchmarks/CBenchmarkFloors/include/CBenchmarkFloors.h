// Floors in plain C that the benchmarks measure against.
#pragma once
#include "HeapBytes.h"
#include "NanomsgFloor.h"
#include "PostgresFloor.h"

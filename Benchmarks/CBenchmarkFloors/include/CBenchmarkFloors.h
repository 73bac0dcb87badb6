// Floors in plain C that the benchmarks measure against.
#pragma once
#include "NanomsgFloor.h"
#include "PostgresFloor.h"

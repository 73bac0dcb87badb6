#pragma once
#include <postgresql/libpq-fe.h>
// Wakes a wait for notifications; Glibc's Swift module leaves it out.
#include <sys/eventfd.h>

/* A wall clock that is wrong by COUNTERSIGN_LOAD_SKEW seconds; every other clock is right. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int known;
    static long skew;
    if (!known) {
        const char *told = getenv("COUNTERSIGN_LOAD_SKEW");
        skew = told ? atol(told) : 0;
        known = 1;
    }
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += skew;
    return failed;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * One thread at a time in HDF5, which need not be thread-safe; and what it is told before its first
 * call. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/process.h"
#include "h5/internal.h"

/* How much of its freed memory HDF5 keeps to use it again.  For objects of one size its own limit
 * is 64 KiB, with which the half MiB that goes with each open file is taken from the system again
 * for the next one, page by page. */
enum {
    OBJECTS_BYTES = 2 << 20,
    OBJECTS_OF_A_SIZE_BYTES = 1 << 20,
    ARRAYS_BYTES = 4 << 20,
    BLOCKS_BYTES = 16 << 20
};

enum { MOST_FILES = 1 << 16 };

/* Threads take turns in the order in which they came: a mutex alone may be taken again and again by
 * the thread that reads data, while the one that writes a checkpoint waits. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t next = PTHREAD_COND_INITIALIZER;
static uint64_t n_came, n_left;
static _Thread_local unsigned depth; /* our functions call each other */

/* As many open files as a process may ask for: virtual arrays may be made of thousands. */
static void allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    const rlim_t most = limit.rlim_max < MOST_FILES ? limit.rlim_max : MOST_FILES;
    if (limit.rlim_cur >= most) return;
    limit.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* No atexit (it loops over files that a full disk keeps from closing), and no locks, which some
 * file systems lack and others hang in: what Cairn writes has no name before it is whole. */
static void start_library(void)
{
    static bool started;
    if (started) return;
    started = true;
    if (!cairn_process_is_ours()) return; /* this is for all of the process */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    unsetenv("HDF5_VDS_PREFIX"); /* sources of virtual arrays lie beside their file: virtual.c */
    allow_files();
    H5dont_atexit();
    H5open();
    H5set_free_list_limits(OBJECTS_BYTES, OBJECTS_OF_A_SIZE_BYTES, ARRAYS_BYTES, ARRAYS_BYTES / 16,
                           BLOCKS_BYTES, BLOCKS_BYTES / 16);
    H5PLset_loading_state(0);
    H5Lunregister(H5L_TYPE_EXTERNAL);
    cairn_h5_catch_crashes();
}

/* A thread-safe build has a stack of errors for each thread; none of them is printed.  A host gets
 * its own way back. */
static _Thread_local struct {
    H5E_auto2_t print;
    void *data;
} host;

static void be_quiet(void)
{
    static _Thread_local bool quiet; /* for good, in a process of our own */
    if (quiet) return;
    quiet = cairn_process_is_ours();
    if (H5Eget_auto2(H5E_DEFAULT, &host.print, &host.data) < 0) host.print = NULL;
    if (host.print != NULL) H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void be_as_before(void)
{
    if (host.print != NULL && !cairn_process_is_ours())
        H5Eset_auto2(H5E_DEFAULT, host.print, host.data);
}

void cairn_h5_enter(void)
{
    if (depth++ > 0) return;
    pthread_mutex_lock(&lock);
    for (const uint64_t mine = n_came++; mine != n_left;) pthread_cond_wait(&next, &lock);
    pthread_mutex_unlock(&lock);
    start_library();
    be_quiet();
}

cairn_status cairn_h5_leave(cairn_status st)
{
    if (depth == 1) be_as_before();
    if (--depth > 0) return st;
    pthread_mutex_lock(&lock);
    n_left++;
    pthread_cond_broadcast(&next);
    pthread_mutex_unlock(&lock);
    return st;
}

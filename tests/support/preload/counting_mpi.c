/* SPDX-License-Identifier: BSD-3-Clause
 * What a rank asks of MPI, and what MPI sends for it.  Preloaded, this writes a line for each rank
 * when it ends MPI: "RANK COLLECTIVES BYTES SENDS BYTES MESSAGES BYTES":
 *
 *   collective calls, and the bytes that the rank gave to them
 *   messages that the rank sent by calls of its own, and their bytes
 *   messages that MPI sent for all of these, and their bytes; 0 where it is not Open MPI
 *
 * A run of many updates less one of few is what an update costs.  A way to sum that takes another
 * call of MPI adds a row below.
 *
 *   CAIRN_COUNT_LOG  the file that gets the lines; without it nothing happens */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct count {
    unsigned long long n, bytes;
};
static struct count collectives, sends, messages;

static void note(struct count *count, int n, MPI_Datatype type)
{
    int size = 0;
    MPI_Type_size(type, &size);
    count->n++;
    count->bytes += (unsigned long long)n * (unsigned long long)size;
}

/* A call: what it counts as, how many elements of which type the rank gives. */
#define COUNTED(as, call, n, type, takes, gives)                                                   \
    int MPI_##call takes                                                                           \
    {                                                                                              \
        note(&(as), n, type);                                                                      \
        return PMPI_##call gives;                                                                  \
    }
#define FROM       const void *in
#define TO         void *out
#define REDUCED    FROM, TO, int n, MPI_Datatype type, MPI_Op op
#define GATHERED   FROM, int n, MPI_Datatype type, TO, int n_out, MPI_Datatype type_out
#define ONE_TO_ALL void *in, int n, MPI_Datatype type, int root, MPI_Comm comm
#define SENT       FROM, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm

COUNTED(collectives, Allreduce, n, type, (REDUCED, MPI_Comm comm), (in, out, n, type, op, comm))
COUNTED(collectives, Iallreduce, n, type, (REDUCED, MPI_Comm comm, MPI_Request *request),
        (in, out, n, type, op, comm, request))
COUNTED(collectives, Reduce, n, type, (REDUCED, int root, MPI_Comm comm),
        (in, out, n, type, op, root, comm))
COUNTED(collectives, Reduce_scatter_block, n, type, (REDUCED, MPI_Comm comm),
        (in, out, n, type, op, comm))
COUNTED(collectives, Allgather, n, type, (GATHERED, MPI_Comm comm),
        (in, n, type, out, n_out, type_out, comm))
COUNTED(collectives, Gather, n, type, (GATHERED, int root, MPI_Comm comm),
        (in, n, type, out, n_out, type_out, root, comm))
COUNTED(collectives, Bcast, n, type, (ONE_TO_ALL), (in, n, type, root, comm))
COUNTED(collectives, Barrier, 0, MPI_BYTE, (MPI_Comm comm), (comm))
COUNTED(collectives, Ibarrier, 0, MPI_BYTE, (MPI_Comm comm, MPI_Request *request), (comm, request))
COUNTED(sends, Send, n, type, (SENT), (in, n, type, to, tag, comm))
COUNTED(sends, Isend, n, type, (SENT, MPI_Request *request), (in, n, type, to, tag, comm, request))

/* ---- what Open MPI sends, also within a collective call: its table of functions for messages.
 * (Its own monitoring, of 4.1.4, damages memory.) */

extern void *mca_pml[] __attribute__((weak));
enum { ISEND = 10, SEND = 11 }; /* places in the table, of Open MPI 4 */
#define GIVEN FROM, size_t n, MPI_Datatype type, int to, int tag, int mode, MPI_Comm comm
#define SENDER(name, takes, gives)                                                                 \
    typedef int name##_function takes;                                                             \
    static name##_function *name;                                                                  \
    static int counted_##name takes                                                                \
    {                                                                                              \
        note(&messages, (int)n, type);                                                             \
        return name gives;                                                                         \
    }
SENDER(isend, (GIVEN, MPI_Request *request), (in, n, type, to, tag, mode, comm, request))
SENDER(send, (GIVEN), (in, n, type, to, tag, mode, comm))

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *provided)
{
    int code = PMPI_Init_thread(argc, argv, wanted, provided);
    if (code != MPI_SUCCESS || mca_pml == NULL || getenv("CAIRN_COUNT_LOG") == NULL) return code;
    *(void **)&isend = mca_pml[ISEND];
    *(void **)&send = mca_pml[SEND];
    mca_pml[ISEND] = *(void **)&(isend_function *){counted_isend};
    mca_pml[SEND] = *(void **)&(send_function *){counted_send};
    return code;
}

static void write_line(const char *log)
{
    char line[256];
    int rank = 0;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    int n = snprintf(line, sizeof line, "%d %llu %llu %llu %llu %llu %llu\n", rank, collectives.n,
                     collectives.bytes, sends.n, sends.bytes, messages.n, messages.bytes);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || write(fd, line, (size_t)n) != n) fprintf(stderr, "%s: no line\n", log);
    if (fd >= 0) close(fd);
}

int MPI_Finalize(void)
{
    const char *log = getenv("CAIRN_COUNT_LOG");
    if (log != NULL) write_line(log);
    return PMPI_Finalize();
}

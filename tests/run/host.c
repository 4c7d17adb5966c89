/* SPDX-License-Identifier: BSD-3-Clause
 * A host for run/host.sh: it splits the world into parts, on each of which a run saves after every
 * update, and writes HDF5 of its own meanwhile.
 *
 *   host PARTS RUN.yaml FOLDER [key=value ...]       folders FOLDER.0, FOLDER.1, ...
 *
 * Every call of HDF5 comes through this file, whoever makes it.  HDF5 need not be thread-safe, so
 * all are to be of this thread: another one is named, and is a race on `n_calls` for
 * ThreadSanitizer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <hdf5.h>
#include <inttypes.h>
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "cairn/cairn.h"
#include "cairn/mpi.h"

static pthread_t host;
static size_t n_calls; /* nothing guards it, as nothing guards what HDF5 has */
static const char *stranger;

/* The function of HDF5 itself. */
static void *through(const char *name)
{
    if (!pthread_equal(pthread_self(), host)) stranger = name;
    n_calls++;
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

#define THROUGH(result, name, parameters, arguments)                                               \
    result name parameters                                                                         \
    {                                                                                              \
        result(*function) parameters = NULL;                                                       \
        *(void **)&function = through(#name);                                                      \
        return function arguments;                                                                 \
    }

THROUGH(hid_t, H5Fcreate, (const char *path, unsigned flags, hid_t create, hid_t access),
        (path, flags, create, access))
THROUGH(hid_t, H5Fopen, (const char *path, unsigned flags, hid_t access), (path, flags, access))
THROUGH(herr_t, H5Fclose, (hid_t file), (file))
THROUGH(hid_t, H5Pcreate, (hid_t kind), (kind))
THROUGH(herr_t, H5Pclose, (hid_t list), (list))
THROUGH(hid_t, H5Screate_simple, (int rank, const hsize_t *dims, const hsize_t *most),
        (rank, dims, most))
THROUGH(herr_t, H5Dclose, (hid_t array), (array))
THROUGH(herr_t, H5Dread, (hid_t array, hid_t type, hid_t memory, hid_t file, hid_t how, void *to),
        (array, type, memory, file, how, to))
THROUGH(herr_t, H5Dwrite,
        (hid_t array, hid_t type, hid_t memory, hid_t file, hid_t how, const void *from),
        (array, type, memory, file, how, from))

/* What the host does between updates. */
struct simulation {
    char path[256];
    double field[1000];
    size_t n_written, n_saved;
};

static void write_field(void *context, const struct cairn_update_record *record)
{
    struct simulation *simulation = context;
    const hsize_t n = sizeof simulation->field / sizeof simulation->field[0];
    simulation->field[record->update % n] = record->loss;
    hid_t file = H5Fcreate(simulation->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &n, NULL);
    hid_t array =
        H5Dcreate2(file, "field", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Dwrite(array, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, simulation->field) >= 0)
        simulation->n_written++;
    H5Dclose(array);
    H5Sclose(space);
    H5Fclose(file);
}

static void count_save(void *context, uint64_t update)
{
    (void)update;
    ((struct simulation *)context)->n_saved++;
}

/* words: the run file and keys, NULL after the last */
static cairn_status train(MPI_Comm part, char **words, const char *folder,
                          struct simulation *simulation)
{
    const struct cairn_run_settings settings = {
        .size = sizeof settings,
        .folder = folder,
        .events = {.updated = write_field, .saved = count_save, .context = simulation}};
    cairn_comm *comm = NULL;
    cairn_options *options = NULL;
    cairn_run *run = NULL;
    cairn_status st = cairn_comm_open_on(part, &comm);
    if (st == CAIRN_OK)
        st = cairn_options_read_on(comm, words[0], (const char *const *)words + 2, &options);
    if (st == CAIRN_OK) st = cairn_options_set(options, "checkpoint.every_updates", "1");
    if (st == CAIRN_OK) st = cairn_run_open(options, comm, &settings, &run);
    if (st == CAIRN_OK) st = cairn_run_go(run);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        printf("%s: weights %016" PRIx64 ", %zu saves, %zu writes\n", folder,
               cairn_trainer_weights_hash(cairn_run_trainer(run)), simulation->n_saved,
               simulation->n_written);
    if (st != CAIRN_OK && cairn_comm_rank(comm) == 0)
        fprintf(stderr, "%s: %s\n", folder, cairn_error_text());
    cairn_run_close(run);
    cairn_options_free(options);
    cairn_comm_close(comm);
    return st;
}

int main(int argc, char **argv)
{
    struct simulation *simulation = calloc(1, sizeof *simulation);
    char folder[200];
    int rank = 0, failed = 0;
    MPI_Comm part = MPI_COMM_NULL;
    host = pthread_self();
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (argc < 4 || simulation == NULL) MPI_Abort(MPI_COMM_WORLD, CAIRN_USAGE);
    const int which = rank % (int)strtol(argv[1], NULL, 10);
    snprintf(folder, sizeof folder, "%.100s.%d", argv[3], which);
    snprintf(simulation->path, sizeof simulation->path, "%.100s-rank-%d.h5", argv[3], rank);
    MPI_Comm_split(MPI_COMM_WORLD, which, rank, &part);
    cairn_status st = train(part, argv + 2, folder, simulation);
    MPI_Comm_free(&part);
    if (stranger != NULL) fprintf(stderr, "%s was called by another thread\n", stranger);
    int mine = cairn_exit_code(st) + (stranger != NULL);
    MPI_Allreduce(&mine, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    free(simulation);
    return failed;
}

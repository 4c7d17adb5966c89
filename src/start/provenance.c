/* SPDX-License-Identifier: BSD-3-Clause
 * What this start is made of: versions, machine, job, data. */
#include "start/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cluster/launch.h"
#include "comm/exchange.h"
#include "h5/h5.h"
#include "record/system.h"
#include "tensor/threads.h"

enum { TEXT_BYTES = CAIRN_SYSTEM_TEXT_BYTES };

/* Texts that facts borrow. */
struct texts {
    char mpi[TEXT_BYTES], blas[TEXT_BYTES], kernels[64], hdf5[32], cpu[TEXT_BYTES],
        system[TEXT_BYTES];
    char ranks[32], threads[32], data_hash[32], config_hash[32], init_hash[32];
    char *hosts, *command;
};

static void fill_texts(struct texts *texts, const struct cairn_start *about, int n_ranks)
{
    cairn_comm_library(texts->mpi, sizeof texts->mpi);
    cairn_threads_blas(texts->blas, sizeof texts->blas);
    cairn_backend_text(about->backend, texts->kernels, sizeof texts->kernels);
    cairn_h5_version(texts->hdf5);
    cairn_system_cpu(texts->cpu);
    cairn_system_release(texts->system);
    snprintf(texts->ranks, sizeof texts->ranks, "%d", n_ranks);
    snprintf(texts->threads, sizeof texts->threads, "%zu", about->threads);
    snprintf(texts->data_hash, sizeof texts->data_hash, "%016" PRIx64, about->data_fingerprint);
    snprintf(texts->init_hash, sizeof texts->init_hash, "%016" PRIx64, about->init_hash);
    snprintf(texts->config_hash, sizeof texts->config_hash, "%016" PRIx64,
             cairn_system_text_hash(about->config_text));
}

static cairn_status write_entry(const struct texts *texts, const struct cairn_start *about,
                                struct cairn_run_folder *folder)
{
    const struct cairn_build *build = cairn_system_build();
    const char *job = cairn_system_job();
    const struct cairn_dataset *data = about->dataset;
    const struct cairn_fact facts[] = {
        {.name = "version", .value = build->version},
        {.name = "commit", .value = build->commit},
        {.name = "precision", .value = about->rounds ? "bf16" : cairn_h5_type_name(CAIRN_H5_REAL)},
        {.name = "compiler", .value = build->compiler},
        {.name = "compiler_flags", .value = build->flags},
        {.name = "mpi", .value = texts->mpi},
        {.name = "blas", .value = texts->blas},
        {.name = "kernels", .value = texts->kernels},
        {.name = "hdf5", .value = texts->hdf5},
        {.name = "cpu", .value = texts->cpu},
        {.name = "system", .value = texts->system},
        {.name = "hosts", .value = texts->hosts},
        {.name = "ranks", .value = texts->ranks, .raw = true},
        {.name = "threads", .value = texts->threads, .raw = true},
        {.name = "job", .value = job == NULL ? "none" : job},
        {.name = "command", .value = texts->command},
        {.name = "data_file", .value = cairn_dataset_path(data)},
        {.name = "data_hash", .value = texts->data_hash},
        {.name = "data_source", .value = cairn_dataset_about(data, "source")},
        {.name = "data_license", .value = cairn_dataset_about(data, "license")},
        {.name = "data_citation", .value = cairn_dataset_about(data, "citation")},
        {.name = "run_file_hash", .value = texts->config_hash},
        {.name = "resumed_from",
         .value = about->resumed_from[0] == '\0' ? NULL : about->resumed_from},
        {.name = "init_from", .value = about->init_from},
        {.name = "init_weights_hash", .value = about->init_from == NULL ? NULL : texts->init_hash},
        {.name = NULL},
    };
    return cairn_run_folder_provenance_begin(folder, facts);
}

/* The hosts and how many ranks each has, on rank 0.  Collective. */
static cairn_status collect_hosts(cairn_comm *comm, char **out)
{
    const struct cairn_comm_node at = cairn_comm_node(comm);
    const bool main_rank = cairn_comm_rank(comm) == 0;
    struct cairn_node_name mine = {.n_ranks = (uint64_t)at.n_ranks};
    struct cairn_node_name *all = NULL;
    char host[TEXT_BYTES];
    cairn_status st = CAIRN_OK;
    cairn_system_host(host);
    snprintf(mine.host, sizeof mine.host, "%.*s", (int)sizeof mine.host - 1, host);
    if (main_rank)
        st = cairn_memory_get((size_t)at.n_nodes, sizeof *all, "the list of hosts", &all);
    st = cairn_comm_gather_nodes(comm, st, &mine, sizeof mine, all);
    if (st == CAIRN_OK && main_rank) st = cairn_hosts_text(all, (size_t)at.n_nodes, out);
    free(all);
    return st;
}

cairn_status cairn_provenance_begin(cairn_comm *comm, const struct cairn_start *about,
                                    struct cairn_run_folder *folder)
{
    struct texts texts = {.hosts = NULL};
    cairn_status st = collect_hosts(comm, &texts.hosts);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) {
        fill_texts(&texts, about, cairn_comm_size(comm));
        st = cairn_system_command(&texts.command);
        if (st == CAIRN_OK) st = write_entry(&texts, about, folder);
    }
    free(texts.command);
    free(texts.hosts);
    return cairn_comm_agree(comm, st);
}

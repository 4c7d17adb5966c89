/* SPDX-License-Identifier: BSD-3-Clause
 * Are the ranks alike: program, libraries, CPU, run file, data? */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/sample.h"
#include "cluster/doctor.h"
#include "comm/exchange.h"
#include "data/dataset.h"
#include "h5/h5.h"
#include "record/system.h"

/* Of a file that can be read more than once: a run file may come through a pipe.  0: of none. */
static uint64_t sample(const char *path)
{
    struct stat about;
    if (path == NULL || stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const uint64_t hash = cairn_file_sample(fd);
    close(fd);
    return hash;
}

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    char text[CAIRN_SYSTEM_TEXT_BYTES];
    char mpi[CAIRN_FACT_BYTES];
    char hdf5[32];
    cairn_system_cpu(text);
    snprintf(mine->cpu, sizeof mine->cpu, "%.*s", (int)sizeof mine->cpu - 1, text);
    cairn_comm_library(mpi, sizeof mpi);
    cairn_h5_version(hdf5);
    snprintf(mine->libraries, sizeof mine->libraries, "cairn %.40s, %s, HDF5 %s",
             cairn_system_build()->version, mpi, hdf5);
    mine->program = cairn_system_program_hash();
    if (!mine->is_first) return; /* the others of a host take over what that one says */
    mine->run_file = sample(wanted->run_file);
    mine->data =
        wanted->dataset == NULL ? sample(wanted->data_file) : cairn_dataset_sample(wanted->dataset);
}

/* What is compared, and what it means where it differs. */
struct aspect {
    const char *name;
    size_t offset, n_bytes;
    bool needs_run;  /* there is nothing to compare without a run file */
    bool needs_bits; /* an error with train.reproducible */
    const char *fix;
};
#define ASPECT(field)                                                                              \
    offsetof(struct cairn_rank_facts, field), sizeof(((struct cairn_rank_facts *)0)->field)

static const struct aspect aspects[] = {
    {"program", ASPECT(program), false, true,
     "one build for all nodes, on a shared folder: cmake --preset release "
     "-DCAIRN_ARCH=" CAIRN_CPU_TODAY},
    {"libraries", ASPECT(libraries), false, true, "the same modules or container on all nodes"},
    {"BLAS or its CPU kind", ASPECT(blas), false, true,
     "OPENBLAS_CORETYPE=" CAIRN_CPU_CORE " on all ranks"},
    {"CPU", ASPECT(cpu), false, false,
     "equal nodes (sbatch --constraint=FEATURE); all wait for the slowest"},
    {"run file", ASPECT(run_file), true, false,
     "one run file on a shared folder; rank 0's is what counts"},
    {"data file", ASPECT(data), true, true, "the same file at data.file on all nodes"},
};

static const void *value(const struct cairn_launch *launch, int rank, const struct aspect *aspect)
{
    return (const char *)&launch->rank[rank] + aspect->offset;
}

static bool is_text(const struct aspect *aspect)
{
    return aspect->n_bytes > sizeof(uint64_t);
}

static bool equal(const struct cairn_launch *launch, int a, int b, const struct aspect *aspect)
{
    const void *x = value(launch, a, aspect);
    const void *y = value(launch, b, aspect);
    if (is_text(aspect)) return strncmp(x, y, aspect->n_bytes) == 0;
    return memcmp(x, y, aspect->n_bytes) == 0;
}

/* A rank that has what most have, if most have the same (Boyer and Moore's vote). */
static int usual(const struct cairn_launch *launch, const struct aspect *aspect)
{
    int chosen = 0;
    int votes = 0;
    for (int r = 0; r < launch->n_ranks; r++) {
        if (votes == 0) chosen = r;
        votes += equal(launch, r, chosen, aspect) ? 1 : -1;
    }
    return chosen;
}

static bool judge_aspect(const struct cairn_launch *launch, const struct aspect *aspect,
                         struct cairn_findings *out)
{
    enum { SHOWN = 8 };
    int odd[SHOWN], n_odd = 0;
    char ranks[80];
    int common = usual(launch, aspect);
    for (int r = 0; r < launch->n_ranks; r++) {
        if (equal(launch, r, common, aspect)) continue;
        if (n_odd < SHOWN) odd[n_odd] = r;
        n_odd++;
    }
    if (n_odd == 0) return false;
    bool wrong = aspect->needs_bits && launch->wanted.reproducible;
    bool text = is_text(aspect);
    uint64_t hash = 0;
    if (!text) memcpy(&hash, value(launch, odd[0], aspect), sizeof hash);
    cairn_ranks_text(odd, n_odd, ranks, sizeof ranks);
    struct cairn_finding *found = cairn_findings_add(
        out, wrong ? CAIRN_FINDING_ERROR : CAIRN_FINDING_WARNING, "%s %s than rank %d%s%s",
        text || hash != 0 ? "another" : "no readable", aspect->name, common, text ? ": " : "",
        text ? (const char *)value(launch, odd[0], aspect) : "");
    cairn_finding_where(found, "%s (%s)", ranks, launch->rank[odd[0]].host);
    cairn_finding_fix(found, "%s", aspect->fix);
    return true;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    bool found = false;
    for (size_t i = 0; i < sizeof aspects / sizeof aspects[0]; i++) {
        if (aspects[i].needs_run && !launch->wanted.known) continue;
        found = judge_aspect(launch, &aspects[i], out) || found;
    }
    if (!found)
        cairn_findings_add(out, CAIRN_FINDING_OK, "%s; %s", launch->rank[0].libraries,
                           launch->rank[0].cpu);
}

const struct cairn_check cairn_check_nodes = {
    .name = "nodes",
    .doc = "all ranks have the same program, libraries, CPU, run file and data",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};

/* SPDX-License-Identifier: BSD-3-Clause
 * The ledger of a run against what its settings ask for.  The proof does not depend on the order of
 * the samples: what the updates of an epoch were given must sum up to all rows, each once.  Only
 * where an epoch is not whole, or the sum is wrong, the order is asked, update by update. */
#include "cli/verify_ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/past.h"
#include "data/shuffle.h"
#include "record/ledger.h"
#include "record/rows.h"
#include "setup/setup.h"
#include "train/ledger.h"

struct proof {
    char path[CAIRN_PATH_BYTES];
    struct cairn_config *config;
    struct cairn_shuffled order;    /* of the samples */
    bool order_known, fed;          /* fed: or otherwise a host's, whose order may be its own */
    struct cairn_ledger_line *line; /* [n_lines]; owned */
    size_t n_lines;
    uint64_t n_samples;               /* N */
    uint64_t n_whole, n_cut, n_begun; /* epochs; those without their tail; samples of the last */
};

static void release(struct proof *proof)
{
    cairn_config_free(proof->config);
    free(proof->line);
}

/* ---- what is known of the run */

/* That of the data, where they are still there; those of a host are in no file. */
static cairn_status check_size(struct proof *proof)
{
    struct cairn_dataset *dataset = NULL;
    const char *file = cairn_setup_data_file(proof->config);
    proof->fed = cairn_past_is_fed(proof->config);
    if (cairn_setup_dataset(proof->config, NULL, &dataset) != CAIRN_OK) return CAIRN_OK;
    proof->fed = false;
    const size_t n = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN);
    cairn_dataset_close(dataset);
    if (n == proof->n_samples) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: the run had %" PRIu64 " samples to an epoch, and %s has %zu",
                      proof->path, proof->n_samples, file, n);
}

/* A run writes its lines together. */
static cairn_status check_end(const struct proof *proof, const char *folder)
{
    struct cairn_rows metrics = {.fd = -1};
    uint64_t last = 0;
    CAIRN_TRY(cairn_path_join(folder, "metrics.csv", metrics.path));
    CAIRN_TRY(cairn_rows_last(&metrics, &last));
    const uint64_t end = proof->n_lines == 0 ? 0 : proof->line[proof->n_lines - 1].update;
    if (end >= last) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: ends with update %" PRIu64 " and metrics.csv with %" PRIu64
                      "; data.ledger was off, or lines were removed",
                      proof->path, end, last);
}

static cairn_status read_run(struct proof *proof, const char *folder)
{
    char checkpoint[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder, "ledger.csv", proof->path));
    CAIRN_TRY(cairn_past_config(folder, &proof->config));
    CAIRN_TRY(cairn_ledger_read(proof->path, &proof->line, &proof->n_lines));
    CAIRN_TRY(check_end(proof, folder));
    if (proof->n_lines == 0)
        return cairn_fail(CAIRN_DATA, "%s: no update stands in it", proof->path);
    proof->n_samples = proof->line[0].epoch_samples;
    CAIRN_TRY(cairn_past_order(folder, proof->config, checkpoint, &proof->order_known,
                               &proof->order.shuffle));
    return check_size(proof);
}

/* ---- one line after the other */

static bool drops(const struct proof *proof)
{
    return proof->config->batch_tail == CAIRN_TAIL_DROP;
}

/* Whether a line is of the update after the one before, or of the same one in the next epoch. */
static cairn_status check_update(const struct proof *proof, size_t i)
{
    const struct cairn_ledger_line *line = &proof->line[i];
    const uint64_t before = i == 0 ? 0 : line[-1].update;
    if (line->epoch_samples != proof->n_samples)
        return cairn_fail(CAIRN_DATA,
                          "%s: update %" PRIu64 " is of another run: %" PRIu64
                          " samples to an epoch, and before %" PRIu64,
                          proof->path, line->update, line->epoch_samples, proof->n_samples);
    if (line->update == before + 1 || (i > 0 && line->update == before)) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: update %" PRIu64 " follows %" PRIu64
                      "; data.ledger was off between them, lines were removed, or the run "
                      "began with another's checkpoint",
                      proof->path, line->update, before);
}

/* Whether a line begins where the one before ended. */
static cairn_status check_position(const struct proof *proof, size_t i)
{
    const struct cairn_ledger_line *line = &proof->line[i];
    const uint64_t due = i == 0 ? 0 : line[-1].first + line[-1].samples;
    const uint64_t n = proof->n_samples;
    const bool after_tail = drops(proof) && line->first % n == 0 && line->first - due < n;
    if (line->epoch == line->first / n && (line->first == due || after_tail)) return CAIRN_OK;
    return cairn_fail(CAIRN_NUMBERS,
                      "%s: update %" PRIu64 " begins at position %" PRIu64 " in epoch %" PRIu64
                      ", and the one before ends at %" PRIu64,
                      proof->path, line->update, line->first, line->epoch, due);
}

/* ---- one epoch after the other */

static uint64_t hash_of_all(uint64_t epoch, uint64_t n)
{
    uint64_t hash = 0;
    for (uint64_t row = 0; row < n; row++) hash += cairn_ledger_hash(epoch, row);
    return hash;
}

/* Whether each update of lines [first, end), of one epoch, was given what the order says. */
static cairn_status check_order(struct proof *proof, size_t first, size_t end)
{
    const struct cairn_shuffle shuffle = proof->order.shuffle;
    const uint64_t epoch = proof->line[first].epoch, n = proof->n_samples;
    cairn_shuffle_begin(&shuffle, proof->config->train_seed, epoch, n, &proof->order);
    for (size_t i = first; i < end; i++) {
        const struct cairn_ledger_line *line = &proof->line[i];
        uint64_t hash = 0;
        for (uint64_t p = line->first; p < line->first + line->samples; p++)
            hash += cairn_ledger_hash(epoch, cairn_shuffle_at(&proof->order, p % n));
        if (hash != line->hash)
            return cairn_fail(CAIRN_NUMBERS,
                              "%s: epoch %" PRIu64 " update %" PRIu64
                              " was given other samples than those at positions %" PRIu64
                              " to %" PRIu64 " of the order",
                              proof->path, epoch, line->update, line->first,
                              line->first + line->samples - 1);
    }
    return CAIRN_OK;
}

/* An epoch that is not whole. */
static cairn_status check_part(struct proof *proof, size_t first, size_t end, uint64_t samples)
{
    const uint64_t epoch = proof->line[first].epoch;
    const bool last = end == proof->n_lines;
    const cairn_status st = proof->order_known ? check_order(proof, first, end) : CAIRN_OK;
    if (st != CAIRN_OK && !proof->fed) return st;
    if (st != CAIRN_OK) proof->order_known = false;
    if (samples >= proof->n_samples || (!last && !drops(proof)))
        return cairn_fail(CAIRN_NUMBERS,
                          "%s: epoch %" PRIu64 " used %" PRIu64 " samples of %" PRIu64
                          ", and not each of them once",
                          proof->path, epoch, samples, proof->n_samples);
    if (!last && !proof->order_known)
        return cairn_fail(CAIRN_DATA,
                          "%s: which samples batch.tail drop leaves out of epoch %" PRIu64
                          " is not known without the order: no checkpoint says it, or the samples "
                          "are a host's",
                          proof->path, epoch);
    if (last)
        proof->n_begun = samples;
    else
        proof->n_cut++;
    return CAIRN_OK;
}

static cairn_status check_epoch(struct proof *proof, size_t first, size_t end)
{
    uint64_t samples = 0, hash = 0;
    for (size_t i = first; i < end; i++) {
        samples += proof->line[i].samples;
        hash += proof->line[i].hash;
    }
    if (samples != proof->n_samples ||
        hash != hash_of_all(proof->line[first].epoch, proof->n_samples))
        return check_part(proof, first, end, samples);
    proof->n_whole++;
    return CAIRN_OK;
}

static cairn_status check_lines(struct proof *proof)
{
    size_t first = 0; /* of the epoch */
    for (size_t i = 0; i < proof->n_lines; i++) {
        CAIRN_TRY(check_update(proof, i));
        CAIRN_TRY(check_position(proof, i));
        const bool ends =
            i + 1 == proof->n_lines || proof->line[i + 1].epoch != proof->line[i].epoch;
        if (!ends) continue;
        CAIRN_TRY(check_epoch(proof, first, i + 1));
        first = i + 1;
    }
    return CAIRN_OK;
}

/* ---- what holds */

static void print_verdict(const struct proof *proof)
{
    const uint64_t n = proof->n_samples;
    const uint64_t updates = proof->line[proof->n_lines - 1].update;
    printf("%s: %" PRIu64 " update%s: ", proof->path, updates, updates == 1 ? "" : "s");
    if (proof->n_whole > 0)
        printf("every one of %" PRIu64 " samples exactly once in %s%" PRIu64 " epoch%s", n,
               proof->n_whole == 1 ? "" : "each of ", proof->n_whole,
               proof->n_whole == 1 ? "" : "s");
    else
        printf("no epoch of %" PRIu64 " samples is whole", n);
    if (proof->n_cut > 0)
        printf("; in %" PRIu64 " more each at most once, without those that batch.tail drop leaves "
               "out",
               proof->n_cut);
    if (proof->n_begun > 0)
        printf("; the last is begun: %" PRIu64 " of %" PRIu64 "%s", proof->n_begun, n,
               proof->order_known ? ", each once" : ", not proven, since their order is not known");
    printf("\n");
}

cairn_status cairn_verify_ledger(const char *folder)
{
    struct proof proof = {.n_lines = 0};
    cairn_status st = read_run(&proof, folder);
    if (st == CAIRN_OK) st = check_lines(&proof);
    if (st == CAIRN_OK) print_verdict(&proof);
    release(&proof);
    return st;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * batch.ramp: a list of [samples, global batch] into the rule of windows. */
#include <inttypes.h>
#include <stdio.h>

#include "setup/setup.h"

enum { MOST_TOLD = 6 }; /* entries in a line of the log */

/* An entry as it stands in the run file. */
struct pair {
    size_t samples, batch;
};

static const struct cairn_key pair_keys[] = {
    {"samples", CAIRN_KEY_COUNT, offsetof(struct pair, samples), NULL, 0, 1e12, NULL, "samples"},
    {"batch", CAIRN_KEY_COUNT, offsetof(struct pair, batch), NULL, 1, 1e12, NULL, "global batch"},
};

static const struct cairn_setup_pairs pairs = {
    "batch.ramp", "[samples, global batch], as in [[0, 64], [10000, 256]]", "a whole number",
    pair_keys};

static cairn_status read_ramp(const struct cairn_node *list, struct cairn_ramp *ramp)
{
    if (cairn_node_count(list) == 0 || cairn_node_count(list) > CAIRN_MAX_RAMP)
        return cairn_fail(CAIRN_USAGE, "%s: batch.ramp has %zu entries, but takes 1 to %d",
                          cairn_node_place(list), cairn_node_count(list), CAIRN_MAX_RAMP);
    for (const struct cairn_node *node = list->child; node != NULL; node = node->next) {
        struct pair pair = {0};
        CAIRN_TRY(cairn_setup_pair(&pairs, node, ramp->n, &pair));
        if (ramp->n > 0 && pair.samples <= ramp->entry[ramp->n - 1].position)
            return cairn_fail(CAIRN_USAGE,
                              "%s: batch.ramp entry %zu begins at %zu samples, the one before at "
                              "%" PRIu64 "; samples must rise",
                              cairn_node_place(node), ramp->n, pair.samples,
                              ramp->entry[ramp->n - 1].position);
        ramp->entry[ramp->n++] =
            (struct cairn_ramp_entry){.position = pair.samples, .batch = pair.batch};
    }
    return CAIRN_OK;
}

cairn_status cairn_setup_ramp(const struct cairn_config *config, struct cairn_window_rule *rule)
{
    struct cairn_ramp ramp = {.linear = config->batch_ramp_kind == CAIRN_RAMP_KIND_LINEAR};
    if (config->batch_ramp == NULL && ramp.linear)
        return cairn_fail(CAIRN_USAGE, "%s: batch.ramp_kind needs batch.ramp",
                          cairn_config_place(config, "batch.ramp_kind"));
    if (config->batch_ramp == NULL) return CAIRN_OK;
    if (config->batch_accumulate != CAIRN_NONE)
        return cairn_fail(CAIRN_USAGE,
                          "%s: with batch.ramp the accumulation changes along the run; give "
                          "batch.global and batch.micro, and leave out batch.accumulate",
                          cairn_config_place(config, "batch.accumulate"));
    if (config->batch_micro == CAIRN_NONE ||
        config->batch_micro == CAIRN_KEY_WORD(CAIRN_MICRO_AUTO))
        return cairn_fail(CAIRN_USAGE,
                          "%s: batch.ramp is rounded to whole micro-batches: give batch.micro as "
                          "a number",
                          cairn_config_place(config, "batch.ramp"));
    CAIRN_TRY(read_ramp(config->batch_ramp, &ramp));
    rule->ramp = ramp;
    return CAIRN_OK;
}

void cairn_setup_ramp_text(const struct cairn_window_rule *rule, char *text, size_t n_bytes)
{
    const struct cairn_ramp *ramp = &rule->ramp;
    FILE *out = fmemopen(text, n_bytes, "w");
    text[0] = '\0';
    if (out == NULL) return;
    fprintf(out, "%" PRIu64, cairn_window_batch(rule, 0));
    for (size_t i = 0; i < ramp->n && i < MOST_TOLD; i++) {
        uint64_t position = ramp->entry[i].position;
        uint64_t batch = cairn_window_batch(rule, position);
        if (ramp->linear && i > 0)
            fprintf(out, ", along a line to %" PRIu64 " at %" PRIu64, batch, position);
        else if (position > 0)
            fprintf(out, ", from sample %" PRIu64 " on %" PRIu64, position, batch);
    }
    if (ramp->n > MOST_TOLD) fprintf(out, ", and so on in %zu entries", ramp->n);
    fprintf(out, " in micro-batches of %" PRIu64, rule->micro);
    fclose(out);
}

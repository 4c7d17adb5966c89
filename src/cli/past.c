/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/past.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "report/run_files.h"
#include "setup/setup.h"

cairn_status cairn_past_config(const char *folder, struct cairn_config **out)
{
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_path_join(folder, "config.yaml", path));
    CAIRN_TRY_IN(cairn_config_load(path, &text, &n), "%s is no run folder", folder);
    cairn_status st = cairn_config_read(text, n, path, NULL, out);
    free(text);
    return st;
}

cairn_status cairn_past_order(const char *folder, const struct cairn_config *config,
                              char checkpoint[CAIRN_PATH_BYTES], bool *known,
                              struct cairn_shuffle *out)
{
    char checkpoints[CAIRN_PATH_BYTES];
    const int kind = config->data_shuffle;
    char *text = NULL;
    bool found = false;
    checkpoint[0] = '\0';
    CAIRN_TRY(cairn_path_join(folder, "checkpoints", checkpoints));
    CAIRN_TRY(cairn_checkpoint_newest(checkpoints, &found, checkpoint));
    if (found) {
        CAIRN_TRY(cairn_checkpoint_text(checkpoint, "/progress/order", &text));
        *known = cairn_shuffle_read(text, out);
        free(text);
        return CAIRN_OK;
    }
    *known = kind == CAIRN_DATA_SHUFFLE_FULL || kind == CAIRN_DATA_SHUFFLE_NONE;
    out->kind = kind == CAIRN_DATA_SHUFFLE_NONE ? CAIRN_SHUFFLE_NONE : CAIRN_SHUFFLE_FULL;
    return CAIRN_OK;
}

/* Runs that went on from one another; more than this go round in a circle. */
enum { MOST_ORIGINS = 100 };

cairn_status cairn_past_check_initial(const char *folder)
{
    static const char advice[] = "it takes an earlier checkpoint (checkpoint.keep, "
                                 "checkpoint.milestones)";
    char at[CAIRN_PATH_BYTES];
    struct cairn_run_origin origin = {.known = true};
    CAIRN_TRY(cairn_path_copy(folder, at));
    for (int i = 0; i < MOST_ORIGINS; i++) {
        cairn_run_files_origin(at, &origin);
        if (!origin.known || origin.has_init) break;
        if (origin.checkpoint[0] == '\0') return CAIRN_OK;
        CAIRN_TRY(cairn_path_copy(origin.folder, at));
    }
    if (origin.has_init)
        return cairn_fail(CAIRN_USAGE,
                          "%s/provenance.json: the run began with weights that were made elsewhere "
                          "(init_from), so its beginning does not follow from its run file; %s",
                          at, advice);
    return cairn_fail(CAIRN_USAGE,
                      "%s/provenance.json does not say how the run began%s%s, so its initial "
                      "weights are not known; %s",
                      at, strcmp(at, folder) == 0 ? "" : " from which this one went on: ",
                      strcmp(at, folder) == 0 ? "" : folder, advice);
}

bool cairn_past_is_fed(const struct cairn_config *config)
{
    const char *file = cairn_setup_data_file(config);
    const char *slash = strrchr(file, '/');
    return strcmp(slash == NULL ? file : slash + 1, "memory") == 0;
}

/* Whether they are what the checkpoint was made with. */
static cairn_status check_data(struct cairn_dataset *dataset, const char *checkpoint)
{
    struct cairn_state state = {0};
    uint64_t now = 0, then = 0;
    cairn_status st = cairn_dataset_fingerprint(dataset, &now);
    if (st == CAIRN_OK)
        st = cairn_state_add_number(&state, "/progress/data_fingerprint", CAIRN_ARRAY_U64, &then);
    if (st == CAIRN_OK) st = cairn_checkpoint_read(checkpoint, &state);
    cairn_state_free(&state);
    if (st != CAIRN_OK || now == then) return st;
    return cairn_fail(CAIRN_DATA,
                      "%s was made with other data than %s has now (fingerprint %016" PRIx64
                      ", now %016" PRIx64 "); put back those it was made with",
                      checkpoint, cairn_dataset_path(dataset), then, now);
}

cairn_status cairn_past_data(const struct cairn_config *config, const char *checkpoint,
                             struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    if (cairn_past_is_fed(config))
        return cairn_fail(CAIRN_USAGE, "the samples of this run were in the memory of the program "
                                       "that trained it: no file says which is which");
    CAIRN_TRY(cairn_setup_dataset(config, NULL, &dataset));
    cairn_status st = checkpoint[0] == '\0' ? CAIRN_OK : check_data(dataset, checkpoint);
    if (st == CAIRN_OK)
        *out = dataset;
    else
        cairn_dataset_close(dataset);
    return st;
}

cairn_status cairn_past_number(const char **text, uint64_t *out)
{
    char *end = NULL;
    const char *at = *text;
    errno = 0;
    uint64_t n = *at >= '0' && *at <= '9' ? strtoull(at, &end, 10) : 0;
    if (end == NULL || errno != 0 || (*end != ',' && *end != '\0') || strcmp(end, ",") == 0)
        return cairn_fail(CAIRN_USAGE,
                          "'%.40s': wants numbers with commas between them, as in "
                          "17,4",
                          at);
    *out = n;
    *text = *end == ',' ? end + 1 : end;
    return CAIRN_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of cairn train. */
#include "cli/train_request.h"

#include <string.h>

#define AT(field) offsetof(struct cairn_train_request, field)

const struct cairn_option cairn_train_flags[] = {
    {"key=value",
     .doc = "sets a key of the run file: batch.global=4096 (cairn options lists them)"},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(out),
     .doc = "the run folder; default runs/<name of the run file>"},
    {"--resume", "auto|never|FILE", CAIRN_KEY_PATH, AT(resume),
     .doc = "auto: from the newest complete checkpoint, from the beginning where there is none; "
            "never: only in a folder without checkpoints; FILE: from this checkpoint",
     .fallback = "auto"},
    {"--init", "FILE.h5", CAIRN_KEY_PATH, AT(init),
     .doc = "begin with the weights of any HDF5 file that has them as /weights/<name>, a "
            "checkpoint, say, or a PyTorch state_dict; a run that goes on does not read it"},
    {"--init-partial", NULL, CAIRN_KEY_BOOL, AT(init_partial),
     .doc = "take what fits of --init by name and shape, and warn of the rest"},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(overwrite),
     .doc = "remove what an earlier run left in the folder and start from the beginning"},
    {"--check", NULL, CAIRN_KEY_BOOL, AT(check),
     .doc = "read the run file, plan, check the data, and end"},
    {"--singleton", NULL, CAIRN_KEY_BOOL, AT(singleton),
     .doc = "run alone even where the launcher's variables speak of more ranks"},
    {.name = NULL},
};

/* Options that do not go together. */
static cairn_status check_request(const struct cairn_train_request *request)
{
    bool automatic = strcmp(request->resume, "auto") == 0;
    if (request->run.run_file == NULL)
        return cairn_usage_fail(&cairn_command_train, "which run file?");
    if (request->overwrite && !automatic)
        return cairn_fail(CAIRN_USAGE,
                          "--overwrite starts from the beginning and does not go with --resume");
    if (request->init_partial && request->init == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "--init-partial says how to take the weights of --init FILE, "
                          "which is not given");
    if (request->init != NULL && !automatic && strcmp(request->resume, "never") != 0)
        return cairn_fail(CAIRN_USAGE,
                          "--init begins with the weights of %s and --resume with "
                          "those of %s; leave one out",
                          request->init, request->resume);
    return CAIRN_OK;
}

cairn_status cairn_train_request_read(const struct cairn_arguments *arguments,
                                      struct cairn_train_request *request)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_train, arguments, request));
    return check_request(request);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of cairn train. */
#include "cli/train_request.h"

#include <string.h>

static void read_option(struct cairn_train_request *request, const char *name, const char *value)
{
    if (strcmp(name, "--out") == 0) request->out = value;
    if (strcmp(name, "--resume") == 0) request->resume = value;
    if (strcmp(name, "--init") == 0) request->init = value;
    if (strcmp(name, "--init-partial") == 0) request->init_partial = true;
    if (strcmp(name, "--overwrite") == 0) request->overwrite = true;
    if (strcmp(name, "--check") == 0) request->check = true;
    if (strcmp(name, "--singleton") == 0) request->singleton = true;
}

/* Options that do not go together. */
static cairn_status check_request(const struct cairn_train_request *request)
{
    bool automatic = strcmp(request->resume, "auto") == 0;
    if (request->run.run_file == NULL)
        return cairn_fail(CAIRN_USAGE, "which run file? usage: cairn train RUN.yaml");
    if (request->overwrite && !automatic)
        return cairn_fail(CAIRN_USAGE, "--overwrite starts afresh and does not go with --resume");
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
    int position = 0;
    const char *name = NULL;
    const char *value = NULL;
    request->resume = "auto";
    for (;;) {
        CAIRN_TRY(cairn_arguments_next(arguments,
                                       "--out= --resume= --init= --init-partial --overwrite "
                                       "--check --singleton",
                                       &position, &name, &value));
        if (name == NULL && value == NULL) break;
        if (name != NULL)
            read_option(request, name, value);
        else
            CAIRN_TRY(cairn_run_operand(&request->run, value));
    }
    return check_request(request);
}

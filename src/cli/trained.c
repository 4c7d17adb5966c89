/* SPDX-License-Identifier: BSD-3-Clause
 * What the command line says of a trained model. */
#include "cli/trained.h"

cairn_status cairn_trained_take(void *request, const char *value)
{
    struct cairn_trained_request *trained = request;
    if (trained->checkpoint != NULL)
        return cairn_fail(CAIRN_USAGE, "one checkpoint at a time, not also %s", value);
    trained->checkpoint = value;
    return CAIRN_OK;
}

struct cairn_trained_settings cairn_trained_settings_of(const struct cairn_trained_request *request)
{
    return (struct cairn_trained_settings){
        .size = sizeof(struct cairn_trained_settings),
        .checkpoint = request->checkpoint,
        .data_file = request->data,
        .split = cairn_split_name((enum cairn_split)request->split),
        .average = request->ema,
    };
}

/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What Cairn may do in the process of its host.  Without a call of cairn_host_settings() it prints
 * nothing, ends nothing, installs no handler of signals, and sets neither environment, threads,
 * nor anything else that the process shares; what it has to say is lost.
 */
#ifndef CAIRN_HOST_H
#define CAIRN_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of messages.  Errors are none: they come back as a status, with cairn_error_text(). */
enum cairn_message {
    CAIRN_MESSAGE_WARNING, /**< something is not as it should be, and all goes on */
    CAIRN_MESSAGE_INFO,    /**< what a user likes to know */
    CAIRN_MESSAGE_DETAIL   /**< what explains a decision */
};

/** Zeros, but for the size, are what holds without a call. */
struct cairn_host_options {
    size_t size; /**< sizeof(struct cairn_host_options) */
    /** Called with each message, one line without its end, in the thread that called Cairn; NULL
     * for nobody.  Each rank has its own: set it on the one that should speak. */
    void (*message)(void *context, enum cairn_message kind, const char *line);
    void *context;
    /** Whether BLAS and OpenMP of this process are set to train.threads when a trainer is opened.
     * Otherwise they work with the threads that they have. */
    bool sets_threads;
};

/**
 * Change the settings of this process; NULL for those without a call.
 *
 * Ranks   local; sets_threads alike on all
 * Errors  CAIRN_USAGE: a size that this version does not know
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_host_settings(const struct cairn_host_options *host);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * How functions of Cairn say that they failed.  Not for printing: only main prints, once.
 *
 * A function that decides that something is wrong says so with cairn_fail(), which keeps one
 * sentence for this thread and returns the status.  Callers forward it with CAIRN_TRY, or with
 * CAIRN_TRY_IN, which puts words in front. What the program
 * ends with: cairn_exit_code().
 */
#ifndef CAIRN_STATUS_H
#define CAIRN_STATUS_H

#if defined(__GNUC__)
#define CAIRN_API                 __attribute__((visibility("default")))
#define CAIRN_CHECKED             __attribute__((warn_unused_result))
#define CAIRN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CAIRN_API
#define CAIRN_CHECKED
#define CAIRN_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The ways in which a function, and the program, can end. */
typedef enum {
    CAIRN_OK = 0,       /**< done */
    CAIRN_USAGE = 2,    /**< the command line or the run file is wrong */
    CAIRN_DATA = 3,     /**< a file is missing, damaged or not what it claims */
    CAIRN_NUMBERS = 4,  /**< loss or gradient not finite, or replicas drifted apart */
    CAIRN_LOST = 5,     /**< a rank or the network was lost, or hung */
    CAIRN_FILES = 6,    /**< the file system refused */
    CAIRN_MEMORY = 12,  /**< there is not enough memory; the program ends as with CAIRN_USAGE */
    CAIRN_BUG = 70,     /**< a bug in cairn */
    CAIRN_STOPPED = 75, /**< stopped early after saving */
} cairn_status;

/**
 * Keep a sentence as this thread's last error.
 *
 * Ranks   local
 * Errors  returns st, always
 */
CAIRN_API cairn_status cairn_fail(cairn_status st, const char *format, ...) CAIRN_PRINTF(2, 3);

/**
 * Put words and ": " in front of this thread's last error.
 *
 * Ranks   local
 * Errors  returns st, always
 */
CAIRN_API cairn_status cairn_fail_in(cairn_status st, const char *format, ...) CAIRN_PRINTF(2, 3);

/**
 * This thread's last error, one line without its end; "" when there was none.
 *
 * Ranks   local; the text lives until the thread fails again
 * Errors  none
 */
CAIRN_API const char *cairn_error_text(void);

/**
 * What a status means, in one sentence.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API const char *cairn_status_text(cairn_status st);

/**
 * What a program ends with: the value of the status, but 2 for CAIRN_MEMORY.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API int cairn_exit_code(cairn_status st);

/** Forward a failure to the caller.  Never between two collective calls. */
#define CAIRN_TRY(expression)                                                                      \
    do {                                                                                           \
        cairn_status try_status_ = (expression);                                                   \
        if (try_status_ != CAIRN_OK) return try_status_;                                           \
    } while (0)

/** Forward a failure to the caller with words in front. */
#define CAIRN_TRY_IN(expression, ...)                                                              \
    do {                                                                                           \
        cairn_status try_status_ = (expression);                                                   \
        if (try_status_ != CAIRN_OK) return cairn_fail_in(try_status_, __VA_ARGS__);               \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif

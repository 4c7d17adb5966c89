/* SPDX-License-Identifier: BSD-3-Clause
 * Tables of options: an option of a command line is a key (base/keys.h) whose name has dashes.  One
 * row feeds the parser, the help and the usage line.  A table ends with a row without a name. */
#ifndef CAIRN_BASE_OPTION_H
#define CAIRN_BASE_OPTION_H

#include "base/keys.h"

/** One option.  Without a default and not given, its field stays as it is: zero. */
struct cairn_option {
    const char *name;  /* "--out"; without a dash an operand, which only the help reads */
    const char *value; /* "DIR", what stands for the value in the help; NULL: the words of a CHOICE,
                          and BOOL, which takes no value */
    enum cairn_key_type type; /* and with it the type of the field; no TREE */
    size_t offset;
    const char *doc;      /* what it does, in the help; the default is appended */
    const char *fallback; /* the default, or NULL */
    double low, high;     /* as of a key */
    const char *words;
    const char
        *bare;     /* its value where none follows, which only "=" can bring; NULL: it needs one */
    bool required; /* stands in the usage without brackets */
    bool may_be_empty; /* --prompt '' */
    bool clears;       /* a BOOL that sets its field to false */
    bool pair;         /* const char *[2]: a second word may follow the value */
    size_t most;       /* 0: the last one counts; else it may stand so many times, and its field
                          is const char *[most + 1], which ends with NULL */
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What dataset, fingerprint and loader share.  Not for other modules. */
#ifndef CAIRN_DATA_INTERNAL_H
#define CAIRN_DATA_INTERNAL_H

#include "cairn/data.h"
#include "data/classes.h"
#include "data/dataset.h"
#include "data/files.h"
#include "data/order.h"
#include "h5/h5.h"
#include "tensor/real.h"

/** Some rows out of an array: row i is that at position first + i of an order. */
struct cairn_pick {
    size_t first, n; /* n 0: all rows, as they are stored */
    struct cairn_order order;
};

/** How what is read becomes what it means; zeroed where that is the same.  decode.c. */
struct cairn_decode {
    struct cairn_turn *turn; /* for images whose C channels come last; NULL: they do not; owned */
    size_t channels;
    bool packed, may_miss; /* numbers are value * by + plus; `missing` is none */
    double by, plus, missing;
};

/** What netCDF says of an array. */
enum cairn_packing { CAIRN_SCALE_FACTOR, CAIRN_ADD_OFFSET, CAIRN_FILL_VALUE, CAIRN_MISSING_VALUE };
enum { CAIRN_N_PACKING = CAIRN_MISSING_VALUE + 1 };

/** The same array in one of the places of its group. */
struct cairn_part {
    struct cairn_data_file *file; /* borrowed */
    char *path;                   /* owned */
    size_t first, n;              /* rows */
    size_t chunk_rows;            /* of a chunk of it; 0: there are no chunks */
    enum cairn_h5_taken taken;    /* what its rows are */
    bool written;                 /* all of it is known to be */
    void *kept;                   /* [n] its few numbers as kept_type, or NULL; owned */
    enum cairn_h5_type kept_type;
    bool said[CAIRN_N_PACKING];
    double number[CAIRN_N_PACKING];
};

/** One array of a group, row by row; zeroed where there is none. */
struct cairn_rows {
    struct cairn_h5_form form; /* [n, ...]; ndim 0: there is none */
    struct cairn_part *part;   /* [n_parts] of files; owned */
    size_t n_parts;
    struct cairn_pick pick;
    struct cairn_decode decode;
    const void *memory; /* without parts these rows, borrowed; NULL too: they come as they are
                           wanted */
};

struct cairn_place;

/** What an array is called. */
struct cairn_name {
    const char *text, *key;    /* its name or path, and the key of the run file that says so */
    bool optional;             /* may be missing */
    bool few;                  /* read now where it is small */
    enum cairn_h5_taken taken; /* of each file's array */
};

/** One group of a dataset; x is none where the file has no such group. */
struct cairn_group {
    struct cairn_place *place; /* [n_places] where its arrays lie, place.c; owned */
    size_t n_places;
    bool has_tokens;
    size_t lacks_y;      /* while it is opened, the number of a place without y + 1; 0: none yet */
    size_t n;            /* samples; of tokens those that the context makes, 0 until then */
    size_t n_tokens;     /* t; 0: x and y */
    struct cairn_rows x; /* [n, input] uint8, int16 or float32; or tokens [t] */
    struct cairn_rows y; /* [n, ...] real targets or labels of positions; none for classes [n] */
    struct cairn_rows weight; /* [n] of samples, [n, y] or [t] of tokens as labels; none for 1 */
    const int32_t *label;     /* [n] classes; NULL for real targets, and where rows come */
    int32_t *label_owned;     /* what of it is to be released */
    bool labels_in_file;      /* in the file: rows of y are labels, the least of which is this */
    int32_t least_label;
    size_t n_scale, n_shift; /* 1, or one for each channel */
    real *scale, *shift;     /* [n_scale], [n_shift] */
    cairn_fill fill;         /* gives rows; NULL: they are in a file, in memory, or fed */
    void *fill_context;
    bool is_fed;
};

struct cairn_dataset {
    char *path;                     /* absolute; "memory" where there is no file */
    size_t n_users;                 /* besides the first */
    struct cairn_data_files *files; /* the first says what the data are; NULL: in memory; owned */
    size_t n_main;                  /* the first of them: those of data.file */
    struct cairn_group group[CAIRN_N_SPLITS];
    struct cairn_shape input;
    struct cairn_shape y; /* of one sample; ndim 0: one number or text */
    size_t n_targets, n_classes;
    bool y_is_whole; /* several whole numbers of a sample: targets, or labels of positions */
    size_t n_whole;  /* the largest of them + 1, of those that were looked at */
    size_t n_stored; /* real targets as the file has them; 1 may stand for a class */
    struct cairn_classes names; /* of labels that are texts */
    char *class_names;          /* of texts and enums, separated by commas; NULL: none; owned */
    bool y_is_x;                /* targets are the inputs, as the model gets them */
    bool weighted, weight_each; /* in memory: each sample has a weight, or each number of its y */
    size_t most_labels;         /* that a group holds, as in cairn_dataset_options */
    size_t vocabulary;          /* of tokens; 0: x and y */
    size_t context;             /* C, tokens of a sample; 0: not set */
    double *mean, *deviation;   /* [channels] of normalisation, one block, owned; NULL for none */
    bool normalized_each;       /* they differ from channel to channel */
    char *characters;           /* UTF-8, in the order of their tokens; NULL: not known; owned */
    char *about[4];             /* in the order of cairn_about_names */
    uint64_t *excluded;         /* [n_excluded] samples of train, rising; owned */
    size_t n_excluded;
};

/** title, source, license, citation; NULL at the end. */
extern const char *const cairn_about_names[5];

/**
 * What a group's x are multiplied by and what is added, normalisation and all: one number, or where
 * channels differ one for each of the n_values of a sample.  To be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_group_factors(const struct cairn_dataset *dataset,
                                               const struct cairn_group *group, size_t n_values,
                                               real **scale, real **shift, bool *each);

/** Whether a list of samples [n] that rises has this one.  Ranks: local.  Errors: none. */
bool cairn_excluded_has(const uint64_t *list, size_t n, uint64_t sample);

/** Whether the host gives its rows as they are wanted.  Ranks: local.  Errors: none. */
bool cairn_group_comes(const struct cairn_group *group);

/** Whether there is such an array.  Ranks: local.  Errors: none. */
bool cairn_rows_exist(const struct cairn_rows *rows);

/** Whether its rows can be read, not only given by the host.  Ranks: local.  Errors: none. */
bool cairn_rows_known(const struct cairn_rows *rows);

/** What the arrays of a group are called: x or tokens, y, weight. */
enum { CAIRN_ARRAY_X, CAIRN_ARRAY_Y, CAIRN_ARRAY_WEIGHT, CAIRN_N_NAMES };
struct cairn_names {
    struct cairn_name name[CAIRN_N_NAMES]; /* text NULL: not looked for */
};

/** Open the arrays of a group in the last of its places, whose file is taken, and put their rows
 * after the others.  Ranks: local.  Errors: CAIRN_DATA: not there, rows that differ;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_rows_open(struct cairn_group *group, enum cairn_split split,
                                           const struct cairn_names *names);

/** Close it, but know where it was for cairn_rows_where().  Ranks: local.  Errors: none. */
void cairn_rows_let_go(struct cairn_rows *rows);

/** Close it and forget it; one that is none is fine.  Ranks: local.  Errors: none. */
void cairn_rows_close(struct cairn_rows *rows);

enum { CAIRN_WHERE_BYTES = 4096 + 512 };

/** Have only these rows from now on.  Ranks: local.  Errors: none. */
void cairn_rows_pick(struct cairn_rows *rows, const struct cairn_pick *pick);

/** "FILE: /train/x" of a row in text [CAIRN_WHERE_BYTES], with the number that it has there; NULL
 * for rows in memory.  Ranks: local.  Errors: none. */
const char *cairn_rows_where(const struct cairn_rows *rows, size_t *row, char *text);

/** The file of one part, and the path of the array in it.  Ranks: local; borrowed.  Errors: none.
 */
const char *cairn_rows_file(const struct cairn_rows *rows, size_t part);
const char *cairn_rows_path(const struct cairn_rows *rows, size_t part);

/** Numbers of an attribute of one part of the array; *n is 0 where there is none.  Ranks: local.
 * Errors: as cairn_h5_get_numbers(). */
CAIRN_CHECKED cairn_status cairn_rows_numbers(const struct cairn_rows *rows, size_t part,
                                              const char *attribute, size_t most, double *value,
                                              size_t *n);

/** A text attribute of one part of the array, to be released with free().  Ranks: local.
 * Errors: as cairn_h5_get_text(). */
CAIRN_CHECKED cairn_status cairn_rows_text(const struct cairn_rows *rows, size_t part,
                                           const char *attribute, char **out);

/** Read rows first .. first + n - 1 as `type`; those in memory are of it.  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_rows_read(const struct cairn_rows *rows, size_t first, size_t n,
                                           enum cairn_h5_type type, void *out);

/** Whether one part of the array has this attribute.  Ranks: local.  Errors: none. */
bool cairn_rows_has_attribute(const struct cairn_rows *rows, size_t part, const char *name);

/** Rows that lie together in the file, in one chunk; 0: each lies alone.  Ranks: local.
 * Errors: none. */
size_t cairn_rows_chunk(const struct cairn_rows *rows);

/** Whether rows of a part were never written.  Ranks: local.  Errors: none. */
bool cairn_rows_unwritten(const struct cairn_rows *rows, size_t part);

/** Give images [n, H, W, C] as [n, C, H, W].  Ranks: local.  Errors: CAIRN_DATA: no images. */
CAIRN_CHECKED cairn_status cairn_decode_channels_last(struct cairn_rows *rows);

/** Honour _FillValue and, where `factors`, scale_factor and add_offset: a missing number becomes
 * NaN, which is refused with its row.  Ranks: local.  Errors: CAIRN_DATA: they are not the same in
 * all parts. */
CAIRN_CHECKED cairn_status cairn_decode_packed(struct cairn_rows *rows, bool factors);

/** Room to turn images of so many values round.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_decode_take_room(struct cairn_decode *decode, size_t n_values);

/** Bytes of that room; 0 where rows stay as they are.  Ranks: local.  Errors: none. */
size_t cairn_decode_room(const struct cairn_rows *rows);

/** An array in one place of its group, on its way. */
struct cairn_found {
    struct cairn_part part; /* path NULL: it is not there */
    struct cairn_h5_form form;
};

/** Read what netCDF says of an array whose file is taken; factors as above.  Ranks: local.
 * Errors: CAIRN_DATA: not one number. */
CAIRN_CHECKED cairn_status cairn_decode_read(struct cairn_found *found, bool factors);

/** Take matrices of MATLAB so that rows are samples; their file is taken.  Ranks: local.
 * Errors: none. */
void cairn_decode_matrices(struct cairn_found found[CAIRN_N_NAMES]);

/** Decode n rows that were read as `type`, in place.  Ranks: local.  Errors: none. */
void cairn_decode_rows(const struct cairn_rows *rows, size_t n, enum cairn_h5_type type, void *out);

/** The type in which rows of numbers are held: as they are stored where that is cheap to convert,
 * else as reals.  Ranks: local.  Errors: none. */
enum cairn_h5_type cairn_rows_held_type(const struct cairn_rows *rows);

/** Visit all texts, or the names of one part's enum, as cairn_h5_array_texts() and
 * cairn_h5_array_names() do.  Ranks: local.  Errors: theirs. */
CAIRN_CHECKED cairn_status cairn_rows_texts(const struct cairn_rows *rows,
                                            cairn_status (*visit)(void *context, const char *text),
                                            void *context);
CAIRN_CHECKED cairn_status cairn_rows_names(const struct cairn_rows *rows, size_t part,
                                            cairn_status (*visit)(void *context, const char *name,
                                                                  int64_t value),
                                            void *context);

/** Bytes of HDF5's caches of chunks, at most, while its rows are read.  Ranks: local.
 * Errors: none. */
size_t cairn_rows_chunk_bytes(const struct cairn_rows *rows, size_t all_bytes);

/** Bytes of one row of an array in its own type.  Ranks: local.  Errors: none. */
size_t cairn_row_bytes(const struct cairn_h5_form *form);

#endif

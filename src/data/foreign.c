/* SPDX-License-Identifier: BSD-3-Clause
 * Files of other kinds, by how they begin. */
#include "data/foreign.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zlib.h>

enum { HEAD_BYTES = 1024 };

/* A kind of file.  In `advice` every @ stands for the path. */
struct kind {
    size_t at, n;
    const char *magic;
    const char *what;
    const char *taken_by; /* the import formats that take it, between blanks */
    const char *advice;
};

#define PANDAS(read)                                                                               \
    "python3 -c \"import pandas; pandas." read "('@').to_csv('@.csv', index=False)\""
#define UNPACK  "unpack it first: "
#define M(text) 0, sizeof(text) - 1, text

static const struct kind kinds[] = {
    {M("\x89HDF\r\n\x1a\n"), "an HDF5 file", " hdf5 ",
     "name it as data.file, or copy it by cairn import hdf5"},
    {M("\x93NUMPY"), "an array of NumPy", " npy npz ", "cairn import npy takes it"},
    {M("PK\x03\x04\x14\x00\x06\x00"), "a workbook of Excel", "",
     "convert it: " PANDAS("read_excel")},
    {M("PK\x03\x04"), "a zip archive", " npy npz ",
     UNPACK "unzip '@'; one of NumPy's arrays goes to cairn import npz"},
    {4, 6, "1AY&SY", "packed by bzip2", "", UNPACK "bunzip2 -k '@'"},
    {M("\xfd"
       "7zXZ\x00"),
     "packed by xz", "", UNPACK "xz -dk '@'"},
    {M("\x28\xb5\x2f\xfd"), "packed by zstd", "", UNPACK "zstd -dk '@'"},
    {M("\x04\x22\x4d\x18"), "packed by lz4", "", UNPACK "lz4 -dk '@'"},
    {M("7z\xbc\xaf\x27\x1c"), "a 7z archive", "", UNPACK "7z x '@'"},
    {M("Rar!\x1a\x07"), "a rar archive", "", UNPACK "unrar x '@'"},
    {257, 5, "ustar", "a tar archive", "", UNPACK "tar xf '@', and name what was in it"},
    {M("PAR1\x15"), "a Parquet file", "", "convert it: " PANDAS("read_parquet")},
    {M("ARROW1\x00"), "a file of Arrow", "", "convert it: " PANDAS("read_feather")},
    {M("FEA1\x00"), "a Feather file", "", "convert it: " PANDAS("read_feather")},
    {M("\xd0\xcf\x11\xe0"), "an old workbook of Excel", "", "convert it: " PANDAS("read_excel")},
    {M("MATLAB 5.0 MAT-file"), "a MATLAB file older than 7.3", "",
     "convert it: python3 -c \"import numpy, scipy.io; numpy.savez('@.npz', **{k: v for k, v in "
     "scipy.io.loadmat('@').items() if k[0] != '_'})\", then cairn import npz"},
    {M("CDF\x01"), "a netCDF-3 file", "",
     "convert it: python3 -c \"import xarray; xarray.open_dataset('@').to_netcdf('@.nc4')\""},
    {M("CDF\x02"), "a netCDF-3 file", "",
     "convert it: python3 -c \"import xarray; xarray.open_dataset('@').to_netcdf('@.nc4')\""},
    {M("SQLite format 3"), "a database of SQLite", "",
     "convert it: sqlite3 -header -csv '@' 'SELECT * FROM name_of_a_table' >table.csv"},
    {M("\x89PNG\r\n\x1a\n"), "a PNG image", "", "cairn import images takes folders of them"},
    {M("\xff\xd8\xff"), "a JPEG image", "", "cairn import images takes folders of them"},
};

/* What the beginning of the file is, unpacked where gzip packed it. */
static size_t read_head(const char *path, unsigned char head[HEAD_BYTES + 1])
{
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    gzFile stream = gzopen(path, "rb");
    if (stream == NULL) return 0;
    const int n = gzread(stream, head, HEAD_BYTES);
    gzclose_r(stream);
    head[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

/* Protocol 2 and later: its number, and at once a frame, a container or a name. */
static bool is_pickle(const unsigned char *head, size_t n)
{
    return n > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 &&
           strchr("\x95}](cX\x8c", head[2]) != NULL;
}

/* After comments the first word is @relation. */
static bool is_arff(const char *head)
{
    static const char word[] = "@relation";
    while (*head == '%' || *head == '\n' || *head == '\r' || *head == ' ') {
        const size_t n = strcspn(head, "\n");
        head += *head == '%' ? n : 1;
        if (*head == '\0') return false;
    }
    return strncasecmp(head, word, sizeof word - 1) == 0;
}

static const struct kind *find(const unsigned char *head, size_t n)
{
    static const struct kind pickle = {
        0,
        0,
        "",
        "a pickle of Python",
        "",
        "convert it: python3 -c \"import pickle, numpy; d = pickle.load(open('@', 'rb'), "
        "encoding='latin1'); numpy.savez('@.npz', x=d['data'], y=d['labels'])\" with its own "
        "names, then cairn import npz; a pickle runs code, so only your own"};
    static const struct kind arff = {
        0,
        0,
        "",
        "an ARFF file",
        "",
        "convert it: python3 -c \"import pandas, scipy.io.arff as a; "
        "pandas.DataFrame(a.loadarff('@')[0]).to_csv('@.csv', index=False)\""};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].at + kinds[i].n <= n &&
            memcmp(head + kinds[i].at, kinds[i].magic, kinds[i].n) == 0)
            return &kinds[i];
    if (is_pickle(head, n)) return &pickle;
    return is_arff((const char *)head) ? &arff : NULL;
}

static bool takes(const struct kind *kind, const char *format)
{
    char word[32];
    snprintf(word, sizeof word, " %s ", format);
    return strstr(kind->taken_by, word) != NULL;
}

/* The advice with the path in place of each @. */
static void fill(const char *advice, const char *path, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (const char *from = advice; *from != '\0' && used + 1 < bytes; from++) {
        const size_t room = bytes - used;
        const int n = *from == '@' ? snprintf(text + used, room, "%s", path)
                                   : snprintf(text + used, room, "%c", *from);
        used += n > 0 && (size_t)n < room ? (size_t)n : room - 1;
    }
}

cairn_status cairn_foreign_check(const char *path, const char *format)
{
    unsigned char head[HEAD_BYTES + 1];
    char advice[HEAD_BYTES];
    const size_t n = read_head(path, head);
    const struct kind *kind = n == 0 ? NULL : find(head, n);
    if (kind == NULL || takes(kind, format)) return CAIRN_OK;
    fill(kind->advice, path, advice, sizeof advice);
    return cairn_fail(CAIRN_DATA, "%s: is %s, not for cairn import %s; %s", path, kind->what,
                      format, advice);
}

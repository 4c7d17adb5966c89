# SPDX-License-Identifier: BSD-3-Clause
# Includes follow the arrows of src/README.md, and each library that Cairn stands on has its own user.
. "${BASH_SOURCE%/*}/../support/check.sh"

ground="base tensor h5"
engine="data nn optim comm"
record="checkpoint report"
all="$ground $engine $record config train run study cluster setup cli"

# What a module may include, besides itself.
may_include()
{
    case $1 in
    base) ;;
    tensor | config) echo base ;;
    h5) echo "base tensor" ;; # for the shape of an array
    data | nn | optim | comm | checkpoint | report) echo "$ground" ;;
    train) echo "$ground $engine" ;;
    run) echo "$ground $engine $record train" ;;
    study | cluster) echo "$ground $engine $record train run" ;;
    setup) echo "$ground $engine $record config train run cluster" ;;
    cli) echo "$all" ;;
    *) return 1 ;;
    esac
}

# The module that a public header speaks for.
owner()
{
    case $1 in
    status) echo base ;;
    comm | optim | checkpoint) echo "$1" ;;
    dataset) echo data ;;
    model | layer | loss) echo nn ;;
    trainer) echo train ;;
    options) echo config ;;
    *) echo cli ;;
    esac
}

# Who may use a library, in $users: there are a thousand includes, and a process for each takes its time.
may_use()
{
    case $1 in
    mpi.h) users=comm ;;
    hdf5.h | hdf5_hl.h) users=h5 ;;
    cblas.h | flexiblas_api.h) users=tensor ;;
    yaml.h) users=config ;;
    zlib.h) users=data ;;
    jansson.h) users=report ;;
    xxhash.h) users="tensor report data" ;;
    assert.h) users=nobody ;;
    *) users=$all ;;
    esac
}

among()
{
    [[ " ${*:2} " == *" $1 "* ]]
}

# own FILE:LINE MODULE HEADER: an include with quotes
own()
{
    local from=${3%%/*}
    case $3 in
    cairn/*) from=$(owner "$(basename "$3" .h)") ;;
    */*) ;;
    *)
        bad "$1: \"$3\" is not of the form \"module/file.h\""
        return
        ;;
    esac
    among "$from" "$2" "$allowed" || bad "$1: $2 may not include $3"
}

for folder in src/*/; do
    module=$(basename "$folder")
    [ "$module" != cmake ] || continue
    allowed=$(may_include "$module") || {
        bad "${folder%/}: no such module in the picture"
        continue
    }
    while IFS=: read -r file line text; do
        header=${text#*[<\"]}
        header=${header%%[>\"]*}
        if [[ $text == *\"* ]]; then
            own "$file:$line" "$module" "$header"
        else
            may_use "$header"
            among "$module" "$users" || bad "$file:$line: $module may not use $header"
        fi
    done < <(grep -rnE '^ *# *include' --include='*.[ch]' "$folder" || true)
done

# Public headers stand on each other and on the C library.
if [ -d include ]; then
    all_bad < <(grep -rnE '^ *# *include *"' include | grep -v '"cairn/' | sed 's/$/: not a public header/')
    all_bad < <(grep -rnE '<(mpi|hdf5|cblas|yaml|zlib|xxhash|jansson)\.h>' include | sed 's/$/: not for public headers/')
fi
# The compiler would silently take glibc's.
all_bad < <(sources src -- err.h error.h errno.h math.h io.h time.h signal.h string.h limits.h | sed 's/$/: named like a header of libc/')
verdict

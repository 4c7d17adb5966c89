# SPDX-License-Identifier: BSD-3-Clause
# Includes follow the arrows of src/README.md, and each library that Cairn stands on has its own user.
. "${BASH_SOURCE%/*}/../support/check.sh"

ground="base tensor h5"
engine="data nn optim comm"
record="checkpoint record"
all="$ground $engine $record config train text run cluster report setup plan start study selftest export cli"

# What a module may include, besides itself.
may_include()
{
    case $1 in
    base) ;;
    tensor | config) echo base ;;
    h5) echo "base tensor" ;; # for the shape of an array
    data | nn | optim | comm | checkpoint | record) echo "$ground" ;;
    report) echo "$ground record" ;;
    train) echo "$ground $engine" ;;
    text) echo "$ground nn" ;;
    export) echo "$ground nn record" ;;
    run) echo "$ground $engine $record train" ;;
    cluster) echo "$ground $engine $record" ;;
    setup) echo "$ground $engine $record config train run" ;;
    plan) echo "$ground $engine $record config train run cluster setup" ;;
    start) echo "$ground $engine $record config train run cluster setup plan" ;;
    study) echo "$ground $engine $record config train run cluster report setup plan start" ;;
    selftest) echo "$ground $engine $record config train run cluster setup plan start" ;;
    cli) echo "$all" ;;
    *) return 1 ;;
    esac
}

# The module that a public header speaks for.
owner()
{
    case $1 in
    status | host | version | key) echo base ;;
    real) echo tensor ;;
    mpi) echo comm ;;
    comm | optim | checkpoint) echo "$1" ;;
    data) echo data ;;
    model | layer | loss) echo nn ;;
    trainer) echo train ;;
    options) echo config ;;
    run | trained) echo start ;;
    *) echo cli ;;
    esac
}

# Who may use a library, in $users: there are a thousand includes, and a process for each takes its time.
may_use()
{
    case $1 in
    mpi.h) users=comm ;;
    hdf5.h | hdf5_hl.h) users=h5 ;;
    cblas.h | flexiblas_api.h | blis.h | mkl*.h) users=tensor ;;
    yaml.h) users=config ;;
    zip.h) users="data export" ;;
    zlib.h | png.h | jpeglib.h | jerror.h) users=data ;;
    protobuf-c/*) users=export ;;
    jansson.h) users="report checkpoint" ;;
    xxhash.h) users="tensor record data" ;;
    assert.h) users=nobody ;;
    *) users=$all ;;
    esac
}

among()
{
    [[ " ${*:2} " == *" $1 "* ]]
}

# The module of a header, or nothing where it is not one of ours.
module_of()
{
    case $1 in
    cairn/*) owner "$(basename "$1" .h)" ;;
    */*) ! among "${1%%/*}" "$all" || echo "${1%%/*}" ;;
    esac
}

# Whatever way an include is written: with quotes or angle brackets, with blanks or tabs, in a .def.
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
        from=$(module_of "$header")
        if [ -n "$from" ]; then
            among "$from" "$module" "$allowed" || bad "$file:$line: $module may not include $header"
        elif [[ $text == *\"* ]]; then
            bad "$file:$line: \"$header\" is not of the form \"module/file.h\""
        else
            may_use "$header"
            among "$module" "$users" || bad "$file:$line: $module may not use $header"
        fi
    done < <(grep -rnP '^\s*#\s*include\s*[<"]' --include='*.[ch]' --include='*.def' "$folder" || true)
done

# Outside of the modules, where the arrows do not hold, there is one table (base/keys.h).
for file in src/*.[ch]; do
    [ ! -e "$file" ] || [ "$file" = src/sections.c ] || bad "$file: belongs to no module"
done

# What the compiler made of it cannot be fooled: whose functions each module calls.
built=${CAIRN_BUILD-}/src/CMakeFiles/cairn.dir
if [ "${CAIRN_SOURCE-}" = "$PWD" ] && [ -d "$built" ]; then
    # objects MODULE: those of sources that are still there
    objects()
    {
        local file
        for file in $(find "src/$1" -name '*.c' -printf '%P\n'); do
            [ ! -e "$built/$1/$file.o" ] || echo "$built/$1/$file.o"
        done
    }
    declare -A home=()
    for module in $all; do
        for symbol in $(objects "$module" | xargs -r nm --defined-only -g | awk 'NF == 3 {print $3}'); do
            home[$symbol]=$module
        done
    done
    for module in $all; do
        allowed=$(may_include "$module")
        for symbol in $(objects "$module" | xargs -r nm -u | awk 'NF == 2 {print $2}' | sort -u); do
            from=${home[$symbol]-}
            [ -z "$from" ] || among "$from" "$module" "$allowed" || bad "src/$module may not call $symbol of $from"
        done
    done
fi

# Public headers stand on each other and on the C library.
if [ -d include ]; then
    all_bad < <(grep -rnE '^ *# *include *"' include | grep -v '"cairn/' | sed 's/$/: not a public header/')
    all_bad < <(grep -rnE '<(mpi|hdf5|cblas|blis|mkl[a-z_]*|yaml|zlib|zip|png|jpeglib|xxhash|jansson|protobuf-c/protobuf-c)\.h>' include | grep -v '^include/cairn/mpi\.h:.*<mpi\.h>' |
        sed 's/$/: not for public headers/')
fi
# The compiler would silently take glibc's.
all_bad < <(sources src -- err.h error.h errno.h math.h io.h time.h signal.h string.h limits.h | sed 's/$/: named like a header of libc/')
verdict

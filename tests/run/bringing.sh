# SPDX-License-Identifier: BSD-3-Clause
# The lines of Python of the guide's page on bringing data, as they stand there, and the command after each.
#
# Wants h5py, pandas, xarray and what these write with; blocks whose modules are missing are left out, and said.  PYTHON chooses
# the interpreter.
. "${BASH_SOURCE%/*}/../support/run.sh"

guide=$CAIRN_SOURCE/launch/guide/bringing-your-data.md
has() { "$python" -c "import $1" 2>/dev/null; }
# The first that has all of these, else as many of them as h5py alone.
for wanted in "h5py, pandas, xarray, h5netcdf, tables" h5py ""; do
    [ -n "$wanted" ] || skip "h5py is not installed (launch/install-deps --tests)"
    for python in ${PYTHON:-python3 /usr/bin/python3}; do ! has "$wanted" || break 2; done
done

# Block i of the page as block.i, its command as command.i.
awk '/^```python$/ { n++; inside = 1; next }
    /^```$/ { if (inside) ran = 0; inside = 0 }
    inside { print > ("block." n) }
    !inside && n && !ran && /^    cairn train / { print > ("command." n); ran = 1 }' "$guide"

cat >run.yaml <<'END'
model: [{type: dense, units: 3}]
batch: {global: 6, micro: 2}
train: {updates: 2, reproducible: true}
END

# What the page takes for given.
cat >given.py <<'END'
import numpy as np
x, y = np.arange(80.0).reshape(20, 4) % 7, np.arange(20) % 3
x_test, y_test = x[:6] + 1, y[:6]
END
{
    echo a,b,c,species
    for i in 1 2 3 4 5 6 7 8 9; do echo "$i.5,$((i * i)).25,-$i.125,$(cut -d ' ' -f $((i % 3 + 1)) <<<"setosa virginica versicolor")"; done
} >table.csv

# needs_of BLOCK: the modules without which it does not run.
needs_of()
{
    grep -oE 'h5py|pandas|xarray' "$1" | sort -u
    ! grep -q h5netcdf "$1" || echo h5netcdf
    ! grep -q to_hdf "$1" || echo tables
}

n=0
left=
for block in block.*; do
    [ -e "command.${block#*.}" ] || fail "no command after $block: $(cat "$block")"
    missing=
    for module in $(needs_of "$block"); do has "$module" || missing="$missing $module"; done
    if [ -n "$missing" ]; then
        left="$left$missing"
        continue
    fi
    cp given.py it.py
    ! grep -q arrays.npz "$block" || echo 'np.savez("arrays.npz", X_train=x, y_train=y, X_test=x_test, y_test=y_test)' >>it.py
    ! grep -q inputs.nc "$block" || cat >>it.py <<'END'
import xarray as xr
t, ps = np.arange(60.0).reshape(5, 12) % 11, np.arange(12.0)
xr.Dataset({"t": (("lev", "ncol"), t), "ps": ("ncol", ps)}).to_netcdf("inputs.nc", engine="h5netcdf")
xr.Dataset({"q": (("out", "ncol"), t[:3])}).to_netcdf("outputs.nc", engine="h5netcdf")
END
    cat "$block" >>it.py
    "$python" it.py >out 2>err || fail "the guide's lines do not run: $(cat "$block")"
    read -r _ _ _ arguments <"command.${block#*.}"
    expect 0 0 train run.yaml --out "r.$block" -q $arguments
    n=$((n + 1))
done
[ -z "$left" ] || echo "left out, for want of:$left"
[ "$n" -gt 0 ] || skip "none of pandas, xarray, h5netcdf and tables is installed"
# Each block that can be run without pandas and xarray was; the others where they are.
[ "$n" = "$(ls block.* | wc -l)" ] || [ -n "$left" ] || fail "only $n blocks were run"

# The numbers are those of the same arrays by another way.
[ ! -e r.block.1 ] || [ ! -e arrays.h5 ] || {
    expect 0 0 train run.yaml --out one -q data.file=arrays.h5 data.x=X_train data.y=y_train
    same "weights from mine.h5 and arrays.h5" "$(weights_of one)" "$(weights_of r.block.1)"
}

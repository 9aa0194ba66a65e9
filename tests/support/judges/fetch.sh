#!/bin/bash
# fetch.sh FOLDER: programs that others wrote and that judge our files, into FOLDER.
# veraPDF (PDF/A, PDF/UA) and hwpxlib (HWPX) from Maven Central, python-hwpx and rhwp-python
# (HWPX) in an environment of their own, axe-core (HTML) from npm. Idempotent.
set -u
root=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../jars.sh"
mkdir -p "$root"

fetch "$root/verapdf" "$(dependency org.verapdf.apps greenfield-apps 1.28.2)"
fetch "$root/hwpxlib" "$(dependency kr.dogfoot hwpxlib 1.0.8)"
if [ -e "$root/hwpxlib/done" ] && [ ! -e "$root/hwpxlib/ReadHwpx.class" ]; then
  javac -cp "$root/hwpxlib/lib/*" -d "$root/hwpxlib" "$here/ReadHwpx.java"
fi
if [ ! -e "$root/hwpx/done" ]; then
  echo "fetching python-hwpx and rhwp-python"
  python3 -m venv "$root/hwpx" &&
    "$root/hwpx/bin/pip" install -q python-hwpx==6.9.0 rhwp-python==0.8.1 >"$root/pip.log" 2>&1 &&
    touch "$root/hwpx/done"
fi
if [ ! -e "$root/axe/package/axe.min.js" ] && command -v npm >/dev/null; then
  echo "fetching axe-core"
  mkdir -p "$root/axe" &&
    (cd "$root/axe" && npm pack --silent axe-core@4.14.1 && tar xzf axe-core-*.tgz) >"$root/npm.log" 2>&1
fi

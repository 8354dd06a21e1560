# Shared by the scripts of this folder; sourced, not run. The caller sets -euo pipefail.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C.UTF-8

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' red='' plain=''
fi

say() { printf '%s\n' "${bold}== $*${plain}"; }

# die STATUS MESSAGE
die() {
  printf '%s\n' "${red}${0##*/}: $2${plain}" >&2
  exit "$1"
}

# timed NAME COMMAND...: a heading, the command, how long it took. Its status is the command's.
timed() {
  local name=$1 begin=$EPOCHREALTIME status=0
  shift
  say "$name"
  "$@" || status=$?
  local outcome=finished
  [[ $status == 0 ]] || outcome=failed
  printf '%s %s after %s s\n' "$name" "$outcome" "$(seconds_since "$begin")"
  return "$status"
}

# seconds_since EPOCHREALTIME: with one digit after the point
seconds_since() {
  local us=$((${EPOCHREALTIME/./} - ${1/./}))
  printf '%d.%d' $((us / 1000000)) $((us / 100000 % 10))
}

# missing_packages FILE...: the packages named there that are not installed
missing_packages() {
  local wanted installed
  wanted=$(sed 's/#.*//; /^[[:space:]]*$/d' "$@" | sort -u)
  # dpkg-query fails when it does not know one of them; that one is missing then.
  # shellcheck disable=SC2086
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^.i  *//p' | sort -u || true)
  comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

# install_packages FILE...: nothing when all is there, and then neither root nor a network is needed
install_packages() {
  local missing as_root=()
  command -v dpkg-query >/dev/null ||
    die 2 "this is no Debian system (no dpkg-query); install what ci/packages*.txt name by hand"
  missing=$(missing_packages "$@")
  [[ -z $missing ]] && return 0
  # shellcheck disable=SC2086
  echo "installing with apt-get:" $missing
  if [[ $EUID != 0 ]]; then
    command -v sudo >/dev/null ||
      die 2 "these packages are missing and neither root nor sudo is there to install them"
    as_root=(sudo)
  fi
  # One unreachable source among several is no reason to stop; apt-get install will say what is.
  "${as_root[@]}" apt-get -q update ||
    echo "${0##*/}: apt-get update had errors; going on with the lists that are there" >&2
  # shellcheck disable=SC2086
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Dpkg::Use-Pty=0 install --no-install-recommends $missing ||
    die 2 "apt-get could not install what is missing; see above"
}

# build PRESET [NINJA-ARGUMENT...]: configure when that has not been done, build what is out of date.
# Files that come and go, and changed CMakeLists.txt, are noticed by the build itself.
build() {
  local preset=$1 directory
  shift
  directory=$(build_directory "$preset")
  if [[ ! -f $directory/build.ninja ]]; then
    (cd "$root" && cmake --preset "$preset")
  fi
  ninja -C "$directory" "$@"
}

# build_directory PRESET: as in CMakePresets.json
build_directory() {
  case $1 in
    release) echo "$root/build" ;;
    *) echo "$root/build-$1" ;;
  esac
}

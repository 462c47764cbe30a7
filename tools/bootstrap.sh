# Sourced by the scripts beside it: a virtual environment from the lock file, made once and kept.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD

say() { printf '\033[1m▸ %s\033[0m\n' "$*" >&2; }
fail() { printf '\033[31m✗ %s\033[0m\n' "$*" >&2; exit 1; }

# ensure_venv: make .venv match tools/requirements.lock; does nothing when it already does.
ensure_venv() {
  local python stamp lock_now
  python=${PYTHON:-python3}
  command -v "$python" >/dev/null || fail "python3 is missing: sudo apt-get install python3 python3-venv"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed; this is $("$python" --version)"
  stamp=.venv/.installed
  lock_now=$(cat tools/requirements.lock pyproject.toml | sha256sum | cut -c1-64)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock_now" ] && return 0
  if [ ! -x .venv/bin/python ]; then
    say "making the virtual environment .venv"
    "$python" -m venv .venv || fail "python3-venv is missing: sudo apt-get install python3-venv"
  fi
  say "installing pinned packages (the first time takes a minute or two)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  printf '%s' "$lock_now" >"$stamp"
}

# ensure_system COMMAND:PACKAGE …: install what is missing with apt-get where that is allowed, else say the line to run.
ensure_system() {
  local missing=() pair
  for pair in "$@"; do
    case ${pair%%:*} in
      /*) [ -e "${pair%%:*}" ] || missing+=("${pair##*:}") ;;
      *) command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing system packages: ${missing[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
      >/tmp/apt-install.log 2>&1 || { tail -20 /tmp/apt-install.log >&2; fail "apt-get could not install ${missing[*]}"; }
  else
    fail "these system packages are missing; run: sudo apt-get install -y ${missing[*]}"
  fi
}

# Sourced: need_packages WHAT:PACKAGE ... makes sure that each WHAT (a command, or a file when it begins with /) is there.
# Missing Debian packages are installed when the caller is root or sudo asks for no password; otherwise the exact command
# is printed and the script ends with status 69 (unavailable).

have() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" > /dev/null 2>&1 ;; esac; }

missing_of() { # WHAT:PACKAGE ...
  local pair
  for pair in "$@"; do have "${pair%%:*}" || printf '%s\n' "${pair##*:}"; done
}

need_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_of "$@")
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" != 0 ]; then
    if command -v sudo > /dev/null && sudo -n true 2> /dev/null; then as_root=(sudo -n); else as_root=(false); fi
  fi
  if [ "${as_root[0]:-}" = false ] || ! command -v apt-get > /dev/null; then
    printf 'missing system packages: %s\n  install them with: sudo apt-get install --no-install-recommends %s\n' \
      "${missing[*]}" "${missing[*]}" >&2
    exit 69
  fi
  # Scripts that run side by side may lack the same: the first one installs, the others wait and find it there.
  local lock
  exec {lock}< /var/lib/dpkg
  flock "$lock"
  mapfile -t missing < <(missing_of "$@")
  [ ${#missing[@]} -eq 0 ] || install_packages
  exec {lock}<&-
}

install_packages() { # missing, as_root and lock of the caller
  printf 'installing system packages: %s\n' "${missing[*]}" >&2
  local log
  log=$(mktemp)
  # An outdated package list is the usual reason for a failure: refresh it once, then try again.
  if ! apt_install > "$log" 2>&1 && ! { "${as_root[@]}" apt-get update -qq {lock}>&- && apt_install; } > "$log" 2>&1; then
    cat "$log" >&2
    printf 'could not install: %s\n' "${missing[*]}" >&2
    exit 69
  fi
  rm -f "$log"
}

apt_install() {
  # Somebody else may be installing, too. What an installation starts must not keep our lock.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}" {lock}>&-
}

# Sourced: need_packages WHAT:PACKAGE ... makes sure that each WHAT (a command, or a file when it begins with /) is there.
# Missing Debian packages are installed when the caller is root or sudo asks for no password; otherwise the exact command
# is printed and the script ends with status 69 (unavailable).

have() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" > /dev/null 2>&1 ;; esac; }

need_packages() {
  local pair missing=()
  for pair in "$@"; do have "${pair%%:*}" || missing+=("${pair##*:}"); done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo > /dev/null && sudo -n true 2> /dev/null; then as_root=(sudo -n); else as_root=(false); fi
  fi
  if [ "${as_root[0]:-}" = false ] || ! command -v apt-get > /dev/null; then
    printf 'missing system packages: %s\n  install them with: sudo apt-get install --no-install-recommends %s\n' \
      "${missing[*]}" "${missing[*]}" >&2
    exit 69
  fi
  printf 'installing system packages: %s\n' "${missing[*]}" >&2
  install_packages() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  }
  local log
  log=$(mktemp)
  # An outdated package list is the usual reason for a failure: refresh it once, then try again.
  if ! install_packages > "$log" 2>&1 && ! { "${as_root[@]}" apt-get update -qq && install_packages; } > "$log" 2>&1; then
    cat "$log" >&2
    printf 'could not install: %s\n' "${missing[*]}" >&2
    exit 69
  fi
  rm -f "$log"
}

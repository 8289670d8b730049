# Sourced: opencv_python REQUIREMENTS prints the path of a Python with the packages of that file, in a virtual environment in the
# user's cache folder, which is made when it is not there. Status 69 and the reason on standard error when it cannot be.
# Needs packages.sh.
#
# CAMERA_SERVICE_CLIENTS_CACHE  where the environments are kept (default: the user's cache folder)

opencv_python() ( # in a shell of its own: need_packages ends it when something is missing
  requirements=$1
  need_packages python3:python3
  # Debian keeps what makes virtual environments in a package of its own.
  need_packages "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')/ensurepip:python3-venv"

  cache=${CAMERA_SERVICE_CLIENTS_CACHE:-${XDG_CACHE_HOME:-${HOME:-$PWD/.cache}/.cache}/camera-service-clients}
  environment=$cache/$({ python3 --version; cat "$requirements"; } | sha256sum | cut -c1-16)
  mkdir -p "$cache"
  # Two at once would write the same folder; the second finds the work done.
  exec 9> "$environment.lock"
  flock 9
  if [ ! -e "$environment/complete" ]; then
    printf 'installing Python packages: %s\n' "$(grep -oE '^[a-z-]+==[0-9.]+' "$requirements" | paste -sd' ')" >&2
    rm -rf "$environment"
    log=$(mktemp)
    # Binary packages only: from sources OpenCV would compile for an hour.
    if ! { python3 -m venv "$environment" &&
      "$environment/bin/pip" install --disable-pip-version-check --only-binary :all: -r "$requirements"; } > "$log" 2>&1; then
      cat "$log" >&2
      rm -rf "$environment" "$log"
      exit 69
    fi
    rm -f "$log"
    touch "$environment/complete"
  fi
  printf '%s\n' "$environment/bin/python"
)

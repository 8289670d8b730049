"""Becomes a command in the sandbox that a systemd unit describes, without systemd: sandbox.py UNIT COMMAND...

Taken from the unit: SystemCallFilter (groups by `systemd-analyze syscall-filter`), SystemCallErrorNumber, RestrictAddressFamilies,
RestrictNamespaces, NoNewPrivileges, an empty CapabilityBoundingSet, ProtectSystem=strict (everything but the folder in
CAMERA_SERVICE_STATE_DIR is read-only), PrivateIPC. Needs root. Exit code 77: this machine cannot, and why on standard error.
"""

import ctypes
import errno
import os
import platform
import re
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWIPC = 0x00020000, 0x08000000
NAMESPACES = 0x7E020080
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 24, 38, 22, 2
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
# Of struct seccomp_data: the number, the architecture, the lower half of the first argument.
NUMBER, ARCH, ARGUMENT = 0, 4, 16


def cannot(why):
    print(f"sandbox: {why}", file=sys.stderr)
    sys.exit(77)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        cannot(f"{name}: {os.strerror(ctypes.get_errno())}")


def directives(unit):
    found = {}
    for line in open(unit, encoding="utf8"):
        if "=" in line and not line.startswith("#"):
            name, value = line.rstrip("\n").split("=", 1)
            found.setdefault(name, []).append(value)
    return found


def members(word):
    """The system calls of a group, groups within it included."""
    if not word.startswith("@"):
        return {word}
    try:
        text = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as fault:
        cannot(f"systemd-analyze: {fault}")
    words = [line.strip() for line in text.splitlines()[1:]]
    return set().union(*(members(inner) for inner in words if inner and not inner.startswith("#")))


def allowed(filters):
    """As systemd reads them: a first list that allows, then lists that are taken away."""
    calls = set()
    for text in filters:
        words = set().union(*(members(word) for word in text.lstrip("~").split()))
        calls = calls - words if text.startswith("~") else calls | words
    return calls


def numbers():
    """Name to number, from the headers of the C library."""
    command = ["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-"]
    try:
        text = subprocess.run(command, input="", capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as fault:
        cannot(f"gcc: {fault}")
    return {name: int(value) for name, value in re.findall(r"#define __NR_(\w+) (\d+)\n", text)}


def program(unit):
    """The filter, as the kernel takes it."""
    arch = ARCHES.get(platform.machine()) or cannot(f"no filter for {platform.machine()}")
    known = numbers()
    refused = ERRNO | getattr(errno, unit["SystemCallErrorNumber"][0])
    lines = [(LOAD, 0, 0, ARCH), (JUMP_EQUAL, 1, 0, arch), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    families = [FAMILIES[name] for name in unit["RestrictAddressFamilies"][0].split()]
    lines += [(JUMP_EQUAL, 0, 3 + len(families), known["socket"]), (LOAD, 0, 0, ARGUMENT)]
    lines += [(JUMP_EQUAL, len(families) - at, 0, family) for at, family in enumerate(families)]
    lines += [(RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    # Of clone only the flags can be looked at: clone3 hides them, and whoever gets ENOSYS takes the older call.
    lines += [(JUMP_EQUAL, 0, 4, known["clone"]), (LOAD, 0, 0, ARGUMENT), (JUMP_SET, 0, 1, NAMESPACES)]
    lines += [(RETURN, 0, 0, refused), (RETURN, 0, 0, ALLOW)]
    lines += [(JUMP_EQUAL, 0, 1, known["clone3"]), (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    for name in sorted(allowed(unit["SystemCallFilter"]) - {"unshare", "setns"}):
        if name in known:
            lines += [(JUMP_EQUAL, 0, 1, known[name]), (RETURN, 0, 0, ALLOW)]
    lines.append((RETURN, 0, 0, refused))
    return lines


def enter(unit, state):
    if os.getuid() != 0:
        cannot("needs root")
    lines = program(unit)
    call("unshare", CLONE_NEWNS | CLONE_NEWIPC)
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    call("mount", state, state, None, MS_BIND, None)
    call("mount", None, b"/", None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
    call("capset", header, nothing)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    code = b"".join(struct.pack("HBBI", *line) for line in lines)
    held = ctypes.create_string_buffer(code)
    filter_ = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(held))
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0)


if __name__ == "__main__":
    enter(directives(sys.argv[1]), os.environ["CAMERA_SERVICE_STATE_DIR"].encode())
    os.execvp(sys.argv[2], sys.argv[2:])

# Sourced: boot_guest FOLDER runs QEMU (software emulation: no KVM wanted) on FOLDER/initrd.gz until the guest powers off.
# The guest sees this machine's root read-only; what it writes stays in its memory. FOLDER/command.sh is what it runs.
# Its output goes to stdout, the kernel's to FOLDER/kernel.log. Returns the command's status, 124 on timeout.

# Between emulated processors Linux trusts no TSC unless told, and each look at the clock would leave the guest: everything that
# asks for the time takes twice as long. Guards of the processor that the service knows nothing of cost a third of the whole emulation:
# page tables of a fifth level, and what keeps a kernel from reading and running the pages of its programs. A second processor costs a
# third more for the same work: only a guest that encodes video while other things go on needs it.
boot_guest() { # folder
  local folder=$1 memory_mb=${CAMERA_SERVICE_VM_MEMORY_MB:-3072} timeout_s=${CAMERA_SERVICE_VM_TIMEOUT_S:-600}
  local processors=${CAMERA_SERVICE_VM_PROCESSORS:-2} status
  rm -f "$folder/status"
  timeout --kill-after=5 "$timeout_s" qemu-system-x86_64 \
    -accel tcg,thread=multi -cpu max,la57=off,smap=off,smep=off,pku=off,pcid=off -smp "$processors" -m "$memory_mb" -nic none -display none -no-reboot \
    -kernel "$KERNEL_TREE/boot/vmlinuz-$KERNEL_VERSION" -initrd "$folder/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 tsc=reliable mitigations=off camera.folder=$folder" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    -serial "file:$folder/kernel.log" -serial stdio < /dev/null |
    tee "$folder/output.log" | sed -u '/^guest-status [0-9]*$/d'
  status=${PIPESTATUS[0]}
  if [ "$status" = 124 ]; then
    say "the guest did not end within $timeout_s s"
    return 124
  fi
  status=$(sed -n 's/^guest-status \([0-9]*\)$/\1/p' "$folder/output.log" | tail -1)
  if [ -z "$status" ]; then
    say "the guest ended without a status; its kernel said:"
    tail -30 "$folder/kernel.log" >&2
    return 70
  fi
  return "$status"
}

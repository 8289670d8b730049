#!/bin/busybox sh
# First process of the guest. Makes a writable view of the host's root (9p below, memory above) and goes on inside it.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "$module" || echo "init: $module does not load"; done

# Nobody changes the host's files while the guest runs, so it may cache them for good: loading node takes a fifth of the time.
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=1048576,ro host /lower
mount -t tmpfs -o size=75% memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work root /root

mount --move /dev /root/dev
mount -t proc proc /root/proc
mount -t sysfs sysfs /root/sys
for folder in run tmp dev/shm; do mkdir -p /root/$folder; done
mount -t tmpfs run /root/run
mount -t tmpfs shm /root/dev/shm
mkdir -p /root/dev/pts
mount -t devpts pts /root/dev/pts
ip link set lo up

folder=$(sed 's/.*camera\.folder=\([^ ]*\).*/\1/' /root/proc/cmdline)
# The second serial line carries the command's output, byte for byte.
stty -F /root/dev/ttyS1 raw -echo
chroot /root /bin/bash "$folder/command.sh" > /root/dev/ttyS1 2>&1 < /root/dev/null
echo "guest-status $?" > /root/dev/ttyS1
sync
poweroff -f

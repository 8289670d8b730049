# Sourced in the guest: makes this kernel's modules known and loads the camera drivers.
#
#   vivid        three cameras that make their own pictures: two webcams (discrete sizes) and an HDMI grabber (a range of
#                sizes) with multi-planar buffers
#   v4l2loopback two nodes that show what a program writes into them

mkdir -p "/lib/modules/$KERNEL_VERSION"
mount --bind "$KERNEL_TREE/lib/modules/$KERNEL_VERSION" "/lib/modules/$KERNEL_VERSION"
modprobe vivid n_devs=3 node_types=0x1,0x1,0x1 num_inputs=1,1,1 input_types=0x0,0x0,0x3 multiplanar=1,1,2
modprobe v4l2loopback video_nr=20,21 card_label=LoopA,LoopB exclusive_caps=0,0 max_buffers=4

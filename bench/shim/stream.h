/* The streaming half of a simulated camera: buffers that "the device" fills at a fixed rate with ready-made JPEGs. */
#ifndef BENCH_SHIM_STREAM_H
#define BENCH_SHIM_STREAM_H
#include <stddef.h>

/*
 * What the environment says:
 *   SHIM_FRAMES       file of JPEGs of equal size, one after the other; without it the cameras cannot stream
 *   SHIM_FRAME_BYTES  size of one of them
 *   SHIM_HANG         number of the node whose VIDIOC_STREAMON never returns, as of a device that died in its driver
 */
struct picture {
    unsigned width, height;
    const unsigned char *frames;
    size_t bytes, count;
};

/* What the cameras show; NULL when they cannot stream. */
const struct picture *shim_picture(void);

struct stream;

/* `fd` becomes readable when a frame may be dequeued, as that of a device does. It is the caller's. */
struct stream *stream_open(int fd, int node);
void stream_close(struct stream *stream);

/* Answers formats, rates, buffers and streaming like ioctl(2). */
int stream_ioctl(struct stream *stream, unsigned long request, void *argument);

/* The descriptor that holds the memory of the buffers, to be mapped at the offsets of VIDIOC_QUERYBUF; -1 when there is none. */
int stream_memory(const struct stream *stream);
#endif

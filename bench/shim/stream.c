/*
 * The device's clock is a timer descriptor armed at the next frame's time, so no thread runs and polling works. Buffers hold their
 * pictures from the start, since a real device writes them without the processor: a frame costs its readers one system call here,
 * as a real VIDIOC_DQBUF does.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_BUFFERS 32

enum place { WITH_READER, WAITING, FILLED };

struct buffer {
    enum place place;
    uint32_t sequence;
    int64_t stamp_ns;
};

struct stream {
    int fd, node, memory;
    struct v4l2_fract interval;
    unsigned count;
    struct buffer buffers[MAX_BUFFERS];
    /* Indexes in the order of queueing; frames are dequeued in the same order. */
    unsigned order[MAX_BUFFERS], queued, filled;
    int streaming;
    uint32_t sequence;
    int64_t next_ns;
};

static int refuse(int reason) {
    errno = reason;
    return -1;
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static size_t stride(void) {
    const size_t page = 4096;
    return (shim_picture()->bytes + page - 1) / page * page;
}

struct stream *stream_open(int fd, int node) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    stream->fd = fd;
    stream->node = node;
    stream->memory = -1;
    stream->interval = (struct v4l2_fract){1, 30};
    return stream;
}

void stream_close(struct stream *stream) {
    if (stream->memory >= 0) close(stream->memory);
    free(stream);
}

int stream_memory(const struct stream *stream) { return stream->memory; }

/* Readable now while a frame waits, else when the next one is due. */
static void arm(const struct stream *stream) {
    int64_t at = !stream->streaming ? 0 : stream->filled > 0 ? 1 : stream->next_ns;
    struct itimerspec when = {.it_value = {at / 1000000000, at % 1000000000}};
    timerfd_settime(stream->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* All that the device did until now: frames without a waiting buffer are lost, which their numbers tell. */
static void catch_up(struct stream *stream) {
    int64_t now = now_ns();
    int64_t interval_ns = INT64_C(1000000000) * stream->interval.numerator / stream->interval.denominator;
    for (; stream->streaming && stream->next_ns <= now; stream->next_ns += interval_ns, stream->sequence++) {
        if (stream->filled == stream->queued) continue;
        struct buffer *buffer = &stream->buffers[stream->order[stream->filled++]];
        buffer->place = FILLED;
        buffer->sequence = stream->sequence;
        buffer->stamp_ns = stream->next_ns;
    }
}

static int get_format(const struct stream *stream, struct v4l2_format *format) {
    (void)stream;
    if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return refuse(EINVAL);
    const struct picture *picture = shim_picture();
    format->fmt.pix = (struct v4l2_pix_format){.width = picture->width,
                                               .height = picture->height,
                                               .pixelformat = V4L2_PIX_FMT_MJPEG,
                                               .field = V4L2_FIELD_NONE,
                                               .sizeimage = (uint32_t)stride(),
                                               .colorspace = V4L2_COLORSPACE_JPEG};
    return 0;
}

static int rate(struct stream *stream, struct v4l2_streamparm *parameters, int set) {
    struct v4l2_captureparm *capture = &parameters->parm.capture;
    if (set && capture->timeperframe.numerator > 0 && capture->timeperframe.denominator > 0) stream->interval = capture->timeperframe;
    memset(capture, 0, sizeof *capture);
    capture->capability = V4L2_CAP_TIMEPERFRAME;
    capture->timeperframe = stream->interval;
    return 0;
}

static int request_buffers(struct stream *stream, struct v4l2_requestbuffers *request) {
    if (request->memory != V4L2_MEMORY_MMAP) return refuse(EINVAL);
    if (stream->memory >= 0) close(stream->memory);
    stream->memory = -1;
    stream->queued = stream->filled = 0;
    if (request->count > MAX_BUFFERS) request->count = MAX_BUFFERS;
    stream->count = request->count;
    if (request->count == 0) return 0;
    const struct picture *picture = shim_picture();
    stream->memory = memfd_create("frames", MFD_CLOEXEC);
    if (stream->memory < 0 || ftruncate(stream->memory, (off_t)(stride() * request->count)) != 0) return refuse(ENOMEM);
    for (unsigned i = 0; i < request->count; i++) {
        const unsigned char *frame = picture->frames + i % picture->count * picture->bytes;
        if (pwrite(stream->memory, frame, picture->bytes, (off_t)(i * stride())) != (ssize_t)picture->bytes) return refuse(ENOMEM);
        stream->buffers[i].place = WITH_READER;
    }
    return 0;
}

static int query_buffer(const struct stream *stream, struct v4l2_buffer *buffer) {
    if (buffer->index >= stream->count) return refuse(EINVAL);
    buffer->length = (uint32_t)stride();
    buffer->m.offset = (uint32_t)(buffer->index * stride());
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    return 0;
}

static int queue(struct stream *stream, const struct v4l2_buffer *buffer) {
    if (buffer->index >= stream->count || stream->buffers[buffer->index].place != WITH_READER) return refuse(EINVAL);
    catch_up(stream);
    stream->buffers[buffer->index].place = WAITING;
    stream->order[stream->queued++] = buffer->index;
    return 0;
}

static int dequeue(struct stream *stream, struct v4l2_buffer *out) {
    if (!stream->streaming) return refuse(EINVAL);
    catch_up(stream);
    if (stream->filled == 0) {
        arm(stream);
        return refuse(EAGAIN);
    }
    unsigned index = stream->order[0];
    memmove(stream->order, stream->order + 1, --stream->queued * sizeof *stream->order);
    stream->filled--;
    arm(stream);
    const struct buffer *buffer = &stream->buffers[index];
    stream->buffers[index].place = WITH_READER;
    *out = (struct v4l2_buffer){.index = index,
                                .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                .bytesused = (uint32_t)shim_picture()->bytes,
                                .flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC,
                                .field = V4L2_FIELD_NONE,
                                .timestamp = {buffer->stamp_ns / 1000000000, buffer->stamp_ns % 1000000000 / 1000},
                                .sequence = buffer->sequence,
                                .memory = V4L2_MEMORY_MMAP,
                                .m.offset = (uint32_t)(index * stride()),
                                .length = (uint32_t)stride()};
    return 0;
}

static int stream_on(struct stream *stream) {
    const char *hanging = getenv("SHIM_HANG");
    while (hanging != NULL && atoi(hanging) == stream->node) pause();
    stream->streaming = 1;
    stream->sequence = 0;
    stream->next_ns = now_ns() + INT64_C(1000000000) * stream->interval.numerator / stream->interval.denominator;
    arm(stream);
    return 0;
}

static int stream_off(struct stream *stream) {
    stream->streaming = 0;
    stream->queued = stream->filled = 0;
    for (unsigned i = 0; i < stream->count; i++) stream->buffers[i].place = WITH_READER;
    arm(stream);
    return 0;
}

int stream_ioctl(struct stream *stream, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_S_INPUT: return *(int *)argument == 0 ? 0 : refuse(EINVAL);
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT: return get_format(stream, argument);
    case VIDIOC_G_PARM: return rate(stream, argument, 0);
    case VIDIOC_S_PARM: return rate(stream, argument, 1);
    case VIDIOC_REQBUFS: return request_buffers(stream, argument);
    case VIDIOC_QUERYBUF: return query_buffer(stream, argument);
    case VIDIOC_QBUF: return queue(stream, argument);
    case VIDIOC_DQBUF: return dequeue(stream, argument);
    case VIDIOC_STREAMON: return stream_on(stream);
    case VIDIOC_STREAMOFF: return stream_off(stream);
    default: return refuse(EINVAL);
    }
}

/*
 * Preloaded into a process: makes every node /dev/videoN with N of 70 and more a camera, so that hotplug, captures and viewers can be
 * measured on a machine without cameras, and so that peers see the very same device. A node is a real file of the directory that
 * is watched; only what is asked of the opened device is answered here. With SHIM_FRAMES (stream.h) it streams MJPEG of one size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "stream.h"

#define PREFIX "/dev/video"
#define FIRST_NODE 70
#define MAX_FDS 65536

struct camera {
    int node;
    struct stream *stream;
};

/* The camera behind a descriptor; NULL: not ours. */
static struct camera *camera_of[MAX_FDS];

static const struct { unsigned width, height; } sizes[] = {{640, 480}, {1280, 720}, {1920, 1080}};
static const unsigned formats[] = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV};
static const unsigned rates[] = {30, 25, 15, 10, 5};

static struct camera *ours(int fd) { return fd >= 0 && fd < MAX_FDS ? camera_of[fd] : NULL; }

static int is_camera(const char *path, int flags) {
    return strncmp(path, PREFIX, strlen(PREFIX)) == 0 && atoi(path + strlen(PREFIX)) >= FIRST_NODE && !(flags & O_PATH);
}

static int open_camera(const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0) return -1;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0 || fd >= MAX_FDS) return fd;
    struct camera *camera = malloc(sizeof *camera);
    if (camera == NULL) abort();
    camera->node = atoi(path + strlen(PREFIX));
    camera->stream = shim_picture() == NULL ? NULL : stream_open(fd, camera->node);
    camera_of[fd] = camera;
    return fd;
}

/* The core is built for large files and calls the names with 64; others call the plain ones. */
int open64(const char *path, int flags, ...) {
    if (is_camera(path, flags)) return open_camera(path);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    static int (*next)(const char *, int, ...);
    if (next == NULL) next = dlsym(RTLD_NEXT, "open64");
    return next(path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int close(int fd) {
    static int (*next)(int);
    if (next == NULL) next = dlsym(RTLD_NEXT, "close");
    struct camera *camera = ours(fd);
    if (camera != NULL) {
        camera_of[fd] = NULL;
        if (camera->stream != NULL) stream_close(camera->stream);
        free(camera);
    }
    return next(fd);
}

int fstat64(int fd, struct stat64 *out) {
    static int (*next)(int, struct stat64 *);
    if (next == NULL) next = dlsym(RTLD_NEXT, "fstat64");
    if (ours(fd) == NULL) return next(fd, out);
    char path[sizeof PREFIX + 12];
    snprintf(path, sizeof path, PREFIX "%d", ours(fd)->node);
    return stat64(path, out);
}

void *mmap64(void *where, size_t bytes, int protection, int flags, int fd, off64_t offset) {
    struct camera *camera = (flags & MAP_ANONYMOUS) == 0 ? ours(fd) : NULL;
    if (camera != NULL) fd = camera->stream == NULL ? -1 : stream_memory(camera->stream);
    return (void *)syscall(SYS_mmap, where, bytes, protection, flags, fd, offset);
}

void *mmap(void *where, size_t bytes, int protection, int flags, int fd, off_t offset) __attribute__((alias("mmap64")));

static int end_of_list(void) {
    errno = EINVAL;
    return -1;
}

static int describe(int node, struct v4l2_capability *out) {
    memset(out, 0, sizeof *out);
    strcpy((char *)out->driver, "shim");
    strcpy((char *)out->card, "Bench camera");
    snprintf((char *)out->bus_info, sizeof out->bus_info, "platform:bench-%d", node);
    out->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_EXT_PIX_FORMAT;
    out->capabilities = out->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

/* A camera that streams has one format and one size: that of its pictures. */
static int format_at(struct v4l2_fmtdesc *out) {
    size_t count = shim_picture() != NULL ? 1 : sizeof formats / sizeof *formats;
    if (out->index >= count) return end_of_list();
    out->pixelformat = formats[out->index];
    return 0;
}

static int size_at(struct v4l2_frmsizeenum *out) {
    const struct picture *picture = shim_picture();
    if (out->index >= (picture != NULL ? 1 : sizeof sizes / sizeof *sizes)) return end_of_list();
    out->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    out->discrete.width = picture != NULL ? picture->width : sizes[out->index].width;
    out->discrete.height = picture != NULL ? picture->height : sizes[out->index].height;
    return 0;
}

static int interval_at(struct v4l2_frmivalenum *out) {
    if (out->index >= sizeof rates / sizeof *rates) return end_of_list();
    out->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    out->discrete = (struct v4l2_fract){1, rates[out->index]};
    return 0;
}

static int answer(struct camera *camera, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: return describe(camera->node, argument);
    case VIDIOC_ENUM_FMT: return format_at(argument);
    case VIDIOC_ENUM_FRAMESIZES: return size_at(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS: return interval_at(argument);
    default: return camera->stream == NULL ? end_of_list() : stream_ioctl(camera->stream, request, argument);
    }
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    /* Some pass the request as an int, which arrives with its sign extended. */
    if (ours(fd) != NULL) return answer(ours(fd), (unsigned)request, argument);
    static int (*next)(int, unsigned long, ...);
    if (next == NULL) next = dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}

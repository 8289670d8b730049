/*
 * Preloaded into the service: makes every node /dev/video7N a camera with a few formats, so that hotplug can be measured at full
 * speed on a machine without cameras. A node is a real file of the directory that is watched; only what is asked of the opened
 * device is answered here. It cannot stream.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "/dev/video7"
#define MAX_FDS 4096

/* Number of the node behind a descriptor, plus one; 0: not ours. */
static unsigned char node_of[MAX_FDS];

static const struct { unsigned width, height; } sizes[] = {{640, 480}, {1280, 720}, {1920, 1080}};
static const unsigned formats[] = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV};
static const unsigned rates[] = {30, 25, 15, 10, 5};

static int ours(int fd) { return fd >= 0 && fd < MAX_FDS && node_of[fd] != 0; }

static int open_camera(const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0) return -1;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd >= 0 && fd < MAX_FDS) node_of[fd] = (unsigned char)(path[strlen(PREFIX)] - '0' + 1);
    return fd;
}

/* The core is built for large files, so these are the names it calls. */
int open64(const char *path, int flags, ...) {
    if (strncmp(path, PREFIX, strlen(PREFIX)) == 0 && !(flags & O_PATH)) return open_camera(path);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    static int (*next)(const char *, int, ...);
    if (next == NULL) next = dlsym(RTLD_NEXT, "open64");
    return next(path, flags, mode);
}

int close(int fd) {
    static int (*next)(int);
    if (next == NULL) next = dlsym(RTLD_NEXT, "close");
    if (ours(fd)) node_of[fd] = 0;
    return next(fd);
}

int fstat64(int fd, struct stat64 *out) {
    static int (*next)(int, struct stat64 *);
    if (next == NULL) next = dlsym(RTLD_NEXT, "fstat64");
    if (!ours(fd)) return next(fd, out);
    char path[] = PREFIX "0";
    path[strlen(PREFIX)] = (char)('0' + node_of[fd] - 1);
    return stat64(path, out);
}

static int end_of_list(void) {
    errno = EINVAL;
    return -1;
}

static int describe(int node, struct v4l2_capability *out) {
    memset(out, 0, sizeof *out);
    strcpy((char *)out->driver, "shim");
    strcpy((char *)out->card, "Bench camera");
    strcpy((char *)out->bus_info, "platform:bench-0");
    out->bus_info[15] = (unsigned char)('0' + node);
    out->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_EXT_PIX_FORMAT;
    out->capabilities = out->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int answer(int node, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: return describe(node, argument);
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *format = argument;
        if (format->index >= sizeof formats / sizeof *formats) return end_of_list();
        format->pixelformat = formats[format->index];
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *size = argument;
        if (size->index >= sizeof sizes / sizeof *sizes) return end_of_list();
        size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        size->discrete.width = sizes[size->index].width;
        size->discrete.height = sizes[size->index].height;
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *interval = argument;
        if (interval->index >= sizeof rates / sizeof *rates) return end_of_list();
        interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        interval->discrete.numerator = 1;
        interval->discrete.denominator = rates[interval->index];
        return 0;
    }
    default: return end_of_list();
    }
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (ours(fd)) return answer(node_of[fd] - 1, request, argument);
    static int (*next)(int, unsigned long, ...);
    if (next == NULL) next = dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}

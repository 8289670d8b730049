// Closes the sockets of a JavaScript thread that ends without having closed them itself: out of memory, terminated because it hangs.
//
// The web server hangs its sockets into the thread's event loop and leaves them there. Node ends the whole process when the loop of a
// thread is given up with handles in it, and the descriptors, which belong to the process, would stay open: clients would wait for
// ever, and the kernel would go on giving new ones to a listening socket that nobody serves.
#include <node_api.h>
#include <unistd.h>
#include <uv.h>

namespace {

// Thread: the one that ends, after its last JavaScript. Nothing is told to the library: its memory for these sockets is lost.
void endPoll(uv_handle_t *handle, void *) {
    if (handle->type != UV_POLL || uv_is_closing(handle) != 0) return;
    uv_os_fd_t descriptor = -1;
    const bool known = uv_fileno(handle, &descriptor) == 0;
    uv_close(handle, nullptr);
    if (known) close(descriptor);
}

void endPolls(void *loop) { uv_walk(static_cast<uv_loop_t *>(loop), endPoll, nullptr); }

// guard(): from now on this thread's sockets end with it. Call it once, after the web server was loaded: hooks run in reverse order,
// and the server's own, which runs the loop a last time to see handles off, must be the later one.
napi_value guard(napi_env env, napi_callback_info) {
    uv_loop_t *loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok || napi_add_env_cleanup_hook(env, endPolls, loop) != napi_ok) {
        napi_throw_error(env, nullptr, "this thread has no event loop");
    }
    return nullptr;
}

} // namespace

NAPI_MODULE_INIT() {
    napi_value call = nullptr;
    if (napi_create_function(env, "guard", NAPI_AUTO_LENGTH, guard, nullptr, &call) != napi_ok) return nullptr;
    napi_set_named_property(env, exports, "guard", call);
    return exports;
}

{
  'variables': {
    'list_sources%': "node -p \"process.argv.slice(1).flatMap((f)=>require('node:fs').readdirSync(f,{recursive:true}).filter((n)=>/[.](c|cpp)$/.test(n)).sort().map((n)=>f+'/'+n)).join('\\n')\"",
  },
  'target_defaults': {
    'configurations': { 'Release': { 'cflags': ['-O2'] } },
  },
  'targets': [
    {
      # The addon: the native core and the only code that knows Node, in one shared object.
      'target_name': 'camera_core',
      'sources': ['<!@(<(list_sources) native/core native/binding)'],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")", 'native/core'],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # In a worker that is being terminated nothing can be thrown any more; without this node-addon-api ends the process.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'cflags': ['-Wall', '-Wextra', '-fvisibility=hidden'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-rtti'],
      'cflags_cc': ['-std=c++20', '-fvisibility-inlines-hidden'],
      'ldflags': [
        # A worker may be the only one that loaded the addon: its end must not unmap code that a thread of the core still runs.
        '-Wl,-z,nodelete',
        '-Wl,--version-script=<(module_root_dir)/native/binding/exports.map',
        '-Wl,--gc-sections',
        # What is missing is told when the addon is loaded, not when it is first needed.
        '-Wl,-z,relro,-z,now',
      ],
      'libraries': ['-ljpeg'],
    },
    {
      # What MediaMTX starts on demand: holds a connection to the service open for as long as somebody reads.
      'target_name': 'camera-notifier',
      'type': 'executable',
      'product_extension': '',
      'sources': ['<!@(<(list_sources) native/notifier)'],
      'cflags': ['-Wall', '-Wextra'],
    },
    {
      # Loaded by threads that hold connections: closes their sockets when they end without having done so.
      'target_name': 'thread_guard',
      'sources': ['<!@(<(list_sources) native/thread_guard)'],
      'defines': ['NAPI_VERSION=8'],
      'cflags': ['-Wall', '-Wextra', '-fvisibility=hidden'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++20'],
      # The hook runs when the thread may be the last that had it loaded.
      'ldflags': ['-Wl,-z,nodelete', '-Wl,-z,relro,-z,now'],
    },
    {
      # Preloaded into publishing ffmpegs: keeps the password out of their argument list.
      'target_name': 'publish_guard',
      'type': 'shared_library',
      'product_prefix': '',
      'product_dir': '<(PRODUCT_DIR)',
      'sources': ['<!@(<(list_sources) native/publish_guard)'],
      'cflags': ['-Wall', '-Wextra'],
    },
  ],
}

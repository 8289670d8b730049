import { choice, duration, flag, folder, integer, number, optional, optionalPlace, secret, section, text } from '../keys.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const mediamtx = section('The media server that hands streams to players.', {
  mode: choice({
    words: ['auto', 'external', 'managed', 'off'],
    default: 'auto',
    reload: 'restart',
    doc: 'auto: adopt one that answers, else run a binary when found; external: only adopt; managed: only run our own; off: none.',
  }),
  host: text({ default: '127.0.0.1', reload: 'restart', doc: 'Host of MediaMTX.' }),
  api_port: port(9997, 'Port of its control API.'),
  rtsp_port: port(8554, 'Port of RTSP.'),
  hls_port: port(8888, 'Port of HLS.'),
  webrtc_port: port(8889, 'Port of WebRTC.'),
  webrtc_udp_port: port(8189, 'UDP port over which our own MediaMTX sends the pictures of WebRTC.'),
  api_username: optional(text({ default: '', reload: 'restart', doc: 'User name for the control API of an external MediaMTX.' })),
  api_password: secret(
    optional(text({ default: '', reload: 'restart', doc: 'Password for the control API of an external MediaMTX.' })),
  ),
  binary: optionalPlace({
    is: 'program',
    reload: 'restart',
    doc: 'The program to run; without it MediaMTX is looked for on PATH and below the state directory.',
  }),
  publish: choice({
    words: ['auto', 'always'],
    default: 'auto',
    reload: 'restart',
    doc: 'auto: publish a camera while somebody wants its path; always: all the time, for a MediaMTX on another host or in a container.',
  }),
  recordings_path: folder({ below: 'recordings', reload: 'restart', doc: 'Folder of recordings.' }),
  snapshots_path: folder({ below: 'snapshots', reload: 'restart', doc: 'Folder of snapshots.' }),
  timeout: duration({
    default: 10 * SECOND,
    min: 100,
    max: 10 * MINUTE,
    reload: 'restart',
    doc: 'Deadline of a write to the control API; what is read has 2 s.',
  }),
  reconcile_interval: duration({
    default: 2 * SECOND,
    min: 100,
    max: MINUTE,
    reload: 'restart',
    doc: 'Time between comparisons of what MediaMTX has with what it should have.',
  }),
  run_on_demand_start_timeout: duration({
    default: 10 * SECOND,
    min: SECOND,
    max: 10 * MINUTE,
    blankIsDefault: true,
    reload: 'restart',
    doc: 'How long a reader waits for the first frame of a path that is not published yet.',
  }),
  run_on_demand_close_after: duration({
    default: 10 * SECOND,
    min: 0,
    max: DAY,
    blankIsDefault: true,
    reload: 'restart',
    doc: 'How long MediaMTX keeps its own demand on a path after the last reader.',
  }),
  view_close_after: duration({
    default: 300 * SECOND,
    min: 0,
    max: DAY,
    reload: 'restart',
    doc: 'How long a publisher runs on after the last viewer of its path.',
  }),
  snapshot_close_after: duration({
    default: 60 * SECOND,
    min: 0,
    max: DAY,
    reload: 'restart',
    doc: 'How long an external stream that MediaMTX fetched for a snapshot, or for a viewer, is fetched on. Snapshots of cameras start no publisher.',
  }),
  links: section(
    'Links for players that results hold. {host}: public_host or the host that the client used; {path}: the camera; {port}: the one MediaMTX listens on; {rpc_port}: server.port.',
    {
      rtsp: link('rtsp://{host}:{port}/{path}', 'RTSP.'),
      hls: link(
        'http://{host}:{rpc_port}/hls/{path}.m3u8',
        'HLS; /hls/ of server.port sends players on to MediaMTX. Behind a proxy such as http://{host}/hls/{path}.m3u8.',
      ),
      webrtc: link('http://{host}:{port}/{path}/', 'WebRTC; given while MediaMTX has it on.'),
    },
  ),
  codec: section('How publishers encode cameras that give no H.264. A change counts for publishers that start from then on.', {
    video_profile: choice({
      words: ['baseline', 'main', 'high', 'high422', 'high444'],
      default: 'main',
      reload: 'live',
      doc: 'H.264 profile. Browsers show baseline, main and high only.',
    }),
    video_level: choice({
      words: ['1.0', '1.1', '1.2', '1.3', '2.0', '2.1', '2.2', '3.0', '3.1', '3.2', '4.0', '4.1', '4.2', '5.0', '5.1', '5.2'],
      default: '4.0',
      reload: 'live',
      doc: 'H.264 level.',
    }),
    pixel_format: choice({
      words: ['yuv420p', 'yuv422p', 'yuv444p'],
      default: 'yuv420p',
      reload: 'live',
      doc: 'Chroma of the encoded picture. Browsers show yuv420p only; yuv422p needs high422, yuv444p needs high444.',
    }),
    bitrate: text({
      default: '2M',
      rule: 'a bit rate such as 600k or 2M',
      pattern: /^[1-9]\d{0,8}[kKM]?$/,
      reload: 'live',
      doc: 'Bits per second.',
    }),
    encoder: choice({
      words: ['auto', 'software', 'vaapi', 'v4l2m2m', 'nvenc'],
      default: 'auto',
      reload: 'restart',
      doc: 'auto: hardware that has just encoded a picture, else software; software also where the named one does not work.',
    }),
    preset: choice({
      words: ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow'],
      default: 'superfast',
      reload: 'live',
      doc: 'Speed of the software encoder.',
    }),
  }),
})

export const recording = section('Recordings.', {
  segment_duration: {
    ...wait(3600 * SECOND, DAY, 'A new file begins at the first key frame after so long.'),
    alsoEnv: [{ name: 'CAMERA_SERVICE_RECORDING_ROTATION_MINUTES', unit: 'm' }],
  },
  max_segment_size: integer({
    default: 524_288_000,
    min: 1,
    max: 1_099_511_627_776,
    reload: 'restart',
    doc: 'A new file begins after so many bytes, too; of files that MediaMTX writes, after the time in which codec.bitrate makes them.',
  }),
  start_timeout: wait(15 * SECOND, 10 * MINUTE, 'How long start_recording waits for the first pictures on the disk.'),
  default_max_duration: wait(DAY, 30 * DAY, 'A recording that nobody stops ends after so long.'),
  file_name_pattern: text({
    default: '%path_%Y-%m-%d_%H-%M-%S',
    rule: 'a file name without / and extension of %device, %path, %timestamp, %Y, %m, %d, %H, %M, %S and plain letters',
    pattern: /^(?!\.)(?!.*\.\.)(?:[\w. -]|%(?:device|path|timestamp|[YmdHMS])){1,128}$/,
    reload: 'restart',
    doc: 'Name of a recording when the call names none; times are UTC.',
  }),
  use_device_subdirs: flag({
    default: false,
    reload: 'restart',
    doc: 'Keep the recordings of each camera in a folder of its own.',
  }),
  max_restart_count: integer({
    default: 3,
    min: 0,
    max: 1000,
    reload: 'restart',
    doc: 'How often the writer of a recording is started again when it fails, before the recording is given up.',
  }),
  cleanup_interval: wait(DAY, 7 * DAY, 'Time between the deletions of old files by retention_policy.'),
})

export const retention_policy = section(
  'Which recordings and snapshots are deleted by themselves. set_retention_policy changes it for good.',
  {
    enabled: flag({ default: true, reload: 'restart', doc: 'Whether old files are deleted at all.' }),
    type: choice({
      words: ['age', 'size', 'manual'],
      default: 'age',
      reload: 'restart',
      doc: 'age: files older than max_age_days; size: the oldest until all fit into max_size_gb; manual: only when asked, by age.',
    }),
    max_age_days: integer({ default: 7, min: 0, max: 365, reload: 'restart', doc: 'Days; 0: any age.' }),
    max_size_gb: number({ default: 1, min: 0.000_001, max: 1000, reload: 'restart', doc: 'Gigabytes of all files together.' }),
    auto_cleanup: flag({
      default: true,
      reload: 'restart',
      doc: 'Delete without being asked, every recording.cleanup_interval.',
    }),
  },
)

export const snapshots = section('Still pictures.', {
  enabled: flag({ default: true, reload: 'live', doc: 'Whether take_snapshot may be called.' }),
  format: choice({
    words: ['jpeg', 'png', 'webp', 'bmp'],
    aliases: { jpg: 'jpeg' },
    default: 'jpeg',
    reload: 'live',
    doc: 'Format when the call names none.',
  }),
  quality: integer({
    default: 90,
    min: 1,
    max: 100,
    reload: 'live',
    doc: "Quality when a picture has to be encoded and the call names none. A camera's own JPEG of fitting size is kept as it is.",
  }),
  max_width: integer({
    default: 1920,
    min: 16,
    max: 16_384,
    reload: 'live',
    doc: 'Larger pictures are scaled down, aspect kept; pixels.',
  }),
  max_height: integer({
    default: 1080,
    min: 16,
    max: 16_384,
    reload: 'live',
    doc: 'Larger pictures are scaled down, aspect kept; pixels.',
  }),
  file_name_pattern: text({
    default: '%device_%timestamp.jpg',
    rule: 'a file name without / of %device, %path, %timestamp, %Y, %m, %d, %H, %M, %S and plain letters',
    pattern: /^(?!\.)(?:[\w. -]|%(?:device|path|timestamp|[YmdHMS])){1,128}$/,
    reload: 'live',
    doc: 'Name of a snapshot when the call names none; the extension is made to fit the format.',
  }),
  use_device_subdirs: flag({ default: false, reload: 'live', doc: 'Keep the snapshots of each camera in a folder of its own.' }),
  timeout: duration({ default: 10 * SECOND, min: 100, max: 10 * MINUTE, reload: 'live', doc: 'Longest time from call to file.' }),
  auto_cleanup: flag({
    default: true,
    reload: 'restart',
    doc: 'Delete by max_age and max_count, while retention_policy is enabled and not manual.',
  }),
  cleanup_interval: wait(HOUR, 7 * DAY, 'Time between these deletions.'),
  max_age: wait(DAY, 365 * DAY, 'A snapshot is kept for so long.'),
  max_count: integer({
    default: 1000,
    min: 1,
    max: 10_000_000,
    reload: 'restart',
    doc: 'So many snapshots are kept, the newest.',
  }),
})

export const workers = section('Threads for work that would hold up replies.', {
  snapshot_threads: integer({
    default: 2,
    min: 1,
    max: 64,
    reload: 'restart',
    doc: 'Threads that scale and encode snapshots; started when needed.',
  }),
  encoder_threads: integer({
    default: 2,
    min: 1,
    max: 64,
    reload: 'restart',
    doc: 'Threads that turn raw frames into JPEG; started with the first capture that needs them.',
  }),
})

export const ffmpeg = section('The encoder program.', {
  binary: text({
    default: 'ffmpeg',
    rule: 'a program name or an absolute path',
    pattern: /^(?:\/.*|[\w.-]+)$/,
    reload: 'restart',
    doc: 'ffmpeg to run.',
  }),
})

function link(value: string, doc: string) {
  return text({
    default: value,
    rule: 'an address with {host} and {path}, without spaces and credentials',
    pattern: /^[a-z]+:\/\/(?=[^\s@]*\{host\})(?=[^\s@]*\{path\})(?:[^\s@{}]|\{(?:host|port|path|rpc_port)\})+$/,
    reload: 'restart',
    doc,
  })
}

function port(value: number, doc: string) {
  return integer({ default: value, min: 1, max: 65_535, reload: 'restart', doc })
}

/** At least a second. */
function wait(value: number, max: number, doc: string) {
  return duration({ default: value, min: SECOND, max, reload: 'restart', doc })
}

/** Pure: the command line of a publisher. No secret is in it: see `guard.ts`. */

export interface CodecOptions {
  /** H.264 profile. Default `main`. */
  readonly profile: 'baseline' | 'main' | 'high' | 'high422' | 'high444'
  /** H.264 level such as `4.0`; the encoder chooses when absent. */
  readonly level?: string
  readonly pixelFormat: 'yuv420p' | 'yuv422p' | 'yuv444p'
  /** ffmpeg's spelling: `2M`, `600k`. */
  readonly bitrate: string
  readonly preset: string
}

export const DEFAULT_CODEC: CodecOptions = { profile: 'main', pixelFormat: 'yuv420p', bitrate: '2M', preset: 'superfast' }

export interface PublisherInput {
  readonly codec: 'jpeg' | 'h264'
  readonly width: number
  readonly height: number
  readonly fps: number
}

/** Key frames at most this far apart, by the clock of the frames and by count. */
const KEY_FRAME_SECONDS = 0.9

/** Packets above this are split again by MediaMTX. */
const MAX_PACKET_BYTES = 1440

/** Pictures that are H.264 already are copied: `codec` is about making H.264. */
export function publisherArgs(input: PublisherInput, codec: CodecOptions, url: string): string[] {
  const work = input.codec === 'h264' ? copyArgs(input) : encodeArgs(input, codec)
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error'],
    ...['-progress', 'pipe:3', '-stats_period', '1'],
    ...work,
    ...['-f', 'rtsp', '-rtsp_transport', 'tcp', '-pkt_size', String(MAX_PACKET_BYTES), url],
  ]
}

/**
 * The first access unit has the parameter sets: looking at it is all the probing there is. `nobuffer` would throw away what was
 * looked at, and with it the first key frame.
 */
function copyArgs(input: PublisherInput): string[] {
  return [
    ...['-probesize', '32', '-analyzeduration', '0', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-f', 'h264', '-framerate', String(wholeFps(input)), '-use_wallclock_as_timestamps', '1', '-i', 'pipe:0'],
    ...['-an', '-c:v', 'copy'],
  ]
}

function encodeArgs(input: PublisherInput, codec: CodecOptions): string[] {
  const width = even(input.width)
  const height = even(input.height)
  const fps = wholeFps(input)
  const keyFrames = Math.max(1, Math.floor(fps * KEY_FRAME_SECONDS))
  return [
    // Frames come one by one with the time at which they arrive: nothing to probe, nothing to wait for. Frame threads of
    // the decoder would hold one frame back each.
    ...['-fflags', '+nobuffer', '-probesize', '32', '-analyzeduration', '0', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-f', 'mjpeg', '-framerate', String(fps), '-use_wallclock_as_timestamps', '1', '-i', 'pipe:0'],
    '-an',
    // JPEG is full range, viewers expect limited range. A fixed size also outlives a camera that changes its own.
    ...['-vf', `scale=${width}:${height}:out_range=limited,format=${codec.pixelFormat}`],
    // Times stay those of arrival; the fine time base keeps two close frames from falling together.
    ...['-fps_mode', 'vfr', '-enc_time_base', '1:90000'],
    ...['-c:v', 'libx264', '-preset', codec.preset, '-tune', 'zerolatency', '-profile:v', codec.profile],
    ...(codec.level === undefined ? [] : ['-level:v', codec.level]),
    ...['-bf', '0', '-g', String(keyFrames), '-sc_threshold', '0'],
    ...['-force_key_frames', `expr:gte(t,n_forced*${KEY_FRAME_SECONDS})`],
    ...['-b:v', codec.bitrate, '-maxrate', codec.bitrate, '-bufsize', codec.bitrate],
  ]
}

/** For people: what could be pasted into a shell. */
export function displayCommand(program: string, args: readonly string[]): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

function wholeFps(input: PublisherInput): number {
  return Math.max(1, Math.round(input.fps))
}

/** 4:2:0 needs even sides. */
function even(sidePx: number): number {
  return Math.max(2, sidePx - (sidePx % 2))
}

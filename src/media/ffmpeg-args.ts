/** Pure: the command line of a publisher. No secret is in it: see `publish-guard.ts`. */

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
  readonly width: number
  readonly height: number
  readonly fps: number
}

/** Key frames at most this far apart, by the clock of the frames and by count. */
const KEY_FRAME_SECONDS = 0.9

/** Packets above this are split again by MediaMTX. */
const MAX_PACKET_BYTES = 1440

export function publisherArgs(input: PublisherInput, codec: CodecOptions, url: string): string[] {
  const width = even(input.width)
  const height = even(input.height)
  const fps = Math.max(1, Math.round(input.fps))
  const keyFrames = Math.max(1, Math.floor(fps * KEY_FRAME_SECONDS))
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error'],
    ...['-progress', 'pipe:3', '-stats_period', '1'],
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
    ...['-f', 'rtsp', '-rtsp_transport', 'tcp', '-pkt_size', String(MAX_PACKET_BYTES), url],
  ]
}

/** For people: what could be pasted into a shell. */
export function displayCommand(program: string, args: readonly string[]): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

/** 4:2:0 needs even sides. */
function even(sidePx: number): number {
  return Math.max(2, sidePx - (sidePx % 2))
}

/** Pure: the command lines of publishers. No secret is in them: see `guard.ts`. */

import { beforeInput, type Encoder, type EncodeWish, filterOf, outputOf } from './encoders.js'

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

/** Pictures that are H.264 already are copied: `encoder` and `codec` are about making H.264. */
export function publisherArgs(input: PublisherInput, encoder: Encoder, codec: CodecOptions, url: string): string[] {
  const work = input.codec === 'h264' ? copyArgs(input) : encodeArgs(input, encoder, codec)
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error'],
    ...['-progress', 'pipe:3', '-stats_period', '1'],
    ...work,
    ...['-f', 'rtsp', '-rtsp_transport', 'tcp', '-pkt_size', String(MAX_PACKET_BYTES), url],
  ]
}

/** One JPEG in, H.264 out: whether the encoder works on this machine. */
export function proofArgs(encoder: Encoder, wish: EncodeWish): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-protocol_whitelist', 'pipe'],
    ...[...beforeInput(encoder), '-f', 'mjpeg', '-i', 'pipe:0', '-an', '-frames:v', '1', '-vf', filterOf(encoder, wish)],
    ...[...outputOf(encoder, wish), '-f', 'h264', 'pipe:1'],
  ]
}

/** What of a camera's pictures and the settings an encoder has to do with. */
export function encodeWish(input: Pick<PublisherInput, 'width' | 'height' | 'fps'>, codec: CodecOptions): EncodeWish {
  return {
    width: even(input.width),
    height: even(input.height),
    profile: codec.profile,
    level: codec.level,
    pixelFormat: codec.pixelFormat,
    bitrate: codec.bitrate,
    preset: codec.preset,
    keyFrames: Math.max(1, Math.floor(wholeFps(input) * KEY_FRAME_SECONDS)),
  }
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

function encodeArgs(input: PublisherInput, encoder: Encoder, codec: CodecOptions): string[] {
  const wish = encodeWish(input, codec)
  return [
    ...beforeInput(encoder),
    // Frames come one by one with the time at which they arrive: nothing to probe, nothing to wait for. Frame threads of
    // the decoder would hold one frame back each.
    ...['-fflags', '+nobuffer', '-probesize', '32', '-analyzeduration', '0', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-f', 'mjpeg', '-framerate', String(wholeFps(input)), '-use_wallclock_as_timestamps', '1', '-i', 'pipe:0'],
    ...['-an', '-vf', filterOf(encoder, wish)],
    // Times stay those of arrival; the fine time base keeps two close frames from falling together.
    ...['-fps_mode', 'vfr', '-enc_time_base', '1:90000'],
    ...outputOf(encoder, wish),
    ...['-force_key_frames', `expr:gte(t,n_forced*${KEY_FRAME_SECONDS})`],
  ]
}

/** For people: what could be pasted into a shell. */
export function displayCommand(program: string, args: readonly string[]): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

function wholeFps(input: Pick<PublisherInput, 'fps'>): number {
  return Math.max(1, Math.round(input.fps))
}

/** 4:2:0 needs even sides. */
function even(sidePx: number): number {
  return Math.max(2, sidePx - (sidePx % 2))
}

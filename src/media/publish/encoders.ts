/** The H.264 encoders of ffmpeg that we know to use. Pure. */

/** What is encoded and how, besides the encoder itself. */
export interface EncodeWish {
  readonly width: number
  readonly height: number
  readonly profile: 'baseline' | 'main' | 'high' | 'high422' | 'high444'
  readonly level: string | undefined
  readonly pixelFormat: 'yuv420p' | 'yuv422p' | 'yuv444p'
  readonly bitrate: string
  /** Speed of the software encoder. */
  readonly preset: string
  /** Most frames from one key frame to the next. */
  readonly keyFrames: number
}

export type EncoderWord = 'vaapi' | 'v4l2m2m' | 'nvenc' | 'software'

export interface Encoder {
  readonly word: EncoderWord
  /** Device node it needs; `undefined`: none. */
  readonly device: string | undefined
}

export const SOFTWARE: Encoder = { word: 'software', device: undefined }

/** Options before the input. */
export function beforeInput({ word, device }: Encoder): string[] {
  return word === 'vaapi' && device !== undefined ? ['-vaapi_device', device] : []
}

/**
 * JPEG is full range, viewers expect limited range. A fixed size also outlives a camera that changes its own; a picture of another
 * shape gets black bars then, and is not pulled out of shape.
 */
export function filterOf({ word }: Encoder, { width, height, pixelFormat }: EncodeWish): string {
  const shaped = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2,pad=${width}:${height}:-1:-1`
  const scaled = `${shaped},scale=out_range=limited`
  return word === 'vaapi' ? `${scaled},format=nv12,hwupload` : `${scaled},format=${pixelFormat}`
}

/** Options of the output: no B-frames, nothing held back, a constant rate. */
export function outputOf({ word }: Encoder, wish: EncodeWish): string[] {
  const { bitrate, keyFrames, level, preset, profile } = wish
  const rate = ['-b:v', bitrate, '-maxrate', bitrate, '-bufsize', bitrate]
  const gop = ['-bf', '0', '-g', String(keyFrames)]
  const levels = level === undefined ? [] : ['-level:v', level]
  switch (word) {
    case 'vaapi': {
      const name = profile === 'baseline' ? 'constrained_baseline' : profile
      return ['-c:v', 'h264_vaapi', '-profile:v', name, '-async_depth', '1', ...gop, ...rate]
    }
    case 'v4l2m2m':
      // Some firmware repeats no parameter sets: who joins late would see nothing.
      return ['-c:v', 'h264_v4l2m2m', '-num_capture_buffers', '8', '-g', String(keyFrames), '-b:v', bitrate, ...HEADERS]
    case 'nvenc':
      return [
        ...['-c:v', 'h264_nvenc', '-preset', 'p1', '-tune', 'ull', '-zerolatency', '1', '-delay', '0', '-profile:v', profile],
        ...['-forced-idr', '1', '-rc', 'cbr', ...gop, ...rate],
      ]
    case 'software':
      return [
        ...['-c:v', 'libx264', '-preset', preset, '-tune', 'zerolatency', '-profile:v', profile, ...levels],
        ...[...gop, '-sc_threshold', '0', ...rate],
      ]
  }
}

/** Whether the hardware could do this at all: none of it takes more than 4:2:0. */
export function suitsHardware({ pixelFormat, profile }: EncodeWish): boolean {
  return pixelFormat === 'yuv420p' && (profile === 'baseline' || profile === 'main' || profile === 'high')
}

const HEADERS = ['-bsf:v', 'dump_extra=freq=keyframe']

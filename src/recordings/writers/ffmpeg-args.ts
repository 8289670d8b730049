/** Pure: the command line of a recorder. Pictures are copied as they come; times are those of arrival. */

export interface RecorderInput {
  readonly codec: 'jpeg' | 'h264'
  readonly fps: number
}

/**
 * What a crash may cost: a file consists of pieces that are complete by themselves. A piece begins with a key frame, unless the camera
 * gives none for so long.
 */
const PIECE_MS = 250
const LONGEST_PIECE_MS = 500
const US_PER_MS = 1000
const MS_PER_SECOND = 1000

/** Without `flush_packets` ffmpeg keeps a quarter of a megabyte to itself. */
const CONTAINERS = {
  mp4: [
    'movflags=+frag_keyframe+empty_moov+default_base_moof',
    `min_frag_duration=${PIECE_MS * US_PER_MS}`,
    `frag_duration=${LONGEST_PIECE_MS * US_PER_MS}`,
    'flush_packets=1',
  ],
  matroska: [`cluster_time_limit=${LONGEST_PIECE_MS}`, 'flush_packets=1'],
} as const

/**
 * Numbered files in the child's working directory, which is where it finds them when `list` (written to descriptor 1, one line per finished
 * file) names them. No name of ours is a pattern for ffmpeg.
 */
export function recorderArgs(input: RecorderInput, format: 'mp4' | 'mkv', segmentMs: number, prefix: string): string[] {
  const container = format === 'mkv' ? 'matroska' : 'mp4'
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error'],
    ...(input.codec === 'jpeg' ? ['-fflags', '+nobuffer'] : []),
    ...['-probesize', '32', '-analyzeduration', '0', '-threads', '1', '-protocol_whitelist', 'pipe,file'],
    ...['-f', input.codec === 'jpeg' ? 'mjpeg' : 'h264', '-framerate', String(Math.max(1, Math.round(input.fps)))],
    ...['-use_wallclock_as_timestamps', '1', '-i', 'pipe:0'],
    ...['-an', '-c:v', 'copy'],
    ...['-f', 'segment', '-segment_time', String(segmentMs / MS_PER_SECOND), '-reset_timestamps', '1'],
    ...['-segment_format', container, '-segment_format_options', CONTAINERS[container].join(':')],
    ...['-segment_list', 'pipe:1', '-segment_list_type', 'csv', `${prefix}-%06d.${format}`],
  ]
}

/** A line of the list: `name,begin,end` in seconds. Undefined for anything else. */
export function parseListLine(line: string): { readonly name: string; readonly durationMs: number } | undefined {
  const [name, begin, end, ...more] = line.trim().split(',')
  if (name === undefined || name === '' || more.length > 0) return undefined
  const durationMs = Math.round((Number(end) - Number(begin)) * MS_PER_SECOND)
  return Number.isFinite(durationMs) && durationMs >= 0 ? { name, durationMs } : undefined
}

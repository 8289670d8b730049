import { expect, it } from 'vitest'
import { parseListLine, recorderArgs } from '../../../../src/recordings/writers/ffmpeg-args.js'

it('copies and encodes nothing', () => {
  for (const codec of ['jpeg', 'h264'] as const) {
    const words = recorderArgs({ codec, fps: 29.97 }, 'mp4', 60_000, '12-1').join(' ')
    expect(words).toContain('-c:v copy')
    expect(words).toContain(`-f ${codec === 'jpeg' ? 'mjpeg' : 'h264'} -framerate 30`)
    expect(words).toContain('-segment_time 60')
    expect(words.endsWith(' 12-1-%06d.mp4')).toBe(true)
  }
  expect(recorderArgs({ codec: 'jpeg', fps: 0.2 }, 'mkv', 1_000, 'x').join(' ')).toMatch(
    /-framerate 1 .*-segment_format matroska /,
  )
})

it('reads the list of finished files, and nothing else', () => {
  expect(parseListLine('12-1-000003.mp4,2.000000,3.500500')).toEqual({ name: '12-1-000003.mp4', durationMs: 1_501 })
  for (const line of ['', 'a', 'a,b,c', 'a,2,1', ',1,2', 'a,1,2,3']) expect(parseListLine(line)).toBeUndefined()
})

import { expect, test } from 'vitest'
import { ProgressReader } from '../../../../src/media/publish/progress.js'

const BLOCK = 'frame=12\nfps=29.97\nbitrate=N/A\ntotal_size=N/A\nspeed=1x\nprogress=continue\n'

test('frames and rate are read, what is not known is not', () => {
  const reader = new ProgressReader()
  reader.push(BLOCK)
  expect(reader.progress).toEqual({ frames: 12, fps: 29.97 })
})

test('blocks may arrive in any pieces', () => {
  const reader = new ProgressReader()
  for (const char of `${BLOCK}frame=40\nprogress=end\n`) reader.push(char)
  expect(reader.progress.frames).toBe(40)
})

test('a line without end does not grow', () => {
  const reader = new ProgressReader()
  for (let round = 0; round < 100; round++) reader.push('x'.repeat(10_000))
  reader.push(`\n${BLOCK}`)
  expect(reader.progress.frames).toBe(12)
})

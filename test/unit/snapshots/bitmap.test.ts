import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bitmap } from '../../../src/snapshots/bitmap.js'

it('writes a bitmap that ffmpeg reads back pixel by pixel, odd width included', () => {
  const [width, height] = [5, 3]
  const rgb = Buffer.from(Array.from({ length: width * height * 3 }, (_, index) => (index * 37) % 256))
  const dir = mkdtempSync(join(tmpdir(), 'bitmap-'))
  try {
    writeFileSync(join(dir, 'a.bmp'), bitmap(rgb, width, height))
    const back = execFileSync('ffmpeg', ['-v', 'error', '-i', join(dir, 'a.bmp'), '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'])
    expect(back.equals(rgb)).toBe(true)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

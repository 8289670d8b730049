import sharp from 'sharp'
import { expect, test } from 'vitest'
import { GREY, greyJpeg } from '../../../../src/media/publish/grey-jpeg.js'

test.each([
  [1, 1],
  [8, 8],
  [16, 8],
  [17, 9],
  [320, 240],
  [641, 479],
  [1920, 1080],
  [4096, 2304],
])('%i × %i is one dark grey all over', async (width, height) => {
  const jpeg = greyJpeg(width, height)
  const { data, info } = await sharp(jpeg).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
  expect(info).toMatchObject({ width, height, channels: 1 })
  expect(data.every((value) => value === GREY)).toBe(true)
})

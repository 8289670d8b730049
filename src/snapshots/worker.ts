/**
 * Runs in a worker thread: takes one frame from the running core, decodes and converts it as asked, and puts the file in place
 * (temporary name, fsync, link without overwriting). The frame never passes through the main thread.
 */

import { constants } from 'node:fs'
import { link, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sharp } from 'sharp'
import sharp from 'sharp'
import type { Core, FrameWish, GrabbedFrame, GrabbedUnit } from '../native/index.js'
import { loadNative } from '../native/index.js'
import { bitmap } from './bitmap.js'
import { type DecodeOptions, decodeKeyFrame } from './decode.js'
import type { Conversion } from './plan.js'
import { temporaryName } from './temporary.js'

export interface ConvertJob {
  readonly from: CameraFrame | GivenPicture
  /** Undefined: the picture is kept as it is. */
  readonly conversion: Conversion | undefined
  readonly dir: string
  readonly name: string
}

/** A frame of the running core. */
export interface CameraFrame {
  readonly coreId: number
  readonly source: string
  readonly wish: FrameWish
  /** Set for a source in H.264. */
  readonly decode?: DecodeOptions
}

/** A picture that somebody else has made. */
export type GivenPicture = Pick<GrabbedFrame, 'width' | 'height' | 'capturedWallMs'> & { readonly jpeg: Uint8Array }

export interface ConvertedSnapshot {
  readonly file: string
  readonly sizeBytes: number
  readonly width: number
  readonly height: number
  readonly capturedWallMs: number
}

/** An error that crosses to another thread as it is loses its code, errno and call. */
export type ConversionReply =
  | { readonly converted: ConvertedSnapshot }
  | { readonly failure: { readonly message: string; readonly members: Readonly<Record<string, unknown>> } }

// One conversion uses one core: the pool decides how many run.
sharp.concurrency(1)
sharp.cache(false)

/** Key frames are a second apart where the camera lets us say so. */
const RECENT_MS = 1_000
const ANY_AGE_MS = 3_600_000

const cores = new Map<number, Core>()

// piscina calls a worker's default export.
// biome-ignore lint/style/noDefaultExport: see above.
export default async function run(job: ConvertJob): Promise<ConversionReply> {
  try {
    return { converted: await convert(job) }
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return { failure: { message: error.message, members: { ...error } } }
  }
}

async function convert(job: ConvertJob): Promise<ConvertedSnapshot> {
  const frame = 'jpeg' in job.from ? job.from : await grabbed(job.from)
  const { data, info } =
    job.conversion === undefined ? { data: frame.jpeg, info: frame } : await encode(sharp(frame.jpeg), job.conversion)
  const file = join(job.dir, job.name)
  await place(data, file)
  return { file, sizeBytes: data.length, width: info.width, height: info.height, capturedWallMs: frame.capturedWallMs }
}

async function grabbed(frame: CameraFrame): Promise<GivenPicture> {
  if (frame.decode === undefined) return core(frame.coreId).grab(frame.source, frame.wish)
  const { h264, ...facts } = await keyFrame(frame)
  return { ...facts, jpeg: await decodeKeyFrame(h264, frame.decode) }
}

/** A recent one; of a camera that cannot be asked and sends them rarely, the last one. */
async function keyFrame({ coreId, source, wish }: CameraFrame): Promise<GrabbedUnit> {
  const recent = Math.min(wish.timeoutMs, RECENT_MS)
  try {
    return await core(coreId).grabKeyFrame(source, { maxAgeMs: RECENT_MS, timeoutMs: recent })
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'TIMEOUT')) throw thrown
    return core(coreId).grabKeyFrame(source, { maxAgeMs: ANY_AGE_MS, timeoutMs: wish.timeoutMs - recent })
  }
}

function core(id: number): Core {
  let known = cores.get(id)
  if (known === undefined) {
    known = loadNative().attach(id)
    cores.set(id, known)
  }
  return known
}

async function encode(image: Sharp, conversion: Conversion): Promise<{ data: Buffer; info: { width: number; height: number } }> {
  const resized = image.resize({
    width: conversion.maxWidthPx,
    height: conversion.maxHeightPx,
    fit: 'inside',
    withoutEnlargement: true,
  })
  const { quality } = conversion
  switch (conversion.format) {
    case 'png':
      return resized.png().toBuffer({ resolveWithObject: true })
    case 'webp':
      return resized.webp({ quality }).toBuffer({ resolveWithObject: true })
    case 'jpg':
      return resized.jpeg({ quality }).toBuffer({ resolveWithObject: true })
    case 'bmp': {
      const { data, info } = await resized.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true })
      return { data: bitmap(data, info.width, info.height), info }
    }
  }
}

/** Throws EEXIST when the name is taken; nothing is visible before the file is whole. */
async function place(data: Uint8Array, file: string): Promise<void> {
  const temporary = temporaryName(file)
  const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)
  try {
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(temporary, file)
  } finally {
    await unlink(temporary)
  }
  const directory = await open(join(file, '..'), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

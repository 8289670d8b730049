// The camera drivers of the guest: what the kernel says of a node, plugging and unplugging, feeding a loopback node.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { eventually } from './wait.mjs'

const run = promisify(execFile)

/** Instances of vivid that guest/drivers.sh asks for. */
export const VIVID_CAMERAS = 3

/** Nodes of the vivid cameras now, in the order of their instance numbers. */
export async function vividNodes() {
  const nodes = []
  for (const entry of await readdir('/sys/class/video4linux')) {
    const name = (await readFile(`/sys/class/video4linux/${entry}/name`, 'utf8')).trim()
    const instance = /^vivid-(\d+)-vid-cap$/.exec(name)
    if (instance) nodes[Number(instance[1])] = `/dev/${entry}`
  }
  return nodes
}

/** Pulls all vivid cameras: they are one device of the platform bus. */
export const unplugVivid = () => writeFile('/sys/bus/platform/drivers/vivid/unbind', 'vivid.0')
export const plugVivid = () => writeFile('/sys/bus/platform/drivers/vivid/bind', 'vivid.0')

/** Makes sure that vivid is there: a test that failed halfway must not fail the next one. */
export async function ensureVivid() {
  if (!existsSync('/sys/bus/platform/drivers/vivid/vivid.0')) await plugVivid()
}

/**
 * Formats of a node as v4l2-ctl prints them: fourcc → size (`WxH`) → rates in frames per second (three digits), all as the
 * driver orders them. Ranges of sizes are kept as their text.
 */
export async function listFormats(node) {
  const { stdout } = await run('v4l2-ctl', ['-d', node, '--list-formats-ext'], { maxBuffer: 16 * 1024 * 1024 })
  const formats = new Map()
  let sizes
  let rates
  for (const line of stdout.split('\n')) {
    const format = /^\s*\[\d+\]: '(.{4}(?:-BE)?)'/.exec(line)
    const size = /^\s*Size: Discrete (\d+x\d+)/.exec(line)
    const range = /^\s*Size: (?:Stepwise|Continuous) (.+)/.exec(line)
    const rate = /^\s*Interval: Discrete .*\(([\d.]+) fps\)/.exec(line)
    if (format) {
      sizes = new Map()
      formats.set(format[1], sizes)
    } else if (size) {
      rates = []
      sizes.set(size[1], rates)
    } else if (range) sizes.set(range[1], [])
    else if (rate) rates.push(rate[1])
  }
  return formats
}

/**
 * Writes a moving test picture into a loopback node until `stop()`: MJPEG over and over, or H.264 (`demuxer` and `fourcc`) to
 * the end of its file. The frames come from a file, so a test can compare what it gets with what was fed.
 */
export async function feedLoopback(node, { file, fps, demuxer = 'mjpeg', fourcc = 'MJPG' }) {
  const child = spawn(
    'ffmpeg',
    [
      '-v',
      'error',
      '-nostdin',
      '-re',
      ...(demuxer === 'mjpeg' ? ['-stream_loop', '-1'] : []),
      '-f',
      demuxer,
      '-framerate',
      String(fps),
      '-i',
      file,
      '-c',
      'copy',
      '-f',
      'v4l2',
      node,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text))
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  try {
    await eventually(`${node} shows ${fourcc}`, async () => {
      if (child.exitCode !== null) throw new Error(`ffmpeg ended: ${complaint}`)
      return [...(await listFormats(node)).keys()].includes(fourcc)
    })
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { stop }
}

/** Makes a file of H.264, profile high, `seconds` of a moving picture with a key frame each second, `times` over. */
export async function makeH264(file, { width, height, fps, seconds, times }) {
  const source = `testsrc=size=${width}x${height}:rate=${fps}`
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'high', '-x264-params', 'cabac=1:8x8dct=1:bframes=0']
  await run('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', source, '-frames:v', String(fps * seconds), '-pix_fmt', 'yuv420p'],
    ...[...encoder, '-g', String(fps), '-f', 'h264', file],
  ])
  const once = await readFile(file)
  await writeFile(file, Buffer.concat(Array.from({ length: times }, () => once)))
}

/** Makes `count` numbered pictures of a size as one file of concatenated JPEGs. */
export async function makeFrames(file, { width, height, count, fps }) {
  const source = `testsrc=size=${width}x${height}:rate=${fps}`
  await run('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    '-frames:v',
    String(count),
    '-c:v',
    'mjpeg',
    // The standard tables, which a test may take out again.
    '-huffman',
    'default',
    '-q:v',
    '5',
    '-f',
    'mjpeg',
    file,
  ])
}

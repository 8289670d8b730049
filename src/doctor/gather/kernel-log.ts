/** The kernel's messages, each with its device. Reading them takes permission on most systems. */

import { close, constants, open, read } from 'node:fs'
import { promisify } from 'node:util'
import type { MachineFacts } from '../facts.js'
import { numberOf, type Places } from './places.js'

const openFile = promisify(open)
const readFile = promisify(read)
const closeFile = promisify(close)

export interface KernelLine {
  readonly ageS: number
  readonly text: string
  /** `+usb:1-4` and the like, where the kernel says it. */
  readonly device?: string
}

export interface KernelLog {
  readonly state: MachineFacts['kernelLog']
  readonly lines: readonly KernelLine[]
}

/** The kernel gives one record a read, none above 8 KiB. */
const RECORD_BYTES = 8_192
const MAX_RECORDS = 50_000

export async function readKernelLog({ dev, proc }: Places): Promise<KernelLog> {
  const uptimeS = (await numberOf(`${proc}/uptime`)) ?? 0
  let descriptor: number
  try {
    descriptor = await openFile(`${dev}/kmsg`, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (thrown) {
    return { state: codeOf(thrown) === 'ENOENT' ? 'absent' : 'no permission', lines: [] }
  }
  const lines: KernelLine[] = []
  try {
    const buffer = Buffer.alloc(RECORD_BYTES)
    for (let record = 0; record < MAX_RECORDS; record++) {
      const bytes = await nextRecord(descriptor, buffer)
      if (bytes === 'end') break
      const line = bytes === 'overwritten' ? undefined : parseRecord(buffer.toString('utf8', 0, bytes), uptimeS)
      if (line !== undefined) lines.push(line)
    }
  } catch (thrown) {
    return { state: codeOf(thrown) === 'EPERM' ? 'no permission' : 'absent', lines }
  } finally {
    await closeFile(descriptor)
  }
  return { state: 'read', lines }
}

/** `6,339,5140900,-;usb 1-4: USB disconnect\n SUBSYSTEM=usb\n DEVICE=c189:3`. */
export function parseRecord(record: string, uptimeS: number): KernelLine | undefined {
  const [head = '', ...rest] = record.split(';')
  const [, , microseconds] = head.split(',')
  const [text = '', ...dictionary] = rest.join(';').split('\n')
  if (microseconds === undefined || text === '') return undefined
  const device = dictionary.find((line) => line.startsWith(' DEVICE='))?.slice(' DEVICE='.length)
  const ageS = Math.max(0, uptimeS - Number(microseconds) / 1e6)
  return { ageS, text: text.slice(0, 256), ...(device === undefined ? {} : { device }) }
}

/** Lines about the device at a USB port, or about a video node. */
export function linesAbout(
  lines: readonly KernelLine[],
  about: { readonly usbPort?: string; readonly node: string },
): readonly KernelLine[] {
  const node = about.node.split('/').at(-1) ?? about.node
  const names = [node, ...(about.usbPort === undefined ? [] : [`usb ${about.usbPort}`, `uvcvideo ${about.usbPort}`])]
  const patterns = names.map((name) => new RegExp(`(^|[^\\w.-])${escaped(name)}(?![\\w.-]*\\d)`))
  return lines.filter(
    ({ text, device }) =>
      (about.usbPort !== undefined && device === `+usb:${about.usbPort}`) || patterns.some((pattern) => pattern.test(text)),
  )
}

async function nextRecord(descriptor: number, buffer: Buffer): Promise<number | 'end' | 'overwritten'> {
  try {
    const { bytesRead } = await readFile(descriptor, buffer, 0, buffer.length, null)
    return bytesRead === 0 ? 'end' : bytesRead
  } catch (thrown) {
    if (codeOf(thrown) === 'EAGAIN') return 'end'
    // Newer messages took the place of this one.
    if (codeOf(thrown) === 'EPIPE') return 'overwritten'
    throw thrown
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

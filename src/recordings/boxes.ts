/** The boxes that an MP4 is made of. Pure. */

export interface Box {
  readonly type: string
  readonly at: number
  /** Of what it holds. */
  readonly body: number
  /** Of the next one; may lie beyond what was read. */
  readonly end: number
}

/** A box that says nothing of its length, or is not there to the end of its head, is none. */
export function boxAt(bytes: Buffer, at: number): Box | undefined {
  if (at + 8 > bytes.length) return undefined
  const type = bytes.toString('latin1', at + 4, at + 8)
  const size = bytes.readUInt32BE(at)
  if (size !== 1) return size < 8 ? undefined : { type, at, body: at + 8, end: at + size }
  if (at + 16 > bytes.length) return undefined
  const long = Number(bytes.readBigUInt64BE(at + 8))
  return long < 16 ? undefined : { type, at, body: at + 16, end: at + long }
}

/** Side by side from `from` on; those that begin before `until`. */
export function* boxesIn(bytes: Buffer, from: number, until: number): Generator<Box> {
  for (let at = from; at < until; ) {
    const box = boxAt(bytes, at)
    if (box === undefined) return
    yield box
    at = box.end
  }
}

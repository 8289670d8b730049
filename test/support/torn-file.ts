/** What a recording is when its stream was joined in the middle of a key frame. */

/** Of a fragmented MP4 with H.264 in several slices: its first slice becomes one that stands elsewhere in the picture. */
export function tornFile(whole: Buffer): Buffer {
  const torn = Buffer.from(whole)
  const IDR = 5
  for (let at = torn.indexOf('mdat') + 4; at < torn.length; ) {
    const unit = at + 4
    if (((torn[unit] ?? 0) & 31) === IDR) {
      // One bit for the first macroblock of the picture; without it, the number of another one follows.
      torn[unit + 1] = (torn[unit + 1] ?? 0) & 0x7f
      return torn
    }
    at = unit + torn.readUInt32BE(at)
  }
  throw new Error('no key frame')
}

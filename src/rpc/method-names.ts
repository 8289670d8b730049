/** Recognises the name of a known method in the bytes of a request, without making a string of it. */

interface Known {
  readonly name: string
  readonly bytes: Uint8Array
}

export class MethodNames {
  /** By hash; names whose hash is taken are left out, and then cost a slower look by the full parser. */
  readonly #known = new Map<number, Known>()

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const bytes = Buffer.from(name)
      const hash = hashOf(bytes, 0, bytes.length)
      if (!this.#known.has(hash)) this.#known.set(hash, { name, bytes })
    }
  }

  /** The known name that stands in `bytes` from `start` to `end`, if one does. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const known = this.#known.get(hashOf(bytes, start, end))
    return known !== undefined && known.bytes.length === end - start && holds(bytes, start, known.bytes) ? known.name : undefined
  }
}

/** Whether `bytes` hold `wanted` at `start`. */
export function holds(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[start + index] !== wanted[index]) return false
  }
  return true
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
  return hash
}

/** What a camera's USB descriptors say of its streams. Pure; the bytes come from a device and are believed in nothing. */

const INTERFACE = 4
const ENDPOINT = 5
const SUPERSPEED_COMPANION = 0x30
const VIDEO_CLASS = 0x0e
const VIDEO_CONTROL = 1
const VIDEO_STREAMING = 2
const ISOCHRONOUS = 1

/**
 * Bytes per (micro)frame that the streaming interfaces behind the control interface `control` can be set to, ascending. Empty for
 * cameras that stream in bulk.
 */
export function streamPayloads(descriptors: Uint8Array, control: number): number[] {
  const payloads = new Set<number>()
  let current = { number: -1, isStreaming: false }
  let nextControl = Number.POSITIVE_INFINITY
  let lastEndpointIsochronous = false
  for (const descriptor of split(descriptors)) {
    const [, type, number = 0, attributes = 0, low = 0, high = 0] = descriptor
    if (type === INTERFACE) {
      const isVideo = descriptor[5] === VIDEO_CLASS
      if (isVideo && descriptor[6] === VIDEO_CONTROL && number > control) nextControl = Math.min(nextControl, number)
      current = { number, isStreaming: isVideo && descriptor[6] === VIDEO_STREAMING }
      lastEndpointIsochronous = false
    }
    const isOurs = current.isStreaming && current.number > control && current.number < nextControl
    if (type === ENDPOINT && isOurs) {
      lastEndpointIsochronous = (attributes & 3) === ISOCHRONOUS
      const size = low | (high << 8)
      // Up to three transactions in one microframe.
      if (lastEndpointIsochronous) payloads.add((size & 0x7ff) * (1 + ((size >> 11) & 3)))
    }
    if (type === SUPERSPEED_COMPANION && isOurs && lastEndpointIsochronous) payloads.add(low | (high << 8))
  }
  payloads.delete(0)
  return [...payloads].sort((a, b) => a - b)
}

function* split(descriptors: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 2 <= descriptors.length; ) {
    const length = descriptors[at] ?? 0
    if (length < 2 || at + length > descriptors.length) return
    yield descriptors.subarray(at, at + length)
    at += length
  }
}

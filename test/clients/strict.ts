/** A reader with nothing but Python's own HTTP client, which takes the wire format to the letter (usb-camera-server §5). */

import { join } from 'node:path'
import { type Outcome, run } from './support.js'

const READER = join(import.meta.dirname, 'strict_reader.py')

/** Reads so many parts. Its last line tells how many there were; on standard error stands what is out of place. */
export function readStrictly(port: number, path: string, parts: number): Promise<Outcome> {
  return run('python3', [READER, `127.0.0.1:${port}`, path, String(parts)])
}

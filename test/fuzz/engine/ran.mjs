// A program that ends by itself, and soon.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** `{ output }`, or `{ failure }`: all that it told, and how it ended. */
export async function ran(command, words, options) {
  try {
    const { stdout } = await promisify(execFile)(command, words, { ...options, maxBuffer: MAX_OUTPUT_BYTES })
    return { output: stdout }
  } catch (thrown) {
    return { failure: `${thrown.stdout}${thrown.stderr}ended with ${thrown.signal ?? thrown.code}` }
  }
}

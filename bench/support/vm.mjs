// Runs one command of a bench inside the virtual machine, where the real drivers are, and reads the line of JSON that it prints.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const BOOT = resolve(import.meta.dirname, '../../test/vm/boot.sh')

/** The last line of the command's output, parsed. The command runs in the project's folder. */
export async function runInVm(command) {
  const { stdout } = await promisify(execFile)(BOOT, [command], { maxBuffer: 16 * 1024 * 1024 })
  const line = stdout.trim().split('\n').at(-1)
  try {
    return JSON.parse(line)
  } catch {
    throw new Error(`no JSON from the virtual machine: ${stdout.slice(-2_000)}`)
  }
}

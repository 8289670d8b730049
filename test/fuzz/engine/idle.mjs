// Processes that run when nobody else wants the processor.
import { spawn, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'

/** Where the class for idle work may not be chosen, the lowest priority of the usual one has to do. */
const PREFIX = spawnSync('chrt', ['-i', '0', 'true']).status === 0 ? ['chrt', '-i', '0'] : ['nice', '-n', '19']
const TICKS_PER_SECOND = 100

const running = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => process.exit(1))

/** `chrt` and `nice` become the program, so the process is the program's. */
export function spawnIdle(command, words, options) {
  const [first, ...rest] = [...PREFIX, command, ...words]
  // Sessions share the processor among them before their processes do, so it has one of its own that is content with little.
  const child = spawn(first, rest, { ...options, detached: true })
  writeFile(`/proc/${child.pid}/autogroup`, '19').catch(() => undefined)
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

/** Resolves at the end of the process with what it printed. `watch` hears of its processor seconds, a few times a second. */
export async function ended(child, watch) {
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  let seconds = 0
  const timer = setInterval(async () => {
    seconds = (await processorSeconds(child.pid)) ?? seconds
    watch?.(seconds)
  }, 250)
  const [code, signal] = await new Promise((done) => {
    child.once('error', (thrown) => done([String(thrown), null]))
    child.once('close', (...how) => done(how))
  })
  clearInterval(timer)
  return { code, signal, output, seconds }
}

async function processorSeconds(pid) {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name, which may hold blanks, ends with the last bracket; user and system time are the 14th and 15th of all.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}

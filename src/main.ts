/**
 * The only place that touches the process: arguments, environment, signals, exit code.
 *
 * Signals come first, before anything is loaded: a SIGUSR1 that finds no listener opens a debugger's port, and a SIGHUP or SIGUSR2
 * that finds none ends the process. What is imported statically would be loaded before the first statement, so nothing is. Node's own
 * switch, --disable-sigusr1, is no help: with it the signal stays blocked and no listener hears it (seen with Node 24).
 */
import type { SignalName, Terminal } from './cli/index.js'

const signals = catchSignals()

void run()

/** Characters that may wait for a slow reader of standard error; beyond, lines are left out and counted. */
const MAX_WAITING = 1024 * 1024
/** Longest wait at the end for that reader. */
const GOODBYE_MS = 500
let lostLines = 0

const terminal: Terminal = {
  env: process.env,
  workingDir: process.cwd(),
  print: (text) => void process.stdout.write(text),
  complain(line) {
    if (process.stderr.writableLength > MAX_WAITING) {
      lostLines += 1
      return
    }
    if (lostLines > 0) process.stderr.write(`${lostLines} lines were lost: standard error took them too slowly\n`)
    lostLines = 0
    process.stderr.write(`${line}\n`)
  },
  onSignal: (listener) => signals.listen(listener),
  onCrash(listener) {
    process.on('uncaughtException', listener)
    process.on('unhandledRejection', listener)
  },
  exit: (code) => process.exit(code),
}

// A reader that goes away (a closed pipe) must not end the service. SIGPIPE itself is ignored by Node.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

async function run(): Promise<void> {
  // Other commands than `run`, which needs no name, have ended before their heap matters.
  const [, , word = 'run'] = process.argv
  if (word === 'run' || word.startsWith('-')) (await import('./base/young-heap.js')).collectYoungHeap()
  const { main } = await import('./cli/index.js')
  const code = await main({ argv: process.argv.slice(2), terminal })
  await lastLines()
  // An explicit exit: what did not stop in time must not keep the process.
  process.exit(code)
}

/** From now on signals are events. Until somebody listens, SIGTERM and SIGINT end the process and the others are kept. */
function catchSignals() {
  const early = new Set<SignalName>()
  let listener: ((signal: SignalName) => void) | undefined
  const endings: Readonly<Record<SignalName, number | undefined>> = {
    SIGTERM: 15,
    SIGINT: 2,
    SIGHUP: undefined,
    SIGUSR1: undefined,
    SIGUSR2: undefined,
  }
  for (const signal of Object.keys(endings) as SignalName[]) {
    process.on(signal, () => {
      const number = endings[signal]
      if (listener !== undefined) listener(signal)
      else if (number !== undefined) process.exit(128 + number)
      else early.add(signal)
    })
  }
  return {
    listen(next: (signal: SignalName) => void) {
      listener = next
      for (const signal of early) next(signal)
      early.clear()
    },
  }
}

/** A pipe takes lines in its own time. */
async function lastLines(): Promise<void> {
  if (process.stderr.writableLength === 0) return
  await new Promise<void>((resolve) => {
    setTimeout(resolve, GOODBYE_MS)
    process.stderr.write('', () => resolve())
  })
}

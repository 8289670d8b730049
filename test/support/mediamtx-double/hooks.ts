/** Runs hook commands as MediaMTX does: no shell, own group, the server's environment plus the path; SIGINT once, never more. */

import { type ChildProcess, spawn } from 'node:child_process'

const RESTART_PAUSE_MS = 5_000

export class Hook {
  #child: ChildProcess | undefined
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(command: string, path: string, restart: boolean, environment: NodeJS.ProcessEnv) {
    const words = splitWords(command)
    const run = () => {
      const [program = '', ...args] = words
      const child = spawn(program, args, { detached: true, stdio: 'ignore', env: { ...environment, MTX_PATH: path } })
      this.#child = child
      child.once('error', () => undefined)
      child.once('exit', () => {
        if (restart && !this.#stopped) this.#timer = setTimeout(run, RESTART_PAUSE_MS)
      })
    }
    run()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    const pid = this.#child?.pid
    if (pid === undefined || this.#child?.exitCode !== null) return
    try {
      process.kill(-pid, 'SIGINT')
    } catch {
      // Gone already.
    }
  }
}

/** Quotes group words and are removed; nothing else is special here. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** A hook of a file: run once, not restarted, not stopped. */
export function runOnce(command: string, path: string, environment: Readonly<Record<string, string>>): void {
  const [program = '', ...args] = splitWords(command)
  const env = { ...process.env, MTX_PATH: path, ...environment }
  spawn(program, args, { detached: true, stdio: 'ignore', env }).once('error', () => undefined)
}

/** The world as a small tool sees it: no signals of its own, and an end when its work is done. */

import type { Environment } from '../config/index.js'
import type { Terminal } from './command.js'

export function toolTerminal(env: Environment): Terminal {
  // A reader that goes away (a closed pipe) is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  return {
    env,
    workingDir: process.cwd(),
    print: (text) => void process.stdout.write(text),
    complain: (line) => void process.stderr.write(`${line}\n`),
    onSignal: () => undefined,
    onCrash: () => undefined,
    exit: (code) => process.exit(code),
  }
}

/** Options may have one dash or two, as in older editions. */
export function withTwoDashes(argv: readonly string[]): string[] {
  return argv.map((word) => (/^-[a-z]{2}/i.test(word) ? `-${word}` : word))
}

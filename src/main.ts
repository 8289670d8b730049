#!/usr/bin/env node
/** The only place that touches the process: arguments, environment, signals, exit code. */

import { main, type Terminal } from './cli/index.js'

const terminal: Terminal = {
  env: process.env,
  workingDir: process.cwd(),
  print: (text) => void process.stdout.write(text),
  complain: (line) => void process.stderr.write(`${line}\n`),
  onSignal(listener) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, listener)
  },
  onCrash(listener) {
    process.on('uncaughtException', listener)
    process.on('unhandledRejection', listener)
  },
  exit: (code) => process.exit(code),
}

// A reader that goes away (a closed pipe) must not end the service. SIGPIPE itself is ignored by Node.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

// An explicit exit: what did not stop in time must not keep the process.
process.exit(await main({ argv: process.argv.slice(2), terminal }))

// Compiles the native programs. Who compiles them at this moment is waited for.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './chosen.mjs'

/** `what`: an option of scripts/native-tests.sh. A target that does not compile is a program that cannot be run. */
export async function build(what) {
  const child = spawn(join(ROOT, 'scripts/native-tests.sh'), [what], { stdio: ['ignore', 'inherit', 'inherit'] })
  await new Promise((done) => child.once('close', done))
}

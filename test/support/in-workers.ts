/** Faults inside the threads of snapshots of a started service, by its NODE_OPTIONS. */

/** Run by those threads before they come to their jobs. */
export function inWorkers(what: string): string {
  const module = `import { existsSync } from 'node:fs'; import fs from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module'; import { isMainThread, resourceLimits } from 'node:worker_threads';
    if (!isMainThread && resourceLimits.maxOldGenerationSizeMb === 512) ${what}`
  return `--import=data:text/javascript,${encodeURIComponent(module)}`
}

/** For those threads: waits for the file. */
export function untilThere(file: string): string {
  return `while (!existsSync(${JSON.stringify(file)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)`
}

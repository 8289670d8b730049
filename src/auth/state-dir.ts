/** Failures of the state directory, said so that whoever starts the service knows what to change. */

import { errorText } from '../base/errors.js'
import { makeFolder } from '../base/make-folder.js'

/** Makes the directory when missing and runs `work`; a system error is rethrown as one line naming key and remedy. */
export async function inStateDir<Result>(stateDir: string, work: () => Promise<Result>): Promise<Result> {
  try {
    await makeFolder(stateDir)
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown
    throw new Error(
      `state_dir: ${stateDir}: ${errorText(thrown)}; make it writable for this user or set state_dir to another folder`,
      {
        cause: thrown,
      },
    )
  }
}

export function isErrno(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}

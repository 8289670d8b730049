/** What a command is: one entry gives its parsing, its help and its work. */

import type { Environment } from '../config/index.js'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  /** Name of the value in the help, such as FILE. Only with `string`. */
  readonly value?: string
  readonly doc: string
}

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2'

/** The world as a command sees it; only main.ts fills it from the process. */
export interface Terminal {
  readonly env: Environment
  readonly workingDir: string
  /** Writes to standard output; the text ends with a newline. */
  print(text: string): void
  /** Writes one line to standard error. */
  complain(line: string): void
  /**
   * Calls `listener` at each signal with its name, and for those of SIGHUP, SIGUSR1 and SIGUSR2 that came before. Without a listener
   * SIGTERM and SIGINT end the process.
   */
  onSignal(listener: (signal: SignalName) => void): void
  /** Calls `listener` with what was thrown and caught by nobody. */
  onCrash(listener: (thrown: unknown) => void): void
  /** Ends the process at once. */
  exit(code: number): void
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>

export interface Command {
  /** Words that select it: `run`, `config check`. */
  readonly name: string
  readonly summary: string
  /** The one word that may follow; its value is among the options' under this name. */
  readonly positional?: { readonly name: string; readonly doc: string }
  readonly options: Readonly<Record<string, OptionSpec>>
  /** The exit code. Throws UsageError or ConfigError. */
  run(values: OptionValues, terminal: Terminal): Promise<number>
}

export const CONFIG_OPTION: OptionSpec = {
  type: 'string',
  value: 'FILE',
  doc: 'configuration file (default: $CAMERA_SERVICE_CONFIG, else /etc/camera-service/config.yaml, else none)',
}

/** The text of an option, or nothing when it was not given. */
export function textOf(values: OptionValues, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
